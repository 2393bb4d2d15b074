//! The model passes the suite whose meaning it is.

use std::sync::Arc;

use fspiop::FspId;
use store::{Clock, MemoryStore, suite::Fixture};

struct Model(MemoryStore);

impl Fixture for Model {
    type Store = MemoryStore;

    fn create(hub: FspId, clock: Arc<dyn Clock>) -> Model {
        Model(MemoryStore::new(hub, clock))
    }

    fn store(&self) -> &MemoryStore {
        &self.0
    }

    fn reopen(&mut self) {}
}

store::store_suite!(Model);
