//! Rows that no version of the program wrote: the error names table and column.

use fspiop::{FspId, Timestamp, TransferId};
use store::{Store, StoreError, suite::block_on};
use switch::MessageId;

use super::{Folder, open, tamper};
use crate::SqliteStore;

const TRANSFER: &str = "INSERT INTO transfer
    (id, payer, payee, amount, currency, condition, expiration, prepare_hash, status, prepared_at) VALUES
    (x'00b51ec534ee484575b6a9ead2955b8069', 1, NULL, zeroblob(16), 'USD', zeroblob(32), 0, zeroblob(32), 'RESERVED', 0);";
const MESSAGE: &str = "INSERT INTO outbox
    (id, recipient, endpoint, method, path, headers, body, subject, created_at, give_up_at) VALUES
    (1, 'fsp', 'FSPIOP_CALLBACK_URL_QUOTES', 'PUT', '/', '', x'', 'path /', 0, 0);";

/// Reads everything that the trait can read.
fn read(store: &SqliteStore) -> Result<(), StoreError> {
    let id = TransferId::parse("b51ec534-ee48-4575-b6a9-ead2955b8069").unwrap();
    block_on(store.transfer(id))?;
    block_on(store.books())?;
    block_on(store.pending_messages(MessageId(0), 10))?;
    block_on(store.party("MSISDN/1".parse().unwrap(), None))?;
    block_on(store.due(Timestamp::from_millis(1), 10))?;
    block_on(store.abandoned(MessageId(0), 10)).map(drop)
}

#[track_caller]
fn check(sql: &str, expect: &str) {
    let folder = Folder::new();
    drop(open(&folder.file()).unwrap());
    tamper(&folder.file(), sql);
    let result = open(&folder.file()).and_then(|store| read(&store));
    let Err(StoreError::Corrupt(text)) = result else { panic!("{sql}: {result:?}") };
    assert!(text.contains(expect), "{sql}: {text}");
}

#[test]
fn sound_rows_are_read() {
    let folder = Folder::new();
    let store = open(&folder.file()).unwrap();
    tamper(&folder.file(), &format!("{TRANSFER}{MESSAGE}"));
    read(&store).unwrap();
}

#[test]
fn the_column_is_named() {
    let transfer = |change: &str| format!("{TRANSFER} UPDATE transfer SET {change}");
    let message = |change: &str| format!("{MESSAGE} UPDATE outbox SET {change}");
    check(&transfer("amount = x'00'"), "transfer.amount: BLOB of 1 bytes");
    check(&transfer("status = 'PENDING'"), "transfer.status: TEXT of 7 bytes");
    check(&transfer("currency = 'ZZZ'"), "transfer.currency");
    check(&transfer("payer = 1099511627776"), "transfer.payer: Integer");
    check(&transfer("condition = x''"), "transfer.condition");
    check(&transfer("id = x'00'"), "transfer.id");
    check(&transfer("abort_code = '3100'"), "transfer.abort_code");
    check(&message("headers = 'no colon'"), "outbox.headers");
    check(&message("subject = 'nothing'"), "outbox.subject");
    check(&message("endpoint = 'FAX'"), "outbox.endpoint");
    check(&message("recipient = 'two words'"), "outbox.recipient");
    check("INSERT INTO entry VALUES (1, x'', 'RESERVE', 1, 2, zeroblob(16), 'USD', 0)", "entry.transfer_id");
    check("INSERT INTO party VALUES (1, 'MSISDN', '1', NULL, 'US', 1)", "party.currency");
    check("UPDATE participant SET active = 2", "participant.active: Integer");
    check(
        "INSERT INTO account (id, participant, currency, kind, active, net_debit_cap, created_at)
           VALUES (1, 1, 'USD', 'POSITION', 1, x'00', 0)",
        "account.net_debit_cap",
    );
    check("INSERT INTO endpoint VALUES (1, 'FAX', 'x')", "endpoint.kind");
    check(
        "INSERT INTO oracle (id, party_id_type, currency, endpoint, is_default, created_at)
           VALUES (1, 'FAX', NULL, 'x', 0, 0)",
        "oracle.party_id_type",
    );
}

#[test]
fn what_must_be_there_is_missed() {
    check("DELETE FROM meta", "meta.id");
    check("DELETE FROM participant", "participant.id");
    check("DROP TABLE oracle", "oracle");
    check("ALTER TABLE outbox RENAME COLUMN body TO content", "body");
}

#[test]
fn a_damaged_page_is_told() {
    use std::os::unix::fs::FileExt;
    let folder = Folder::new();
    drop(open(&folder.file()).unwrap());
    let file = std::fs::OpenOptions::new().write(true).open(folder.file()).unwrap();
    file.write_all_at(&[0xff; 4096], 4096).unwrap();
    let error = SqliteStore::open(&folder.file(), FspId::parse("Hub").unwrap(), super::clock()).err();
    assert!(matches!(error, Some(StoreError::Corrupt(_))), "{error:?}");
}
