//! The life of a transfer: prepare and reserve, then fulfil, reject, abort or expire; it ends exactly once.

use fspiop::{Amount, Condition, Currency, ErrorCode, FspiopError, Timestamp, TransferId};

use crate::{
    AbortReason, Account, AccountId, AccountType, ContentHash, EntryKind, Ledger, Participant, Transfer,
    TransferStatus,
    planted::{self, Bug},
};

/// A payer's request to reserve money for a payee.
#[derive(Clone, Debug)]
pub struct Prepare {
    /// The transfer's id, chosen by the payer FSP.
    pub transfer_id: TransferId,
    /// Who pays; already known to be the sender.
    pub payer: fspiop::FspId,
    /// Who is to be paid, as the request names it.
    pub payee: fspiop::FspId,
    /// How much.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
    /// Hash lock.
    pub condition: Condition,
    /// From this moment on it can no longer be committed.
    pub expiration: Timestamp,
    /// Whether a participant may pay itself: a rule of the scheme.
    pub may_be_on_us: bool,
    /// Content of the request.
    pub hash: ContentHash,
}

/// What became of a prepare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrepareDecision {
    /// The amount is reserved on the payer's position; the payee must be asked.
    Reserved(Transfer),
    /// The transfer has ended before it began, for this reason. It is remembered.
    Refused(Transfer, FspiopError),
    /// The same request came before; this is what became of it.
    Duplicate(Transfer),
    /// The id was used before, by a transfer of other content or by a movement of funds (FSPIOP error 3106). Nothing
    /// changed.
    Modified,
    /// The payer is not a participant. Nothing changed.
    UnknownPayer,
}

/// A payee's consent.
#[derive(Clone, Debug)]
pub struct Fulfil {
    /// Which transfer.
    pub transfer_id: TransferId,
    /// Who says so.
    pub source: fspiop::FspId,
    /// The preimage; none is as wrong as a wrong one.
    pub fulfilment: Option<fspiop::Fulfilment>,
    /// When the payee completed it, if it says so.
    pub completed_at: Option<Timestamp>,
    /// Content of the message.
    pub hash: ContentHash,
}

/// What became of a fulfil.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FulfilDecision {
    /// The payee has the money.
    Committed(Transfer),
    /// The fulfilment does not fit the condition; the reservation is undone.
    WrongFulfilment(Transfer, FspiopError),
    /// It came after the expiration; the reservation is undone.
    Expired(Transfer),
    /// The same message came before.
    Duplicate(Transfer),
    /// Another answer to the same transfer came before (FSPIOP error 3106). Nothing changed.
    Modified(Transfer),
    /// The transfer ended before any answer of the payee. Nothing changed.
    NotReserved(Transfer),
    /// The sender is not the payee of record. Nothing changed.
    NotThePayee(Transfer),
    /// No such transfer. Nothing changed.
    NotFound,
}

/// A payee's refusal.
#[derive(Clone, Debug)]
pub struct Abort {
    /// Which transfer.
    pub transfer_id: TransferId,
    /// Who says so.
    pub source: fspiop::FspId,
    /// [`TransferStatus::AbortedRejected`] or [`TransferStatus::AbortedError`].
    pub status: TransferStatus,
    /// What the payee gave as reason.
    pub reason: AbortReason,
    /// Content of the message.
    pub hash: ContentHash,
}

/// What became of a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AbortDecision {
    /// The reservation is undone.
    Aborted(Transfer),
    /// It came after the expiration; the reservation is undone for that reason.
    Expired(Transfer),
    /// The same message came before.
    Duplicate(Transfer),
    /// Another answer to the same transfer came before (FSPIOP error 3106). Nothing changed.
    Modified(Transfer),
    /// The transfer ended before any answer of the payee. Nothing changed.
    NotReserved(Transfer),
    /// The sender is not the payee of record. Nothing changed.
    NotThePayee(Transfer),
    /// No such transfer. Nothing changed.
    NotFound,
}

/// How a payee answers. Answers of the two forms are no versions of one another: who has committed and then sends an error
/// has not changed its answer, it comes too late.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// By PUT /transfers/{ID}, with a state.
    State,
    /// By PUT /transfers/{ID}/error.
    Error,
}

impl Form {
    /// In which form the answer came that ended a transfer. A wrong fulfilment ends it as an error does.
    fn of_answer(transfer: &Transfer) -> Form {
        let was_wrong = || transfer.abort_reason == Some(AbortReason::from(&invalid_fulfilment()));
        if transfer.status == TransferStatus::AbortedError && !was_wrong() { Form::Error } else { Form::State }
    }
}

/// How an answer of somebody relates to a transfer, before its content is looked at.
enum Standing {
    Open(Transfer),
    Expired(Transfer),
    Duplicate(Transfer),
    Modified(Transfer),
    NotReserved(Transfer),
    NotThePayee(Transfer),
    NotFound,
}

macro_rules! unless_open {
    ($standing:expr, $decision:ident) => {
        match $standing {
            Standing::Open(transfer) => transfer,
            Standing::Expired(transfer) => return $decision::Expired(transfer),
            Standing::Duplicate(transfer) => return $decision::Duplicate(transfer),
            Standing::Modified(transfer) => return $decision::Modified(transfer),
            Standing::NotReserved(transfer) => return $decision::NotReserved(transfer),
            Standing::NotThePayee(transfer) => return $decision::NotThePayee(transfer),
            Standing::NotFound => return $decision::NotFound,
        }
    };
}

impl Ledger {
    /// Reserves the amount on the payer's position, or says why not.
    ///
    /// A refused transfer is remembered as ended, so that a resend gets the same answer and the id stays used.
    pub fn prepare(&mut self, now: Timestamp, prepare: &Prepare) -> PrepareDecision {
        if let Some(earlier) = self.transfers.get(&prepare.transfer_id).filter(|_| !planted::active(Bug::Idempotency)) {
            return if earlier.prepare_hash == prepare.hash {
                PrepareDecision::Duplicate(earlier.clone())
            } else {
                PrepareDecision::Modified
            };
        }
        if self.funds.contains_key(&prepare.transfer_id) || self.used.contains(&prepare.transfer_id) {
            return PrepareDecision::Modified;
        }
        let Some(payer) = self.registry.participant_named(prepare.payer.as_str()).cloned() else {
            return PrepareDecision::UnknownPayer;
        };
        let mut transfer = new_transfer(now, prepare, &payer);
        transfer.payee = self.registry.participant_named(prepare.payee.as_str()).map(|payee| payee.id);
        match self.reserve(now, prepare, &transfer) {
            Ok(()) => {
                self.save_transfer(transfer.clone());
                PrepareDecision::Reserved(transfer)
            }
            Err(error) => {
                transfer.status = TransferStatus::Invalid;
                transfer.completed_at = Some(now);
                transfer.ended_at = Some(now);
                transfer.abort_reason = Some(AbortReason::from(&error));
                self.save_transfer(transfer.clone());
                PrepareDecision::Refused(transfer, error)
            }
        }
    }

    /// Commits the transfer if the payee of record brings the right fulfilment before the expiration.
    pub fn fulfil(&mut self, now: Timestamp, fulfil: &Fulfil) -> FulfilDecision {
        let standing = self.standing(now, fulfil.transfer_id, &fulfil.source, fulfil.hash, Form::State);
        let mut transfer = unless_open!(standing, FulfilDecision);
        let fits = fulfil.fulfilment.is_some_and(|preimage| preimage.condition() == transfer.condition);
        if !fits && !planted::active(Bug::Condition) {
            let error = invalid_fulfilment();
            let reason = AbortReason::from(&error);
            let ended = self.undo(now, transfer, TransferStatus::AbortedError, reason, Some(fulfil.hash));
            return FulfilDecision::WrongFulfilment(ended, error);
        }
        transfer.status = TransferStatus::Committed;
        transfer.fulfilment = fulfil.fulfilment;
        transfer.completed_at = Some(fulfil.completed_at.unwrap_or(now));
        transfer.ended_at = Some(now);
        transfer.answer_hash = Some(fulfil.hash);
        let position = self.payee_position(&transfer);
        self.post(Ledger::entry(&transfer, EntryKind::Commit, AccountId::TRANSIT, position, now))
            .expect("the reservation left room for the opposite movement");
        self.save_transfer(transfer.clone());
        FulfilDecision::Committed(transfer)
    }

    /// Ends the transfer without payment because the payee of record says so.
    pub fn abort(&mut self, now: Timestamp, abort: &Abort) -> AbortDecision {
        let form = if abort.status == TransferStatus::AbortedError { Form::Error } else { Form::State };
        let standing = self.standing(now, abort.transfer_id, &abort.source, abort.hash, form);
        let transfer = unless_open!(standing, AbortDecision);
        AbortDecision::Aborted(self.undo(now, transfer, abort.status, abort.reason.clone(), Some(abort.hash)))
    }

    /// Ends the transfer if its time has passed and nobody has ended it. `None` if there is nothing to do.
    pub fn expire(&mut self, now: Timestamp, id: TransferId) -> Option<Transfer> {
        let transfer = self.transfers.get(&id)?;
        let open = transfer.status == TransferStatus::Reserved || planted::active(Bug::Ending);
        let due = transfer.expiration <= now || planted::active(Bug::NodeClock);
        if !open || !due {
            return None;
        }
        let transfer = transfer.clone();
        Some(self.undo(now, transfer, TransferStatus::ExpiredReserved, AbortReason::from(&expired()), None))
    }

    fn standing(
        &mut self,
        now: Timestamp,
        id: TransferId,
        source: &fspiop::FspId,
        hash: ContentHash,
        form: Form,
    ) -> Standing {
        let Some(transfer) = self.transfers.get(&id).cloned() else {
            return Standing::NotFound;
        };
        let payee = transfer.payee.and_then(|payee| self.registry.participant(payee));
        if payee.is_none_or(|payee| payee.name != *source) {
            return Standing::NotThePayee(transfer);
        }
        if transfer.status != TransferStatus::Reserved {
            return match transfer.answer_hash {
                Some(earlier) if earlier == hash => Standing::Duplicate(transfer),
                Some(_) if form == Form::of_answer(&transfer) => Standing::Modified(transfer),
                Some(_) | None => Standing::NotReserved(transfer),
            };
        }
        match self.expire(now, id) {
            Some(expired) => Standing::Expired(expired),
            None => Standing::Open(transfer),
        }
    }

    /// Everything that must hold before money is reserved, in upstream's order, and the reservation itself.
    fn reserve(&mut self, now: Timestamp, prepare: &Prepare, transfer: &Transfer) -> Result<(), FspiopError> {
        let currency = transfer.currency;
        let position = self.usable_position(&prepare.payer, currency)?.clone();
        let payee_position = self.usable_position(&prepare.payee, currency)?.id;
        if !transfer.amount.is_positive() {
            return Err(FspiopError::new(ErrorCode::ValidationError, "/requestBody/amount/amount must be above 0"));
        }
        if transfer.expiration <= now {
            let detail = format!("Expiration date {} is already in the past", transfer.expiration);
            return Err(FspiopError::new(ErrorCode::ValidationError, detail));
        }
        if payee_position == position.id && !prepare.may_be_on_us {
            let detail = "Payer FSP and Payee FSP should be different: the scheme allows no on-us transfers";
            return Err(FspiopError::new(ErrorCode::ValidationError, detail));
        }
        let insufficient = ErrorCode::PayerFspInsufficientLiquidity;
        let without_cap = Some(ErrorCode::PayerLimitError);
        let exceeded = self.headroom(&position).map_or(without_cap, |room| room.exceeded(transfer.amount));
        if let Some(code) = exceeded {
            return Err(FspiopError::plain(code));
        }
        self.post(Ledger::entry(transfer, EntryKind::Reserve, position.id, AccountId::TRANSIT, now))
            .ok_or_else(|| FspiopError::plain(insufficient))
    }

    /// The position account of a participant, if it can take part in a transfer.
    fn usable_position(&self, name: &fspiop::FspId, currency: Currency) -> Result<&Account, FspiopError> {
        let unknown = |what: &str| FspiopError::new(ErrorCode::IdNotFound, format!("Participant {name} {what}"));
        let unusable = |what: &str| FspiopError::new(ErrorCode::ValidationError, format!("Participant {name} {what}"));
        let owner =
            self.registry.participant_named(name.as_str()).filter(|owner| owner.id != crate::ParticipantId::HUB);
        let owner = owner.ok_or_else(|| unknown("not found"))?;
        if !owner.active {
            return Err(unusable("is inactive"));
        }
        let account = self.registry.account_of(owner.id, currency, AccountType::Position);
        let account = account.ok_or_else(|| unknown(&format!("{currency} account not found")))?;
        if !account.active {
            return Err(unusable(&format!("{currency} account is inactive")));
        }
        Ok(account)
    }

    fn undo(
        &mut self,
        now: Timestamp,
        mut transfer: Transfer,
        status: TransferStatus,
        reason: AbortReason,
        answer: Option<ContentHash>,
    ) -> Transfer {
        let position = self
            .registry
            .account_of(transfer.payer, transfer.currency, AccountType::Position)
            .expect("an account that a transfer was reserved on is never removed")
            .id;
        transfer.status = status;
        transfer.completed_at = Some(now);
        transfer.ended_at = Some(now);
        transfer.abort_reason = Some(reason);
        transfer.answer_hash = answer;
        self.post(Ledger::entry(&transfer, EntryKind::Abort, AccountId::TRANSIT, position, now))
            .expect("the reservation left room for the opposite movement");
        self.save_transfer(transfer.clone());
        transfer
    }

    fn payee_position(&self, transfer: &Transfer) -> AccountId {
        transfer
            .payee
            .and_then(|payee| self.registry.account_of(payee, transfer.currency, AccountType::Position))
            .expect("a transfer is reserved only towards an account that exists, and accounts are never removed")
            .id
    }
}

fn invalid_fulfilment() -> FspiopError {
    FspiopError::new(ErrorCode::ValidationError, "invalid fulfilment")
}

/// The error that both FSPs are told when time has run out.
pub fn expired() -> FspiopError {
    FspiopError::plain(ErrorCode::TransferExpired)
}

fn new_transfer(now: Timestamp, prepare: &Prepare, payer: &Participant) -> Transfer {
    Transfer {
        id: prepare.transfer_id,
        payer: payer.id,
        payee: None,
        amount: prepare.amount,
        currency: prepare.currency,
        condition: prepare.condition,
        expiration: prepare.expiration,
        prepare_hash: prepare.hash,
        status: TransferStatus::Reserved,
        prepared_at: now,
        completed_at: None,
        ended_at: None,
        fulfilment: None,
        answer_hash: None,
        abort_reason: None,
    }
}
