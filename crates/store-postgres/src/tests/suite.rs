//! The suite of all stores.

use std::sync::Arc;

use fspiop::FspId;
use postgres_server::Server;
use store::{
    Clock,
    suite::{Fixture, Nodes},
};
use tokio::runtime::Runtime;

use crate::{Migrate, PostgresSettings, PostgresStore, time::Time};

/// A store on a database of its own.
pub(crate) struct Database {
    pub(crate) store: Option<PostgresStore>,
    pub(crate) settings: PostgresSettings,
    clock: Arc<dyn Clock>,
    runtime: Runtime,
}

impl Database {
    fn open(&mut self) {
        self.store = Some(self.join("first"));
    }
}

impl Fixture for Database {
    type Store = PostgresStore;

    fn create(hub: FspId, clock: Arc<dyn Clock>) -> Database {
        let url = Server::shared().database().into();
        let settings = PostgresSettings { url, password: None, root_certificates: None, node: "first".into(), hub };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut database = Database { store: None, settings, clock, runtime };
        database.open();
        database
    }

    fn store(&self) -> &PostgresStore {
        self.store.as_ref().unwrap()
    }

    fn reopen(&mut self) {
        drop(self.store.take());
        self.open();
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }
}

impl Nodes for Database {
    fn join(&self, node: &str) -> PostgresStore {
        let settings = PostgresSettings { node: node.into(), ..self.settings.clone() };
        let opened = PostgresStore::open_at(settings, Migrate::Yes, Time::of(self.clock.clone()));
        self.runtime.block_on(opened).unwrap()
    }
}

store::store_suite!(Database);
store::store_nodes_suite!(Database);
