//! What grows is kept by the day, and found whatever day it is of.

use fspiop::TransferId;
use ledger::TransferStatus;
use store::Store;
use switch::{Command, Method, QuoteStatus};

use super::{
    commit,
    figures::{Payment, onboarding},
    runtime, settings, tamper,
};
use crate::{
    Migrate, Migrated, PostgresSettings, PostgresStore,
    migration::{self, KNOWN},
    session::{Purpose, Session},
    time::Time,
};

/// The last version without partitions.
const BEFORE: i64 = 4;
/// A transfer, a quote of the same id and a movement of funds, of today, with what else there was then; a transfer of 1970.
const OLD: &str = "
    CREATE TEMP TABLE moment AS SELECT floor(extract(epoch FROM now()) * 1000)::bigint AS now, '\\x01'::bytea || sha256('a') AS id;
    UPDATE moment SET id = substr(id, 1, 17);
    INSERT INTO identity SELECT id, 'TRANSFER' FROM moment;
    INSERT INTO identity SELECT set_byte(id, 16, 1), 'TRANSFER' FROM moment;
    INSERT INTO identity SELECT set_byte(id, 16, 2), 'FUNDS' FROM moment;
    INSERT INTO identity SELECT set_byte(id, 16, 3), 'TRANSFER' FROM moment;
    INSERT INTO transfer (id, payer, payee, amount, currency, condition, expiration, prepare_hash, status, prepared_at)
        SELECT id, 2, 3, 12.34, 'USD', sha256('c'), now + 60000, sha256('p'), 'RESERVED', now FROM moment
        UNION ALL SELECT set_byte(id, 16, 1), 2, 3, 1, 'USD', sha256('c'), 9, sha256('p'), 'COMMITTED', 1 FROM moment;
    INSERT INTO entry (transfer_id, kind, raised, lowered, amount, currency, at)
        SELECT id, 'RESERVE', 3, 0, 12.34, 'USD', now FROM moment;
    INSERT INTO funds_movement (id, direction, status, participant, account, amount, currency, hash, recorded_at)
        SELECT set_byte(id, 16, 2), 'IN', 'COMMITTED', 2, 4, 5, 'USD', sha256('h'), now FROM moment;
    INSERT INTO quote SELECT id, 2, 3, sha256('q'), 'PENDING', NULL, now, NULL FROM moment;
    INSERT INTO old_ilp_packet SELECT id, 'a packet' FROM moment;
    INSERT INTO sent_message SELECT 7, 'fsp', 'PUT', '/', 'transfer ' || encode(substr(id, 2), 'hex')::uuid, now, 2, now
        FROM moment;
    SELECT encode(id, 'hex') FROM moment";

fn today(settings: &PostgresSettings) -> String {
    tamper(settings, "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD')").trim().to_owned()
}

async fn migrate_to(settings: &PostgresSettings, version: i64) {
    let session = Session::connect(settings, Purpose::Write).await.unwrap();
    for version in 1..=version {
        let sql = migration::sql(version);
        migration::step(&session, version, sql, &settings.hub, &Time::default(), usize::MAX).await.unwrap();
    }
}

#[test]
fn what_was_there_before_is_moved_to_its_day() {
    let settings = settings("node");
    runtime().block_on(async {
        migrate_to(&settings, BEFORE).await;
        let told = tamper(&settings, OLD);
        let bytes: Vec<u8> = told.lines().last().unwrap().trim().as_bytes().chunks(2).map(hex).collect();
        let id = TransferId(fspiop::Identifier::from_bytes(&bytes).unwrap());
        assert_eq!(PostgresStore::migrate(&settings).await.unwrap(), Migrated { from: BEFORE, to: KNOWN });
        let store = PostgresStore::open(settings.clone(), Migrate::No).await.unwrap();
        let story = store.story(id).await.unwrap();
        assert_eq!(story.transfer.unwrap().status, TransferStatus::Reserved);
        assert_eq!(story.quote.unwrap().status, QuoteStatus::Pending);
        assert_eq!(store.ilp_packet(id).await.unwrap().as_deref(), Some("a packet"));
        let books = store.books().await.unwrap();
        assert_eq!((books.transfers.len(), books.funds.len(), books.entries.len()), (2, 1, 1));
        let today = today(&settings);
        let count = |table: &str| tamper(&settings, &format!("SELECT count(*) FROM {table}")).trim().to_owned();
        for table in ["transfer", "entry", "quote", "sent_message"] {
            assert_eq!(count(&format!("{table}_{today}")), "1", "{table}");
        }
        assert_eq!((count("transfer_other"), count("identity")), ("1".into(), "5".into()), "with an id without a row");
        assert_eq!(tamper(&settings, "SELECT count(*) FROM pg_class WHERE relname LIKE 'old_%'").trim(), "1");
    });
}

fn hex(digits: &[u8]) -> u8 {
    u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap()
}

#[test]
fn partitions_are_there_before_their_day() {
    let settings = settings("node");
    runtime().block_on(async {
        let store = PostgresStore::open(settings.clone(), Migrate::Yes).await.unwrap();
        let partitions = || {
            let sql = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'transfer'::regclass";
            tamper(&settings, sql).trim().parse::<i64>().unwrap()
        };
        assert_eq!(partitions(), 3, "today's, tomorrow's, and the one for others");
        for expect in [4, 5, 6, 7, 8, 9, 9, 9] {
            store.take_over().await.unwrap();
            assert_eq!(partitions(), expect);
        }
        assert_eq!(tamper(&settings, "SELECT count(*) FROM pg_class WHERE relname LIKE 'old_%'").trim(), "1");
    });
}

#[test]
fn what_began_hours_ago_goes_on() {
    let settings = settings("node");
    runtime().block_on(async {
        let store = PostgresStore::open(settings.clone(), Migrate::Yes).await.unwrap();
        commit(&store, onboarding()).await.unwrap();
        let payment = Payment::new(0, 1, false);
        commit(&store, vec![payment.leg(0), payment.leg(2)]).await.unwrap();
        let (Command::Prepare { prepare, .. }, Command::RequestQuote { quote_id, .. }) =
            (payment.leg(2), payment.leg(0))
        else {
            panic!("the legs are a prepare and a quote")
        };
        // Long enough for another partition, and for not being looked for at first.
        tamper(
            &settings,
            "UPDATE identity SET at = at - 90000000; UPDATE entry SET movement_at = movement_at - 90000000;
             UPDATE transfer SET prepared_at = prepared_at - 90000000;
             UPDATE quote SET requested_at = requested_at - 90000000",
        );
        let messages = commit(&store, vec![payment.leg(1), payment.leg(3)]).await.unwrap().messages;
        assert!(
            messages.iter().all(|message| message.method == Method::Put),
            "no quote is asked for anew: {messages:?}"
        );
        let transfer = store.transfer(prepare.transfer_id).await.unwrap().unwrap();
        assert_eq!(transfer.status, TransferStatus::Committed);
        assert_eq!(store.quote(quote_id).await.unwrap().unwrap().status, QuoteStatus::Answered);
        let books = store.books().await.unwrap();
        assert_eq!(books.entries.iter().filter(|entry| entry.transfer_id == prepare.transfer_id).count(), 2);
        assert_eq!(
            tamper(&settings, "SELECT count(DISTINCT movement_at) FROM entry e JOIN transfer ON id = transfer_id")
                .trim(),
            "1"
        );
    });
}

#[test]
fn partitions_are_made_between_batches_that_lock_table_after_table() {
    let settings = settings("node");
    runtime().block_on(async {
        let store = PostgresStore::open(settings.clone(), Migrate::Yes).await.unwrap();
        let batch = Session::connect(&settings, Purpose::Write).await.unwrap();
        let maker = Session::connect(&settings, Purpose::Write).await.unwrap();
        let is_waiting = || {
            let sql = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'quote'::regclass";
            tamper(&settings, sql).trim() == "1"
        };
        batch.run("BEGIN; SELECT FROM quote").await.unwrap();
        let time = Time::default();
        let made = async { crate::partitions::extend(&maker, &time).await };
        let batch = async {
            while !is_waiting() {
                tokio::task::yield_now().await;
            }
            // What waits for one table must not hold another one.
            batch.run("SET LOCAL lock_timeout = 100; SELECT FROM entry; SELECT FROM transfer; COMMIT").await
        };
        let (made, batch) = tokio::join!(made, batch);
        batch.unwrap();
        assert_eq!(made.unwrap(), 0, "one more day");
        drop(store);
    });
}
