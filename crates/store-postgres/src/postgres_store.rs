//! The store itself.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU32, AtomicU64, AtomicUsize, Ordering},
};

use fspiop::{Currency, FspId, PartyId, QuoteId, Timestamp, TransferId};
use futures_util::{FutureExt, future::BoxFuture};
use ledger::{AccountId, Balance, Transfer};
use store::{Abandoned, Between, Committed, Store, StoreError, Story, Visitor};
use switch::{Command, Configuration, Message, MessageId, PartyEntry, Quote};
use tokio::sync::Mutex;

use crate::{
    Migrate, Migrated, PostgresSettings,
    batch::{Current, Writer},
    books, columns,
    error::{self, Failure},
    migration,
    node::{self, Node, Renewed},
    packets, partitions,
    session::{Link, Parameters, Purpose, Session, within},
    story,
    tables::{balance, configuration, limit, outbox, party, quote, transfer},
    time::Time,
    value::{Stored, column},
};

/// Connections that answer questions: a slow question does not hold up the others, and a server's connections are few.
const READERS: usize = 2;

/// Pause after partitions could not be made, in milliseconds: there are some for a week.
const MAKE_AGAIN_AFTER_MS: i64 = 60_000;

/// A store on PostgreSQL, which any number of nodes share. Its futures need a tokio runtime.
pub struct PostgresStore {
    settings: Arc<PostgresSettings>,
    readers: [Mutex<Link>; READERS],
    next_reader: AtomicUsize,
    current: Arc<Current>,
    /// Absent in a store that only reads.
    writing: Option<Writing>,
}

struct Writing {
    node: Node,
    time: Time,
    writer: Arc<Mutex<Writer>>,
    /// Take-overs do not wait for batches.
    claims: Mutex<Link>,
    /// Batches whose fate could not be found out, and of how many of them the outbox was said to hold more.
    doubts: Arc<AtomicU64>,
    told_doubts: AtomicU64,
    /// When it is to be seen whether there are partitions for the next days, in milliseconds since 1970 on the database's clock.
    partitions_until: AtomicI64,
    /// Nodes that share the outbox, as last seen.
    nodes: AtomicU32,
}

impl PostgresStore {
    /// Connects, brings the schema to this program's version or refuses one that is not, and registers the node.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database can't be reached, the settings make no sense, the schema is older and may
    /// not be migrated, or the database belongs to another hub. [`StoreError::Newer`] if a newer version of the program has
    /// migrated it, which is not touched then. [`StoreError::Corrupt`] if it holds what this version can't read.
    pub async fn open(settings: PostgresSettings, migrate: Migrate) -> Result<PostgresStore, StoreError> {
        // Boxed: callers that open a file need not make room for this.
        Box::pin(PostgresStore::open_at(settings, migrate, Time::default())).await
    }

    /// Opens with a clock in the place of the database's.
    pub(crate) async fn open_at(
        settings: PostgresSettings,
        migrate: Migrate,
        time: Time,
    ) -> Result<PostgresStore, StoreError> {
        let settings = Arc::new(settings);
        let mut link = Link::new(settings.clone(), Purpose::Write);
        let session = link.session().await?;
        match migrate {
            Migrate::Yes => drop(migration::migrate(&session, &settings.hub, &time).await?),
            Migrate::No => migration::check(migration::version(&session).await?)?,
        }
        let configuration = first_configuration(&session, Some(&settings.hub)).await?;
        let node = node::register(&session, &settings.node, &time).await.map_err(Failure::into_error)?;
        let doubts = Arc::<AtomicU64>::default();
        let writer = Writer::new(link, node, time.clone(), configuration, doubts.clone());
        let current = writer.current.clone();
        let claims = Mutex::new(Link::new(settings.clone(), Purpose::Write));
        let writer = Arc::new(Mutex::new(writer));
        let (told_doubts, partitions_until) = (AtomicU64::new(0), AtomicI64::new(0));
        let nodes = AtomicU32::new(1);
        let writing = Writing { node, time, writer, claims, doubts, told_doubts, partitions_until, nodes };
        Ok(PostgresStore::new(settings, current, Some(writing)))
    }

    /// Brings the schema to this program's version; does nothing if it has it. Makes the partitions of the next days, for hubs
    /// whose roles may not.
    ///
    /// # Errors
    /// As [`PostgresStore::open`].
    pub async fn migrate(settings: &PostgresSettings) -> Result<Migrated, StoreError> {
        let session = Session::connect(settings, Purpose::Write).await?;
        let time = Time::default();
        let migrated = migration::migrate(&session, &settings.hub, &time).await?;
        first_configuration(&session, Some(&settings.hub)).await?;
        while partitions::extend(&session, &time).await.map_err(|error| error::of(&error))? == 0 {}
        Ok(migrated)
    }

    /// Connects without registering a node and without changing anything: for reports. It has no part of the outbox, and
    /// refuses batches. The hub's name is not looked at.
    ///
    /// # Errors
    /// As [`PostgresStore::open`] with [`Migrate::No`].
    pub async fn open_read_only(settings: PostgresSettings) -> Result<PostgresStore, StoreError> {
        let settings = Arc::new(settings);
        let session = Session::connect(&settings, Purpose::Read).await?;
        migration::check(migration::version(&session).await?)?;
        let current = Arc::new(Current::new(first_configuration(&session, None).await?));
        Ok(PostgresStore::new(settings, current, None))
    }

    /// Messages that were given up, with numbers above `after`, in order, at most `rows`.
    pub async fn abandoned(&self, after: MessageId, rows: usize) -> Result<Vec<Abandoned>, StoreError> {
        let rows = self.ask(outbox::ABANDONED, &[&after.0, &limit(rows)]).await?;
        columns::all("abandoned", &rows, outbox::read_abandoned)
    }

    fn new(settings: Arc<PostgresSettings>, current: Arc<Current>, writing: Option<Writing>) -> PostgresStore {
        let readers = std::array::from_fn(|_| Mutex::new(Link::new(settings.clone(), Purpose::Read)));
        PostgresStore { settings, readers, next_reader: AtomicUsize::new(0), current, writing }
    }

    /// Asks one question.
    async fn ask(&self, sql: &'static str, parameters: Parameters<'_>) -> Result<Vec<tokio_postgres::Row>, StoreError> {
        let mut link = self.reader().lock().await;
        within(link.ask(sql, parameters)).await
    }

    /// All connections.
    #[cfg(test)]
    pub(crate) async fn sessions(&self) -> Vec<Arc<Session>> {
        let writing = self.writing().expect("it writes");
        let mut sessions = vec![
            writing.writer.lock().await.link.session().await.expect("it is connected"),
            writing.claims.lock().await.session().await.expect("it is connected"),
        ];
        for reader in &self.readers {
            sessions.push(reader.lock().await.session().await.expect("it is connected"));
        }
        sessions
    }

    fn reader(&self) -> &Mutex<Link> {
        &self.readers[self.next_reader.fetch_add(1, Ordering::Relaxed) % READERS]
    }

    fn writing(&self) -> Result<&Writing, StoreError> {
        let text = "the store was opened for reading only";
        self.writing.as_ref().ok_or_else(|| StoreError::Unavailable(text.to_owned()))
    }

    async fn read_configuration(&self) -> Result<Arc<Configuration>, StoreError> {
        let known = self.current.get();
        if configuration::read_version(&self.ask(configuration::VERSION, &[]).await?)? == known.version {
            return Ok(known);
        }
        let mut link = self.reader().lock().await;
        let found = Box::pin(snapshot(&mut link, async |session| configuration::read(session).await)).await?;
        self.current.advance(&Arc::new(found));
        Ok(self.current.get())
    }

    /// A page is full as long as there are rows: whoever asked takes one that is not for the last one.
    async fn read_pending(&self, writing: &Writing, after: MessageId, rows: usize) -> Result<Vec<Message>, StoreError> {
        let node = writing.node;
        let mut link = writing.claims.lock().await;
        transaction(&mut link, "BEGIN", async |session| node::unpack_own(session, node).await).await?;
        drop(link);
        let (mut found, mut after) = (Vec::new(), after.0);
        loop {
            let missing = rows - found.len();
            let page = self.ask(outbox::PENDING, &[&node.id.0, &after, &limit(missing)]).await?;
            found.extend(columns::readable("outbox", &page, outbox::read));
            match page.last() {
                Some(last) if page.len() == missing && found.len() < rows => after = last.get("id"),
                _ => return Ok(found),
            }
        }
    }

    async fn give_up_claim(&self) -> Result<(), StoreError> {
        let writing = self.writing()?;
        let mut link = writing.claims.lock().await;
        link.alone(async |session| node::leave(session, writing.node, &writing.time).await).await
    }

    async fn renew_claim(&self) -> Result<bool, StoreError> {
        let writing = self.writing()?;
        let mut link = writing.claims.lock().await;
        // The renewal waits for this node's batches. What those in doubt until now have written is seen after it, or never.
        let doubts = writing.doubts.load(Ordering::SeqCst);
        let renewed = transaction(&mut link, "BEGIN", async |session| {
            node::take_over(session, writing.node, &writing.time).await
        });
        let Renewed { now, news, nodes } = renewed.await?;
        writing.nodes.store(u32::try_from(nodes).unwrap_or(u32::MAX).max(1), Ordering::Relaxed);
        if now >= writing.partitions_until.load(Ordering::Relaxed) {
            make_partitions(&mut link, writing, now).await;
        }
        Ok(news || writing.told_doubts.swap(doubts, Ordering::SeqCst) != doubts)
    }
}

/// Payments go on without new partitions for days, so that this fails in the log only.
async fn make_partitions(link: &mut Link, writing: &Writing, now: i64) {
    let made = link.alone(async |session| Ok(partitions::extend(session, &writing.time).await?)).await;
    let until = made.unwrap_or_else(|error| {
        tracing::warn!(%error, "partitions for the next days can't be made; tried again in a minute");
        now + MAKE_AGAIN_AFTER_MS
    });
    writing.partitions_until.store(until, Ordering::Relaxed);
}

/// Reads at one moment.
async fn snapshot<T>(link: &mut Link, work: impl AsyncFnOnce(&Session) -> Result<T, Failure>) -> Result<T, StoreError> {
    transaction(link, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", work).await
}

/// Does work in a transaction. The connection is used again only if it ended well, so that whoever stops waiting leaves
/// nothing open.
async fn transaction<T>(
    link: &mut Link,
    begin: &'static str,
    work: impl AsyncFnOnce(&Session) -> Result<T, Failure>,
) -> Result<T, StoreError> {
    within(async {
        let session = link.session().await?;
        link.drop_session();
        session.run(begin).await.map_err(|error| error::of(&error))?;
        let done = work(&session).await.map_err(Failure::into_error)?;
        session.run("COMMIT").await.map_err(|error| error::of_commit(&error))?;
        link.keep(session);
        Ok(done)
    })
    .await
}

/// The configuration of a database that belongs to this hub, or to any.
pub(crate) async fn first_configuration(
    session: &Session,
    hub: Option<&FspId>,
) -> Result<Arc<Configuration>, StoreError> {
    let read = async {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        session.run(begin).await?;
        let configuration = configuration::read(session).await?;
        session.run("COMMIT").await?;
        Ok::<_, Failure>(configuration)
    };
    let configuration = read.await.map_err(Failure::into_error)?;
    match configuration.registry.hub() {
        Some(found) => match hub.filter(|hub| **hub != found.name) {
            None => Ok(Arc::new(configuration)),
            Some(hub) => {
                let text = format!("the database belongs to the hub {}, not to {hub}", found.name);
                Err(StoreError::Unavailable(text))
            }
        },
        None => Err(StoreError::Corrupt(format!("participant.id: the hub is missing; {}", columns::HINT))),
    }
}

impl Store for PostgresStore {
    /// The batch is done even if nobody waits for the answer.
    fn commit(&self, commands: Arc<Vec<Command>>) -> BoxFuture<'_, Result<Committed, StoreError>> {
        async move {
            let writer = self.writing()?.writer.clone();
            let work = tokio::spawn(async move { writer.lock().await.commit(&commands).await });
            work.await.unwrap_or_else(|error| Err(StoreError::Unknown(format!("the batch's task ended: {error}"))))
        }
        .boxed()
    }

    fn configuration(&self) -> BoxFuture<'_, Result<Arc<Configuration>, StoreError>> {
        self.read_configuration().boxed()
    }

    fn transfer(&self, id: TransferId) -> BoxFuture<'_, Result<Option<Transfer>, StoreError>> {
        async move { columns::one("transfer", &self.ask(transfer::FIND, &[&id.write()]).await?, transfer::read) }
            .boxed()
    }

    fn ilp_packet(&self, id: TransferId) -> BoxFuture<'_, Result<Option<Box<str>>, StoreError>> {
        async move {
            let mut link = self.reader().lock().await;
            snapshot(&mut link, async |session| packets::of(session, id).await).await
        }
        .boxed()
    }

    fn ilp_packets(
        &self,
        between: Between,
        rows: usize,
    ) -> BoxFuture<'_, Result<Vec<(TransferId, Box<str>)>, StoreError>> {
        async move {
            let mut link = self.reader().lock().await;
            snapshot(&mut link, async |session| packets::between(session, between, limit(rows)).await).await
        }
        .boxed()
    }

    fn quote(&self, id: QuoteId) -> BoxFuture<'_, Result<Option<Quote>, StoreError>> {
        async move { columns::one("quote", &self.ask(quote::FIND, &[&id.write()]).await?, quote::read) }.boxed()
    }

    fn party(&self, party: PartyId, currency: Option<Currency>) -> BoxFuture<'_, Result<Vec<PartyEntry>, StoreError>> {
        async move {
            let (identifier, kind) = (party.identifier.write(), party.kind.write());
            let (sub_id, currency) = (party.sub_id.write(), currency.write());
            let rows = self.ask(party::FIND, &[&identifier, &kind, &sub_id, &currency]).await?;
            columns::all("party", &rows, |columns| party::read(columns, &party))
        }
        .boxed()
    }

    fn balances(&self, accounts: Vec<AccountId>) -> BoxFuture<'_, Result<Vec<(AccountId, Balance)>, StoreError>> {
        async move {
            let rows = self.ask(balance::FIND, &[&column(&accounts, |id| *id)]).await?;
            columns::all("balance", &rows, balance::read)
        }
        .boxed()
    }

    fn due(&self, now: Timestamp, rows: usize) -> BoxFuture<'_, Result<Vec<TransferId>, StoreError>> {
        async move {
            let rows = self.ask(transfer::DUE, &[&now.as_millis(), &limit(rows)]).await?;
            Ok(columns::readable("transfer", &rows, |columns| columns.next("id")))
        }
        .boxed()
    }

    fn pending_messages(&self, after: MessageId, rows: usize) -> BoxFuture<'_, Result<Vec<Message>, StoreError>> {
        async move {
            let Some(writing) = &self.writing else { return Ok(Vec::new()) };
            self.read_pending(writing, after, rows).await
        }
        .boxed()
    }

    fn take_over(&self) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.renew_claim().boxed()
    }

    fn nodes(&self) -> u32 {
        self.writing.as_ref().map_or(1, |writing| writing.nodes.load(Ordering::Relaxed))
    }

    fn leave(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.give_up_claim().boxed()
    }

    fn story(&self, id: TransferId) -> BoxFuture<'_, Result<Story, StoreError>> {
        async move {
            let mut link = self.reader().lock().await;
            snapshot(&mut link, async |session| Box::pin(story::read(session, id)).await).await
        }
        .boxed()
    }

    fn visit_books(&self, visitor: Visitor) -> BoxFuture<'_, Result<(), StoreError>> {
        books::visit(self.settings.clone(), visitor).boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        async move { self.ask(configuration::VERSION, &[]).await.map(drop) }.boxed()
    }
}
