//! The one row that says where the next batch goes on.

use fspiop::Timestamp;
use rusqlite::Connection;
use store::StoreError;
use switch::MessageId;

use crate::{query, value::Stored};

/// Where the next batch goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meta {
    /// The first free message number; kept, since the outbox forgets the numbers of what was delivered.
    pub(crate) next_message: MessageId,
    /// The version of the configuration.
    pub(crate) configuration_version: i64,
    /// The time of the last batch, which the next one is not before.
    pub(crate) last_batch: Timestamp,
}

/// The row, if the file is not new.
pub(crate) fn read(connection: &Connection) -> Result<Option<Meta>, StoreError> {
    let sql = "SELECT next_message, configuration_version, last_batch FROM meta WHERE id = 1";
    query::row(connection, "meta", sql, [], |columns| {
        Ok(Meta {
            next_message: columns.next("next_message")?,
            configuration_version: columns.next("configuration_version")?,
            last_batch: columns.next("last_batch")?,
        })
    })
}

/// Sets the row.
pub(crate) fn write(connection: &Connection, meta: Meta) -> Result<(), StoreError> {
    let sql = "INSERT INTO meta (id, next_message, configuration_version, last_batch) VALUES (1, ?1, ?2, ?3)
               ON CONFLICT DO UPDATE SET next_message = excluded.next_message,
                                         configuration_version = excluded.configuration_version,
                                         last_batch = excluded.last_batch";
    query::execute(
        connection,
        sql,
        [meta.next_message.write(), meta.configuration_version.write(), meta.last_batch.write()],
    )
}
