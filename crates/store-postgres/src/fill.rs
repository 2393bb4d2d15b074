//! Fills a database with transfers of the past, to see how a hub works on one that has seen many.

use fspiop::Timestamp;
use store::{
    Store, StoreError,
    past::{Circle, Past},
};

use crate::{
    Migrate, PostgresSettings, PostgresStore,
    error::Failure,
    partitions,
    session::{Purpose, Session},
    time::Time,
};

/// The name of the node that onboards participants: a hub's own would be shut out.
const NODE: &str = "fill";

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
    past.check()?;
    let settings = PostgresSettings { node: NODE.into(), ..settings.clone() };
    let store = PostgresStore::open(settings.clone(), Migrate::Yes).await?;
    let circle = Circle::of(&store).await?;
    store.leave().await?;
    let session = Session::connect(&settings, Purpose::Write).await?;
    run(&session, past, &circle, &mut progress).await.map_err(|failure| match failure {
        Failure::Contended(_) => past.is_there(),
        failure => failure.into_error(),
    })
}

async fn run(session: &Session, past: Past, circle: &Circle, progress: &mut dyn FnMut(u64)) -> Result<(), Failure> {
    let settings = "SET statement_timeout = 0; SET enable_seqscan = on; SET enable_hashjoin = on";
    session.run(settings).await?;
    partitions::of_days_before(session, &Time::default(), past.days).await?;
    let participants: Vec<i32> = circle.members.iter().map(|member| member.id.0).collect();
    let accounts: Vec<i64> = circle.members.iter().map(|member| member.position.0).collect();
    let currency = circle.currency.as_str();
    let now = Timestamp::from_millis(session.query(NOW, &[]).await?[0].get("now"));
    let schedule = past.schedule(circle, now);
    let (first, step) = (schedule.first.as_millis(), schedule.step);
    for chunk in schedule.chunks() {
        let numbers = (chunk.start.cast_signed(), chunk.end.cast_signed() - 1);
        session
            .query(INSERT, &[&numbers.0, &numbers.1, &first, &step, &participants, &accounts, &currency, &past.seed])
            .await?;
        progress(chunk.end);
    }
    Ok(session.run("ANALYZE").await?)
}
