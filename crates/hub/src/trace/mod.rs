//! The story of a payment, out of what the store remembers: decisions, messages, times, attempts, and where it stands.
//!
//! [`of`] reads a store; [`Tale`] is pure and makes the events out of stories. The agreement is found through the
//! transfer's ILP packet, which names its quote. Lookups are questions and leave nothing in the store. Of persons nothing
//! is told: ids, names of FSPs, amounts and codes.

mod event;
mod standing;
mod tale;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use fspiop::{Amount, Currency, IlpPacket, QuoteId, Timestamp, TransferId};
use ledger::{Registry, Transfer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Store, StoreError, Story};

use crate::{delivery::SchedulerSettings, openapi::words};

pub use event::{Event, Phase, What};
pub use standing::human;
pub use tale::Tale;

/// What a trace is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A transfer, with the agreement before it.
    Transfer,
    /// A quote.
    Quote,
    /// A movement of funds.
    Funds,
}

/// The story of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trace {
    /// What the id belongs to.
    pub about: Kind,
    /// The transfer, or the movement of funds; absent for a quote.
    #[schemars(with = "Option<words::TransferIdentifier>")]
    pub transfer_id: Option<TransferId>,
    /// The quote, if one is known.
    #[schemars(with = "Option<words::TransferIdentifier>")]
    pub quote_id: Option<QuoteId>,
    /// The transaction, as the ILP packet names it.
    pub transaction_id: Option<String>,
    /// Where it stands, in FSPIOP's words: RESERVED, COMMITTED, ABORTED; of a quote PENDING, ANSWERED or FAILED; UNKNOWN if
    /// only messages are left of it.
    pub state: String,
    /// Where it stands, in the ledger's words.
    pub status: String,
    /// Who pays.
    pub payer: Option<String>,
    /// Who is paid.
    pub payee: Option<String>,
    /// How much.
    #[schemars(with = "Option<String>")]
    pub amount: Option<Amount>,
    /// In which currency.
    #[schemars(with = "Option<words::CurrencyCode>")]
    pub currency: Option<Currency>,
    /// When a transfer can no longer be committed.
    #[schemars(with = "Option<words::Moment>")]
    pub expiration: Option<Timestamp>,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// Where it stands and why, in a sentence.
    pub standing: String,
    /// What happens next, in a sentence.
    pub next: String,
    /// The moment that this was true, on the clock of who told it.
    #[schemars(with = "words::Moment")]
    pub at: Timestamp,
}

/// What the transaction in an ILP packet says that is no personal datum.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Agreed {
    transaction_id: Option<String>,
    quote_id: Option<String>,
}

/// Tells the story of an id: a transfer's, a quote's or that of a movement of funds. `None` if nobody knows it. `pauses` are
/// those of the deliveries, to say when the next attempt is due.
///
/// # Errors
/// Those of reading the store.
pub async fn of(
    store: &dyn Store,
    id: TransferId,
    now: Timestamp,
    pauses: SchedulerSettings,
) -> Result<Option<Trace>, StoreError> {
    let story = store.story(id).await?;
    let agreed = match &story.transfer {
        Some(_) => store.ilp_packet(id).await?.and_then(|packet| read_packet(&packet)).unwrap_or_default(),
        None => Agreed::default(),
    };
    let agreement = match (&story.transfer, agreed.quote_id.as_deref().and_then(|id| id.parse().ok())) {
        (Some(transfer), Some(quote_id)) => agreement(store, transfer, quote_id).await?,
        _ => None,
    };
    let names: Arc<Registry> = store.configuration().await?.registry.clone();
    let tale = Tale { id, story: &story, agreement: agreement.as_ref(), names: &names, now, pauses };
    // What stands there came from an FSP: only what is an identifier is passed on.
    let transaction_id = agreed.transaction_id.filter(|text| text.parse::<TransferId>().is_ok());
    Ok(tale.tell().map(|trace| Trace { transaction_id, ..trace }))
}

/// The story of the quote that a transfer names, if it is one between the same two: anybody can write any id into a packet.
async fn agreement(store: &dyn Store, transfer: &Transfer, id: QuoteId) -> Result<Option<Story>, StoreError> {
    if id.0 == transfer.id.0 {
        return Ok(None);
    }
    let story = store.story(TransferId(id.0)).await?;
    let fits =
        story.quote.as_ref().is_some_and(|quote| quote.payer == transfer.payer && Some(quote.payee) == transfer.payee);
    // A transfer of the same id is another payment's.
    let others = Some(Story { transfer: None, funds: None, ..story });
    Ok(others.filter(|_| fits))
}

fn read_packet(packet: &str) -> Option<Agreed> {
    let transaction = IlpPacket::parse(packet).ok()?.transaction()?;
    serde_json::from_slice(&transaction).ok()
}
