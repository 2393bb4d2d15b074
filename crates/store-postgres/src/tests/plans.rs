//! What grows with every payment is never read whole: each statement that a running hub prepares finds its rows by an index.

use fspiop::Timestamp;
use ledger::ParticipantId;
use serde::Deserialize;
use store::{Between, Store};
use switch::{Command, Delivery, DeliveryResult, Message, MessageId};
use tokio_postgres::SimpleQueryMessage;

use super::{
    commit,
    figures::{Payment, onboarding},
    runtime, settings, tamper, unwelcome,
};
use crate::{
    Migrate, PostgresStore, partitions,
    session::{Purpose, Session},
    time::Time,
};

/// Tables that grow with every payment, partitions by their beginning.
const GROWING: [&str; 10] = [
    "identity",
    "transfer",
    "old_ilp_packet",
    "entry",
    "quote",
    "funds_movement",
    "outbox",
    "outbox_batch",
    "abandoned",
    "sent_message",
];
/// 200,000 payments, a tenth of them open, a tenth of their messages still to be delivered. The batches are of moments at which
/// no test writes any: a transfer's packet is looked for in all of its moment.
const HISTORY: &str = "
    CREATE TEMP TABLE past AS
        SELECT n, '\\x01'::bytea || decode(md5(n::text), 'hex') AS id, 'transfer ' || md5(n::text)::uuid AS subject
        FROM generate_series(1, 200000) AS n;
    INSERT INTO identity SELECT n, id, 'M' FROM past;
    INSERT INTO identity SELECT n, id, 'Q' FROM past;
    INSERT INTO transfer (id, payer, payee, amount, currency, condition, expiration, prepare_hash, status, prepared_at)
        SELECT id, 2 + n % 20, 2 + (n + 7) % 20, 1, 'USD', sha256(id), 4000000000000 + n, sha256(id),
               CASE n % 10 WHEN 0 THEN 'RESERVED' ELSE 'COMMITTED' END, n FROM past;
    INSERT INTO old_ilp_packet SELECT id, 'packet' FROM past;
    INSERT INTO outbox_batch SELECT 99, n, floor(extract(epoch FROM now()) * 1000)::bigint + 3600000 + n, 4 * n, '{1}', '{2}', '{3}', '{4}', '' FROM past WHERE n % 10 = 0;
    INSERT INTO entry (movement_at, transfer_id, kind, raised, lowered, amount, currency, at)
        SELECT n, id, 'RESERVE', 1, 2, 1, 'USD', n FROM past;
    INSERT INTO quote (requested_at, answered_at, payer, payee, id, request_hash, status, answer_hash)
        SELECT n, n, 2, 3, id, sha256(id), 'ANSWERED', sha256(id) FROM past;
    INSERT INTO sent_message SELECT n + 10000000, 'fsp01', 'PUT', '/', subject, n, 1, n FROM past;
    INSERT INTO outbox SELECT n + 10000000, 99, false, 'fsp01', 'FSPIOP_CALLBACK_URL_TRANSFER_POST', 'PUT', '/', '', '',
                              subject, n, n FROM past WHERE n % 10 = 0;
    INSERT INTO node (name, epoch, lease_until, last_batch, next_message, last_message) VALUES ('lost', 1, 0, 0, 0, -1);
    DROP TABLE past;
    ANALYZE";

/// A node of a plan.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Plan {
    #[serde(rename = "Node Type")]
    kind: String,
    #[serde(rename = "Relation Name")]
    table: Option<String>,
    #[serde(rename = "Index Name")]
    index: Option<String>,
    #[serde(rename = "Index Cond")]
    condition: Option<String>,
    #[serde(default)]
    plans: Vec<Plan>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Explained {
    plan: Plan,
}

impl Plan {
    /// All nodes that read a table or an index.
    fn scans(&self) -> Vec<&Plan> {
        let own = self.kind.contains("Scan").then_some(self);
        own.into_iter().chain(self.plans.iter().flat_map(Plan::scans)).collect()
    }

    /// Whether this reads something whole that grows. A scan of an index without a condition does so, too, or with none but
    /// that it is of a day or later.
    fn is_long(&self) -> bool {
        let grows = |table: &String| GROWING.iter().any(|name| table.starts_with(name));
        let conditions = self.condition.as_deref().unwrap_or_default().split(" AND ");
        let is_narrow = conditions.into_iter().any(|one| !one.is_empty() && !one.contains(">= '"));
        match &self.table {
            Some(table) if self.kind != "Bitmap Heap Scan" => grows(table) && !is_narrow,
            // The one of the index is below it, or this reads no table.
            Some(_) | None => self.kind.contains("Index") && !is_narrow,
        }
    }
}

/// Every statement that was prepared on a connection, with its plan.
async fn plans(session: &Session) -> Vec<(String, Plan)> {
    let sql = "SELECT name, statement, cardinality(parameter_types) FROM pg_prepared_statements WHERE name <> ''";
    let mut all = Vec::new();
    for row in session.client.query(sql, &[]).await.unwrap() {
        let (name, statement, parameters): (String, String, i32) = (row.get(0), row.get(1), row.get(2));
        // What can be planned: no settings, no locks.
        if !["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"].iter().any(|verb| statement.starts_with(verb)) {
            continue;
        }
        let nothing = vec!["NULL"; usize::try_from(parameters).unwrap()].join(", ");
        let arguments = if parameters == 0 { String::new() } else { format!("({nothing})") };
        let explain = format!("EXPLAIN (FORMAT JSON) EXECUTE \"{name}\" {arguments}");
        let told = session.client.simple_query(&explain).await.unwrap();
        let text = told.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        let mut explained: Vec<Explained> = serde_json::from_str(text.unwrap()).unwrap();
        all.push((statement, explained.remove(0).plan));
    }
    all
}

fn assert_short(statement: &str, plan: &Plan) {
    let long: Vec<_> = plan.scans().into_iter().filter(|scan| scan.is_long()).collect();
    assert!(long.is_empty(), "{statement}: {long:#?}");
}

/// Does everything that a hub does.
async fn work(store: &PostgresStore) {
    let payment = Payment::new(0, 1, false);
    let mut messages = Vec::<Message>::new();
    for leg in 0..4 {
        messages.extend(commit(store, vec![payment.leg(leg), unwelcome()]).await.unwrap().messages);
    }
    let delivery = |(number, message): (usize, &Message)| {
        let reason: Box<str> = "no answer".into();
        let result = match number % 3 {
            0 => DeliveryResult::Delivered,
            1 => DeliveryResult::Failing { reason },
            _ => DeliveryResult::GaveUp { message: Box::new(message.clone()), refused: false, reason },
        };
        Delivery { message: message.id, attempts: 1, at: Timestamp::from_millis(0), result }
    };
    let deliveries = messages.iter().enumerate().map(delivery).collect();
    commit(store, vec![Command::Deliveries(deliveries)]).await.unwrap();
    let Command::Prepare { prepare, .. } = payment.leg(2) else { panic!("the third leg is the prepare") };
    let id = prepare.transfer_id;
    commit(store, vec![Command::Expire(id)]).await.unwrap();
    store.take_over().await.unwrap();
    // Each connection that reads gets each question.
    for _ in 0..2 {
        store.transfer(id).await.unwrap().expect("it is there");
        store.ilp_packet(id).await.unwrap().expect("it is there");
        store.quote(fspiop::QuoteId(id.0)).await.unwrap();
        store.party("MSISDN/1".parse().unwrap(), None).await.unwrap();
        store.due(Timestamp::from_millis(4_000_000_000_000), 10).await.unwrap();
        store.pending_messages(MessageId(0), 10).await.unwrap();
        store.abandoned(MessageId(0), 10).await.unwrap();
        let moment = Timestamp::from_millis;
        let (payer, payee) = (ParticipantId(3), ParticipantId(10));
        let between = Between { payer, payee, since: moment(50_000), until: moment(51_000) };
        assert_eq!(store.ilp_packets(between, 10).await.unwrap().len(), 10);
        store.ping().await.unwrap();
    }
    for _ in 0..3 {
        store.story(id).await.unwrap();
    }
}

#[test]
fn no_statement_reads_a_table_whole_that_grows() {
    let settings = settings("node");
    runtime().block_on(async {
        let store = PostgresStore::open(settings.clone(), Migrate::Yes).await.unwrap();
        commit(&store, onboarding()).await.unwrap();
        tamper(&settings, HISTORY);
        work(&store).await;
        let mut all = Vec::new();
        for session in store.sessions().await {
            all.extend(plans(&session).await);
        }
        assert!(all.len() > 35, "they were prepared: {}", all.len());
        all.iter().for_each(|(statement, plan)| assert_short(statement, plan));
        let index_of = |text: &str| {
            let (_, plan) = all.iter().find(|(statement, _)| statement.starts_with(text)).unwrap();
            plan.scans().iter().find_map(|scan| scan.index.clone())
        };
        // However much waits, little of it is untold, and little is due.
        assert_eq!(index_of("UPDATE outbox SET untold = false").as_deref(), Some("outbox_untold"));
        let due = index_of("SELECT id FROM transfer WHERE status");
        assert!(due.is_some_and(|index| index.starts_with("transfer_") && index.ends_with("_expiration_id_idx")));
    });
}

#[test]
fn a_batch_looks_at_no_partition_of_days_ago() {
    const DAYS: u16 = 30;
    let settings = settings("node");
    runtime().block_on(async {
        let store = PostgresStore::open(settings.clone(), Migrate::Yes).await.unwrap();
        let writer = Session::connect(&settings, Purpose::Write).await.unwrap();
        partitions::of_days_before(&writer, &Time::default(), DAYS).await.unwrap();
        commit(&store, onboarding()).await.unwrap();
        let payment = Payment::new(0, 1, false);
        for leg in 0..4 {
            commit(&store, vec![payment.leg(leg)]).await.unwrap();
        }
        let (mut of_all, mut of_recent) = (0, 0);
        for session in store.sessions().await {
            for (statement, plan) in plans(&session).await {
                let is_batch = ["FOR UPDATE) AS", "AS open"].iter().any(|text| statement.contains(text));
                let scans = plan.scans().len();
                // Planned while the day has no rows yet, and used as long as it lasts.
                assert_short(&statement, &plan);
                match statement.contains(&i64::MIN.to_string()) {
                    _ if !is_batch => {}
                    true => {
                        of_all += 1;
                        assert!(scans > usize::from(DAYS), "{statement}: {plan:#?}");
                    }
                    false => {
                        of_recent += 1;
                        assert!(scans < 10, "{statement}: {plan:#?}");
                    }
                }
            }
        }
        assert!(of_all > 0 && of_recent == 3, "{of_all} statements for all days, {of_recent} for these");
    });
}
