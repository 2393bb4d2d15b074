//! What a batch names, read and locked.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use fspiop::{PartyId, QuoteId, Timestamp, TransferId};
use futures_util::future::BoxFuture;
use ledger::{AccountId, Balance, FundsMovement, Transfer};
use store::StoreError;
use switch::{
    Administration, Command, Configuration, Delivery, DeliveryResult, Keys, MessageId, PartyEntry, Quote, State,
    Subject,
};
use tokio::join;
use tokio_postgres::types::ToSql;

use super::{Writer, refused};
use crate::{
    columns,
    error::Failure,
    migration::LOCKS,
    node::{self, Place},
    session::{EVER, Session},
    tables::{
        balance, configuration, funds_movement, identity,
        outbox::{self, Earlier},
        outbox_batch, party, quote, transfer,
    },
    unpack::{Open, unpack},
    value::column,
    writes::{Parameter, parameters},
};

/// Batches share this lock, one that changes the configuration has it alone: so each batch sees the configuration as it is
/// until its COMMIT, on all nodes.
const SHARE: &str = "SELECT pg_advisory_xact_lock_shared($1, 1)";
pub(crate) const ALONE: &str = "SELECT pg_advisory_xact_lock($1, 1)";

/// Messages that one command leads to, at the most.
const MESSAGES_PER_COMMAND: usize = 4;

/// The working set of a batch, and what the writer must know of it.
pub(super) struct Loaded {
    pub(super) state: State,
    pub(super) now: Timestamp,
    pub(super) before: Arc<Configuration>,
    /// What was there before, so that the rest is new.
    pub(super) transfers: HashSet<TransferId>,
    pub(super) funds: HashSet<TransferId>,
    pub(super) quotes: HashSet<QuoteId>,
    pub(super) used: HashSet<TransferId>,
    /// Messages about the same subjects that are still to be delivered.
    pub(super) earlier: Vec<Earlier>,
    pub(super) next_message: MessageId,
    pub(super) last_message: MessageId,
    /// Which of this node's batches this is, from 1.
    pub(super) number: i64,
    /// Up to which of them all messages are done with, or have rows of their own.
    pub(super) settled: i64,
}

/// Rows as they were read.
#[derive(Default)]
struct Rows {
    transfers: Vec<Transfer>,
    funds: Vec<FundsMovement>,
    quotes: Vec<Quote>,
    used: BTreeSet<TransferId>,
    used_quotes: Vec<QuoteId>,
    /// The earliest moment of all that is known under the ids.
    oldest: Option<Timestamp>,
    parties: Vec<PartyEntry>,
    balances: Vec<(AccountId, Balance)>,
}

/// The ids of a batch. New ones are looked up in the identity table only, unless they turn out to be used.
struct Ids {
    new: BTreeSet<TransferId>,
    /// Those whose rows are read and locked.
    locked: BTreeSet<TransferId>,
    quotes: BTreeSet<QuoteId>,
    parties: BTreeSet<PartyId>,
    subjects: Vec<Subject>,
    /// Rows of before this moment are not looked for: the beginning of a day, so that statements are prepared once a day.
    since: Timestamp,
}

impl Ids {
    fn of(commands: &[Command], since: Timestamp) -> Ids {
        let keys = Keys::of(commands);
        let mut new = BTreeSet::new();
        for command in commands {
            match command {
                Command::Prepare { prepare, .. } => drop(new.insert(prepare.transfer_id)),
                Command::Administer(Administration::RecordFundsIn(funds) | Administration::ReserveFundsOut(funds)) => {
                    new.insert(funds.id);
                }
                _ => {}
            }
        }
        let named = keys.transfers.union(&keys.funds).copied();
        let locked = named.filter(|id| !new.contains(id)).collect();
        Ids { new, locked, quotes: keys.quotes, parties: keys.parties, subjects: subjects(commands), since }
    }

    /// Whether everything was looked at that is known under these ids.
    fn cover(&self, found: &Rows) -> bool {
        found.used.is_subset(&self.locked) && found.oldest.is_none_or(|oldest| oldest >= self.since)
    }

    /// Looks at that, too.
    fn extend(&mut self, found: &Rows) {
        self.locked.extend(&found.used);
        if found.oldest.is_some_and(|oldest| oldest < self.since) {
            self.since = EVER;
        }
    }
}

impl Loaded {
    /// Begins the transaction and loads what the commands name.
    pub(super) async fn load(writer: &Writer, session: &Session, commands: &[Command]) -> Result<Loaded, Failure> {
        let mut ids = Ids::of(commands, writer.recent_since);
        let changes = commands.iter().any(changes_configuration);
        let (mut rows, mut place, version, earlier) = look(writer, session, &mut ids, changes).await?;
        if writer.is_uncertain || commands.iter().flat_map(deliveries).any(|one| writer.needs_row(one, place.settled)) {
            let open = Open { node: writer.node.id, settled: place.settled, last: place.batches };
            Box::pin(unpack(session, open, writer.node.id, false)).await?;
            place.settled = place.batches;
        }
        if !ids.parties.is_empty() {
            let [kinds, identifiers, sub_ids] = party::names(&ids.parties);
            let found = session.query(party::FIND_MANY, &[&kinds, &identifiers, &sub_ids]).await?;
            rows.parties = columns::all("party", &found, party::read_named)?;
        }
        let before = if version == writer.told.version {
            writer.told.clone()
        } else {
            Arc::new(configuration::read(session).await?)
        };
        let state = rows.state(&before, place.now, place.next_message);
        let accounts: Vec<_> = state.accounts(commands).into_iter().collect();
        if !accounts.is_empty() {
            let found = session.query(balance::LOCK, &[&column(&accounts, |id| *id)]).await?;
            rows.balances = columns::all("balance", &found, balance::read)?;
        }
        let (next_message, last_message) = numbers(session, &place, commands).await?;
        let now = place.now.max(rows.latest());
        Ok(Loaded {
            state: rows.state(&before, now, next_message),
            now,
            before,
            transfers: rows.transfers.iter().map(|transfer| transfer.id).collect(),
            funds: rows.funds.iter().map(|funds| funds.id).collect(),
            quotes: rows.quotes.iter().map(|quote| quote.id).collect(),
            used: rows.used.into_iter().collect(),
            earlier,
            next_message,
            last_message,
            number: place.batches + 1,
            settled: place.settled,
        })
    }
}

impl Rows {
    /// A working set of these rows. It is cheap to make, so it is made again when the time turns out to be later.
    fn state(&self, configuration: &Configuration, now: Timestamp, next_message: MessageId) -> State {
        let mut state = State::new(configuration, now, next_message);
        self.used.iter().for_each(|id| state.ledger.load_used(*id));
        self.used_quotes.iter().for_each(|id| state.load_used_quote(*id));
        self.transfers.iter().cloned().for_each(|transfer| state.ledger.load_transfer(transfer));
        self.funds.iter().cloned().for_each(|movement| state.ledger.load_funds(movement));
        self.quotes.iter().cloned().for_each(|quote| state.load_quote(quote));
        self.parties.iter().cloned().for_each(|entry| state.load_party(entry));
        self.balances.iter().for_each(|(account, balance)| state.ledger.load_balance(*account, *balance));
        state
    }

    /// The latest moment of all rows. While a batch waits for a lock, another node's batch may take a later time than it has:
    /// what follows must not be earlier. Nodes that share no row need not agree, and never wait for each other over it.
    fn latest(&self) -> Timestamp {
        let transfers = self.transfers.iter().map(|transfer| transfer.ended_at.unwrap_or(transfer.prepared_at));
        let funds = self.funds.iter().map(|funds| funds.ended_at.unwrap_or(funds.recorded_at));
        let quotes = self.quotes.iter().map(|quote| quote.answered_at.unwrap_or(quote.requested_at));
        let balances = self.balances.iter().map(|(_, balance)| balance.changed_at);
        let all = transfers.chain(funds).chain(quotes).chain(balances);
        all.max().unwrap_or(Timestamp::from_millis(i64::MIN))
    }
}

/// What is known of what a batch names.
type Look = (Rows, Place, i64, Vec<Earlier>);

/// Looks, and again if there turns out to be more than was looked for.
async fn look(writer: &Writer, session: &Session, ids: &mut Ids, alone: bool) -> Result<Look, Failure> {
    for is_last in [false, true] {
        let found = first_look(writer, session, ids, alone).await?;
        if ids.cover(&found.0) {
            return Ok(found);
        }
        if !is_last {
            // To lock the rest now would be out of order: another node may hold it that waits for what is locked here.
            session.run("ROLLBACK").await?;
            ids.extend(&found.0);
        }
    }
    Err(Failure::Contended("an id was used meanwhile".to_owned()))
}

/// Everything that can be asked without knowing anything, in one round trip.
async fn first_look(writer: &Writer, session: &Session, ids: &Ids, alone: bool) -> Result<Look, Failure> {
    let lock = if alone { ALONE } else { SHARE };
    let statements = [
        SHARE,
        ALONE,
        node::PLACE,
        configuration::VERSION,
        identity::FIND,
        transfer::LOCK,
        funds_movement::LOCK,
        quote::LOCK,
        outbox::EARLIER,
        outbox_batch::EARLIER,
        balance::LOCK,
    ];
    session.look_since(ids.since);
    session.prepare(&statements).await?;
    let named = column(ids.new.union(&ids.locked), |id| *id);
    let (locked_ids, quotes) = (column(&ids.locked, |id| *id), column(&ids.quotes, |id| *id));
    let subjects = column(&ids.subjects, Clone::clone);
    let hashes = outbox_batch::hashes(&ids.subjects);
    let (now, id, epoch) = (writer.time.parameter(), writer.node.id.0, writer.node.epoch);
    let nothing_named = named.is_empty() && quotes.is_empty();
    // Sent in this order: the version is read under the lock, and what is pending when the rows are locked.
    let (begin, locked, place, version, used, transfers, funds, quotes, earlier, of_others) = join!(
        biased;
        session.run("BEGIN ISOLATION LEVEL READ COMMITTED"),
        session.find(lock, &LOCKS),
        unless(false, session, node::PLACE, parameters![now, id, epoch]),
        session.query(configuration::VERSION, &[]),
        unless(nothing_named, session, identity::FIND, parameters![named, quotes.clone()]),
        unless(locked_ids.is_empty(), session, transfer::LOCK, parameters![locked_ids.clone()]),
        unless(locked_ids.is_empty(), session, funds_movement::LOCK, parameters![locked_ids.clone()]),
        unless(quotes.is_empty(), session, quote::LOCK, parameters![quotes.clone()]),
        unless(subjects.is_empty(), session, outbox::EARLIER, parameters![subjects]),
        unless(hashes.is_empty(), session, outbox_batch::EARLIER, parameters![id, hashes]),
    );
    begin?;
    locked?;
    let place = columns::one("node", &place?, node::read_place)?.ok_or_else(node::superseded)?;
    let version = configuration::read_version(&version?)?;
    let used = columns::all("identity", &used?, identity::read)?;
    let (movements, quote_ids): (Vec<_>, Vec<_>) = used.iter().partition(|one| one.kind == identity::Kind::Movement);
    let rows = Rows {
        used: movements.into_iter().map(|one| TransferId(one.id)).collect(),
        used_quotes: quote_ids.into_iter().map(|one| QuoteId(one.id)).collect(),
        oldest: used.iter().map(|one| one.at).min(),
        transfers: columns::all("transfer", &transfers?, transfer::read)?,
        funds: columns::all("funds_movement", &funds?, funds_movement::read)?,
        quotes: columns::all("quote", &quotes?, quote::read)?,
        parties: Vec::new(),
        balances: Vec::new(),
    };
    let mut earlier = columns::all("outbox", &earlier?, outbox::read_earlier)?;
    earlier.extend(columns::all("outbox_batch", &of_others?, outbox_batch::read_earlier)?);
    Ok((rows, place, version, earlier))
}

/// Asks, unless there is nothing to ask for. Boxed, since many are under way together.
fn unless<'a>(
    is_nothing: bool,
    session: &'a Session,
    sql: &'static str,
    parameters: Vec<Parameter>,
) -> BoxFuture<'a, Result<Vec<tokio_postgres::Row>, tokio_postgres::Error>> {
    Box::pin(async move {
        let parameters: Vec<_> = parameters.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect();
        if is_nothing { Ok(Vec::new()) } else { session.query(sql, &parameters).await }
    })
}

/// The numbers for the messages of this batch: what is left of the block, or a new one.
async fn numbers(session: &Session, place: &Place, commands: &[Command]) -> Result<(MessageId, MessageId), Failure> {
    let needed: usize = commands
        .iter()
        .map(|command| match command {
            Command::Deliveries(deliveries) => deliveries.len(),
            _ => MESSAGES_PER_COMMAND,
        })
        .sum();
    let needed = i64::try_from(needed).map_err(|_| refused("too many commands"))?;
    if needed > node::BLOCK {
        return Err(refused("too many commands").into());
    }
    if place.last_message.0 - place.next_message.0 + 1 >= needed.max(1) {
        return Ok((place.next_message, place.last_message));
    }
    node::next_block(session).await
}

/// What the commands lead to messages about.
fn subjects(commands: &[Command]) -> Vec<Subject> {
    let given_up = commands.iter().flat_map(deliveries).filter_map(|delivery| match &delivery.result {
        DeliveryResult::GaveUp { message, .. } => Some(message.subject.clone()),
        DeliveryResult::Delivered | DeliveryResult::Failing { .. } => None,
    });
    let subjects: HashSet<_> = commands.iter().filter_map(Command::subject).chain(given_up).collect();
    subjects.into_iter().collect()
}

/// What a command says became of messages.
fn deliveries(command: &Command) -> &[Delivery] {
    match command {
        Command::Deliveries(deliveries) => deliveries,
        _ => &[],
    }
}

/// Whether a command can change the configuration.
fn changes_configuration(command: &Command) -> bool {
    match command {
        Command::Administer(administration) => !matches!(
            administration,
            Administration::RecordFundsIn(_) | Administration::ReserveFundsOut(_) | Administration::EndFundsOut(_)
        ),
        _ => false,
    }
}

/// The error of a working set that asks for what was not foreseen.
pub(super) fn unforeseen(what: &str) -> StoreError {
    refused(&format!("a batch changes {what} though none of its commands can"))
}
