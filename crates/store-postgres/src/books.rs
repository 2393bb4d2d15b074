//! Everything about money, for audits: read at one moment, with cursors, so that only a few rows are in memory.

use std::{collections::VecDeque, sync::Arc};

use fspiop::TransferId;
use ledger::{Entry, FundsMovement, Transfer};
use store::{Page, StoreError, Visitor};
use tokio_postgres::{IsolationLevel, Portal, Transaction};

use crate::{
    PostgresSettings,
    columns::{self, Columns},
    error,
    session::{Purpose, Session},
    tables::{balance, configuration, entry, funds_movement, transfer},
};

/// Rows that a cursor fetches at a time: enough to hide the round trip, little enough to forget.
const ROWS: i32 = 1000;

/// Shows the books, on a connection of their own.
pub(crate) async fn visit(settings: Arc<PostgresSettings>, mut visitor: Visitor) -> Result<(), StoreError> {
    let mut session = Session::connect(&settings, Purpose::Audit).await?;
    let builder = session.client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
    let transaction = builder.start().await.map_err(|error| error::of(&error))?;
    visit_accounts(&transaction, &mut visitor).await?;
    visit_movements(&transaction, &mut visitor).await?;
    transaction.commit().await.map_err(|error| error::of(&error))
}

async fn visit_accounts(transaction: &Transaction<'_>, visitor: &mut Visitor) -> Result<(), StoreError> {
    let rows = transaction.query(configuration::ACCOUNTS, &[]).await.map_err(|error| error::of(&error))?;
    let read = |columns: &mut Columns<'_>| Ok((configuration::read_account(columns)?, balance::read(columns)?));
    for (account, (_, balance)) in columns::all("account", &rows, read)? {
        visitor(Page::Account(account, balance));
    }
    Ok(())
}

/// Three tables, each by id, are read side by side.
async fn visit_movements(transaction: &Transaction<'_>, visitor: &mut Visitor) -> Result<(), StoreError> {
    let mut transfers =
        Shelf::new(transaction, "transfer", transfer::BY_ID, transfer::read, |row: &Transfer| row.id).await?;
    let mut funds = Shelf::new(
        transaction,
        "funds_movement",
        funds_movement::BY_ID,
        funds_movement::read,
        |row: &FundsMovement| row.id,
    )
    .await?;
    let mut entries =
        Shelf::new(transaction, "entry", entry::BY_TRANSFER, entry::read, |row: &Entry| row.transfer_id).await?;
    while let Some(id) = [transfers.id(), funds.id(), entries.id()].into_iter().flatten().min() {
        let (transfer, funds) = (transfers.take(id).await?, funds.take(id).await?);
        let mut lines = Vec::new();
        while let Some(line) = entries.take(id).await? {
            lines.push(line);
        }
        visitor(Page::Movement { id, transfer, funds, entries: lines });
    }
    Ok(())
}

/// Rows of a table in the order of their ids, of which some are at hand.
struct Shelf<'a, T> {
    transaction: &'a Transaction<'a>,
    table: &'static str,
    portal: Portal,
    read: fn(&mut Columns<'_>) -> Result<T, StoreError>,
    id_of: fn(&T) -> TransferId,
    at_hand: VecDeque<T>,
}

impl<'a, T> Shelf<'a, T> {
    async fn new(
        transaction: &'a Transaction<'a>,
        table: &'static str,
        sql: &str,
        read: fn(&mut Columns<'_>) -> Result<T, StoreError>,
        id_of: fn(&T) -> TransferId,
    ) -> Result<Shelf<'a, T>, StoreError> {
        let portal = transaction.bind(sql, &[]).await.map_err(|error| error::of(&error))?;
        let mut shelf = Shelf { transaction, table, portal, read, id_of, at_hand: VecDeque::new() };
        shelf.fetch().await?;
        Ok(shelf)
    }

    fn id(&self) -> Option<TransferId> {
        self.at_hand.front().map(self.id_of)
    }

    /// The next row, if it is of this id.
    async fn take(&mut self, id: TransferId) -> Result<Option<T>, StoreError> {
        if self.id() != Some(id) {
            return Ok(None);
        }
        let taken = self.at_hand.pop_front();
        if self.at_hand.is_empty() {
            self.fetch().await?;
        }
        Ok(taken)
    }

    async fn fetch(&mut self) -> Result<(), StoreError> {
        let rows = self.transaction.query_portal(&self.portal, ROWS).await.map_err(|error| error::of(&error))?;
        self.at_hand.extend(columns::all(self.table, &rows, self.read)?);
        Ok(())
    }
}
