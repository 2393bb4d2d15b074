//! Public keys of participants.

use rusqlite::Connection;
use store::StoreError;
use switch::JwsKey;

use crate::{query, value::Stored};

/// All keys.
pub(crate) fn all(connection: &Connection) -> Result<Vec<JwsKey>, StoreError> {
    let sql = "SELECT participant, id, public_key, created_at, valid_until FROM jws_key ORDER BY participant, id";
    query::rows(connection, "jws_key", sql, [], |columns| {
        Ok(JwsKey {
            participant: columns.next("participant")?,
            id: columns.next("id")?,
            public_key: columns.next("public_key")?,
            created_at: columns.next("created_at")?,
            valid_until: columns.next("valid_until")?,
        })
    })
}

/// Adds a key, or changes until when it is valid.
pub(crate) fn write(connection: &Connection, key: &JwsKey) -> Result<(), StoreError> {
    let sql = "INSERT INTO jws_key (participant, id, public_key, created_at, valid_until) VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT DO UPDATE SET valid_until = excluded.valid_until";
    let JwsKey { participant, id, public_key, created_at, valid_until } = key;
    let values = [participant.write(), id.write(), public_key.write(), created_at.write(), valid_until.write()];
    query::execute(connection, sql, values)
}
