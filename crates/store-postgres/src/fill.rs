//! Fills a database with transfers of the past, to see how a hub works on one that has seen many.

use std::sync::Arc;

use fspiop::{Amount, Currency, FspId};
use ledger::{AccountType, InitialPositionAndLimits, NewParticipant};
use store::{Store, StoreError};
use switch::{Administration, Command};

use crate::{
    Migrate, PostgresSettings, PostgresStore, error,
    error::Failure,
    partitions,
    session::{Purpose, Session},
    time::Time,
};

/// Transfers of one transaction, about: some seconds' work.
const CHUNK: u64 = 100_000;
/// Nothing is put into the last hour, in which the hub itself works.
const LATEST_MS: i64 = 3_600_000;
/// The name of the node that onboards participants: a hub's own would be shut out.
const NODE: &str = "fill";
/// Participants of a database that has none: their names end with these numbers.
const PARTICIPANTS: std::ops::RangeInclusive<u8> = 1..=8;
/// The most days over which transfers are spread: for each there are partitions.
const MAX_DAYS: u16 = 365;

/// What a database is to be filled with.
#[derive(Clone, Copy, Debug)]
pub struct Past {
    /// How many transfers, at least: each participant pays and is paid as often as the others.
    pub transfers: u64,
    /// Over how many days before now they are spread, 1 to 365.
    pub days: u16,
    /// Of the transfers' ids: those of another seed are others.
    pub seed: i64,
}

const POSITIONS: &str = "
    SELECT array_agg(id ORDER BY id) AS accounts, array_agg(participant ORDER BY id) AS participants, currency FROM account
    WHERE kind = 'POSITION' GROUP BY currency ORDER BY count(*) DESC, currency LIMIT 1";

const NOW: &str = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now";

/// Committed transfers of 1 from each participant to the next one, with their quotes, their lines of the journal, and what
/// their payers were told. `$1` to `$2`: their numbers; `$3`: the moment of number 0; `$4`: milliseconds from one to the next,
/// in millionths; `$5` participants, `$6` their accounts, `$7` currency, `$8` seed. No balance changes, since everybody pays
/// as much as he is paid.
const INSERT: &str = r"
    WITH numbered AS (
        SELECT n, $3::bigint + (n::numeric * $4::bigint / 1000000)::bigint AS at,
               substr(sha256(int8send($8::bigint) || int8send(n)), 1, 16) AS noise,
               1 + (n % cardinality($5::integer[]))::integer AS payer, 1 + ((n + 1) % cardinality($5::integer[]))::integer AS payee
        FROM generate_series($1::bigint, $2::bigint) AS n),
    new AS MATERIALIZED (
        SELECT n, at, payer, payee, sha256(noise) AS fulfilment,
               '\x00'::bytea || set_byte(set_byte(noise, 6, get_byte(noise, 6) & 15 | 64), 8, get_byte(noise, 8) & 63 | 128)
                   AS id
        FROM numbered),
    identities AS (
        INSERT INTO identity (at, id, kind)
        SELECT at, id, kind FROM new CROSS JOIN (VALUES ('M'), ('Q')) AS kinds (kind) ORDER BY id),
    transfers AS (
        INSERT INTO transfer (prepared_at, expiration, completed_at, ended_at, payer, payee, id, amount, currency, condition,
                              prepare_hash, status, fulfilment, answer_hash)
        SELECT at, at + 30000, at + 5, at + 5, ($5::integer[])[payer], ($5::integer[])[payee], id, 1, $7::text, sha256(fulfilment), sha256(id), 'COMMITTED',
               fulfilment, sha256(fulfilment || id)
        FROM new ORDER BY n),
    entries AS (
        INSERT INTO entry (movement_at, transfer_id, kind, raised, lowered, amount, currency, at)
        SELECT at, id, 'RESERVE', ($6::bigint[])[payer], 0, 1, $7::text, at FROM new
        UNION ALL SELECT at, id, 'COMMIT', 0, ($6::bigint[])[payee], 1, $7::text, at + 5 FROM new),
    quotes AS (
        INSERT INTO quote (requested_at, answered_at, payer, payee, id, request_hash, status, answer_hash)
        SELECT at, at + 3, ($5::integer[])[payer], ($5::integer[])[payee], id, sha256(id), 'ANSWERED', sha256(fulfilment) FROM new ORDER BY n),
    told AS (
        INSERT INTO sent_message (id, recipient, method, path, subject, created_at, attempts, last_attempt_at)
        SELECT -n - 1, name, 'PUT', '/transfers/ ', 'transfer ' || encode(substr(new.id, 2), 'hex')::uuid, at + 5, 1, at + 7
        FROM new JOIN participant ON participant.id = ($5::integer[])[payer])
    SELECT count(*) FROM new";

/// Adds transfers of the past between the participants of the currency that most of them have; a database without two such
/// participants gets some. The schema is brought to this program's version. Hubs may be running. `progress` is told how many
/// were added so far; a run that is broken off leaves books that are in order.
///
/// # Errors
/// As [`PostgresStore::open`]; [`StoreError::Refused`] for numbers that are out of range.
pub async fn fill(settings: &PostgresSettings, past: Past, mut progress: impl FnMut(u64)) -> Result<(), StoreError> {
    if !(1..=MAX_DAYS).contains(&past.days) || past.transfers == 0 || past.transfers > 1 << 40 {
        return Err(StoreError::Refused(format!(
            "found {} transfers over {} days, expected 1 transfer or more over 1 to {MAX_DAYS} days",
            past.transfers, past.days
        )));
    }
    let settings = PostgresSettings { node: NODE.into(), ..settings.clone() };
    let store = PostgresStore::open(settings.clone(), Migrate::Yes).await?;
    let session = Session::connect(&settings, Purpose::Write).await?;
    let positions = session.query(POSITIONS, &[]).await.map_err(|error| error::of(&error))?;
    if positions.first().is_none_or(|row| row.get::<_, Vec<i64>>("accounts").len() < 2) {
        store.commit(Arc::new(onboarding(&settings.hub))).await?;
    }
    store.leave().await?;
    let run = run(&session, past, &mut progress);
    run.await.map_err(|failure| match failure {
        Failure::Contended(_) => {
            StoreError::Refused(format!("transfers of seed {} are there already; name another seed", past.seed))
        }
        failure => failure.into_error(),
    })
}

/// Participants `past1` and so on, with accounts in USD.
fn onboarding(hub: &FspId) -> Vec<Command> {
    let currency = Currency::parse("USD").expect("a currency");
    let hub_accounts = [AccountType::HubReconciliation, AccountType::HubMultilateralSettlement]
        .map(|kind| Administration::CreateHubAccount(hub.clone(), currency, kind));
    let participants = PARTICIPANTS.flat_map(|number| {
        let name = FspId::parse(&format!("past{number}")).expect("letters and a digit");
        let limits = InitialPositionAndLimits {
            participant: name.clone(),
            currency,
            net_debit_cap: Amount::parse("1000000").expect("an amount"),
            initial_position: Amount::ZERO,
        };
        let participant = NewParticipant { name, currency: Some(currency) };
        [Administration::RegisterParticipant(participant), Administration::SetInitialLimits(limits)]
    });
    hub_accounts.into_iter().chain(participants).map(Command::Administer).collect()
}

async fn run(session: &Session, past: Past, progress: &mut dyn FnMut(u64)) -> Result<(), Failure> {
    let settings = "SET statement_timeout = 0; SET enable_seqscan = on; SET enable_hashjoin = on";
    session.run(settings).await?;
    partitions::of_days_before(session, &Time::default(), past.days).await.map_err(|error| error::of(&error))?;
    let rows = session.query(POSITIONS, &[]).await?;
    let row = rows.first().ok_or_else(|| StoreError::Unavailable("the participants are gone".to_owned()))?;
    let (accounts, participants): (Vec<i64>, Vec<i32>) = (row.get("accounts"), row.get("participants"));
    let currency: &str = row.get("currency");
    let round = u64::try_from(participants.len()).unwrap_or(u64::MAX);
    let transfers = past.transfers.div_ceil(round) * round;
    let now: i64 = session.query(NOW, &[]).await?[0].get("now");
    let first = now - i64::from(past.days) * 86_400_000;
    let step = (i128::from(now - LATEST_MS - first) * 1_000_000 / i128::from(transfers)).try_into().unwrap_or(i64::MAX);
    let mut done = 0;
    while done < transfers {
        let next = transfers.min(done + (CHUNK / round).max(1) * round);
        let numbers = (done.cast_signed(), next.cast_signed() - 1);
        session
            .query(INSERT, &[&numbers.0, &numbers.1, &first, &step, &participants, &accounts, &currency, &past.seed])
            .await?;
        done = next;
        progress(done);
    }
    Ok(session.run("ANALYZE").await?)
}
