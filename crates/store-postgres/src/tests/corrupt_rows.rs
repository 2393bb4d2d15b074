//! Rows that no version of the program wrote: the error names table, column and key, and says what to do; everything else
//! goes on.

use fspiop::{Timestamp, TransferId};
use store::{Store, StoreError};
use switch::{Command, MessageId};

use super::{commit, register, runtime, settings, tamper, unwelcome};
use crate::{Migrate, PostgresSettings, PostgresStore};

const ID: &str = "b51ec534-ee48-4575-b6a9-ead2955b8069";
const TRANSFER: &str = "INSERT INTO identity VALUES (0, '\\x00b51ec534ee484575b6a9ead2955b8069', 'M');
    INSERT INTO transfer
    (id, payer, payee, amount, currency, condition, expiration, prepare_hash, status, prepared_at) VALUES
    ('\\x00b51ec534ee484575b6a9ead2955b8069', 1, NULL, 1, 'USD', sha256(''), 0, sha256(''), 'RESERVED', 0);";
const MESSAGE: &str = "INSERT INTO outbox
    (id, owner, untold, recipient, endpoint, method, path, headers, body, subject, created_at, give_up_at)
    SELECT 7, id, false, 'fsp', 'FSPIOP_CALLBACK_URL_QUOTES', 'PUT', '/', '', '', 'path /', 0, 0 FROM node;";
const GIVEN_UP: &str = "INSERT INTO abandoned SELECT id, recipient, endpoint, method, path, headers, body, subject,
    created_at, give_up_at, 'reason', 0 FROM outbox;";

/// Reads everything that can be read.
async fn read(store: &PostgresStore) -> Result<(), StoreError> {
    let id = TransferId::parse(ID).unwrap();
    store.configuration().await?;
    store.transfer(id).await?;
    store.story(id).await?;
    store.books().await?;
    store.party("MSISDN/1".parse().unwrap(), None).await?;
    store.abandoned(MessageId(0), 10).await.map(drop)
}

#[track_caller]
fn check(settings: &PostgresSettings, sql: &str, expect: &str) {
    tamper(settings, "TRUNCATE identity, transfer, outbox, abandoned, entry, party");
    tamper(settings, sql);
    let runtime = runtime();
    let result = runtime.block_on(async { read(&PostgresStore::open_read_only(settings.clone()).await?).await });
    let Err(StoreError::Corrupt(text)) = result else { panic!("{sql}: {result:?}") };
    assert!(text.starts_with(expect), "{sql}: {text}");
    assert!(text.contains("hint: restore"), "{sql}: {text}");
}

#[test]
fn the_column_and_the_key_are_named() {
    let settings = settings("node");
    runtime().block_on(async { drop(PostgresStore::open(settings.clone(), Migrate::Yes).await.unwrap()) });
    tamper(&settings, &format!("{TRANSFER}{MESSAGE}{GIVEN_UP}"));
    runtime().block_on(async { read(&PostgresStore::open_read_only(settings.clone()).await.unwrap()).await.unwrap() });
    let transfer = |change: &str| format!("{TRANSFER} UPDATE transfer SET {change}");
    let given_up = |change: &str| format!("{MESSAGE}{GIVEN_UP} UPDATE abandoned SET {change}");
    let of = |column: &str| format!("transfer.{column} of id {ID}: ");
    check(&settings, &transfer("status = 'PENDING'"), &of("status"));
    check(&settings, &transfer("amount = 'NaN'"), &of("amount"));
    check(&settings, &transfer("amount = 99999999999999999999999999999999999"), &of("amount"));
    check(&settings, &transfer("currency = 'ZZZ'"), &of("currency"));
    check(&settings, &transfer("condition = ''"), &of("condition"));
    check(&settings, &transfer("abort_code = '3100'"), &of("abort_code"));
    check(&settings, &transfer("id = '\\x00'"), "transfer.id of id \\x00: ");
    check(&settings, &given_up("headers = 'no colon'"), "abandoned.headers of id 7: ");
    check(&settings, &given_up("subject = 'nothing'"), "abandoned.subject of id 7: ");
    check(&settings, &given_up("endpoint = 'FAX'"), "abandoned.endpoint of id 7: ");
    let nothing = "ALTER TABLE abandoned ALTER body DROP NOT NULL; UPDATE abandoned SET body = NULL";
    check(&settings, &format!("{MESSAGE}{GIVEN_UP}{nothing}"), "abandoned.body of id 7: ");
    let entry = "INSERT INTO entry (movement_at, transfer_id, kind, raised, lowered, amount, currency, at)
                 VALUES (0, '\\x00b51ec534ee484575b6a9ead2955b8069', 'GIFT', 1, 2, 1, 'USD', 0)";
    check(&settings, entry, &format!("entry.kind of transfer_id {ID}: "));
    // The identifier of a party is about a person: nothing of it is said.
    check(
        &settings,
        "INSERT INTO party (kind, identifier, currency, participant) VALUES ('MSISDN', '1', 'US', 1)",
        "party.currency: ",
    );
    check(&settings, "INSERT INTO endpoint VALUES (1, 'FAX', 'x')", "endpoint.kind of participant 1: ");
    check(&settings, "DELETE FROM endpoint; DELETE FROM meta", "meta.id: no row");
    check(
        &settings,
        "INSERT INTO meta VALUES (1, 1); UPDATE participant SET name = 'two words'",
        "participant.name of id 1: ",
    );
}

#[test]
fn everything_else_goes_on() {
    let settings = settings("node");
    runtime().block_on(async {
        let store = PostgresStore::open(settings.clone(), Migrate::Yes).await.unwrap();
        let sound = commit(&store, vec![unwelcome()]).await.unwrap().messages;
        let late = commit(&store, vec![unwelcome()]).await.unwrap().messages;
        assert!(sound[0].id.0 < 7 && late[0].id.0 < 7);
        // Each gets a row of its own.
        assert_eq!(store.pending_messages(MessageId(0), 10).await.unwrap().len(), 2);
        let due =
            "INSERT INTO transfer (id, payer, payee, amount, currency, condition, expiration, prepare_hash, status,
                                         prepared_at)
                   SELECT '\\x00', payer, payee, amount, currency, condition, expiration - 1,
                       prepare_hash, status, prepared_at FROM transfer;";
        let broken = "UPDATE outbox SET id = 0, headers = 'no colon' WHERE id = 7;
                      UPDATE outbox SET id = id + 10; UPDATE transfer SET amount = 'NaN'";
        tamper(&settings, &format!("{TRANSFER}{due}{MESSAGE}{broken}"));
        // Page by page, what can't be read is left out, and a full page is full.
        let first = store.pending_messages(MessageId(0), 1).await.unwrap();
        let rest = store.pending_messages(first[0].id, 10).await.unwrap();
        assert_eq!([&first[0].body, &rest[0].body], [&sound[0].body, &late[0].body]);
        assert_eq!(rest.len(), 1);
        let id = TransferId::parse(ID).unwrap();
        assert_eq!(store.due(Timestamp::from_millis(1), 10).await.unwrap(), [id]);
        // A batch that needs the row fails alone, and says why; any other one is done.
        let error = commit(&store, vec![Command::Expire(id), register("first")]).await.err().unwrap();
        let expect = format!("transfer.amount of id {ID}: ");
        assert!(matches!(&error, StoreError::Corrupt(text) if text.starts_with(&expect)), "{error:?}");
        commit(&store, vec![register("first")]).await.unwrap();
        store.ping().await.unwrap();
    });
}
