//! The built-in directory.

use fspiop::{Currency, PartyId};
use rusqlite::{Connection, types::ToSqlOutput};
use store::StoreError;
use switch::{PartyChange, PartyEntry};

use crate::{query, value::Stored};

/// Who serves a party: entries of the currency (absent: of any) and those without one, in the order of registration.
pub(crate) fn find(
    connection: &Connection,
    party: PartyId,
    currency: Option<Currency>,
) -> Result<Vec<PartyEntry>, StoreError> {
    let sql = "SELECT currency, participant FROM party
               WHERE identifier = ?1 AND kind = ?2 AND ifnull(sub_id, '') = ifnull(?3, '')
                 AND (?4 IS NULL OR currency IS NULL OR currency = ?4)
               ORDER BY position";
    let [identifier, kind, sub_id] = key(&party);
    query::rows(connection, "party", sql, [identifier, kind, sub_id, currency.write()], |columns| {
        Ok(PartyEntry {
            party: party.clone(),
            currency: columns.next("currency")?,
            participant: columns.next("participant")?,
        })
    })
}

/// Enters a party as the youngest entry, in the place of the one of the same currency, or takes it out.
pub(crate) fn change(connection: &Connection, change: &PartyChange) -> Result<(), StoreError> {
    match change {
        PartyChange::Put(entry) => put(connection, entry),
        PartyChange::Remove(entry) => remove(connection, entry),
    }
}

fn put(connection: &Connection, entry: &PartyEntry) -> Result<(), StoreError> {
    let sql = "DELETE FROM party
               WHERE identifier = ?1 AND kind = ?2 AND ifnull(sub_id, '') = ifnull(?3, '')
                 AND ifnull(currency, '') = ifnull(?4, '')";
    let [identifier, kind, sub_id] = key(&entry.party);
    query::execute(connection, sql, [identifier, kind, sub_id, entry.currency.write()])?;
    let sql = "INSERT INTO party (identifier, kind, sub_id, currency, participant) VALUES (?1, ?2, ?3, ?4, ?5)";
    let [identifier, kind, sub_id] = key(&entry.party);
    query::execute(connection, sql, [identifier, kind, sub_id, entry.currency.write(), entry.participant.write()])
}

fn remove(connection: &Connection, entry: &PartyEntry) -> Result<(), StoreError> {
    let sql = "DELETE FROM party
               WHERE identifier = ?1 AND kind = ?2 AND ifnull(sub_id, '') = ifnull(?3, '')
                 AND participant = ?4 AND (?5 IS NULL OR currency = ?5)";
    let [identifier, kind, sub_id] = key(&entry.party);
    query::execute(connection, sql, [identifier, kind, sub_id, entry.participant.write(), entry.currency.write()])
}

fn key(party: &PartyId) -> [ToSqlOutput<'_>; 3] {
    [party.identifier.write(), party.kind.write(), party.sub_id.write()]
}
