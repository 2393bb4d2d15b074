//! The store itself: its threads and the lock.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use fspiop::{Currency, FspId, PartyId, QuoteId, Timestamp, TransferId};
use futures_util::{FutureExt, future::BoxFuture};
use ledger::{AccountId, Balance, Transfer};
use rusqlite::Connection;
use store::{Abandoned, Between, Clock, Committed, Store, StoreError, Story, Visitor};
use switch::{Command, Configuration, Message, MessageId, PartyEntry, Quote};

use crate::{
    batch::{Current, Writer},
    error,
    lock::Lock,
    migration,
    open::{self, Opened},
    tables::{balance, books, funds_movement, ilp_packet, meta, outbox, party, quote, sent_message, transfer},
    worker::Worker,
};

/// A store in one file, which no other process can open as long as this lives. Dropping it finishes what was begun.
pub struct SqliteStore {
    // Dropped from top to bottom: the writer's connection is the last to close and tidies up, then the lock goes.
    pub(crate) reader: Worker<Connection>,
    pub(crate) auditor: Worker<Connection>,
    pub(crate) writer: Worker<Writer>,
    current: Arc<Current>,
    _lock: Lock,
}

impl SqliteStore {
    /// Opens the file, or makes it for the hub of this name, readable for its owner only. Migrates it if an older version
    /// of the program wrote it. Blocks for a few disk writes.
    ///
    /// # Errors
    /// [`StoreError::Newer`] if a newer version of the program has migrated the file, which is not touched then.
    /// [`StoreError::Corrupt`] if it is another program's, no database, or damaged. [`StoreError::Unavailable`], naming the
    /// file, if its folder is missing, it can't be read or written, another process has it open, or another hub owns it.
    pub fn open(path: &Path, hub: FspId, clock: Arc<dyn Clock>) -> Result<SqliteStore, StoreError> {
        let Opened { lock, writer, reader, auditor, configuration, meta } = open::open(path, &hub, &clock)?;
        let current = Arc::new(Current::new(configuration));
        let writer = Writer { connection: writer, clock, current: current.clone(), meta };
        Ok(SqliteStore {
            reader: Worker::start("store-reader", reader)?,
            auditor: Worker::start("store-auditor", auditor)?,
            writer: Worker::start("store-writer", writer)?,
            current,
            _lock: lock,
        })
    }

    /// Brings the file to this program's schema version, or makes it: the version before (0: there was no file) and after.
    ///
    /// # Errors
    /// Those of [`SqliteStore::open`].
    pub fn migrate(path: &Path, hub: FspId, clock: Arc<dyn Clock>) -> Result<(i64, i64), StoreError> {
        let before = open::version(path);
        drop(SqliteStore::open(path, hub, clock)?);
        Ok((before, migration::KNOWN))
    }

    /// Messages that were given up, with numbers above `after`, in order, at most `limit`.
    pub fn abandoned(&self, after: MessageId, limit: usize) -> BoxFuture<'_, Result<Vec<Abandoned>, StoreError>> {
        self.reader.run(move |connection| outbox::abandoned(connection, after, limit))
    }
}

impl Store for SqliteStore {
    fn commit(&self, commands: Arc<Vec<Command>>) -> BoxFuture<'_, Result<Committed, StoreError>> {
        self.writer.run(move |writer| writer.commit(&commands))
    }

    fn configuration(&self) -> BoxFuture<'_, Result<Arc<Configuration>, StoreError>> {
        std::future::ready(Ok(self.current.get())).boxed()
    }

    fn transfer(&self, id: TransferId) -> BoxFuture<'_, Result<Option<Transfer>, StoreError>> {
        self.reader.run(move |connection| transfer::find(connection, id))
    }

    fn ilp_packet(&self, id: TransferId) -> BoxFuture<'_, Result<Option<Box<str>>, StoreError>> {
        self.reader.run(move |connection| ilp_packet::find(connection, id))
    }

    fn ilp_packets(
        &self,
        between: Between,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<(TransferId, Box<str>)>, StoreError>> {
        // Reading through all transfers takes a second for a million: payments do not wait for that.
        self.auditor.run(move |connection| ilp_packet::between(connection, between, limit))
    }

    fn quote(&self, id: QuoteId) -> BoxFuture<'_, Result<Option<Quote>, StoreError>> {
        self.reader.run(move |connection| quote::find(connection, id))
    }

    fn party(&self, party: PartyId, currency: Option<Currency>) -> BoxFuture<'_, Result<Vec<PartyEntry>, StoreError>> {
        self.reader.run(move |connection| party::find(connection, party, currency))
    }

    fn balances(&self, accounts: Vec<AccountId>) -> BoxFuture<'_, Result<Vec<(AccountId, Balance)>, StoreError>> {
        let configuration = self.current.get();
        self.reader.run(move |connection| {
            let accounts: BTreeSet<_> = accounts.into_iter().collect();
            let known = accounts.iter().filter_map(|id| configuration.registry.account(*id));
            known.map(|account| Ok((account.id, balance::of(connection, account)?))).collect()
        })
    }

    fn due(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<Vec<TransferId>, StoreError>> {
        self.reader.run(move |connection| transfer::due(connection, now, limit))
    }

    fn pending_messages(&self, after: MessageId, limit: usize) -> BoxFuture<'_, Result<Vec<Message>, StoreError>> {
        self.reader.run(move |connection| outbox::pending(connection, after, limit))
    }

    /// One process owns the file, so there is nobody to take anything over from.
    fn take_over(&self) -> BoxFuture<'_, Result<bool, StoreError>> {
        std::future::ready(Ok(false)).boxed()
    }

    fn story(&self, id: TransferId) -> BoxFuture<'_, Result<Story, StoreError>> {
        self.reader.run(move |connection| {
            // One transaction sees one moment.
            let transaction = connection.transaction().map_err(error::at_read)?;
            Ok(Story {
                transfer: transfer::find(&transaction, id)?,
                funds: funds_movement::find(&transaction, id)?,
                quote: quote::find(&transaction, QuoteId(id.0))?,
                archived: None,
                messages: sent_message::about(&transaction, id)?,
            })
        })
    }

    fn visit_books(&self, mut visitor: Visitor) -> BoxFuture<'_, Result<(), StoreError>> {
        self.auditor.run(move |connection| {
            let transaction = connection.transaction().map_err(error::at_read)?;
            books::visit(&transaction, &mut visitor)
        })
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.reader.run(|connection| meta::read(connection).map(drop))
    }
}
