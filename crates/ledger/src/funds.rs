//! Money that moves between a participant's bank account and its settlement account.

use fspiop::{Amount, Currency, Timestamp, TransferId};

use crate::{AccountId, AccountType, ContentHash, Entry, EntryKind, Ledger, LedgerError, ParticipantId};

/// An operator's record that a participant has paid in.
#[derive(Clone, Debug)]
pub struct FundsIn {
    /// Id of the movement; used once.
    pub id: TransferId,
    /// Whose account, by name.
    pub participant: fspiop::FspId,
    /// Which of its accounts; must be a settlement account.
    pub account: AccountId,
    /// How much, above zero.
    pub amount: Amount,
    /// In which currency; absent: the account's.
    pub currency: Option<Currency>,
    /// Content of the request.
    pub hash: ContentHash,
}

/// A movement of funds as the ledger remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FundsMovement {
    /// Its id.
    pub id: TransferId,
    /// Whose.
    pub participant: ParticipantId,
    /// Which account.
    pub account: AccountId,
    /// How much.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
    /// Content of the request.
    pub hash: ContentHash,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}

impl Ledger {
    /// Records that a participant has paid in: its settlement account falls, the hub's reconciliation account rises.
    /// The same request again changes nothing and succeeds.
    pub fn record_funds_in(&mut self, now: Timestamp, request: &FundsIn) -> Result<(), LedgerError> {
        if let Some(earlier) = self.funds.get(&request.id) {
            return if earlier.hash == request.hash { Ok(()) } else { Err(LedgerError::ModifiedRequest) };
        }
        if self.transfers.contains_key(&request.id) {
            return Err(LedgerError::ModifiedRequest);
        }
        let registry = self.registry.clone();
        let owner = registry.participant_named(request.participant.as_str()).ok_or(LedgerError::ParticipantNotFound)?;
        let account = registry.account(request.account).filter(|account| account.participant == owner.id);
        let account = account.ok_or(LedgerError::AccountNotFound)?;
        if account.kind != AccountType::Settlement {
            let expected = AccountType::Settlement.as_str();
            return Err(LedgerError::AccountType { found: account.kind.as_str(), expected });
        }
        if let Some(found) = request.currency.filter(|currency| *currency != account.currency) {
            return Err(LedgerError::CurrencyMismatch { expected: account.currency, found });
        }
        if !request.amount.is_positive() {
            return Err(LedgerError::Amount { found: request.amount, expected: "above 0" });
        }
        let kind = AccountType::HubReconciliation;
        let reconciliation = registry
            .account_of(ParticipantId::HUB, account.currency, kind)
            .ok_or(LedgerError::HubAccountMissing { kind, currency: account.currency })?;
        self.post(Entry {
            transfer_id: request.id,
            kind: EntryKind::FundsIn,
            raised: reconciliation.id,
            lowered: account.id,
            amount: request.amount,
            currency: account.currency,
            at: now,
        })
        .ok_or(LedgerError::OutOfRange)?;
        self.changes.funds.insert(request.id);
        self.funds.insert(
            request.id,
            FundsMovement {
                id: request.id,
                participant: owner.id,
                account: account.id,
                amount: request.amount,
                currency: account.currency,
                hash: request.hash,
                recorded_at: now,
            },
        );
        Ok(())
    }
}
