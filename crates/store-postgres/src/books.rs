//! Everything about money, for audits: read at one moment, with cursors, so that only a few rows are in memory.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use fspiop::{Timestamp, TransferId};
use ledger::{AccountId, Entry, FundsMovement, Transfer};
use store::{Archived, Page, StoreError, Visitor};
use tokio_postgres::{IsolationLevel, Portal, Transaction};

use crate::{
    PostgresSettings,
    columns::{self, Columns},
    error,
    session::{Purpose, Session},
    tables::{balance, configuration, entry, funds_movement, opening_balance, transfer},
};

/// Rows that a cursor fetches at a time: enough to hide the round trip, little enough to forget.
const ROWS: i32 = 1000;

/// Shows the books, on a connection of their own.
pub(crate) async fn visit(settings: Arc<PostgresSettings>, mut visitor: Visitor) -> Result<(), StoreError> {
    let mut session = Session::connect(&settings, Purpose::Audit).await?;
    let builder = session.client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
    let transaction = builder.start().await.map_err(|error| error::of(&error))?;
    // Before the moment is taken: a day that is dropped after it would be missing, and not be in the opening balances yet.
    let stay = "LOCK TABLE ONLY transfer, ONLY entry IN ACCESS SHARE MODE";
    transaction.batch_execute(stay).await.map_err(|error| error::of(&error))?;
    visit_accounts(&transaction, &mut visitor).await?;
    visit_movements(&transaction, &mut visitor).await?;
    transaction.commit().await.map_err(|error| error::of(&error))
}

async fn visit_accounts(transaction: &Transaction<'_>, visitor: &mut Visitor) -> Result<(), StoreError> {
    let rows = transaction.query(configuration::ACCOUNTS, &[]).await.map_err(|error| error::of(&error))?;
    let read = |columns: &mut Columns<'_>| Ok((configuration::read_account(columns)?, balance::read(columns)?));
    let accounts = columns::all("account", &rows, read)?;
    let rows = transaction.query(opening_balance::ALL, &[]).await.map_err(|error| error::of(&error))?;
    let archived = columns::all("opening_balance", &rows, opening_balance::read)?;
    let archived: HashMap<AccountId, Archived> = archived.into_iter().collect();
    for (account, (_, balance)) in accounts {
        let archived = archived.get(&account.id).copied().unwrap_or(Archived::NOTHING);
        visitor(Page::Account { account, balance, archived });
    }
    Ok(())
}

/// What a movement is sorted by: the moment at which it began, and its id.
type Key = (Timestamp, TransferId);

/// Three tables, each by the moment and the id, are read side by side.
async fn visit_movements(transaction: &Transaction<'_>, visitor: &mut Visitor) -> Result<(), StoreError> {
    let mut transfers = Shelf::new(transaction, "transfer", transfer::ALL, |columns| {
        let row: Transfer = transfer::read(columns)?;
        Ok(((row.prepared_at, row.id), row))
    })
    .await?;
    let mut funds = Shelf::new(transaction, "funds_movement", funds_movement::ALL, |columns| {
        let (known_at, row): (Timestamp, FundsMovement) = funds_movement::read_known(columns)?;
        Ok(((known_at, row.id), row))
    })
    .await?;
    let mut entries = Shelf::new(transaction, "entry", entry::ALL, |columns| {
        let (movement_at, row): (Timestamp, Entry) = entry::read(columns)?;
        Ok(((movement_at, row.transfer_id), row))
    })
    .await?;
    while let Some(key) = [transfers.key(), funds.key(), entries.key()].into_iter().flatten().min() {
        let (transfer, funds) = (transfers.take(key).await?, funds.take(key).await?);
        let mut lines = Vec::new();
        while let Some(line) = entries.take(key).await? {
            lines.push(line);
        }
        visitor(Page::Movement { id: key.1, transfer, funds, entries: lines });
    }
    Ok(())
}

/// Reads a row and what it is sorted by.
type Read<T> = fn(&mut Columns<'_>) -> Result<(Key, T), StoreError>;

/// Rows of a table in the order of their keys, of which some are at hand.
struct Shelf<'a, T> {
    transaction: &'a Transaction<'a>,
    table: &'static str,
    portal: Portal,
    read: Read<T>,
    at_hand: VecDeque<(Key, T)>,
}

impl<'a, T> Shelf<'a, T> {
    async fn new(
        transaction: &'a Transaction<'a>,
        table: &'static str,
        sql: &str,
        read: Read<T>,
    ) -> Result<Shelf<'a, T>, StoreError> {
        let portal = transaction.bind(sql, &[]).await.map_err(|error| error::of(&error))?;
        let mut shelf = Shelf { transaction, table, portal, read, at_hand: VecDeque::new() };
        shelf.fetch().await?;
        Ok(shelf)
    }

    fn key(&self) -> Option<Key> {
        self.at_hand.front().map(|(key, _)| *key)
    }

    /// The next row, if it has this key.
    async fn take(&mut self, key: Key) -> Result<Option<T>, StoreError> {
        if self.key() != Some(key) {
            return Ok(None);
        }
        let taken = self.at_hand.pop_front();
        if self.at_hand.is_empty() {
            self.fetch().await?;
        }
        Ok(taken.map(|(_, row)| row))
    }

    async fn fetch(&mut self) -> Result<(), StoreError> {
        let rows = self.transaction.query_portal(&self.portal, ROWS).await.map_err(|error| error::of(&error))?;
        self.at_hand.extend(columns::all(self.table, &rows, self.read)?);
        Ok(())
    }
}
