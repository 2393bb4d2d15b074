//! The built-in directory.

use std::collections::BTreeSet;

use fspiop::PartyId;
use store::StoreError;
use switch::{PartyChange, PartyEntry};

use crate::{columns::Columns, value::Stored, writes::Writes, writes::parameters};

/// Who serves a party: entries of the currency (absent: of any) and those without one, in the order of registration.
pub(crate) const FIND: &str = "SELECT currency, participant FROM party
     WHERE identifier = $1 AND kind = $2 AND coalesce(sub_id, '') = coalesce($3, '')
       AND ($4::text IS NULL OR currency IS NULL OR currency = $4)
     ORDER BY position";

/// Who serves each of many parties; an absent sub-identifier is the empty text.
pub(crate) const FIND_MANY: &str = "SELECT party.kind, party.identifier, party.sub_id, currency, participant
     FROM unnest($1::text[], $2::text[], $3::text[]) AS wanted (kind, identifier, sub_id)
     JOIN party ON party.identifier = wanted.identifier AND party.kind = wanted.kind
               AND coalesce(party.sub_id, '') = wanted.sub_id
     ORDER BY position";

/// The parameters of [`FIND_MANY`].
pub(crate) fn names(parties: &BTreeSet<PartyId>) -> [Vec<String>; 3] {
    [
        parties.iter().map(|party| party.kind.write()).collect(),
        parties.iter().map(|party| party.identifier.write()).collect(),
        parties.iter().map(|party| party.sub_id.write().unwrap_or_default()).collect(),
    ]
}

/// A row of [`FIND_MANY`].
pub(crate) fn read_named(columns: &mut Columns<'_>) -> Result<PartyEntry, StoreError> {
    let kind = columns.next("kind")?;
    let (identifier, sub_id): (Box<str>, Option<Box<str>>) = (columns.next("identifier")?, columns.next("sub_id")?);
    let party = PartyId::new(kind, &identifier, sub_id.as_deref())
        .map_err(|_| columns.corrupt("identifier", "a value that no version of the program writes"))?;
    read(columns, &party)
}

/// A row of [`FIND`], but the party, which is known.
pub(crate) fn read(columns: &mut Columns<'_>, party: &PartyId) -> Result<PartyEntry, StoreError> {
    Ok(PartyEntry {
        party: party.clone(),
        currency: columns.next("currency")?,
        participant: columns.next("participant")?,
    })
}

/// Enters a party as the youngest entry, in the place of the one of the same currency, or takes it out. Registrations are
/// few, so each has its statements.
pub(crate) fn change(writes: &mut Writes, change: &PartyChange) {
    match change {
        PartyChange::Put(entry) => put(writes, entry),
        PartyChange::Remove(entry) => remove(writes, entry),
    }
}

fn put(writes: &mut Writes, entry: &PartyEntry) {
    let sql = "DELETE FROM party
               WHERE identifier = $1 AND kind = $2 AND coalesce(sub_id, '') = coalesce($3, '')
                 AND coalesce(currency, '') = coalesce($4, '')";
    let (party, currency) = (&entry.party, entry.currency.write());
    let key = || (party.identifier.write(), party.kind.write(), party.sub_id.write());
    let (identifier, kind, sub_id) = key();
    writes.push(sql, parameters![identifier, kind, sub_id, currency.clone()]);
    let sql = "INSERT INTO party (identifier, kind, sub_id, currency, participant) VALUES ($1, $2, $3, $4, $5)";
    let (identifier, kind, sub_id) = key();
    writes.push(sql, parameters![identifier, kind, sub_id, currency, entry.participant.write()]);
}

fn remove(writes: &mut Writes, entry: &PartyEntry) {
    let sql = "DELETE FROM party
               WHERE identifier = $1 AND kind = $2 AND coalesce(sub_id, '') = coalesce($3, '')
                 AND participant = $4 AND ($5::text IS NULL OR currency = $5)";
    let party = &entry.party;
    let (identifier, kind, sub_id) = (party.identifier.write(), party.kind.write(), party.sub_id.write());
    writes.push(sql, parameters![identifier, kind, sub_id, entry.participant.write(), entry.currency.write()]);
}
