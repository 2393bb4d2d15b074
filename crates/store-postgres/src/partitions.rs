//! What grows with every payment is kept by the day (UTC): partitions are made before their day begins.

use fspiop::Timestamp;
use store::StoreError;
use tokio_postgres::Error;

use crate::{
    error,
    session::Session,
    time::{Time, now},
};

/// Milliseconds of a day.
pub(crate) const DAY_MS: i64 = 86_400_000;
/// Partitions are made for this many days after today: payments go on if nobody could make any for a week.
const DAYS_AHEAD: i64 = 7;
/// Days before today for which a migration makes partitions; what is older goes together.
const DAYS_BACK: i64 = 100;
/// How long others may have to wait for a partition to be made, in milliseconds: it waits for their batches, and they for it.
const LOCK_TIMEOUT_MS: i64 = 500;

/// Tables with partitions, and what partitions of them need.
pub(crate) const TABLES: [(&str, &str); 5] = [
    ("transfer", " WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)"),
    ("entry", ""),
    ("quote", " WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)"),
    ("outbox_batch", ""),
    ("sent_message", ""),
];

const MISSING: &str = "
    SELECT name, partition, day FROM
        (SELECT name, day, name || '_' || to_char(to_timestamp(day * 86400) AT TIME ZONE 'UTC', 'YYYYMMDD') AS partition
         FROM unnest($1::text[]) AS name CROSS JOIN generate_series($2::bigint, $3::bigint) AS day) AS wanted
    WHERE to_regclass(partition) IS NULL ORDER BY day, name";

const TODAY: &str = concat!("SELECT ", now!(), " / 86400000 AS day");

/// The newest day that was archived. Days are archived in order.
const LAST_ARCHIVED: &str =
    "SELECT (max(day) - DATE '1970-01-01')::bigint AS day, max(day)::text AS name FROM archived_day";

const FIRST: &str =
    "SELECT least((SELECT min(prepared_at) FROM old_transfer), (SELECT min(requested_at) FROM old_quote),
                                  (SELECT min(at) FROM old_outbox_batch)) / 86400000 AS day";

/// Makes the partitions of the days that a migration finds, and of today and tomorrow. To be run in its transaction.
pub(crate) async fn begin(session: &Session, time: &Time) -> Result<(), Error> {
    let today = today(session, time).await?;
    let first: Option<i64> = session.client.query_one(FIRST, &[]).await?.get("day");
    make(session, first.map_or(today, |first| first.max(today - DAYS_BACK)).min(today), today + 1).await.map(drop)
}

/// Makes the partitions of one more day, until there are enough. Returned is the moment from which on somebody is to look
/// again, in milliseconds since 1970. Each in a transaction of its own: a batch that has locked one table and waits for another
/// would never get it from whoever waits for the first.
pub(crate) async fn extend(session: &Session, time: &Time) -> Result<i64, Error> {
    let today = today(session, time).await?;
    // A clock that is days behind must not bring an archived day back: what stayed of it is among the others.
    let first = last_archived(session).await?.map_or(today, |(last, _)| today.max(last + 1));
    session.run(&format!("SET lock_timeout = {LOCK_TIMEOUT_MS}")).await?;
    let mut made = false;
    for day in first..=today + DAYS_AHEAD {
        made = make(session, day, day).await?;
        if made {
            break;
        }
    }
    session.run("RESET lock_timeout").await?;
    Ok(if made { 0 } else { (today + 1) * DAY_MS })
}

/// Makes the partitions of some days before today, too. None of them may have been archived.
pub(crate) async fn of_days_before(session: &Session, time: &Time, days: u16) -> Result<(), StoreError> {
    let past = async {
        let first = today(session, time).await? - i64::from(days);
        Ok((first, last_archived(session).await?))
    };
    let (first, archived) = past.await.map_err(|error: Error| error::of(&error))?;
    if let Some((_, name)) = archived.filter(|(last, _)| *last >= first) {
        let text = format!("found {days} days, of which those up to {name} are archived; expected days after it");
        return Err(StoreError::Refused(text));
    }
    make(session, first, first + i64::from(days)).await.map(drop).map_err(|error| error::of(&error))
}

/// The moment at which a partition begins that this one is in.
pub(crate) fn beginning_of_day(moment: Timestamp) -> Timestamp {
    let millis = moment.as_millis();
    Timestamp::from_millis(millis - millis.rem_euclid(DAY_MS))
}

async fn last_archived(session: &Session) -> Result<Option<(i64, String)>, Error> {
    let rows = session.query(LAST_ARCHIVED, &[]).await?;
    Ok(rows[0].get::<_, Option<i64>>("day").map(|day| (day, rows[0].get("name"))))
}

pub(crate) async fn today(session: &Session, time: &Time) -> Result<i64, Error> {
    Ok(session.query(TODAY, &[&time.parameter()]).await?[0].get("day"))
}

/// Makes the partitions of some days that are not there yet; `true` if one was missing.
async fn make(session: &Session, first: i64, last: i64) -> Result<bool, Error> {
    let tables = TABLES.map(|(name, _)| name);
    let missing = session.query(MISSING, &[&tables.as_slice(), &first, &last]).await?;
    for row in &missing {
        let (table, partition, day): (&str, &str, i64) = (row.get("name"), row.get("partition"), row.get("day"));
        let options = TABLES.iter().find(|(name, _)| *name == table).map_or("", |(_, options)| options);
        let sql = format!(
            "CREATE TABLE IF NOT EXISTS {partition} PARTITION OF {table} FOR VALUES FROM ({}) TO ({}){options}",
            day * DAY_MS,
            (day + 1) * DAY_MS
        );
        session.run(&sql).await?;
    }
    Ok(!missing.is_empty())
}
