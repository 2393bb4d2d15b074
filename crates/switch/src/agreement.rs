//! Quotes: terms pass between two participants; the hub remembers who asked whom.

use fspiop::{Currency, ErrorCode, FspId, FspiopError, QuoteId, Timestamp};
use ledger::{AccountType, ContentHash, Participant, ParticipantId};

use crate::{
    Configuration, EndpointType, Inbound, Message, Method, NeededAccounts, Quote, QuoteStatus, State, Subject,
    command::lifetime, originate::quote_error, relay,
};

pub(crate) fn request(
    state: &mut State,
    inbound: &Inbound,
    id: QuoteId,
    payee: &FspId,
    needs: &NeededAccounts,
    hash: ContentHash,
) {
    let Some(payer) = participant(state, &inbound.source) else { return };
    let earlier = state.quote(id).cloned();
    let modified = FspiopError::plain(ErrorCode::ModifiedRequest);
    let differs = earlier.as_ref().is_some_and(|earlier| earlier.request_hash != hash || earlier.payer != payer.id);
    // Of an archived quote nobody knows any more whether this is the same request.
    if differs || state.is_archived(id) {
        return refuse(state, inbound, id, &modified);
    }
    if !needs.payer.iter().all(|currency| can_transfer(state, &payer, *currency)) {
        return refuse(state, inbound, id, &unsupported(ErrorCode::PayerFspIdNotFound, &payer.name));
    }
    let asked = participant(state, payee).filter(|payee| payee.active && payee.id != ParticipantId::HUB);
    let able = |payee: &Participant| needs.payee.is_none_or(|currency| can_transfer(state, payee, currency));
    let Some(payee) = asked.filter(able) else {
        return refuse(state, inbound, id, &unsupported(ErrorCode::DestinationFspError, payee));
    };
    // Whom the request is for may stand in a header, which the content does not cover.
    if earlier.as_ref().is_some_and(|earlier| earlier.payee != payee.id) {
        return refuse(state, inbound, id, &modified);
    }
    if earlier.is_none() {
        state.save_quote(Quote {
            id,
            payer: payer.id,
            payee: payee.id,
            request_hash: hash,
            status: QuoteStatus::Pending,
            answer_hash: None,
            requested_at: state.now,
            answered_at: None,
        });
    }
    forward(state, inbound, id, &payee.name);
}

pub(crate) fn answer(
    state: &mut State,
    inbound: &Inbound,
    id: QuoteId,
    needs: &NeededAccounts,
    hash: ContentHash,
    failed: bool,
) {
    let Some(quote) = state.quote(id).cloned() else {
        let message = quote_not_found(&state.configuration(), state.now, inbound, id);
        return state.send(message);
    };
    let Some(payee) = participant(state, &inbound.source).filter(|source| source.id == quote.payee) else {
        let error = FspiopError::new(ErrorCode::ValidationError, "FSPIOP-Source header should match the quote's payee");
        return refuse(state, inbound, id, &error);
    };
    if quote.answer_hash.is_some_and(|earlier| earlier != hash) {
        return refuse(state, inbound, id, &FspiopError::plain(ErrorCode::ModifiedRequest));
    }
    if needs.payee.is_some_and(|currency| !can_transfer(state, &payee, currency)) {
        return refuse(state, inbound, id, &unsupported(ErrorCode::DestinationFspError, &payee.name));
    }
    let payer = state.registry().participant(quote.payer).expect("participants are never removed").name.clone();
    if quote.answer_hash.is_none() {
        state.save_quote(Quote {
            status: if failed { QuoteStatus::Failed } else { QuoteStatus::Answered },
            answer_hash: Some(hash),
            answered_at: Some(state.now),
            ..quote
        });
    }
    forward(state, inbound, id, &payer);
}

/// A quote whose payee could not be reached has failed; its requester is told by the message that calls this.
pub(crate) fn forget_undeliverable(state: &mut State, message: &Message) {
    if let (Subject::Quote(id), Method::Post) = (&message.subject, message.method)
        && let Some(quote) = state.quote(*id).filter(|quote| quote.status == QuoteStatus::Pending).cloned()
    {
        state.save_quote(Quote { status: QuoteStatus::Failed, answered_at: Some(state.now), ..quote });
    }
}

/// The error callback to whoever names a quote that the hub does not know.
pub fn quote_not_found(configuration: &Configuration, now: Timestamp, inbound: &Inbound, id: QuoteId) -> Message {
    let error = FspiopError::new(ErrorCode::QuoteIdNotFound, "Provided Quote ID was not found on the server.");
    quote_error(configuration, now, &inbound.source, id, &error, Some(&inbound.headers))
}

/// Whether a participant can pay or be paid in a currency.
fn can_transfer(state: &State, participant: &Participant, currency: Currency) -> bool {
    let account = state.registry().account_of(participant.id, currency, AccountType::Position);
    participant.active && account.is_some_and(|account| account.active)
}

fn unsupported(code: ErrorCode, participant: &FspId) -> FspiopError {
    FspiopError::new(code, format!("Unsupported participant '{participant}'"))
}

fn forward(state: &mut State, inbound: &Inbound, id: QuoteId, recipient: &FspId) {
    let give_up_at = lifetime::quote(state.now);
    state.send(relay(inbound, recipient, EndpointType::Quotes, Subject::Quote(id), state.now, give_up_at));
}

fn refuse(state: &mut State, inbound: &Inbound, id: QuoteId, error: &FspiopError) {
    let message = quote_error(&state.configuration(), state.now, &inbound.source, id, error, Some(&inbound.headers));
    state.send(message);
}

fn participant(state: &State, name: &FspId) -> Option<Participant> {
    state.registry().participant_named(name.as_str()).cloned()
}
