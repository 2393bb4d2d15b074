//! The suite on PostgreSQL, and what only a server shared by several nodes can get wrong.

mod failures;
mod figures;
mod migrations;
mod processes;
mod suite;

use std::sync::Arc;

use fspiop::FspId;
use postgres_server::Server;
use store::{Committed, Store, StoreError};
use switch::{Administration, Command};
use tokio::runtime::Runtime;

use crate::{PostgresSettings, PostgresStore};

/// A runtime as production has it: the store's tasks run beside the test.
fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// Settings for an empty database.
fn settings(node: &str) -> PostgresSettings {
    let url = Server::shared().database().into();
    let hub = FspId::parse("Hub").unwrap();
    PostgresSettings { url, password: None, root_certificates: None, node: node.into(), hub }
}

async fn commit(store: &PostgresStore, commands: Vec<Command>) -> Result<Committed, StoreError> {
    store.commit(Arc::new(commands)).await
}

/// Registers a participant without accounts.
fn register(name: &str) -> Command {
    let name = FspId::parse(name).unwrap();
    Command::Administer(Administration::RegisterParticipant(ledger::NewParticipant { name, currency: None }))
}

/// Runs SQL behind the store's back.
fn tamper(settings: &PostgresSettings, sql: &str) -> String {
    Server::shared().psql(&settings.url, sql)
}
