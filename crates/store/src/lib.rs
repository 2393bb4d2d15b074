//! What the hub remembers.
//!
//! A [`Store`] takes batches of commands. For each batch it reads what the commands name, lets [`switch::decide`] decide,
//! and writes every change together with the outbox in one transaction; it decides nothing itself. [`MemoryStore`] is the
//! model: the shortest code that has the trait's meaning, against which every other store is tested (feature `suite`).

mod clock;
mod error;
mod memory;
#[cfg(feature = "suite")]
pub mod suite;

use std::sync::Arc;

use fspiop::{Currency, PartyId, QuoteId, Timestamp, TransferId};
use futures_util::future::BoxFuture;
use ledger::{Account, AccountId, Balance, Entry, Transfer};
use switch::{Command, Configuration, Message, MessageId, Outcome, PartyEntry, Quote};

pub use clock::Clock;
pub use error::StoreError;
pub use memory::MemoryStore;

/// What a batch did, once it is durable.
#[derive(Clone, Debug)]
pub struct Committed {
    /// The time of the batch, on the store's clock; it never runs backwards from one batch to the next.
    pub now: Timestamp,
    /// An outcome for each command, in order.
    pub outcomes: Vec<Outcome>,
    /// The messages that the batch put into the outbox, in order.
    pub messages: Vec<Message>,
    /// The new configuration, if the batch changed it.
    pub configuration: Option<Arc<Configuration>>,
}

/// Everything that a store holds about money, for audits: read at one moment.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// Accounts with their balances, by number.
    pub accounts: Vec<(Account, Balance)>,
    /// All transfers.
    pub transfers: Vec<Transfer>,
    /// The whole journal, in order.
    pub entries: Vec<Entry>,
}

/// A durable memory for the hub. Every method may be called at any time from any thread.
pub trait Store: Send + Sync + 'static {
    /// Decides a batch and makes it durable: when this returns `Ok`, nothing of it can be lost any more. On an error
    /// nothing of the batch was done, unless the error is [`StoreError::Unknown`].
    fn commit(&self, commands: Arc<Vec<Command>>) -> BoxFuture<'_, Result<Committed, StoreError>>;

    /// The configuration as last committed.
    fn configuration(&self) -> BoxFuture<'_, Result<Arc<Configuration>, StoreError>>;

    /// A transfer.
    fn transfer(&self, id: TransferId) -> BoxFuture<'_, Result<Option<Transfer>, StoreError>>;

    /// A quote.
    fn quote(&self, id: QuoteId) -> BoxFuture<'_, Result<Option<Quote>, StoreError>>;

    /// Who serves a party according to the built-in directory: entries of the currency (absent: of any) and those without
    /// one, in the order of their registration.
    fn party(&self, party: PartyId, currency: Option<Currency>) -> BoxFuture<'_, Result<Vec<PartyEntry>, StoreError>>;

    /// Balances of these accounts; an account that never moved stands at zero since its creation.
    fn balances(&self, accounts: Vec<AccountId>) -> BoxFuture<'_, Result<Vec<(AccountId, Balance)>, StoreError>>;

    /// RESERVED transfers whose expiration is not after `now`, the earliest first, at most `limit`.
    fn due(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<Vec<TransferId>, StoreError>>;

    /// Messages of the outbox that are not done with, with numbers above `after`, in order, at most `limit`.
    fn pending_messages(&self, after: MessageId, limit: usize) -> BoxFuture<'_, Result<Vec<Message>, StoreError>>;

    /// Everything about money, read at one moment. For audits and tests: its size is that of the store.
    fn books(&self) -> BoxFuture<'_, Result<Books, StoreError>>;

    /// Whether the store answers; for readiness.
    fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>>;
}
