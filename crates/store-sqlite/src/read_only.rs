//! Looking at a hub's file from outside: nothing is locked, migrated or written.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use fspiop::{Currency, PartyId, QuoteId, Timestamp, TransferId};
use futures_util::{FutureExt, future::BoxFuture};
use ledger::{AccountId, Balance, Transfer};
use rusqlite::Connection;
use store::{Between, Committed, Store, StoreError, Story, Visitor};
use switch::{Command, Configuration, Message, MessageId, PartyEntry, Quote};

use crate::{
    connection, error, lock,
    migration::{self, Marks},
    tables::{
        balance, books, configuration, funds_movement, ilp_packet, meta, outbox, party, quote, sent_message, transfer,
    },
};

/// A hub's file, open for reading beside the hub that owns it, or without one. It answers on the caller's thread, which
/// waits for the disk; it is for tools, not for a hub. Commits are refused.
pub struct ReadOnlySqlite {
    path: PathBuf,
    connection: Mutex<Connection>,
    /// Nobody had the file open, so that SQLite was told that it does not change.
    at_rest: bool,
}

impl ReadOnlySqlite {
    /// Opens the file of this program's schema version.
    ///
    /// A file that a hub has open, or left behind when it was killed, has a write-ahead log beside it and is read together
    /// with that. One that was closed in good order is read without any trace beside it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], naming the file, if it is not there, can't be read, or is of an older version: only its
    /// hub migrates it. [`StoreError::Newer`] and [`StoreError::Corrupt`] as for [`SqliteStore`](crate::SqliteStore).
    pub fn open(path: &Path) -> Result<ReadOnlySqlite, StoreError> {
        ReadOnlySqlite::try_open(path).map_err(|error| error::about(path, error))
    }

    fn try_open(path: &Path) -> Result<ReadOnlySqlite, StoreError> {
        let file = std::fs::File::open(path).and_then(|file| file.metadata());
        let file = file.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        if file.is_dir() {
            return Err(StoreError::Unavailable("is a folder, not a file".to_owned()));
        }
        let at_rest = !log_of(path).exists();
        let connection = if at_rest { connection::glance(path)? } else { connection::reader(path)? };
        let marks = Marks::read(&connection)?;
        marks.check(migration::KNOWN)?;
        if !marks.is_current() {
            let text = "was written by an older version of this program; start its hub, or run `mojaloop hub migrate`";
            return Err(StoreError::Unavailable(text.to_owned()));
        }
        Ok(ReadOnlySqlite { path: path.to_owned(), connection: Mutex::new(connection), at_rest })
    }

    /// Reads something of one moment.
    fn read<'a, T: Send + 'a>(
        &'a self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        std::future::ready(self.read_now(read)).boxed()
    }

    fn read_now<T>(&self, read: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction().map_err(error::at_read)?;
        let result = read(&transaction);
        if self.at_rest && log_of(&self.path).exists() {
            let text = "a hub began to work on it meanwhile; try again".to_owned();
            return Err(error::about(&self.path, StoreError::Unavailable(text)));
        }
        result
    }
}

/// The write-ahead log, which is there while somebody has the file open, and after a kill.
fn log_of(path: &Path) -> PathBuf {
    lock::beside(path, "-wal")
}

impl Store for ReadOnlySqlite {
    fn commit(&self, _: Arc<Vec<Command>>) -> BoxFuture<'_, Result<Committed, StoreError>> {
        let refused = StoreError::Refused(format!("{}: open for reading only", self.path.display()));
        std::future::ready(Err(refused)).boxed()
    }

    fn configuration(&self) -> BoxFuture<'_, Result<Arc<Configuration>, StoreError>> {
        self.read(|connection| {
            let version = meta::read(connection)?.map_or(store::FIRST_VERSION, |meta| meta.configuration_version);
            Ok(Arc::new(Configuration { version, ..configuration::read(connection)? }))
        })
    }

    fn transfer(&self, id: TransferId) -> BoxFuture<'_, Result<Option<Transfer>, StoreError>> {
        self.read(|connection| transfer::find(connection, id))
    }

    fn ilp_packet(&self, id: TransferId) -> BoxFuture<'_, Result<Option<Box<str>>, StoreError>> {
        self.read(|connection| ilp_packet::find(connection, id))
    }

    fn ilp_packets(
        &self,
        between: Between,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<(TransferId, Box<str>)>, StoreError>> {
        self.read(|connection| ilp_packet::between(connection, between, limit))
    }

    fn quote(&self, id: QuoteId) -> BoxFuture<'_, Result<Option<Quote>, StoreError>> {
        self.read(|connection| quote::find(connection, id))
    }

    fn party(&self, party: PartyId, currency: Option<Currency>) -> BoxFuture<'_, Result<Vec<PartyEntry>, StoreError>> {
        self.read(|connection| party::find(connection, party, currency))
    }

    fn balances(&self, accounts: Vec<AccountId>) -> BoxFuture<'_, Result<Vec<(AccountId, Balance)>, StoreError>> {
        self.read(|connection| {
            let known = configuration::accounts(connection)?;
            let wanted = known.iter().filter(|account| accounts.contains(&account.id));
            wanted.map(|account| Ok((account.id, balance::of(connection, account)?))).collect()
        })
    }

    fn due(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<Vec<TransferId>, StoreError>> {
        self.read(|connection| transfer::due(connection, now, limit))
    }

    fn pending_messages(&self, after: MessageId, limit: usize) -> BoxFuture<'_, Result<Vec<Message>, StoreError>> {
        self.read(|connection| outbox::pending(connection, after, limit))
    }

    fn take_over(&self) -> BoxFuture<'_, Result<bool, StoreError>> {
        std::future::ready(Ok(false)).boxed()
    }

    fn story(&self, id: TransferId) -> BoxFuture<'_, Result<Story, StoreError>> {
        self.read(|connection| {
            Ok(Story {
                transfer: transfer::find(connection, id)?,
                funds: funds_movement::find(connection, id)?,
                quote: quote::find(connection, QuoteId(id.0))?,
                archived: None,
                messages: sent_message::about(connection, id)?,
            })
        })
    }

    fn visit_books(&self, mut visitor: Visitor) -> BoxFuture<'_, Result<(), StoreError>> {
        self.read(|connection| books::visit(connection, &mut visitor))
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.read(|connection| meta::read(connection).map(drop))
    }
}

#[cfg(test)]
mod tests {
    use store::suite::block_on;

    use super::*;
    use crate::tests::{Folder, commit, open, register};

    /// Names of the files in the folder of a store, with their lengths.
    fn files(folder: &Folder) -> Vec<(std::ffi::OsString, u64)> {
        let entries = folder.file().parent().unwrap().read_dir().unwrap().flatten();
        let mut files: Vec<_> = entries.map(|entry| (entry.file_name(), entry.metadata().unwrap().len())).collect();
        files.sort();
        files
    }

    fn participants(store: &ReadOnlySqlite) -> usize {
        block_on(store.configuration()).unwrap().registry.participants().count()
    }

    #[test]
    fn it_reads_beside_the_hub_and_sees_what_it_writes() {
        let folder = Folder::new();
        let owner = open(&folder.file()).unwrap();
        let beside = ReadOnlySqlite::open(&folder.file()).unwrap();
        assert_eq!(participants(&beside), 1);
        commit(&owner, vec![register("payerfsp")]).unwrap();
        assert_eq!(participants(&beside), 2);
        assert!(matches!(block_on(beside.commit(Arc::default())), Err(StoreError::Refused(_))));
        commit(&owner, vec![register("payeefsp")]).unwrap();
    }

    #[test]
    fn a_file_at_rest_is_read_without_a_trace() {
        let folder = Folder::new();
        drop(open(&folder.file()).unwrap());
        let before = files(&folder);
        let store = ReadOnlySqlite::open(&folder.file()).unwrap();
        assert_eq!(participants(&store), 1);
        block_on(store.visit_books(Box::new(|_| {}))).unwrap();
        assert_eq!(files(&folder), before);
        let owner = open(&folder.file()).unwrap();
        let error = block_on(store.configuration()).unwrap_err().to_string();
        assert!(error.contains("a hub began to work on it meanwhile"), "{error}");
        drop(owner);
    }

    #[test]
    fn what_can_not_be_read_is_said_and_not_made() {
        let folder = Folder::new();
        let refusal = || ReadOnlySqlite::open(&folder.file()).err().unwrap().to_string();
        assert!(refusal().contains("No such file"), "{}", refusal());
        let of_folder = ReadOnlySqlite::open(folder.file().parent().unwrap()).err().unwrap().to_string();
        assert!(of_folder.contains("is a folder, not a file"), "{of_folder}");
        std::fs::write(folder.file(), "no database, but long enough to be read as one").unwrap();
        assert!(refusal().contains("can't read"), "{}", refusal());
        std::fs::remove_file(folder.file()).unwrap();
        drop(open(&folder.file()).unwrap());
        let connection = Connection::open(folder.file()).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        drop(connection);
        assert!(refusal().contains("mojaloop hub migrate"), "{}", refusal());
    }
}
