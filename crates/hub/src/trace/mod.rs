//! The story of a payment, out of what the store remembers: decisions, messages, times, attempts, and where it stands.
//!
//! [`of`] reads a store; [`Tale`] is pure and makes the events out of stories. The agreement is found through the
//! transfer's ILP packet, which names its quote; and the other way round, a quote's transfer among those that the same two
//! made soon after it. So any id of a payment leads to the same story; of the transaction's, if it is the transfer's, too,
//! as in Mojaloop's own connectors. Lookups are questions and leave nothing in the store. Of persons nothing
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
use store::{Between, Store, StoreError, Story};
use switch::{Quote, QuoteStatus};

use crate::{delivery::SchedulerSettings, openapi::words};

pub use event::{Event, Phase, What};
pub use standing::human;
pub use tale::Tale;

/// How long after the terms a quote's transfer is looked for: a person has decided by then, and PostgreSQL reads through
/// the transfers of an hour, at 1000 a second, within a second or two.
const DECISION_MS: i64 = 3_600_000;
/// How many transfers between the two are looked at: some 5 MB of packets, and 30 ms to read them.
const MAX_CANDIDATES: usize = 5_000;

/// What a trace is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A transfer, with the agreement before it.
    Transfer,
    /// A quote on which no transfer was made.
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
    /// only messages are left of it, ARCHIVED if its day was archived.
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
pub(crate) struct Agreed {
    pub(crate) transaction_id: Option<String>,
    pub(crate) quote_id: Option<String>,
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
    let (mut id, mut story) = (id, store.story(id).await?);
    if let (None, Some(quote)) = (&story.transfer, &story.quote)
        && let Some(transfer) = transfer_after(store, quote).await?
    {
        (id, story) = (transfer, store.story(transfer).await?);
    }
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

/// The last transfer that was made on a quote.
async fn transfer_after(store: &dyn Store, quote: &Quote) -> Result<Option<TransferId>, StoreError> {
    let Some(since) = quote.answered_at.filter(|_| quote.status == QuoteStatus::Answered) else { return Ok(None) };
    let between = Between { payer: quote.payer, payee: quote.payee, since, until: since.plus_millis(DECISION_MS) };
    let packets = store.ilp_packets(between, MAX_CANDIDATES).await?;
    let names_it = |packet: &str| {
        let named = read_packet(packet).and_then(|agreed| agreed.quote_id?.parse::<QuoteId>().ok());
        named == Some(quote.id)
    };
    Ok(packets.iter().rfind(|(_, packet)| names_it(packet)).map(|(id, _)| *id))
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

/// What an ILP packet says of its payment, if it says something that can be read.
pub(crate) fn read_packet(packet: &str) -> Option<Agreed> {
    let transaction = IlpPacket::parse(packet).ok()?.transaction()?;
    serde_json::from_slice(&transaction).ok()
}
