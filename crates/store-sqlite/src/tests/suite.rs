//! The suite of all stores.

use std::sync::Arc;

use fspiop::FspId;
use store::{Clock, suite::Fixture};

use super::Folder;
use crate::SqliteStore;

/// A store in a file of its own.
pub(super) struct File {
    store: Option<SqliteStore>,
    hub: FspId,
    clock: Arc<dyn Clock>,
    folder: Folder,
}

impl File {
    fn open(&mut self) {
        let store = SqliteStore::open(&self.folder.file(), self.hub.clone(), self.clock.clone());
        self.store = Some(store.unwrap());
    }
}

impl Fixture for File {
    type Store = SqliteStore;

    fn create(hub: FspId, clock: Arc<dyn Clock>) -> File {
        let mut file = File { store: None, hub, clock, folder: Folder::new() };
        file.open();
        file
    }

    fn store(&self) -> &SqliteStore {
        self.store.as_ref().unwrap()
    }

    fn reopen(&mut self) {
        drop(self.store.take());
        self.open();
    }
}

store::store_suite!(File);
