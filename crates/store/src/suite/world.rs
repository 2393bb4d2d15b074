//! A store under test with its clock, and what the cases ask of it.

use std::{collections::BTreeMap, sync::Arc};

use fspiop::{Amount, Timestamp};
use ledger::{AccountId, FundsStatus, Transfer, TransferStatus};
use switch::{Command, Configuration, Message, MessageId};

use super::{
    Fixture, ManualClock,
    command::{HUB, Payment, START, fsp, onboarding},
};
use crate::{Books, Committed, Store, StoreError};

/// More rows than any case makes.
pub(super) const ALL: usize = 1_000_000;

/// A store under test.
pub(super) struct World<F> {
    /// What makes it.
    pub(super) fixture: F,
    /// Its clock.
    pub(super) clock: Arc<ManualClock>,
}

impl<F: Fixture> World<F> {
    /// An empty store.
    pub(super) fn empty() -> World<F> {
        let clock = Arc::new(ManualClock::at(START));
        World { fixture: F::create(fsp(HUB), clock.clone()), clock }
    }

    /// A store with the scheme of the suite in it, its outbox empty.
    pub(super) fn onboarded() -> World<F> {
        let world = World::empty();
        world.commit(onboarding());
        world
    }

    /// Closes the store and opens it again.
    pub(super) fn reopen(&mut self) {
        self.fixture.reopen();
    }

    /// Waits for what the store is asked.
    pub(super) fn wait<T>(&self, asked: impl Future<Output = Result<T, StoreError>>) -> T {
        self.fixture.block_on(asked).expect("the store answers")
    }

    /// The store.
    pub(super) fn store(&self) -> &F::Store {
        self.fixture.store()
    }

    /// Commits a batch.
    pub(super) fn commit(&self, commands: impl Into<Vec<Command>>) -> Committed {
        self.wait(self.store().commit(Arc::new(commands.into())))
    }

    /// The configuration.
    pub(super) fn configuration(&self) -> Arc<Configuration> {
        self.wait(self.store().configuration())
    }

    /// The transfer of a payment, which must be there.
    pub(super) fn transfer(&self, payment: &Payment) -> Transfer {
        self.wait(self.store().transfer(payment.id)).expect("the transfer is there")
    }

    /// Where the transfer of a payment stands.
    pub(super) fn status(&self, payment: &Payment) -> TransferStatus {
        self.transfer(payment).status
    }

    /// The balance of an account.
    pub(super) fn balance(&self, account: AccountId) -> Amount {
        let balances = self.wait(self.store().balances(vec![account]));
        assert_eq!(balances.len(), 1, "one account, one balance");
        balances[0].1.amount
    }

    /// The whole outbox.
    pub(super) fn outbox(&self) -> Vec<Message> {
        self.wait(self.store().pending_messages(MessageId(0), ALL))
    }

    /// The books, after a look at whether they are in order: each balance is the sum of its entries, and transit holds
    /// what is reserved.
    pub(super) fn books(&self) -> Books {
        let books = self.wait(self.store().books());
        let mut sums = BTreeMap::<AccountId, (i128, Option<Timestamp>)>::new();
        for entry in &books.entries {
            for (account, units) in [(entry.raised, entry.amount.units()), (entry.lowered, -entry.amount.units())] {
                let sum = sums.entry(account).or_default();
                *sum = (sum.0 + units, Some(entry.at));
            }
        }
        for (account, balance) in &books.accounts {
            let (units, changed_at) = sums.remove(&account.id).unwrap_or_default();
            assert_eq!(balance.amount.units(), units, "{account:?}");
            assert_eq!(balance.changed_at, changed_at.unwrap_or(account.created_at), "{account:?}");
        }
        let reserved = books.transfers.iter().filter(|transfer| transfer.status == TransferStatus::Reserved);
        let paid_out = books.funds.iter().filter(|movement| movement.status == FundsStatus::Reserved);
        let reserved = reserved.map(|transfer| transfer.amount).chain(paid_out.map(|movement| movement.amount));
        let reserved: i128 = reserved.map(Amount::units).sum();
        let transit = sums.remove(&AccountId::TRANSIT).map_or(0, |(units, _)| units);
        assert_eq!(transit, -reserved, "transit holds what is reserved");
        assert!(sums.is_empty(), "entries of unknown accounts: {sums:?}");
        books
    }
}
