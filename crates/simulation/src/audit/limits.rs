//! I2: at every single reservation, also inside a batch, the position stays within the net debit cap and within what the
//! payer has paid in.

use std::collections::BTreeMap;

use fspiop::{Amount, Currency, FspId};
use ledger::{AccountId, AccountType, Entry, EntryKind, Registry};
use switch::{Administration, Command, Outcome};

use super::{Batch, balances::Balances};
use crate::report::{Check, ensure};

/// Limits as operators set them, and balances after each line of the journal.
pub(crate) struct Limits {
    caps: BTreeMap<AccountId, Amount>,
    balances: Balances,
    liquidity_checked: bool,
}

impl Limits {
    pub(crate) fn new(liquidity_checked: bool) -> Limits {
        Limits { caps: BTreeMap::new(), balances: Balances::default(), liquidity_checked }
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
                if entry.kind == EntryKind::Reserve {
                    self.check_reservation(entry, batch.registry)?;
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
            _ => return,
        };
        if let Some(position) = account(registry, name, currency) {
            self.caps.insert(position, cap);
        }
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
        _ => false,
    }
}
