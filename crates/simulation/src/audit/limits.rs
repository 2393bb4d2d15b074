//! I2: at every single reservation, also inside a batch, the position stays within the net debit cap and within what the
//! payer has paid in; nobody is paid out what secures its position; and nobody pays or is paid who is suspended.
//!
//! Limits and suspensions are noted here as batches change them. So what was changed by way of one node binds all nodes
//! from their next batch on, whatever these know of it.

use std::collections::{BTreeMap, BTreeSet};

use fspiop::{Amount, Currency, FspId};
use ledger::{AccountId, AccountType, Entry, EntryKind, ParticipantId, Registry};
use switch::{Administration, Command, Outcome};

use super::{Batch, balances::Balances};
use crate::report::{Check, ensure};

/// Limits as operators set them, and balances after each line of the journal.
pub(crate) struct Limits {
    caps: BTreeMap<AccountId, Amount>,
    balances: Balances,
    liquidity_checked: bool,
    suspended: BTreeSet<ParticipantId>,
    suspended_accounts: BTreeSet<AccountId>,
}

impl Limits {
    pub(crate) fn new(liquidity_checked: bool) -> Limits {
        Limits {
            caps: BTreeMap::new(),
            balances: Balances::default(),
            liquidity_checked,
            suspended: BTreeSet::new(),
            suspended_accounts: BTreeSet::new(),
        }
    }

    /// Goes through a batch command by command, with the line that each one wrote.
    pub(crate) fn batch(&mut self, batch: &Batch<'_>) -> Check {
        let mut entries = batch.entries.iter().peekable();
        for (command, outcome) in batch.commands.iter().zip(&batch.committed.outcomes) {
            if let (Command::Administer(change), Outcome::Administered(Ok(()))) = (command, outcome) {
                self.administer(change, batch.registry);
            }
            if let Some(entry) = entries.next_if(|entry| wrote(command, entry)) {
                self.balances.post(entry);
                match entry.kind {
                    EntryKind::Reserve => {
                        self.check_reservation(entry, batch.registry)?;
                        self.check_suspensions(entry, batch)?;
                    }
                    EntryKind::FundsOut => self.check_payment_out(entry, batch.registry)?,
                    _ => {}
                }
            }
        }
        let left = entries.next();
        ensure(left.is_none(), "I1", || format!("no command of the batch explains the line {left:?}"))?;
        for (account, _) in &batch.books.accounts {
            let expected = self.caps.get(&account.id).copied();
            ensure(account.net_debit_cap == expected, "I2", || {
                format!(
                    "the cap of account {} is {:?}, and was set to {expected:?}",
                    account.id.0, account.net_debit_cap
                )
            })?;
        }
        Ok(())
    }

    fn administer(&mut self, change: &Administration, registry: &Registry) {
        let (name, currency, cap) = match change {
            Administration::SetInitialLimits(initial) => {
                (&initial.participant, initial.currency, initial.net_debit_cap)
            }
            Administration::AdjustLimit(name, currency, cap) => (name, *currency, *cap),
            Administration::ActivateParticipant(name, active) => {
                let id = registry.participant_named(name.as_str()).map(|known| known.id);
                return id.into_iter().for_each(|id| note(&mut self.suspended, id, *active));
            }
            Administration::ActivateAccount(_, account, active) => {
                return note(&mut self.suspended_accounts, *account, *active);
            }
            _ => return,
        };
        if let Some(position) = account(registry, name, currency) {
            self.caps.insert(position, cap);
        }
    }

    /// Neither the payer nor the payee, nor an account of theirs, is suspended.
    fn check_suspensions(&self, entry: &Entry, batch: &Batch<'_>) -> Check {
        let transfer = batch.books.transfers.iter().find(|transfer| transfer.id == entry.transfer_id);
        let parties = transfer.map(|transfer| [Some(transfer.payer), transfer.payee]);
        for party in parties.into_iter().flatten().flatten() {
            let account = batch.registry.account_of(party, entry.currency, AccountType::Position);
            let closed = account.is_some_and(|account| self.suspended_accounts.contains(&account.id));
            ensure(!closed && !self.suspended.contains(&party), "I2", || {
                format!("{} was reserved, and participant {} is suspended", entry.transfer_id, party.0)
            })?;
        }
        Ok(())
    }

    /// What is left secures the position.
    fn check_payment_out(&self, entry: &Entry, registry: &Registry) -> Check {
        let owner = registry.account(entry.raised).map(|account| account.participant);
        let position = owner.and_then(|owner| registry.account_of(owner, entry.currency, AccountType::Position));
        let owed = position.map_or(Amount::ZERO, |account| self.balances.of(account.id, entry.currency));
        let left = self.balances.of(entry.raised, entry.currency).checked_neg().unwrap_or(Amount::ZERO);
        ensure(left >= owed.max(Amount::ZERO), "I2", || {
            format!("the payment out {} leaves {left} behind a position of {owed}", entry.transfer_id)
        })
    }

    fn check_reservation(&self, entry: &Entry, registry: &Registry) -> Check {
        let id = entry.transfer_id;
        let position = self.balances.of(entry.raised, entry.currency);
        let cap = self.caps.get(&entry.raised).copied().unwrap_or(Amount::ZERO);
        ensure(position <= cap, "I2", || {
            format!("{id} raised the position of account {} to {position}, and its cap is {cap}", entry.raised.0)
        })?;
        if !self.liquidity_checked {
            return Ok(());
        }
        let owner = registry.account(entry.raised).map(|account| account.participant);
        let settlement = owner.and_then(|owner| registry.account_of(owner, entry.currency, AccountType::Settlement));
        let paid_in = settlement.and_then(|account| self.balances.of(account.id, entry.currency).checked_neg());
        ensure(paid_in.is_some_and(|paid_in| position <= paid_in), "I2", || {
            format!("{id} raised the position of account {} to {position}, and {paid_in:?} was paid in", entry.raised.0)
        })
    }
}

fn note<T: Ord>(suspended: &mut BTreeSet<T>, what: T, active: bool) {
    if active {
        suspended.remove(&what);
    } else {
        suspended.insert(what);
    }
}

fn account(registry: &Registry, owner: &FspId, currency: Currency) -> Option<AccountId> {
    let owner = registry.participant_named(owner.as_str())?;
    registry.account_of(owner.id, currency, AccountType::Position).map(|account| account.id)
}

/// Whether a line of the journal can be what the command wrote.
fn wrote(command: &Command, entry: &Entry) -> bool {
    let ends = matches!(entry.kind, EntryKind::Commit | EntryKind::Abort);
    match command {
        Command::Prepare { inbound, prepare, .. } => {
            let own = prepare.payer == inbound.source;
            own && entry.kind == EntryKind::Reserve && entry.transfer_id == prepare.transfer_id
        }
        Command::Fulfil { fulfil, .. } => ends && entry.transfer_id == fulfil.transfer_id,
        Command::Abort { abort, .. } => ends && entry.transfer_id == abort.transfer_id,
        Command::Expire(id) => ends && entry.transfer_id == *id,
        Command::Administer(Administration::RecordFundsIn(funds)) => {
            entry.kind == EntryKind::FundsIn && entry.transfer_id == funds.id
        }
        Command::Administer(Administration::ReserveFundsOut(funds)) => {
            entry.kind == EntryKind::FundsOut && entry.transfer_id == funds.id
        }
        Command::Administer(Administration::EndFundsOut(end)) => {
            let ends = matches!(entry.kind, EntryKind::FundsOutCommit | EntryKind::FundsOutAbort);
            ends && entry.transfer_id == end.id
        }
        _ => false,
    }
}
