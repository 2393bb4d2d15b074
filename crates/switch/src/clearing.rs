//! Transfers: what the FSPs are told of the ledger's decisions.

use fspiop::{
    ErrorCode, FspId, FspiopError, Resource, Timestamp, TransferId, TransferState, headers,
    write::{self, ErrorBody, ExtensionListBody, TransferFulfilBody, TransferPatchBody},
};
use ledger::{
    AbortDecision, FulfilDecision, FundsMovement, FundsStatus, ParticipantId, Prepare, PrepareDecision, Transfer,
    TransferStatus,
    planted::{self, Bug},
};

use crate::{
    Configuration, EndpointType, Headers, Inbound, Message, Method, State, Subject,
    command::lifetime,
    originate::{Originated, originate, transfer_error},
    relay,
};

pub(crate) fn prepare(state: &mut State, inbound: &Inbound, prepare: &Prepare, ilp_packet: &str) {
    let id = prepare.transfer_id;
    if prepare.payer != inbound.source {
        let error = FspiopError::new(ErrorCode::ValidationError, "FSPIOP-Source header should match Payer");
        return tell_error(state, &inbound.source, id, &error, Some(&inbound.headers));
    }
    match state.ledger.prepare(state.now, prepare) {
        PrepareDecision::Reserved(transfer) => {
            state.changes.ilp_packets.insert(id, ilp_packet.into());
            let mut message = pass_on(state.now, inbound, &prepare.payee, EndpointType::TransferPost, id);
            message.give_up_at = transfer.expiration;
            state.send(message);
        }
        PrepareDecision::Refused(_, error) => tell_error(state, &inbound.source, id, &error, Some(&inbound.headers)),
        PrepareDecision::Duplicate(transfer) if transfer.status.is_final() => {
            tell_final_state(state, inbound, &transfer);
        }
        // Its callback is still to come.
        PrepareDecision::Duplicate(_) => {}
        PrepareDecision::Modified => tell_modified(state, inbound, id),
        // The edge lets only participants in, and participants are never removed.
        PrepareDecision::UnknownPayer => {}
    }
}

pub(crate) fn fulfil(state: &mut State, inbound: &Inbound, fulfil: &ledger::Fulfil, notify: bool) {
    let id = fulfil.transfer_id;
    if is_misaddressed(state, inbound, id) {
        return tell_error(state, &inbound.source, id, &not_the_payer(), Some(&inbound.headers));
    }
    match state.ledger.fulfil(state.now, fulfil) {
        FulfilDecision::Committed(transfer) => tell_committed(state, inbound, &transfer, notify),
        FulfilDecision::WrongFulfilment(transfer, error) => {
            let payer = name_of(state, transfer.payer);
            tell_error(state, &payer, id, &error, Some(&inbound.headers));
            if notify {
                tell_payee(state, inbound, &transfer);
            }
        }
        FulfilDecision::Duplicate(transfer) if notify => tell_payee(state, inbound, &transfer),
        FulfilDecision::Duplicate(transfer) => tell_final_state(state, inbound, &transfer),
        FulfilDecision::Expired(transfer) => {
            tell_expired(state, &transfer);
            if notify {
                tell_payee(state, inbound, &transfer);
            }
        }
        FulfilDecision::Modified(_) => tell_modified(state, inbound, id),
        FulfilDecision::NotReserved(transfer) => {
            tell_not_reserved(state, inbound, id);
            if notify {
                tell_payee(state, inbound, &transfer);
            }
        }
        FulfilDecision::NotThePayee(_) => tell_not_the_payee(state, inbound, id),
        FulfilDecision::NotFound => tell_not_found(state, inbound, id),
    }
}

pub(crate) fn abort(state: &mut State, inbound: &Inbound, abort: &ledger::Abort) {
    let id = abort.transfer_id;
    if is_misaddressed(state, inbound, id) {
        return tell_error(state, &inbound.source, id, &not_the_payer(), Some(&inbound.headers));
    }
    match state.ledger.abort(state.now, abort) {
        AbortDecision::Aborted(transfer) => {
            let payer = name_of(state, transfer.payer);
            let endpoint = match transfer.status {
                TransferStatus::AbortedRejected => EndpointType::TransferPut,
                _ => EndpointType::TransferError,
            };
            let message = pass_on(state.now, inbound, &payer, endpoint, id);
            state.send(message);
        }
        AbortDecision::Expired(transfer) => tell_expired(state, &transfer),
        AbortDecision::Duplicate(transfer) => tell_final_state(state, inbound, &transfer),
        AbortDecision::Modified(_) => tell_modified(state, inbound, id),
        AbortDecision::NotReserved(_) => tell_not_reserved(state, inbound, id),
        AbortDecision::NotThePayee(_) => tell_not_the_payee(state, inbound, id),
        AbortDecision::NotFound => tell_not_found(state, inbound, id),
    }
}

pub(crate) fn expire(state: &mut State, id: TransferId) {
    if let Some(transfer) = state.ledger.expire(state.now, id) {
        tell_expired(state, &transfer);
    }
}

/// The callback that answers GET /transfers/{ID}: the state, for the payer or the payee; error 3000 for anybody else, 3208 for
/// an id that is not known.
pub fn answer_get(
    configuration: &Configuration,
    now: Timestamp,
    inbound: &Inbound,
    id: TransferId,
    known: Option<&Transfer>,
) -> Message {
    let asker = configuration.registry.participant_named(inbound.source.as_str()).map(|asker| asker.id);
    let cause = Some(&inbound.headers);
    let refuse = |error: FspiopError| transfer_error(configuration, now, &inbound.source, id, error.to_body(), cause);
    let mut message = match known {
        Some(transfer) if asker.is_some() && (Some(transfer.payer) == asker || transfer.payee == asker) => {
            state_callback(configuration, now, transfer, &inbound.source, cause)
        }
        Some(_) => refuse(FspiopError::plain(ErrorCode::ClientError)),
        None => {
            let detail = "Provided Transfer ID was not found on the server.";
            refuse(FspiopError::new(ErrorCode::TransferIdNotFound, detail))
        }
    };
    message.give_up_at = lifetime::lookup(now);
    message
}

/// The callback that answers GET /transfers/{ID} where the id names a movement of funds, for the participant whose funds they are.
pub fn answer_funds_get(
    configuration: &Configuration,
    now: Timestamp,
    inbound: &Inbound,
    funds: &FundsMovement,
) -> Message {
    let owner = configuration.registry.participant(funds.participant);
    if owner.is_none_or(|owner| owner.name != inbound.source) {
        let error = FspiopError::plain(ErrorCode::ClientError);
        let cause = Some(&inbound.headers);
        return transfer_error(configuration, now, &inbound.source, funds.id, error.to_body(), cause);
    }
    let transfer_state = match funds.status {
        FundsStatus::Reserved => TransferState::Reserved,
        FundsStatus::Committed => TransferState::Committed,
        FundsStatus::Aborted => TransferState::Aborted,
    };
    let body = TransferFulfilBody {
        fulfilment: None,
        completed_timestamp: funds.ended_at,
        transfer_state,
        extension_list: None,
    };
    let mut message = put(configuration, now, funds.id, &body, &inbound.source, Some(&inbound.headers));
    message.give_up_at = lifetime::lookup(now);
    message
}

/// What a payee is told that says RESERVED in version 1.0, where that only means that the transfer is under way at its side:
/// nothing if that can be, else what is wrong with it.
pub fn answer_interim(
    configuration: &Configuration,
    now: Timestamp,
    inbound: &Inbound,
    id: TransferId,
    known: Option<&Transfer>,
) -> Option<Message> {
    let source = configuration.registry.participant_named(inbound.source.as_str()).map(|source| source.id);
    let error = match known {
        None => not_found(),
        Some(transfer) if transfer.payee.is_none() || transfer.payee != source => not_the_payee(),
        Some(transfer) if transfer.status != TransferStatus::Reserved => not_reserved(),
        Some(_) => return None,
    };
    Some(transfer_error(configuration, now, &inbound.source, id, error.to_body(), Some(&inbound.headers)))
}

fn tell_committed(state: &mut State, inbound: &Inbound, transfer: &Transfer, notify: bool) {
    let payer = name_of(state, transfer.payer);
    let message = if notify {
        state_callback(&state.configuration(), state.now, transfer, &payer, Some(&inbound.headers))
    } else {
        pass_on(state.now, inbound, &payer, EndpointType::TransferPut, transfer.id)
    };
    state.send(message);
    if notify {
        tell_payee(state, inbound, transfer);
    }
}

/// Whether the payee's answer to an open transfer names somebody else than its payer; upstream's hub takes its own name, too.
fn is_misaddressed(state: &State, inbound: &Inbound, id: TransferId) -> bool {
    let (Some(named), Some(transfer)) = (&inbound.destination, state.ledger.transfer(id)) else { return false };
    let registry = state.registry();
    let is = |participant: ParticipantId, name: &FspId| {
        registry.participant(participant).is_some_and(|known| known.name.as_str().eq_ignore_ascii_case(name.as_str()))
    };
    let is_answer =
        transfer.status == TransferStatus::Reserved && transfer.payee.is_some_and(|payee| is(payee, &inbound.source));
    is_answer && !is(transfer.payer, named) && !is(ParticipantId::HUB, named)
}

/// The notification of the final state that a payee asks for when it answers RESERVED (FSPIOP 6.7.2.6).
fn tell_payee(state: &mut State, inbound: &Inbound, transfer: &Transfer) {
    let configuration = state.configuration();
    let completed_at = transfer.completed_at.unwrap_or(state.now);
    let what = Originated {
        recipient: &inbound.source,
        endpoint: EndpointType::TransferPut,
        method: Method::Patch,
        resource: Resource::Transfers,
        path: format!("/transfers/{}", transfer.id),
        body: write::to_body(&TransferPatchBody {
            completed_timestamp: completed_at,
            transfer_state: transfer.status.wire(),
            extension_list: cause_of_abort(transfer),
        }),
        subject: Subject::Transfer(transfer.id),
        cause: Some(&inbound.headers),
        give_up_at: lifetime::final_state(state.now),
    };
    let message = originate(&configuration, state.now, what);
    state.send(message);
}

fn tell_expired(state: &mut State, transfer: &Transfer) {
    let error = ledger::expired();
    if !planted::active(Bug::Totality) {
        let payer = name_of(state, transfer.payer);
        tell_error(state, &payer, transfer.id, &error, None);
    }
    if let Some(payee) = transfer.payee {
        let payee = name_of(state, payee);
        tell_error(state, &payee, transfer.id, &error, None);
    }
}

fn tell_modified(state: &mut State, inbound: &Inbound, id: TransferId) {
    let error = FspiopError::plain(ErrorCode::ModifiedRequest);
    tell_error(state, &inbound.source, id, &error, Some(&inbound.headers));
}

fn tell_not_reserved(state: &mut State, inbound: &Inbound, id: TransferId) {
    tell_error(state, &inbound.source, id, &not_reserved(), Some(&inbound.headers));
}

fn tell_not_the_payee(state: &mut State, inbound: &Inbound, id: TransferId) {
    tell_error(state, &inbound.source, id, &not_the_payee(), Some(&inbound.headers));
}

fn tell_not_found(state: &mut State, inbound: &Inbound, id: TransferId) {
    tell_error(state, &inbound.source, id, &not_found(), Some(&inbound.headers));
}

fn not_reserved() -> FspiopError {
    FspiopError::new(ErrorCode::ValidationError, "non-RESERVED transfer state")
}

fn not_the_payer() -> FspiopError {
    FspiopError::new(ErrorCode::ValidationError, "FSPIOP-Destination header should match Payer")
}

fn not_the_payee() -> FspiopError {
    FspiopError::new(ErrorCode::ValidationError, "FSPIOP-Source header should match Payee")
}

fn not_found() -> FspiopError {
    FspiopError::new(ErrorCode::InternalServerError, "transfer not found")
}

/// Who repeats a message about a transfer that has ended hears how it ended.
fn tell_final_state(state: &mut State, inbound: &Inbound, transfer: &Transfer) {
    let message = final_state(&state.configuration(), state.now, transfer, &inbound.source, Some(&inbound.headers));
    state.send(message);
}

fn tell_error(state: &mut State, recipient: &FspId, id: TransferId, error: &FspiopError, cause: Option<&Headers>) {
    let message = transfer_error(&state.configuration(), state.now, recipient, id, error.to_body(), cause);
    state.send(message);
}

/// What a resent message is answered once the transfer has ended: its state, as if it were asked for. A transfer that never
/// began has none; its payer is refused in the same words again.
fn final_state(
    configuration: &Configuration,
    now: Timestamp,
    transfer: &Transfer,
    to: &FspId,
    cause: Option<&Headers>,
) -> Message {
    match &transfer.abort_reason {
        Some(reason) if transfer.status == TransferStatus::Invalid => {
            let body = write::to_body(&ErrorBody::new(&reason.code, &reason.description, []));
            transfer_error(configuration, now, to, transfer.id, body, cause)
        }
        _ => state_callback(configuration, now, transfer, to, cause),
    }
}

fn state_callback(
    configuration: &Configuration,
    now: Timestamp,
    transfer: &Transfer,
    to: &FspId,
    cause: Option<&Headers>,
) -> Message {
    let state = transfer.status.wire();
    let body = TransferFulfilBody {
        fulfilment: transfer.fulfilment,
        completed_timestamp: transfer.completed_at.filter(|_| state != TransferState::Reserved),
        transfer_state: state,
        extension_list: cause_of_abort(transfer),
    };
    put(configuration, now, transfer.id, &body, to, cause)
}

fn cause_of_abort(transfer: &Transfer) -> Option<ExtensionListBody> {
    let reason = transfer.abort_reason.as_ref().filter(|_| transfer.status.wire() == TransferState::Aborted)?;
    Some(ExtensionListBody::cause(&reason.code, &reason.description))
}

fn put(
    configuration: &Configuration,
    now: Timestamp,
    id: TransferId,
    body: &TransferFulfilBody,
    to: &FspId,
    cause: Option<&Headers>,
) -> Message {
    let what = Originated {
        recipient: to,
        endpoint: EndpointType::TransferPut,
        method: Method::Put,
        resource: Resource::Transfers,
        path: format!("/transfers/{id}"),
        body: write::to_body(body),
        subject: Subject::Transfer(id),
        cause,
        give_up_at: lifetime::final_state(now),
    };
    originate(configuration, now, what)
}

/// An FSP's own message on its way to the other FSP; transfers name their method and path, as upstream's do.
fn pass_on(now: Timestamp, inbound: &Inbound, recipient: &FspId, endpoint: EndpointType, id: TransferId) -> Message {
    let mut message = relay(inbound, recipient, endpoint, Subject::Transfer(id), now, lifetime::final_state(now));
    message.headers.set_if_absent(headers::FSPIOP_HTTP_METHOD, || inbound.method.as_str().into());
    message.headers.set_if_absent(headers::FSPIOP_URI, || inbound.path.clone());
    message
}

fn name_of(state: &State, participant: ParticipantId) -> FspId {
    state.registry().participant(participant).expect("participants are never removed").name.clone()
}
