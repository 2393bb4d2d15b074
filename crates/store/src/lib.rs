//! What the hub remembers.
//!
//! A [`Store`] takes batches of commands. For each batch it reads what the commands name, lets [`switch::decide`] decide,
//! and writes every change together with the outbox in one transaction; it decides nothing itself. [`MemoryStore`] is the
//! model: the shortest code that has the trait's meaning, against which every other store is tested (feature `suite`).

mod clock;
mod error;
mod memory;
pub mod past;
mod story;
#[cfg(feature = "suite")]
pub mod suite;

use std::sync::{Arc, Mutex, PoisonError};

use fspiop::{Amount, Currency, PartyId, QuoteId, Timestamp, TransferId};
use futures_util::{FutureExt, future::BoxFuture};
use ledger::{Account, AccountId, Balance, Entry, FundsMovement, ParticipantId, Transfer};
use switch::{Command, Configuration, Message, MessageId, Outcome, PartyEntry, Quote};

pub use clock::Clock;
pub use error::StoreError;
pub use memory::MemoryStore;
pub use story::{Abandoned, ArchivedId, Fate, SentMessage, Story};

/// The version of the configuration of a new store, in which only the hub exists.
pub const FIRST_VERSION: i64 = 1;

/// What a batch did, once it is durable.
#[derive(Clone, Debug)]
pub struct Committed {
    /// The time of the batch, on the store's clock; it never runs backwards from one batch to the next.
    pub now: Timestamp,
    /// An outcome for each command, in order.
    pub outcomes: Vec<Outcome>,
    /// The messages that the batch put into the outbox and that this node is to deliver, in order. One about a subject of
    /// which another node still delivers an earlier message to the same FSP is that node's, so that they stay in order.
    pub messages: Vec<Message>,
    /// The new configuration, if the batch changed it, or another node had changed it before.
    pub configuration: Option<Arc<Configuration>>,
}

/// Everything that a store holds about money, for tests: read at one moment.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// Accounts with their balances, by number.
    pub accounts: Vec<(Account, Balance)>,
    /// All transfers.
    pub transfers: Vec<Transfer>,
    /// All movements of funds.
    pub funds: Vec<FundsMovement>,
    /// The whole journal, in order.
    pub entries: Vec<Entry>,
}

/// A part of the books, as [`Store::visit_books`] shows them.
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and most are movements")]
#[derive(Clone, Debug)]
pub enum Page {
    /// An account with its balance. All accounts come first, by number.
    Account {
        /// The account.
        account: Account,
        /// Its balance.
        balance: Balance,
        /// What of the balance comes from lines of the journal that were archived: they are in the store no more.
        archived: Archived,
    },
    /// Everything under one id, each id once: the transfer, the movement of funds, the journal's lines in their order. Lines
    /// without either of the two stand alone.
    Movement {
        /// The id.
        id: TransferId,
        /// The transfer.
        transfer: Option<Transfer>,
        /// The movement of funds.
        funds: Option<FundsMovement>,
        /// The lines of the journal.
        entries: Vec<Entry>,
    },
}

/// By how much archived lines of the journal raised and lowered an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Archived {
    /// The sum of the lines that raised it.
    pub raised: Amount,
    /// The sum of the lines that lowered it.
    pub lowered: Amount,
}

impl Archived {
    /// Of an account, or a store, none of whose lines were archived.
    pub const NOTHING: Archived = Archived { raised: Amount::ZERO, lowered: Amount::ZERO };
}

/// Between whom and when transfers are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Between {
    /// Who pays.
    pub payer: ParticipantId,
    /// Who is paid.
    pub payee: ParticipantId,
    /// Prepared at this moment or later, on the store's clock.
    pub since: Timestamp,
    /// Prepared before this moment.
    pub until: Timestamp,
}

/// ILP packets, each with its transfer.
pub type IlpPackets = Vec<(TransferId, Box<str>)>;

/// Who reads the books. What comes is not kept, so that the reader's memory does not grow with the books.
pub type Visitor = Box<dyn FnMut(Page) + Send>;

/// A durable memory for the hub. Every method may be called at any time from any thread.
pub trait Store: Send + Sync + 'static {
    /// Decides a batch and makes it durable: when this returns `Ok`, nothing of it can be lost any more. On an error
    /// nothing of the batch was done, unless the error is [`StoreError::Unknown`].
    fn commit(&self, commands: Arc<Vec<Command>>) -> BoxFuture<'_, Result<Committed, StoreError>>;

    /// The configuration as last committed, by whatever node.
    fn configuration(&self) -> BoxFuture<'_, Result<Arc<Configuration>, StoreError>>;

    /// A transfer.
    fn transfer(&self, id: TransferId) -> BoxFuture<'_, Result<Option<Transfer>, StoreError>>;

    /// The ILP packet of a transfer that was reserved, as it came in the prepare.
    fn ilp_packet(&self, id: TransferId) -> BoxFuture<'_, Result<Option<Box<str>>, StoreError>>;

    /// The ILP packets of transfers that were reserved between two participants within some time, the earliest first, at
    /// most `limit`. For people who look for a payment: a store may read through all transfers of that time.
    fn ilp_packets(&self, between: Between, limit: usize) -> BoxFuture<'_, Result<IlpPackets, StoreError>>;

    /// A quote.
    fn quote(&self, id: QuoteId) -> BoxFuture<'_, Result<Option<Quote>, StoreError>>;

    /// Who serves a party according to the built-in directory: entries of the currency (absent: of any) and those without
    /// one, in the order of their registration.
    fn party(&self, party: PartyId, currency: Option<Currency>) -> BoxFuture<'_, Result<Vec<PartyEntry>, StoreError>>;

    /// Balances of these accounts; an account that never moved stands at zero since its creation.
    fn balances(&self, accounts: Vec<AccountId>) -> BoxFuture<'_, Result<Vec<(AccountId, Balance)>, StoreError>>;

    /// RESERVED transfers whose expiration is not after `now`, the earliest first, at most `limit`.
    fn due(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<Vec<TransferId>, StoreError>>;

    /// Messages of the outbox that this node is to deliver and that are not done with, with numbers above `after`, in order, at most `limit`.
    fn pending_messages(&self, after: MessageId, limit: usize) -> BoxFuture<'_, Result<Vec<Message>, StoreError>>;

    /// Renews this node's claim to its part of the outbox, and takes over the parts of nodes that have not renewed theirs
    /// in time. `true` if [`Store::pending_messages`] holds messages that this node was not told of. To be called about
    /// once a second.
    fn take_over(&self) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// How many nodes share the outbox, this one included, as was seen when the claim was last renewed.
    fn nodes(&self) -> u32 {
        1
    }

    /// Gives up this node's claim to its part of the outbox: the rest of it is another node's as soon as one renews its own
    /// claim. For a node that ends in good order; one that goes on has its claim again with its next renewal. A store that
    /// only one process uses has nothing to give up.
    fn leave(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        std::future::ready(Ok(())).boxed()
    }

    /// What is known under an id, be it a transfer's, a quote's or both.
    fn story(&self, id: TransferId) -> BoxFuture<'_, Result<Story, StoreError>>;

    /// Shows everything about money, as it stood at one moment, without keeping anybody from writing.
    fn visit_books(&self, visitor: Visitor) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Everything about money, read at one moment. For tests: its size is that of the store.
    fn books(&self) -> BoxFuture<'_, Result<Books, StoreError>> {
        collect_books(self).boxed()
    }

    /// Whether the store answers; for readiness.
    fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>>;
}

/// Keeps what a visitor is shown, by id; the journal by time, within one moment by id.
async fn collect_books<S: Store + ?Sized>(store: &S) -> Result<Books, StoreError> {
    let books = Arc::new(Mutex::new(Books::default()));
    let shared = books.clone();
    store
        .visit_books(Box::new(move |page| {
            let mut books = shared.lock().unwrap_or_else(PoisonError::into_inner);
            match page {
                Page::Account { account, balance, .. } => books.accounts.push((account, balance)),
                Page::Movement { transfer, funds, entries, .. } => {
                    books.transfers.extend(transfer);
                    books.funds.extend(funds);
                    books.entries.extend(entries);
                }
            }
        }))
        .await?;
    let mut books = std::mem::take(&mut *books.lock().unwrap_or_else(PoisonError::into_inner));
    books.transfers.sort_by_key(|transfer| transfer.id);
    books.funds.sort_by_key(|funds| funds.id);
    books.entries.sort_by_key(|entry| (entry.at, entry.transfer_id));
    Ok(books)
}
