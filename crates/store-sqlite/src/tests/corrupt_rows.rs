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
const GIVEN_UP: &str = "INSERT INTO abandoned
    (id, recipient, endpoint, method, path, headers, body, subject, created_at, give_up_at, reason, abandoned_at) VALUES
    (7, 'fsp', 'FSPIOP_CALLBACK_URL_QUOTES', 'PUT', '/', '', x'', 'path /', 0, 0, 'reason', 0);";

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
    tamper(&folder.file(), &format!("{TRANSFER}{MESSAGE}{GIVEN_UP}"));
    read(&store).unwrap();
}

#[test]
fn the_column_is_named() {
    let transfer = |change: &str| format!("{TRANSFER} UPDATE transfer SET {change}");
    let message = |change: &str| format!("{GIVEN_UP} UPDATE abandoned SET {change}");
    let of = |column: &str| format!("transfer.{column} of id b51ec534-ee48-4575-b6a9-ead2955b8069: ");
    check(&transfer("amount = x'00'"), &(of("amount") + "BLOB of 1 bytes"));
    check(&transfer("status = 'PENDING'"), &(of("status") + "TEXT of 7 bytes"));
    check(&transfer("currency = 'ZZZ'"), &of("currency"));
    check(&transfer("payer = 1099511627776"), &(of("payer") + "Integer"));
    check(&transfer("condition = x''"), &of("condition"));
    check(&transfer("id = x'00'"), "transfer.id");
    check(&transfer("abort_code = '3100'"), &of("abort_code"));
    check(&message("headers = 'no colon'"), "abandoned.headers of id 7: ");
    check(&message("subject = 'nothing'"), "abandoned.subject of id 7: ");
    check(&message("endpoint = 'FAX'"), "abandoned.endpoint of id 7: ");
    check(&message("recipient = 'two words'"), "abandoned.recipient of id 7: ");
    check("INSERT INTO entry VALUES (1, x'', 'RESERVE', 1, 2, zeroblob(16), 'USD', 0)", "entry.transfer_id");
    check("INSERT INTO party VALUES (1, 'MSISDN', '1', NULL, 'US', 1)", "party.currency");
    check("UPDATE participant SET active = 2", "participant.active of id 1: Integer");
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
fn what_can_not_be_read_keeps_nothing_else_back() {
    let folder = Folder::new();
    let store = open(&folder.file()).unwrap();
    let second = MESSAGE.replace("(1,", "(2,");
    let earlier =
        "INSERT INTO transfer SELECT x'00', payer, payee, amount, currency, condition, expiration - 1, prepare_hash,
                       status, prepared_at FROM transfer;";
    let columns = "(id, payer, payee, amount, currency, condition, expiration, prepare_hash, status, prepared_at)";
    let earlier = earlier.replace("transfer SELECT", &format!("transfer {columns} SELECT"));
    tamper(
        &folder.file(),
        &format!("{MESSAGE}{second}{TRANSFER}{earlier} UPDATE outbox SET headers = 'no colon' WHERE id = 1"),
    );
    let found = block_on(store.pending_messages(MessageId(0), 1)).unwrap();
    assert_eq!(found.iter().map(|message| message.id).collect::<Vec<_>>(), [MessageId(2)]);
    let id = TransferId::parse("b51ec534-ee48-4575-b6a9-ead2955b8069").unwrap();
    assert_eq!(block_on(store.due(Timestamp::from_millis(1), 1)).unwrap(), [id]);
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
