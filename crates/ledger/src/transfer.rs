//! A transfer as the ledger remembers it.

use fspiop::{Amount, Condition, Currency, Fulfilment, Timestamp, TransferId, TransferState};

use crate::ParticipantId;

/// SHA-256 of a message's content, insignificant white space left out; two messages with the same id are the same message
/// when their hashes are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContentHash(pub [u8; 32]);

/// Where a transfer stands; the names are those that the admin API shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransferStatus {
    /// The payer's position holds the amount until the payee answers or the transfer expires.
    Reserved,
    /// Ended: the payee has the money.
    Committed,
    /// Ended: the payee declined with transferState ABORTED.
    AbortedRejected,
    /// Ended: the payee answered with an error, or with a fulfilment that does not fit.
    AbortedError,
    /// Ended: nobody answered in time.
    ExpiredReserved,
    /// Ended before it began: the ledger refused to reserve.
    Invalid,
}

impl TransferStatus {
    /// All of them.
    pub const ALL: [TransferStatus; 6] = [
        TransferStatus::Reserved,
        TransferStatus::Committed,
        TransferStatus::AbortedRejected,
        TransferStatus::AbortedError,
        TransferStatus::ExpiredReserved,
        TransferStatus::Invalid,
    ];

    /// The name under which it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            TransferStatus::Reserved => "RESERVED",
            TransferStatus::Committed => "COMMITTED",
            TransferStatus::AbortedRejected => "ABORTED_REJECTED",
            TransferStatus::AbortedError => "ABORTED_ERROR",
            TransferStatus::ExpiredReserved => "EXPIRED_RESERVED",
            TransferStatus::Invalid => "INVALID",
        }
    }

    /// The status of this name, if there is one.
    pub fn parse(name: &str) -> Option<TransferStatus> {
        TransferStatus::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// The state as FSPIOP names it.
    pub const fn wire(self) -> TransferState {
        match self {
            TransferStatus::Reserved => TransferState::Reserved,
            TransferStatus::Committed => TransferState::Committed,
            TransferStatus::AbortedRejected
            | TransferStatus::AbortedError
            | TransferStatus::ExpiredReserved
            | TransferStatus::Invalid => TransferState::Aborted,
        }
    }

    /// Whether nothing can change it any more.
    pub const fn is_final(self) -> bool {
        !matches!(self, TransferStatus::Reserved)
    }
}

/// Why a transfer was aborted: the error that its FSPs were told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbortReason {
    /// FSPIOP error code, four digits.
    pub code: Box<str>,
    /// The description that went with it.
    pub description: Box<str>,
}

impl From<&fspiop::FspiopError> for AbortReason {
    fn from(error: &fspiop::FspiopError) -> AbortReason {
        AbortReason { code: error.code.text().into(), description: error.wire_description().into() }
    }
}

/// A transfer between two participants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Its id, chosen by the payer FSP; used once, ever.
    pub id: TransferId,
    /// Who pays.
    pub payer: ParticipantId,
    /// Who is paid. Absent when the ledger refused the transfer because it does not know the payee.
    pub payee: Option<ParticipantId>,
    /// How much, always positive.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
    /// Hash lock: COMMITTED implies sha256(fulfilment) = condition.
    pub condition: Condition,
    /// From this moment on, on the ledger's clock, it can no longer be committed.
    pub expiration: Timestamp,
    /// Content of the request, to tell a resend from a misuse of the id.
    pub prepare_hash: ContentHash,
    /// Where it stands.
    pub status: TransferStatus,
    /// When it was prepared.
    pub prepared_at: Timestamp,
    /// When it ended, as its FSPs are told: the payee's own time, if it said one.
    pub completed_at: Option<Timestamp>,
    /// When it ended, on the ledger's clock.
    pub ended_at: Option<Timestamp>,
    /// The preimage that released it; present exactly when it is committed.
    pub fulfilment: Option<Fulfilment>,
    /// Content of the answer that ended it, to tell a resend from a contradiction.
    pub answer_hash: Option<ContentHash>,
    /// Why it was aborted; present exactly when it ended otherwise than committed.
    pub abort_reason: Option<AbortReason>,
}
