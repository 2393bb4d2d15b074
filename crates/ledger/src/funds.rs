//! Money that moves between a participant's bank account and its settlement account.

use fspiop::{Amount, Currency, Timestamp, TransferId};

use crate::{
    Account, AccountId, AccountType, ContentHash, Entry, EntryKind, Ledger, LedgerError, ParticipantId, Registry,
};

/// An operator's record that a participant pays in, or wants to be paid out.
#[derive(Clone, Debug)]
pub struct FundsRequest {
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

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }
        impl $name {
            /// All of them.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            /// The name under which it is stored and shown.
            pub const fn as_str(self) -> &'static str { match self { $($name::$variant => $text),+ } }
            /// The value of this name, if there is one.
            pub fn parse(name: &str) -> Option<$name> { match name { $($text => Some($name::$variant),)+ _ => None } }
        }
    };
}

named! {
    /// Which way funds move.
    FundsDirection {
        /// From the participant's bank into its settlement account.
        In = "IN",
        /// Out of the settlement account.
        Out = "OUT",
    }
}

named! {
    /// Where a movement of funds stands.
    FundsStatus {
        /// A payment out that is prepared: the settlement account is charged already.
        Reserved = "RESERVED",
        /// Done.
        Committed = "COMMITTED",
        /// Called off; the settlement account has the money again.
        Aborted = "ABORTED",
    }
}

/// A movement of funds as the ledger remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FundsMovement {
    /// Its id.
    pub id: TransferId,
    /// Which way.
    pub direction: FundsDirection,
    /// Where it stands.
    pub status: FundsStatus,
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
    /// When it ended; absent while it is RESERVED.
    pub ended_at: Option<Timestamp>,
}

impl Ledger {
    /// Records that a participant has paid in: its settlement account falls, the hub's reconciliation account rises.
    /// The same request again changes nothing and succeeds.
    pub fn record_funds_in(&mut self, now: Timestamp, request: &FundsRequest) -> Result<(), LedgerError> {
        let direction = FundsDirection::In;
        let Some((account, reconciliation)) = self.accounts_of_funds(request, direction)? else { return Ok(()) };
        let movement = new_movement(now, request, &account, direction);
        self.post(entry(&movement, EntryKind::FundsIn, reconciliation, account.id, now))
            .ok_or(LedgerError::OutOfRange)?;
        self.save_funds(movement);
        Ok(())
    }

    /// Prepares a payment out: the settlement account is charged at once, so that nothing else can use the money; the hub's
    /// reconciliation account falls when it is done. What secures the participant's position stays. The same request again
    /// changes nothing and succeeds.
    pub fn reserve_funds_out(&mut self, now: Timestamp, request: &FundsRequest) -> Result<(), LedgerError> {
        let direction = FundsDirection::Out;
        let Some((account, _)) = self.accounts_of_funds(request, direction)? else { return Ok(()) };
        let available = self.available(&account);
        if request.amount > available {
            return Err(LedgerError::InsufficientFunds { available });
        }
        let movement = new_movement(now, request, &account, direction);
        self.post(entry(&movement, EntryKind::FundsOut, account.id, AccountId::TRANSIT, now))
            .ok_or(LedgerError::OutOfRange)?;
        self.save_funds(movement);
        Ok(())
    }

    /// Ends a prepared payment out: COMMITTED, the money has left; ABORTED, the settlement account has it again. The same
    /// end again changes nothing and succeeds.
    pub fn end_funds_out(
        &mut self,
        now: Timestamp,
        participant: &fspiop::FspId,
        account: AccountId,
        id: TransferId,
        end: FundsStatus,
    ) -> Result<(), LedgerError> {
        let registry = self.registry.clone();
        let owner = registry.participant_named(participant.as_str()).ok_or(LedgerError::ParticipantNotFound)?;
        let known = self.funds.get(&id).filter(|known| known.participant == owner.id && known.account == account);
        let movement = known.filter(|known| known.direction == FundsDirection::Out).cloned();
        let movement = movement.ok_or(LedgerError::FundsNotFound)?;
        if movement.status == end {
            return Ok(());
        }
        if movement.status != FundsStatus::Reserved || end == FundsStatus::Reserved {
            return Err(LedgerError::FundsEnded { found: movement.status.as_str() });
        }
        let (kind, lowered) = match end {
            FundsStatus::Aborted => (EntryKind::FundsOutAbort, movement.account),
            _ => (EntryKind::FundsOutCommit, reconciliation_of(&registry, movement.currency)?),
        };
        self.post(entry(&movement, kind, AccountId::TRANSIT, lowered, now)).ok_or(LedgerError::OutOfRange)?;
        self.save_funds(FundsMovement { status: end, ended_at: Some(now), ..movement });
        Ok(())
    }

    /// The account and its counter account, if the request is a new one that makes sense; `None` if it came before.
    fn accounts_of_funds(
        &self,
        request: &FundsRequest,
        direction: FundsDirection,
    ) -> Result<Option<(Account, AccountId)>, LedgerError> {
        if let Some(earlier) = self.funds.get(&request.id) {
            let same = earlier.hash == request.hash && earlier.direction == direction;
            return if same { Ok(None) } else { Err(LedgerError::ModifiedRequest) };
        }
        if self.transfers.contains_key(&request.id) || self.used.contains(&request.id) {
            return Err(LedgerError::ModifiedRequest);
        }
        let registry = &self.registry;
        let owner = registry.participant_named(request.participant.as_str()).ok_or(LedgerError::ParticipantNotFound)?;
        // Whoever is suspended is paid nothing out, and nothing is booked for it; as upstream. What was begun before still ends.
        if !owner.active {
            return Err(LedgerError::ParticipantInactive);
        }
        let account = registry.account(request.account).filter(|account| account.participant == owner.id);
        let account = account.ok_or(LedgerError::AccountNotFound)?;
        if account.kind != AccountType::Settlement {
            let expected = AccountType::Settlement.as_str();
            return Err(LedgerError::AccountType { found: account.kind.as_str(), expected });
        }
        if !account.active {
            return Err(LedgerError::AccountInactive);
        }
        if let Some(found) = request.currency.filter(|currency| *currency != account.currency) {
            return Err(LedgerError::CurrencyMismatch { expected: account.currency, found });
        }
        if !request.amount.is_positive() {
            return Err(LedgerError::Amount { found: request.amount, expected: "above 0" });
        }
        Ok(Some((account.clone(), reconciliation_of(registry, account.currency)?)))
    }

    /// What can be taken out of a settlement account: what was paid in, less a position that it must cover.
    fn available(&self, settlement: &Account) -> Amount {
        let paid_in = self.balance(settlement).amount.checked_neg().unwrap_or(Amount::ZERO);
        let position = self.registry.account_of(settlement.participant, settlement.currency, AccountType::Position);
        let owed = position.map_or(Amount::ZERO, |position| self.balance(position).amount).max(Amount::ZERO);
        paid_in.checked_sub(owed).unwrap_or(Amount::ZERO).max(Amount::ZERO)
    }

    fn save_funds(&mut self, movement: FundsMovement) {
        self.changes.funds.insert(movement.id);
        self.funds.insert(movement.id, movement);
    }
}

fn reconciliation_of(registry: &Registry, currency: Currency) -> Result<AccountId, LedgerError> {
    let kind = AccountType::HubReconciliation;
    let account = registry.account_of(ParticipantId::HUB, currency, kind);
    account.map(|account| account.id).ok_or(LedgerError::HubAccountMissing { kind, currency })
}

fn new_movement(now: Timestamp, request: &FundsRequest, account: &Account, direction: FundsDirection) -> FundsMovement {
    let (status, ended_at) = match direction {
        FundsDirection::In => (FundsStatus::Committed, Some(now)),
        FundsDirection::Out => (FundsStatus::Reserved, None),
    };
    FundsMovement {
        id: request.id,
        direction,
        status,
        participant: account.participant,
        account: account.id,
        amount: request.amount,
        currency: account.currency,
        hash: request.hash,
        recorded_at: now,
        ended_at,
    }
}

fn entry(movement: &FundsMovement, kind: EntryKind, raised: AccountId, lowered: AccountId, at: Timestamp) -> Entry {
    Entry { transfer_id: movement.id, kind, raised, lowered, amount: movement.amount, currency: movement.currency, at }
}
