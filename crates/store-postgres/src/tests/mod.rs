//! The suite on PostgreSQL, and what only a server shared by several nodes can get wrong.

mod abandoned;
mod archive;
mod batches;
mod budget;
mod corrupt_rows;
mod failures;
mod figures;
mod fill;
mod lost_answers;
mod migrations;
mod partitions;
mod plans;
mod processes;
mod repeats;
mod suite;
mod tls;

use std::sync::Arc;

use bytes::Bytes;
use fspiop::FspId;
use postgres_server::Server;
use store::{Committed, Store, StoreError};
use switch::{Administration, Command, Headers, Inbound, Method};
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

/// A request whose answer is an error to its sender: a message without anything else.
fn unwelcome() -> Command {
    let inbound = Inbound {
        source: FspId::parse("payerfsp").unwrap(),
        destination: None,
        method: Method::Post,
        path: "/participants/MSISDN/1".into(),
        headers: Headers::new(),
        body: Bytes::new(),
    };
    let fsp = FspId::parse("nobody").unwrap();
    Command::RegisterParty { inbound, party: "MSISDN/1".parse().unwrap(), fsp, currency: None }
}

/// Runs SQL behind the store's back.
fn tamper(settings: &PostgresSettings, sql: &str) -> String {
    Server::shared().psql(&settings.url, sql)
}
