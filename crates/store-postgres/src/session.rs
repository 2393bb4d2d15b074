//! A connection with its prepared statements.

use std::{
    collections::HashMap,
    future::Future,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use fspiop::Timestamp;
use postgres_access::describe;
use store::StoreError;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_postgres::{Client, Error, Row, Statement, types::ToSql};

use crate::{
    error::{self, Failure},
    settings::PostgresSettings,
};

/// How long to wait for a connection: a failover's new primary is tried again rather than waited for.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// The server gives up a statement after this long, so that a lock that nobody frees does not hold the queue for ever.
/// Requests are held for 8 s, so that a second try still helps some of them.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(4);
/// How long to wait for answers, also from a server or network that is silent: longer than a statement may take, and short
/// enough that a connection made after it leads to an answer before the 8 s are over.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// A silent connection is asked for life after this long, and again in as much,
const KEEPALIVE: Duration = Duration::from_secs(5);
/// and is given up after this many unanswered questions.
const KEEPALIVE_RETRIES: u32 = 3;
/// The first pause after a connection that failed,
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// which doubles up to this: a database that comes back is noticed within a second.
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Batches, take-overs.
    Write,
    /// Questions.
    Read,
    /// Reading everything, which takes its time.
    Audit,
}

/// Stands in statements for the moment since which they look at rows that are kept by the day, as a number: partitions of before
/// then are not even in the plan, where a parameter would have each of them opened and locked each time.
macro_rules! since {
    () => {
        "/* since */"
    };
}
pub(crate) use since;

/// A connection with its prepared statements.
pub(crate) struct Session {
    pub(crate) client: Client,
    /// By their text and, for those that look at rows since some moment, that moment.
    statements: Mutex<HashMap<(&'static str, Option<Timestamp>), Statement>>,
    since: Mutex<Timestamp>,
    traffic: Traffic,
}

/// What was sent on a connection.
#[derive(Default)]
pub(crate) struct Traffic {
    /// Statements.
    pub(crate) statements: AtomicUsize,
    /// How often it was waited for an answer: statements that are sent together are waited for once.
    pub(crate) round_trips: AtomicUsize,
    under_way: AtomicUsize,
}

impl Traffic {
    async fn count<T>(&self, statement: impl Future<Output = T>) -> T {
        self.statements.fetch_add(1, Ordering::Relaxed);
        if self.under_way.fetch_add(1, Ordering::Relaxed) == 0 {
            self.round_trips.fetch_add(1, Ordering::Relaxed);
        }
        let done = statement.await;
        self.under_way.fetch_sub(1, Ordering::Relaxed);
        done
    }
}

/// Before everything.
pub(crate) const EVER: Timestamp = Timestamp::from_millis(i64::MIN);

/// A moment as SQL that is a constant for the planner.
fn literal(moment: Timestamp) -> String {
    format!("'{}'::bigint", moment.as_millis())
}

pub(crate) type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

impl Session {
    /// Connects.
    pub(crate) async fn connect(settings: &PostgresSettings, purpose: Purpose) -> Result<Session, StoreError> {
        let mut config = settings.config()?;
        let address = describe(&config);
        let about = |text: String| StoreError::Unavailable(format!("{address}: {text}"));
        config.connect_timeout(CONNECT_TIMEOUT).keepalives_idle(KEEPALIVE).keepalives_interval(KEEPALIVE);
        config.keepalives_retries(KEEPALIVE_RETRIES).tcp_user_timeout(ANSWER_TIMEOUT);
        if config.get_application_name().is_none() {
            config.application_name(format!("mojaloop {}", settings.node));
        }
        let tls = settings.connector()?;
        // A server may take a connection and then say nothing. Where there are several, the next one is to have its turn.
        let patience = if config.get_hosts().len() == 1 { CONNECT_TIMEOUT } else { ANSWER_TIMEOUT };
        let connected = timeout(patience, config.connect(tls)).await;
        let (client, connection) =
            connected.map_err(|_| about("no answer".to_owned()))?.map_err(|error| about(error::text(&error)))?;
        // Ends with the client. What goes wrong is told to whoever waits for an answer.
        tokio::spawn(connection);
        let (statements, since) = (Mutex::default(), Mutex::new(EVER));
        let session = Session { client, statements, since, traffic: Traffic::default() };
        within(session.prepare_session(purpose)).await?;
        Ok(session)
    }

    /// Batches must be durable when they are answered. Plans are made once, for indexes by keys: the first ones are made while
    /// the tables are empty and would read them whole, or at least the day.
    async fn prepare_session(&self, purpose: Purpose) -> Result<(), StoreError> {
        let read_only = if purpose == Purpose::Write { "off" } else { "on" };
        let timeout = if purpose == Purpose::Audit { 0 } else { STATEMENT_TIMEOUT.as_millis() };
        let sql = format!(
            "SET default_transaction_read_only = {read_only}; SET statement_timeout = {timeout}; SET jit = off;
             SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off;
             SET enable_mergejoin = off; SET enable_bitmapscan = off; SET enable_material = off;
             SET max_parallel_workers_per_gather = 0; SET client_min_messages = warning;
             SELECT set_config('synchronous_commit', 'on', false)
             WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')"
        );
        self.run(&sql).await.map_err(|error| error::of(&error))?;
        let durable = self.query("SELECT current_setting('synchronous_commit')", &[]).await;
        let durable: String = durable.map_err(|error| error::of(&error))?[0].get(0);
        if !["on", "remote_apply"].contains(&durable.as_str()) {
            return Err(StoreError::Unavailable(format!("synchronous_commit: found {durable}, expected on")));
        }
        Ok(())
    }

    /// Prepares statements, so that they can be sent without waiting.
    pub(crate) async fn prepare(&self, statements: &[&'static str]) -> Result<(), Error> {
        for sql in statements {
            self.statement(sql).await?;
        }
        Ok(())
    }

    /// From now on statements with [`since!`] look at rows of this moment or later. Those that looked at others are forgotten,
    /// except those that look at all: few moments are to be used in turn.
    pub(crate) fn look_since(&self, moment: Timestamp) {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        if *since == moment {
            return;
        }
        *since = moment;
        if moment != EVER {
            let mut known = self.statements.lock().unwrap_or_else(PoisonError::into_inner);
            known.retain(|(_, since), _| since.is_none_or(|since| since == EVER || since == moment));
        }
    }

    async fn statement(&self, sql: &'static str) -> Result<Statement, Error> {
        let known = || self.statements.lock().unwrap_or_else(PoisonError::into_inner);
        let since = *self.since.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (sql, sql.contains(since!()).then_some(since));
        if let Some(statement) = known().get(&key) {
            return Ok(statement.clone());
        }
        let statement = match key.1 {
            Some(since) => self.client.prepare(&sql.replace(since!(), &literal(since))).await?,
            None => self.client.prepare(sql).await?,
        };
        known().insert(key, statement.clone());
        Ok(statement)
    }

    /// Asks. Sent at the first poll if the statement is prepared, so that what is joined is sent in its order.
    pub(crate) async fn query(&self, sql: &'static str, parameters: Parameters<'_>) -> Result<Vec<Row>, Error> {
        let statement = self.statement(sql).await?;
        self.traffic.count(self.client.query(&statement, parameters)).await
    }

    /// Runs SQL without parameters.
    pub(crate) async fn run(&self, sql: &str) -> Result<(), Error> {
        self.traffic.count(self.client.batch_execute(sql)).await
    }

    /// What was sent so far.
    #[cfg(test)]
    pub(crate) fn traffic(&self) -> (usize, usize) {
        (self.traffic.statements.load(Ordering::Relaxed), self.traffic.round_trips.load(Ordering::Relaxed))
    }

    /// Asks with one parameter.
    pub(crate) async fn find<T: ToSql + Sync>(&self, sql: &'static str, key: &T) -> Result<Vec<Row>, Error> {
        self.query(sql, &[key]).await
    }

    /// Runs a statement that changes something.
    pub(crate) async fn execute(&self, sql: &'static str, parameters: Parameters<'_>) -> Result<u64, Error> {
        let statement = self.statement(sql).await?;
        self.traffic.count(self.client.execute(&statement, parameters)).await
    }
}

/// Waits for an answer, but not for ever.
pub(crate) async fn within<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let silent = |_| StoreError::Unavailable(format!("no answer for {} s", ANSWER_TIMEOUT.as_secs()));
    timeout(ANSWER_TIMEOUT, work).await.map_err(silent)?
}

/// A connection that is made again when it broke.
pub(crate) struct Link {
    settings: Arc<PostgresSettings>,
    purpose: Purpose,
    session: Option<Arc<Session>>,
    pause: Duration,
    not_before: Instant,
    /// Since when a question on this connection has had no answer. Whoever asked may have stopped waiting.
    unanswered_since: Option<Instant>,
}

impl Link {
    /// A link that connects when it is needed.
    pub(crate) fn new(settings: Arc<PostgresSettings>, purpose: Purpose) -> Link {
        Link {
            settings,
            purpose,
            session: None,
            pause: FIRST_PAUSE,
            not_before: Instant::now(),
            unanswered_since: None,
        }
    }

    /// The connection. One that failed a moment ago is tried again after a pause.
    pub(crate) async fn session(&mut self) -> Result<Arc<Session>, StoreError> {
        // By this time the server says at least that it has given up: nobody is there, though the connection is.
        let is_silent = self.unanswered_since.is_some_and(|since| since.elapsed() >= STATEMENT_TIMEOUT);
        if let Some(session) = self.session.as_ref().filter(|session| !is_silent && !session.client.is_closed()) {
            return Ok(session.clone());
        }
        (self.session, self.unanswered_since) = (None, None);
        sleep_until(self.not_before).await;
        match Session::connect(&self.settings, self.purpose).await {
            Ok(session) => {
                self.pause = FIRST_PAUSE;
                Ok(self.session.insert(Arc::new(session)).clone())
            }
            Err(error) => {
                self.not_before = Instant::now() + self.pause;
                self.pause = (self.pause * 2).min(LAST_PAUSE);
                Err(error)
            }
        }
    }

    /// Does one thing that is a transaction of its own. The connection is used again only if that ended well, so that whoever
    /// stops waiting leaves nothing open.
    pub(crate) async fn alone<T>(
        &mut self,
        work: impl AsyncFnOnce(&Session) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        within(async {
            let session = self.session().await?;
            self.drop_session();
            let done = work(&session).await.map_err(Failure::into_error)?;
            self.keep(session);
            Ok(done)
        })
        .await
    }

    /// Ends the transaction that failed; the connection goes on if it can.
    pub(crate) async fn roll_back(&mut self) {
        let Some(session) = &self.session else { return };
        let rolled_back = timeout(FIRST_PAUSE * 4, session.run("ROLLBACK")).await;
        if !matches!(rolled_back, Ok(Ok(()))) {
            self.session = None;
        }
    }

    /// Asks one question.
    pub(crate) async fn ask(&mut self, sql: &'static str, parameters: Parameters<'_>) -> Result<Vec<Row>, StoreError> {
        let session = self.session().await?;
        self.unanswered_since.get_or_insert_with(Instant::now);
        let answer = session.query(sql, parameters).await;
        self.unanswered_since = None;
        answer.map_err(|error| error::of(&error))
    }

    /// Takes a connection back that is in the middle of nothing.
    pub(crate) fn keep(&mut self, session: Arc<Session>) {
        self.session = Some(session);
    }

    /// Gives the connection up: nobody knows what it is in the middle of.
    pub(crate) fn drop_session(&mut self) {
        self.session = None;
    }
}
