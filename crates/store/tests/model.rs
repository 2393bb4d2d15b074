//! The model passes the suite whose meaning it is.

use std::sync::Arc;

use fspiop::FspId;
use store::{
    Clock, MemoryStore,
    suite::{Fixture, Nodes},
};

struct Model(MemoryStore, Arc<dyn Clock>);

impl Fixture for Model {
    type Store = MemoryStore;

    fn create(hub: FspId, clock: Arc<dyn Clock>) -> Model {
        Model(MemoryStore::new(hub, clock.clone()), clock)
    }

    fn store(&self) -> &MemoryStore {
        &self.0
    }

    fn reopen(&mut self) {}
}

impl Nodes for Model {
    fn join(&self, _: &str) -> MemoryStore {
        self.0.join(self.1.clone())
    }
}

store::store_suite!(Model);
store::store_nodes_suite!(Model);
