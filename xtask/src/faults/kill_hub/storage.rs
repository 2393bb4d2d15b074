//! What the hub stores in: a file, or a database on a server that can be killed, too.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use postgres_server::{Durability, Server, VARIABLE};

use super::journal::{Books, postgres, sqlite};

/// Where the hub's data is.
pub(super) enum Storage {
    /// A file that one hub has for itself.
    File(PathBuf),
    /// A database that hubs share.
    Database(Box<Database>),
}

/// A database of a server of our own, or of the one that `MOJALOOP_POSTGRES` names, which can't be killed.
pub(super) struct Database {
    url: String,
    server: Option<Server>,
}

impl Storage {
    /// An empty database, as durable as in production.
    ///
    /// # Errors
    /// There is no PostgreSQL.
    pub(super) async fn database() -> Result<Self> {
        let database = if std::env::var_os(VARIABLE).is_some() {
            tokio::task::spawn_blocking(|| Database { url: Server::shared().database(), server: None }).await?
        } else {
            let start = || {
                let server = Server::start(Durability::Full, &[])?;
                Ok(Database { url: server.database(), server: Some(server) })
            };
            tokio::task::spawn_blocking(start).await?.map_err(|error: String| anyhow!(error))?
        };
        postgres::must_be_durable(&database.url).await?;
        Ok(Self::Database(Box::new(database)))
    }

    /// The URL of a database.
    pub(super) fn url(&self) -> Option<String> {
        match self {
            Self::File(_) => None,
            Self::Database(database) => Some(database.url.clone()),
        }
    }

    /// Everything about money. The hubs are stopped.
    pub(super) async fn books(&self) -> Result<Books> {
        match self {
            Self::File(file) => sqlite::read(file),
            Self::Database(database) => postgres::read(&database.url).await,
        }
    }

    /// How many messages are still to be delivered. The hubs may be running.
    pub(super) async fn outbox(&self) -> Result<i64> {
        match self {
            Self::File(file) => sqlite::outbox(file),
            Self::Database(database) => postgres::outbox(&database.url).await,
        }
    }

    /// Whether [`Storage::kill`] can be called.
    pub(super) fn can_be_killed(&self) -> bool {
        matches!(self, Self::Database(database) if database.server.is_some())
    }

    /// Ends the server's main process with SIGKILL; its others end as soon as they notice, and the memory they share is lost.
    pub(super) async fn kill(&mut self) -> Result<()> {
        self.with_server(|server| {
            server.kill();
            Ok(())
        })
        .await
    }

    /// Starts the server that was killed: how long it took until it answered.
    pub(super) async fn restart(&mut self) -> Result<Duration> {
        let started = Instant::now();
        self.with_server(Server::restart).await?;
        Ok(started.elapsed())
    }

    /// The server's own calls wait for it; meanwhile the FSPs work.
    async fn with_server(&mut self, call: fn(&mut Server) -> Result<(), String>) -> Result<()> {
        let server = match self {
            Self::File(_) => None,
            Self::Database(database) => Some(&mut database.server),
        };
        let place = server.context("a file has no server")?;
        let mut server = place.take().context("the server is not ours")?;
        let called = tokio::task::spawn_blocking(move || call(&mut server).map(|()| server));
        *place = Some(called.await?.map_err(|error| anyhow!(error))?);
        Ok(())
    }
}
