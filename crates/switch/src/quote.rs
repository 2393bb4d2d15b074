//! A quote as the hub remembers it.

use fspiop::{Currency, QuoteId, Timestamp};
use ledger::{ContentHash, ParticipantId};

/// Where a quote stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QuoteStatus {
    /// The payee has been asked.
    Pending,
    /// The payee has answered with terms.
    Answered,
    /// The payee has answered with an error, or could not be asked.
    Failed,
}

impl QuoteStatus {
    /// The name under which it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            QuoteStatus::Pending => "PENDING",
            QuoteStatus::Answered => "ANSWERED",
            QuoteStatus::Failed => "FAILED",
        }
    }

    /// The status of this name, if there is one.
    pub fn parse(name: &str) -> Option<QuoteStatus> {
        [QuoteStatus::Pending, QuoteStatus::Answered, QuoteStatus::Failed]
            .into_iter()
            .find(|status| status.as_str() == name)
    }
}

/// The active position accounts without which a request for a quote is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NeededAccounts {
    /// The payer's, in these currencies.
    pub payer: Vec<Currency>,
    /// The payee's, in this one.
    pub payee: Option<Currency>,
}

/// A request for terms between two participants. The terms themselves pass through; the hub keeps who asked whom, and
/// enough to tell a resend from a contradiction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Its id, chosen by the payer FSP.
    pub id: QuoteId,
    /// Who asked.
    pub payer: ParticipantId,
    /// Who was asked.
    pub payee: ParticipantId,
    /// Content of the request.
    pub request_hash: ContentHash,
    /// Where it stands.
    pub status: QuoteStatus,
    /// Content of the answer.
    pub answer_hash: Option<ContentHash>,
    /// When it was asked.
    pub requested_at: Timestamp,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
}
