//! Figures, not tests: `cargo test -p store-postgres --lib figures -- --ignored --nocapture`.
//!
//! Payments run through the trait on a server of their own that forces every commit to the disk: quote, answer, prepare, fulfil,
//! and the delivery of the four messages, with bodies and headers as long as real ones.

use std::{fs, process, sync::Arc, time::Instant};

use bytes::Bytes;
use fspiop::{Amount, Condition, Currency, FspId, Fulfilment, QuoteId, Timestamp, TransferId, headers};
use futures_util::future::join_all;
use ledger::{AccountId, AccountType, FundsRequest, InitialPositionAndLimits, NewParticipant};
use postgres_server::{Durability, Server};
use store::{Committed, Store};
use switch::{Administration, Command, Delivery, DeliveryResult, Headers, Inbound, Method, content_hash};

use super::{runtime, settings};
use crate::{Migrate, PostgresSettings, PostgresStore};

/// Payments of a batch: each has one command in it.
pub(super) const BATCH: usize = 200;
/// Batches that each node commits for one leg.
pub(super) const ROUNDS: usize = 25;
const FSPS: usize = 20;

fn fsp(number: usize) -> FspId {
    FspId::parse(&format!("fsp{number:02}")).unwrap()
}

pub(super) fn onboarding() -> Vec<Command> {
    let (usd, hub) = (Currency::parse("USD").unwrap(), FspId::parse("Hub").unwrap());
    let account = |kind| Administration::CreateHubAccount(hub.clone(), usd, kind);
    let mut all = vec![account(AccountType::HubReconciliation), account(AccountType::HubMultilateralSettlement)];
    for number in 0..FSPS {
        all.push(Administration::RegisterParticipant(NewParticipant { name: fsp(number), currency: Some(usd) }));
        all.push(Administration::SetInitialLimits(InitialPositionAndLimits {
            participant: fsp(number),
            currency: usd,
            net_debit_cap: Amount::parse_decimal("1000000000").unwrap(),
            initial_position: Amount::ZERO,
        }));
    }
    for number in 0..FSPS {
        all.push(Administration::RecordFundsIn(FundsRequest {
            id: TransferId(fspiop::Identifier::from_ulid_bits(u128::try_from(number).unwrap())),
            participant: fsp(number),
            account: AccountId(4 + 2 * i64::try_from(number).unwrap()),
            amount: Amount::parse_decimal("1000000000").unwrap(),
            currency: None,
            hash: content_hash(b"x"),
        }));
    }
    all.into_iter().map(Command::Administer).collect()
}

/// Characters as hard to compress as signatures and packets.
fn noise(seed: u128, length: usize) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835) | 1;
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(alphabet[usize::try_from((state >> 64) & 63).unwrap()])
    };
    (0..length).map(next).collect()
}

/// A payment, by its number.
pub(super) struct Payment {
    id: u128,
    payer: FspId,
    payee: FspId,
}

impl Payment {
    pub(super) fn new(node: usize, number: usize, hot: bool) -> Payment {
        let id = u128::from_be_bytes(content_hash(format!("{node} {number}").as_bytes()).0[..16].try_into().unwrap());
        let payer = if hot { 0 } else { number % FSPS };
        Payment { id, payer: fsp(payer), payee: fsp(if hot { 1 + number % (FSPS - 1) } else { (number + 7) % FSPS }) }
    }

    /// A message whose body has that many characters, of which so many are hard to compress.
    fn inbound(&self, source: &FspId, method: Method, path: &str, (length, hard): (usize, usize)) -> Inbound {
        let mut all = Headers::new();
        all.set(headers::FSPIOP_SOURCE, source.as_str());
        all.set(headers::FSPIOP_DESTINATION, self.payee.as_str());
        // Content type, date and trace: names do not matter here, lengths do.
        all.set(headers::TRACEPARENT, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        all.set(
            headers::TRACESTATE,
            "application/vnd.interoperability.transfers+json;version=1.1 Sun, 22 Nov 2026 14:00:00 GMT",
        );
        let text = r#"{"transferId":"b51ec534-ee48-4575-b6a9-ead2955b8069","payerFsp":"payerfsp","payeeFsp":"payeefsp","amount":{"currency":"USD","amount":"433.88"},"expiration":"2026-11-22T14:00:30.000Z","ilpPacket":""#;
        let body = format!("{}{}", noise(self.id, hard), text.repeat(1 + length / text.len()));
        let body = Bytes::from(body[..length].to_owned());
        Inbound { source: source.clone(), destination: None, method, path: path.into(), headers: all, body }
    }

    pub(super) fn leg(&self, leg: usize) -> Command {
        let (quote_id, transfer_id) = (
            QuoteId(fspiop::Identifier::from_ulid_bits(self.id)),
            TransferId(fspiop::Identifier::from_ulid_bits(self.id ^ 1)),
        );
        let fulfilment = Fulfilment::from_bytes(content_hash(&self.id.to_be_bytes()).0);
        let condition: Condition = fulfilment.condition();
        match leg {
            0 => Command::RequestQuote {
                inbound: self.inbound(&self.payer, Method::Post, "/quotes", (900, 120)),
                quote_id,
                payee: self.payee.clone(),
                needs: switch::NeededAccounts::default(),
                hash: content_hash(b"q"),
            },
            1 => Command::AnswerQuote {
                inbound: self.inbound(&self.payee, Method::Put, &format!("/quotes/{quote_id}"), (1100, 560)),
                quote_id,
                needs: switch::NeededAccounts::default(),
                hash: content_hash(b"a"),
                failed: false,
            },
            2 => Command::Prepare {
                inbound: self.inbound(&self.payer, Method::Post, "/transfers", (950, 560)),
                prepare: ledger::Prepare {
                    may_be_on_us: false,
                    transfer_id,
                    payer: self.payer.clone(),
                    payee: self.payee.clone(),
                    amount: Amount::parse_decimal("12.34").unwrap(),
                    currency: Currency::parse("USD").unwrap(),
                    condition,
                    expiration: Timestamp::from_millis(4_000_000_000_000),
                    hash: content_hash(b"p"),
                },
                ilp_packet: noise(self.id, 500).into(),
            },
            _ => Command::Fulfil {
                inbound: self.inbound(&self.payee, Method::Put, &format!("/transfers/{transfer_id}"), (150, 50)),
                fulfil: ledger::Fulfil {
                    transfer_id,
                    source: self.payee.clone(),
                    fulfilment: Some(fulfilment),
                    completed_at: None,
                    hash: content_hash(b"f"),
                },
                notify: false,
            },
        }
    }
}

pub(super) async fn run(store: &PostgresStore, node: usize, hot: bool) {
    for round in 0..ROUNDS {
        let payments: Vec<_> = (0..BATCH).map(|number| Payment::new(node, round * BATCH + number, hot)).collect();
        let mut deliveries = Vec::new();
        for leg in 0..4 {
            let mut commands: Vec<_> = payments.iter().map(|payment| payment.leg(leg)).collect();
            commands.push(Command::Deliveries(std::mem::take(&mut deliveries)));
            let Committed { messages, now, .. } = store.commit(Arc::new(commands)).await.unwrap();
            assert_eq!(messages.len(), BATCH, "each leg goes on");
            let delivered = |id| Delivery { message: id, attempts: 1, at: now, result: DeliveryResult::Delivered };
            deliveries = messages.iter().map(|message| delivered(message.id)).collect();
        }
        store.commit(Arc::new(vec![Command::Deliveries(deliveries)])).await.unwrap();
    }
}

/// CPU time in milliseconds of all processes of a server, and of this one.
fn cpu_ms(server: &Server) -> (f64, f64) {
    let folder = server.folder().unwrap().join("data/postmaster.pid");
    let postmaster: u32 = fs::read_to_string(folder).unwrap().lines().next().unwrap().parse().unwrap();
    let (mut servers, mut own) = (0.0, 0.0);
    for entry in fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
        let Ok(text) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let Some((head, tail)) = text.rsplit_once(')') else { continue };
        let pid: u32 = head.split(' ').next().unwrap().parse().unwrap();
        let fields: Vec<_> = tail.split_whitespace().collect();
        let (parent, ticks) =
            (fields[1].parse::<u32>().unwrap(), [11, 12].map(|at| fields[at].parse::<f64>().unwrap()));
        let ms = (ticks[0] + ticks[1]) * 10.0;
        if pid == process::id() {
            own = ms;
        } else if pid == postmaster || parent == postmaster {
            servers += ms;
        }
    }
    (servers, own)
}

fn measure(nodes: usize, hot: bool) {
    let server = Server::start(Durability::Full, &["shared_buffers=256MB", "max_wal_size=4GB"]).unwrap();
    let base = PostgresSettings { url: server.database().into(), ..settings("unused") };
    let number = |sql: &str| server.psql(&base.url, sql).trim().parse::<f64>().unwrap();
    let (wal, size) = ("SELECT pg_current_wal_lsn() - '0/0'", "SELECT pg_database_size(current_database())");
    let runtime = runtime();
    let stores: Vec<_> = (0..nodes)
        .map(|node| {
            let settings = PostgresSettings { node: format!("node{node}").into(), ..base.clone() };
            runtime.block_on(PostgresStore::open(settings, Migrate::Yes)).unwrap()
        })
        .collect();
    runtime.block_on(stores[0].commit(Arc::new(onboarding()))).unwrap();
    server.psql(&base.url, "CHECKPOINT");
    let before = (number(wal), number(size), cpu_ms(&server), Instant::now());
    runtime.block_on(join_all(stores.iter().enumerate().map(|(node, store)| run(store, node, hot))));
    let seconds = before.3.elapsed().as_secs_f64();
    let (cpu, wal_bytes) = (cpu_ms(&server), number(wal) - before.0);
    server.psql(&base.url, "VACUUM");
    let stored = number(size) - before.1;
    let payments = (nodes * ROUNDS * BATCH) as f64;
    #[expect(clippy::print_stdout, reason = "the figures are what this is for")]
    {
        println!(
            "{nodes} node(s), {}: {:.0} payments/s, CPU ms/payment: server {:.3}, this process {:.3}; bytes/payment: {:.0} \
         stored, {:.0} WAL",
            if hot { "one payer" } else { "uniform" },
            payments / seconds,
            (cpu.0 - before.2.0) / payments,
            (cpu.1 - before.2.1) / payments,
            stored / payments,
            wal_bytes / payments,
        );
        let sql = "SELECT relname, pg_total_relation_size(oid) FROM pg_class
               WHERE relkind IN ('r') AND relnamespace = 'public'::regnamespace ORDER BY 2 DESC LIMIT 9";
        println!("{}", server.psql(&base.url, sql).trim().replace('\n', ", "));
    }
}

#[test]
#[ignore = "measures for a minute"]
#[allow(clippy::print_stdout, reason = "the figures are what it is for")]
fn payments() {
    measure(1, false);
    measure(1, true);
    measure(2, false);
    measure(2, true);
}

#[test]
#[ignore = "measures for a minute"]
#[allow(clippy::print_stdout, reason = "the figures are what it is for")]
fn numeric() {
    let server = Server::start(Durability::Full, &[]).unwrap();
    let url = server.database();
    for (kind, value) in [
        ("numeric(39, 4)", "(n % 100000) / 100.0"),
        ("bigint", "n % 100000 * 100"),
        ("bytea", "decode(lpad(to_hex(n), 32, '0'), 'hex')"),
    ] {
        let sql = format!(
            "CREATE TABLE source AS SELECT g AS id, array_agg(({value})::{kind}) AS amounts
                 FROM (SELECT n, n / 500 AS g FROM generate_series(1, 100000) AS n) AS all_of_them GROUP BY g;
             CREATE TABLE measured (id bigint, amount {kind});
             CREATE TEMP TABLE started AS SELECT clock_timestamp() AS at;
             DO $$ DECLARE batch record; BEGIN FOR batch IN SELECT * FROM source LOOP
                 INSERT INTO measured SELECT batch.id, * FROM unnest(batch.amounts); END LOOP; END $$;
             SELECT '{kind}: ' || round(extract(epoch FROM clock_timestamp() - at) * 10, 2) || ' us, '
                 || (SELECT avg(pg_column_size(amount))::numeric(5, 1) FROM measured) || ' bytes a value, '
                 || pg_relation_size('measured') / 100000 || ' bytes a row' FROM started;
             DROP TABLE source, measured, started;"
        );
        println!("{}", server.psql(&url, &sql).trim());
    }
}
