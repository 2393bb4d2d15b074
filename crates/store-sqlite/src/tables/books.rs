//! Everything about money, for audits.

use fspiop::TransferId;
use ledger::{Entry, FundsMovement, Transfer};
use rusqlite::{Connection, Rows};
use store::{Archived, Page, StoreError, Visitor};

use super::{balance, configuration, entry, funds_movement, transfer};
use crate::{columns::Columns, error};

/// Shows it; the caller sees to it that nothing changes meanwhile.
pub(crate) fn visit(connection: &Connection, visitor: &mut Visitor) -> Result<(), StoreError> {
    for account in configuration::accounts(connection)? {
        let balance = balance::of(connection, &account)?;
        visitor(Page::Account { account, balance, archived: Archived::NOTHING });
    }
    visit_movements(connection, visitor)
}

/// Three tables, each by id, are read side by side, so that only one movement is in memory at a time.
fn visit_movements(connection: &Connection, visitor: &mut Visitor) -> Result<(), StoreError> {
    let mut transfers = connection.prepare(transfer::BY_ID).map_err(error::at_read)?;
    let mut funds = connection.prepare(funds_movement::BY_ID).map_err(error::at_read)?;
    let mut entries = connection.prepare(entry::BY_TRANSFER).map_err(error::at_read)?;
    let mut transfers =
        Shelf::new("transfer", transfers.query([]).map_err(error::at_read)?, transfer::read, |row: &Transfer| row.id)?;
    let mut funds = Shelf::new(
        "funds_movement",
        funds.query([]).map_err(error::at_read)?,
        funds_movement::read,
        |row: &FundsMovement| row.id,
    )?;
    let mut entries =
        Shelf::new("entry", entries.query([]).map_err(error::at_read)?, entry::read, |row: &Entry| row.transfer_id)?;
    while let Some(id) = [transfers.id(), funds.id(), entries.id()].into_iter().flatten().min() {
        let mut page = (transfers.take(id)?, funds.take(id)?, Vec::new());
        while let Some(entry) = entries.take(id)? {
            page.2.push(entry);
        }
        let (transfer, funds, entries) = page;
        visitor(Page::Movement { id, transfer, funds, entries });
    }
    Ok(())
}

/// Rows of a table in the order of their ids, of which the next one is at hand.
struct Shelf<'a, T> {
    table: &'static str,
    rows: Rows<'a>,
    read: fn(&mut Columns<'_>) -> Result<T, StoreError>,
    id_of: fn(&T) -> TransferId,
    next: Option<T>,
}

impl<'a, T> Shelf<'a, T> {
    fn new(
        table: &'static str,
        rows: Rows<'a>,
        read: fn(&mut Columns<'_>) -> Result<T, StoreError>,
        id_of: fn(&T) -> TransferId,
    ) -> Result<Shelf<'a, T>, StoreError> {
        let mut shelf = Shelf { table, rows, read, id_of, next: None };
        shelf.advance()?;
        Ok(shelf)
    }

    fn id(&self) -> Option<TransferId> {
        self.next.as_ref().map(self.id_of)
    }

    /// The next row, if it is of this id.
    fn take(&mut self, id: TransferId) -> Result<Option<T>, StoreError> {
        if self.id() != Some(id) {
            return Ok(None);
        }
        let taken = self.next.take();
        self.advance()?;
        Ok(taken)
    }

    fn advance(&mut self) -> Result<(), StoreError> {
        let row = self.rows.next().map_err(error::at_read)?;
        self.next = row.map(|row| (self.read)(&mut Columns::new(self.table, row))).transpose()?;
        Ok(())
    }
}
