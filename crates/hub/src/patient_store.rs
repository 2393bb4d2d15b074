//! A store that answers in time, or says that it can't be reached.
//!
//! A call that never returns would hold up whoever waits for it for ever: the delivery, the sweep of expired transfers,
//! questions of FSPs. Reading is bounded here. A commit is bounded by the committer, which must know that it may still
//! succeed; reading the whole books takes as long as it takes.

use std::{sync::Arc, time::Duration};

use fspiop::{Currency, PartyId, QuoteId, Timestamp, TransferId};
use futures_util::{FutureExt, future::BoxFuture};
use ledger::{AccountId, Balance, Transfer};
use store::{Committed, Store, StoreError, Story, Visitor};
use switch::{Command, Configuration, Message, MessageId, PartyEntry, Quote};

/// How long reading may take; FSPs time out after 10 s, and what they are answered must reach them before.
const READ_TIMEOUT: Duration = Duration::from_secs(5);

/// A store whose reads are bounded in time.
pub(crate) struct PatientStore(Arc<dyn Store>);

impl PatientStore {
    /// The same store, bounded.
    pub(crate) fn over(store: Arc<dyn Store>) -> Arc<dyn Store> {
        Arc::new(PatientStore(store))
    }
}

fn in_time<'a, T: Send + 'a>(asked: BoxFuture<'a, Result<T, StoreError>>) -> BoxFuture<'a, Result<T, StoreError>> {
    let late = || StoreError::Unavailable(format!("no answer within {} s", READ_TIMEOUT.as_secs()));
    async move { tokio::time::timeout(READ_TIMEOUT, asked).await.unwrap_or_else(|_| Err(late())) }.boxed()
}

impl Store for PatientStore {
    fn commit(&self, commands: Arc<Vec<Command>>) -> BoxFuture<'_, Result<Committed, StoreError>> {
        self.0.commit(commands)
    }

    fn configuration(&self) -> BoxFuture<'_, Result<Arc<Configuration>, StoreError>> {
        in_time(self.0.configuration())
    }

    fn transfer(&self, id: TransferId) -> BoxFuture<'_, Result<Option<Transfer>, StoreError>> {
        in_time(self.0.transfer(id))
    }

    fn ilp_packet(&self, id: TransferId) -> BoxFuture<'_, Result<Option<Box<str>>, StoreError>> {
        in_time(self.0.ilp_packet(id))
    }

    fn quote(&self, id: QuoteId) -> BoxFuture<'_, Result<Option<Quote>, StoreError>> {
        in_time(self.0.quote(id))
    }

    fn party(&self, party: PartyId, currency: Option<Currency>) -> BoxFuture<'_, Result<Vec<PartyEntry>, StoreError>> {
        in_time(self.0.party(party, currency))
    }

    fn balances(&self, accounts: Vec<AccountId>) -> BoxFuture<'_, Result<Vec<(AccountId, Balance)>, StoreError>> {
        in_time(self.0.balances(accounts))
    }

    fn due(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<Vec<TransferId>, StoreError>> {
        in_time(self.0.due(now, limit))
    }

    fn pending_messages(&self, after: MessageId, limit: usize) -> BoxFuture<'_, Result<Vec<Message>, StoreError>> {
        in_time(self.0.pending_messages(after, limit))
    }

    fn take_over(&self) -> BoxFuture<'_, Result<bool, StoreError>> {
        in_time(self.0.take_over())
    }

    fn leave(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        in_time(self.0.leave())
    }

    fn story(&self, id: TransferId) -> BoxFuture<'_, Result<Story, StoreError>> {
        in_time(self.0.story(id))
    }

    fn visit_books(&self, visitor: Visitor) -> BoxFuture<'_, Result<(), StoreError>> {
        self.0.visit_books(visitor)
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        in_time(self.0.ping())
    }
}
