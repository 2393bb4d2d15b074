//! Days are exported, verified and dropped, and the books stay what they were.

mod damages;
mod interruptions;
mod refusals;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use fspiop::{Amount, QuoteId, Timestamp, TransferId};
use ledger::AccountId;
use store::{Archived, Fate, Page, Store, past::Past};
use switch::{Command, Delivery, DeliveryResult, Message};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::{
    commit,
    figures::{Payment, onboarding},
    runtime, settings, tamper,
};
use crate::{
    ArchiveError, ArchivedDay, Checked, Migrate, PostgresSettings, PostgresStore, Retention, Step, archive,
    check_archive, fill,
    partitions::{self, DAY_MS},
    session::{Purpose, Session},
    time::Time,
};

/// How many days ago payments were made: two days of these are older than what is kept.
const DAYS_AGO: [i64; 3] = [5, 4, 2];
const KEPT: u16 = 2;

/// A database with payments of some days before today, and a folder for its archive.
struct World {
    settings: PostgresSettings,
    runtime: Runtime,
    folder: TempDir,
}

impl World {
    /// Two payments on each of the days, whole and delivered, and on the first day what was paid in.
    fn new() -> World {
        World::with(async |_, _, _, _| ())
    }

    /// With something more on each of the days, which is told by how many days ago it was.
    fn with(more: impl AsyncFn(&World, i64, &PostgresStore, Timestamp)) -> World {
        let world = World { settings: settings("node"), runtime: runtime(), folder: tempfile::tempdir().unwrap() };
        world.runtime.block_on(async {
            for (number, days) in DAYS_AGO.into_iter().enumerate() {
                let (store, at) = world.past(days).await;
                if number == 0 {
                    let messages = commit(&store, onboarding()).await.unwrap().messages;
                    deliver(&store, messages, at).await;
                }
                for payment in [payment(2 * number), payment(2 * number + 1)] {
                    pay(&store, &payment, 0..4, at).await;
                }
                more(&world, days, &store, at).await;
                store.leave().await.unwrap();
            }
        });
        world
    }

    /// A store whose clock stands at noon of a day.
    async fn past(&self, days: i64) -> (PostgresStore, Timestamp) {
        let noon = Timestamp::from_millis((self.today() - days) * DAY_MS + DAY_MS / 2);
        let time = Time::of(Arc::new(move || noon));
        let store = Box::pin(PostgresStore::open_at(self.settings.clone(), Migrate::Yes, time.clone())).await.unwrap();
        let session = Session::connect(&self.settings, Purpose::Write).await.unwrap();
        while partitions::extend(&session, &time).await.unwrap() == 0 {}
        (store, noon)
    }

    fn today(&self) -> i64 {
        let sql = "SELECT floor(extract(epoch FROM now()) / 86400)::bigint";
        super::Server::shared().psql(&self.settings.url, sql).trim().parse().unwrap()
    }

    /// The name of a day.
    fn day(&self, days: i64) -> String {
        let start = Timestamp::from_millis((self.today() - days) * DAY_MS).to_string();
        start[..10].to_owned()
    }

    fn folder_of(&self, days: i64) -> PathBuf {
        self.folder.path().join(self.day(days))
    }

    fn archive_telling(&self, mut tell: impl FnMut(&Step)) -> (Vec<ArchivedDay>, Result<(), ArchiveError>) {
        let retention = Retention { keep_days: KEPT, folder: self.folder.path().into() };
        let mut days = Vec::new();
        let work = archive(&self.settings, &retention, |step| {
            tell(&step);
            if let Step::Archived(day) = step {
                days.push(day);
            }
        });
        let result = self.runtime.block_on(work);
        (days, result)
    }

    /// Archives what is old enough.
    fn archive(&self) -> (Vec<ArchivedDay>, Result<(), ArchiveError>) {
        self.archive_telling(|_| ())
    }

    fn check(&self) -> Checked {
        check_archive(self.folder.path(), |_| ()).unwrap()
    }

    fn present(&self) -> PostgresStore {
        self.runtime.block_on(PostgresStore::open(self.settings.clone(), Migrate::No)).unwrap()
    }

    /// Whether each balance is what archived lines and those that are there say; the number of transfers and of lines.
    fn books(&self) -> (bool, usize, usize) {
        self.books_telling(|| ())
    }

    /// Tells of each page that was read.
    fn books_telling(&self, mut tell: impl FnMut()) -> (bool, usize, usize) {
        let store = self.runtime.block_on(PostgresStore::open_read_only(self.settings.clone())).unwrap();
        // The visitor lives longer than this borrows.
        let (sender, pages) = std::sync::mpsc::sync_channel(0);
        let visitor = Box::new(move |page| sender.send(page).unwrap());
        let visiting = self.runtime.spawn(async move { store.visit_books(visitor).await });
        let (mut sums, mut transfers, mut lines) = (BTreeMap::<AccountId, i128>::new(), 0, 0);
        for page in pages {
            tell();
            match page {
                Page::Account { account, balance, archived: Archived { raised, lowered } } => {
                    *sums.entry(account.id).or_default() += raised.units() - lowered.units() - balance.amount.units();
                }
                Page::Movement { transfer, entries, .. } => {
                    (transfers, lines) = (transfers + usize::from(transfer.is_some()), lines + entries.len());
                    for entry in entries {
                        *sums.entry(entry.raised).or_default() += entry.amount.units();
                        *sums.entry(entry.lowered).or_default() -= entry.amount.units();
                    }
                }
            }
        }
        self.runtime.block_on(visiting).unwrap().unwrap();
        let good = sums.iter().all(|(account, difference)| *account == AccountId::TRANSIT || *difference == 0);
        (good, transfers, lines)
    }

    fn count(&self, what: &str) -> i64 {
        tamper(&self.settings, &format!("SELECT count(*) FROM {what}")).trim().parse().unwrap()
    }
}

fn payment(number: usize) -> Payment {
    Payment::new(0, number, false)
}

fn ids(payment: &Payment) -> (TransferId, QuoteId) {
    match (payment.leg(2), payment.leg(0)) {
        (Command::Prepare { prepare, .. }, Command::RequestQuote { quote_id, .. }) => (prepare.transfer_id, quote_id),
        _ => panic!("the legs are a prepare and a quote"),
    }
}

/// Some legs of a payment, each with its messages delivered.
async fn pay(store: &PostgresStore, payment: &Payment, legs: std::ops::Range<usize>, at: Timestamp) {
    for leg in legs {
        let messages = commit(store, vec![payment.leg(leg)]).await.unwrap().messages;
        deliver(store, messages, at).await;
    }
}

async fn deliver(store: &PostgresStore, messages: Vec<Message>, at: Timestamp) {
    let delivery = |message: &Message| Delivery {
        message: message.id,
        attempts: 1,
        at: at.plus_millis(7),
        result: DeliveryResult::Delivered,
    };
    let deliveries = messages.iter().map(delivery).collect();
    commit(store, vec![Command::Deliveries(deliveries)]).await.unwrap();
}

/// The content of a file of the archive.
fn content(file: &Path) -> String {
    String::from_utf8(zstd::stream::decode_all(fs::File::open(file).unwrap()).unwrap()).unwrap()
}

#[test]
fn old_days_leave_and_the_books_stay_what_they_were() {
    let world = World::new();
    assert_eq!(world.books(), (true, 6, 32));
    let (days, result) = world.archive();
    result.unwrap();
    let names: Vec<_> = days.iter().map(|day| day.day.to_string()).collect();
    assert_eq!(names, [world.day(5), world.day(4), world.day(3)], "the third is empty");
    assert_eq!(days.iter().map(|day| day.transfers).collect::<Vec<_>>(), [2, 2, 0]);
    assert_eq!(world.books(), (true, 2, 24), "two payments, and what was paid in");
    assert_eq!((world.count("entry_other"), world.count("archived_day"), world.count("identity")), (20, 3, 32));
    let sums = "SELECT sum(raised) || ' ' || sum(lowered) FROM opening_balance";
    assert_eq!(tamper(&world.settings, sums).trim(), "49.3600 49.3600", "four payments of 12.34");
    assert_eq!(world.check().days, days);
    assert_eq!(world.archive().0, [], "there is nothing more");
    world.runtime.block_on(world.present().leave()).unwrap();
}

#[test]
fn an_archive_is_read_without_a_hub() {
    // One message took longer, and has a row of its own.
    let slow = async |_: &World, days, store: &PostgresStore, at| {
        if days != 4 {
            return;
        }
        let messages = commit(store, vec![payment(90).leg(0)]).await.unwrap().messages;
        let reason = "no answer, \"yet\"".into();
        for (attempts, result) in [(1, DeliveryResult::Failing { reason }), (2, DeliveryResult::Delivered)] {
            let delivery = Delivery { message: messages[0].id, attempts, at, result };
            commit(store, vec![Command::Deliveries(vec![delivery])]).await.unwrap();
        }
    };
    let world = World::with(slow);
    let messages = world.runtime.block_on(world.present().story(ids(&payment(2)).0)).unwrap().messages;
    world.archive().1.unwrap();
    let folder = world.folder_of(4);
    let (transfer, quote) = ids(&payment(2));
    let transfers = content(&folder.join("transfer.csv.zst"));
    assert!(transfers.starts_with("id,payer,payee,amount,currency,status,prepared_at,expiration,"), "{transfers}");
    let line = format!(
        "{transfer},fsp02,fsp09,12.3400,USD,COMMITTED,{}T12:00:00.000Z,2096-10-02T07:06:40.000Z,",
        world.day(4)
    );
    assert!(transfers.lines().any(|row| row.starts_with(&line)), "{line} in {transfers}");
    let entries = content(&folder.join("entry.csv.zst"));
    assert_eq!(entries.lines().filter(|row| row.starts_with(&transfer.to_string())).count(), 2);
    let quotes = content(&folder.join("quote.csv.zst"));
    assert!(quotes.contains(&format!("{quote},fsp02,fsp09,ANSWERED,")), "{quotes}");
    let sent = content(&folder.join("sent_message.csv.zst"));
    assert!(
        sent.lines().nth(1).is_some_and(|row| row.contains(",fsp17,POST,/quotes,quote ") && row.contains("Z,2,")),
        "{sent}"
    );
    let told = content(&folder.join("message.jsonl.zst"));
    let lines: Vec<serde_json::Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let about = |line: &&serde_json::Value| line["subject"] == format!("transfer {transfer}");
    let about: Vec<_> = lines.iter().filter(about).collect();
    let known: Vec<_> = messages.iter().filter(|sent| sent.path.contains("transfers")).collect();
    assert_eq!(about.len(), known.len());
    for (line, sent) in about.iter().zip(known) {
        assert_eq!((&line["path"], &line["id"]), (&sent.path.as_ref().into(), &sent.id.0.into()));
        assert_eq!(sent.fate, Fate::Delivered);
        assert_eq!(line["delivered_at"], sent.last_attempt_at.unwrap().to_string());
        assert!(line["body"].as_str().is_some_and(|body| body.contains("transferId")), "{line}");
    }
    assert_eq!(lines.iter().filter(|line| line["delivered_at"].is_null()).count(), 1, "the slow one");
    let packets = content(&folder.join("ilp_packet.jsonl.zst"));
    assert!(packets.contains(&format!(r#"{{"transfer":"{transfer}","ilp_packet":""#)), "{packets}");
    let funds = content(&world.folder_of(5).join("entry.csv.zst"));
    assert_eq!(funds.lines().skip(1).filter(|row| row.ends_with(",stays")).count(), 20, "{funds}");
}

#[test]
fn what_was_archived_is_unknown_but_its_ids_stay_used() {
    let world = World::new();
    world.archive().1.unwrap();
    let store = world.present();
    world.runtime.block_on(async {
        let (old, new) = (payment(0), payment(50));
        let (transfer, quote) = ids(&old);
        assert_eq!(store.transfer(transfer).await.unwrap(), None);
        for (id, is_quote) in [(transfer, false), (TransferId(quote.0), true)] {
            let archived = store.story(id).await.unwrap().archived.unwrap();
            assert_eq!((archived.at.as_millis() / DAY_MS, archived.is_quote), (world.today() - 5, is_quote));
        }
        assert_eq!(store.story(ids(&new).0).await.unwrap().archived, None);
        assert_eq!(store.quote(quote).await.unwrap(), None);
        assert_eq!(store.ilp_packet(transfer).await.unwrap(), None);
        // What stands beside them in a batch is done.
        for leg in [0, 2] {
            let commands = vec![old.leg(leg), new.leg(leg)];
            let messages = commit(&store, commands).await.unwrap().messages;
            let refused = String::from_utf8_lossy(&messages[0].body).into_owned();
            assert!(refused.contains("3106") && messages[0].recipient.as_str() == "fsp00", "{refused}");
            assert_eq!(messages[1].recipient.as_str(), "fsp17");
        }
        let messages = commit(&store, vec![old.leg(1), old.leg(3)]).await.unwrap().messages;
        let told: Vec<_> = messages.iter().map(|message| String::from_utf8_lossy(&message.body)).collect();
        assert!(told[0].contains("3205") && told[1].contains("transfer not found"), "{told:?}");
        assert!(store.transfer(ids(&new).0).await.unwrap().is_some());
        let paid_in = TransferId(fspiop::Identifier::from_ulid_bits(0));
        assert_eq!(store.story(paid_in).await.unwrap().funds.unwrap().amount, Amount::parse("1000000000").unwrap());
    });
    assert!(world.books().0);
}
