//! Who is told what while a transfer is under way, header by header.

use fspiop::{ErrorCode, Timestamp, headers};
use ledger::TransferStatus;
use switch::{Administration, Command, Method, Subject};

use crate::world::{
    HUB, OTHER, PAYEE, PAYER, START, START_DATE, TRANSFER, VALIDITY_MS, World, amount, by_the_hub, check, committed,
    consent_of, error_body, failed, fsp, fulfilment, inbound, message_of, passed_on, prepare, prepare_with, rejected,
    reserved, transfer_id, transfer_path, usd,
};

/// What is added to a transfer that passes through.
fn named(method: &str, path: &str) -> String {
    format!("fspiop-http-method: {method}\nfspiop-uri: {path}\n")
}

/// A world in which the payment is reserved.
fn with_reservation() -> World {
    let world = World::new();
    assert_eq!(world.take(prepare()).len(), 1);
    world
}

#[test]
fn a_prepare_goes_to_the_payee_as_it_came() {
    let world = World::new();
    let command = prepare();
    let messages = world.take(command.clone());
    check(&messages, &[passed_on(PAYEE, "TRANSFER_POST", &message_of(&command), &named("POST", "/transfers"))]);
    assert_eq!(messages[0].subject, Subject::Transfer(transfer_id()));
    assert_eq!(messages[0].created_at, START);
    assert_eq!(messages[0].give_up_at, START.plus_millis(VALIDITY_MS), "nobody waits for it after its expiration");
    assert_eq!((world.status(), world.position(PAYER)), (Some(TransferStatus::Reserved), "10".to_owned()));
}

#[test]
fn a_missing_destination_is_filled_in_and_headers_that_are_there_are_kept() {
    let world = World::new();
    let command =
        prepare_with("{}", |inbound, _| *inbound = self::inbound(PAYER, None, Method::Post, "/transfers", "{}"));
    // The payer has signed that there is none.
    let named_only = named("POST", "/transfers");
    check(&world.take(command.clone()), &[passed_on(PAYEE, "TRANSFER_POST", &message_of(&command), &named_only)]);

    let world = World::new();
    let command = prepare_with("{}", |inbound, _| {
        *inbound = self::inbound(PAYER, None, Method::Post, "/transfers", "{}");
        let signed = std::mem::take(&mut inbound.headers);
        let unsigned = signed.iter().filter(|(name, _)| **name != headers::FSPIOP_SIGNATURE);
        unsigned.for_each(|(name, value)| inbound.headers.set(name.clone(), value));
    });
    let filled_in = format!("fspiop-destination: payeefsp\n{}", named("POST", "/transfers"));
    check(&world.take(command.clone()), &[passed_on(PAYEE, "TRANSFER_POST", &message_of(&command), &filled_in)]);

    let world = World::new();
    let command = prepare_with("{}", |inbound, _| {
        inbound.headers.set(headers::FSPIOP_HTTP_METHOD, "POST");
        inbound.headers.set(headers::FSPIOP_URI, "/their/own/transfers");
    });
    check(&world.take(command.clone()), &[passed_on(PAYEE, "TRANSFER_POST", &message_of(&command), "")]);
}

/// A prepare that is refused: the sender is told this error, nobody else anything.
#[track_caller]
fn check_refused(
    change: impl FnOnce(&mut switch::Inbound, &mut ledger::Prepare),
    to: &str,
    code: &str,
    description: &str,
) {
    let world = World::new();
    let messages = world.take(prepare_with("{}", change));
    let path = transfer_path("/error");
    let body = error_body(code, description);
    check(&messages, &[by_the_hub(to, "TRANSFER_ERROR", "PUT", &path, START_DATE, &body)]);
    assert_eq!(messages[0].give_up_at, START.plus_millis(24 * 60 * 60 * 1000));
    assert_eq!(world.position(PAYER), "0");
}

#[test]
fn a_refused_prepare_is_told_to_its_sender() {
    check_refused(|_, prepare| prepare.amount = amount("100.0001"), PAYER, "4200", "Payer limit error");
    check_refused(
        |_, prepare| prepare.expiration = START,
        PAYER,
        "3100",
        "Generic validation error - Expiration date 2026-11-22T14:00:00.000Z is already in the past",
    );
    check_refused(
        |_, prepare| prepare.payee = fsp("nobody"),
        PAYER,
        "3200",
        "Generic ID not found - Participant nobody not found",
    );
    check_refused(
        |_, prepare| prepare.currency = crate::world::currency("KES"),
        PAYER,
        "3200",
        "Generic ID not found - Participant payerfsp KES account not found",
    );
    check_refused(
        |inbound, _| *inbound = self::inbound(OTHER, Some(PAYEE), Method::Post, "/transfers", "{}"),
        OTHER,
        "3100",
        "Generic validation error - FSPIOP-Source header should match Payer",
    );
}

#[test]
fn whoever_is_not_the_payer_leaves_no_trace() {
    let world = World::new();
    let stranger = |inbound: &mut switch::Inbound, _: &mut ledger::Prepare| {
        *inbound = self::inbound(OTHER, Some(PAYEE), Method::Post, "/transfers", "{}");
    };
    world.take(prepare_with("{}", stranger));
    assert_eq!(world.transfer(), None, "the id must stay free for its owner");
    assert_eq!(world.take(prepare())[0].method, Method::Post);
}

#[test]
fn a_committed_answer_goes_to_the_payer_as_it_came() {
    let world = with_reservation();
    let command = committed();
    let messages = world.take(command.clone());
    check(&messages, &[passed_on(PAYER, "TRANSFER_PUT", &message_of(&command), &named("PUT", &transfer_path("")))]);
    assert_eq!(messages[0].give_up_at, START.plus_millis(24 * 60 * 60 * 1000));
    assert_eq!(world.status(), Some(TransferStatus::Committed));
    assert_eq!((world.position(PAYER), world.position(PAYEE)), ("10".to_owned(), "-10".to_owned()));
}

#[test]
fn a_reserved_answer_makes_the_hub_tell_both() {
    let world = with_reservation();
    world.advance(1_000);
    let messages = world.take(reserved());
    let date = "Sun, 22 Nov 2026 14:00:01 GMT";
    let to_payer = format!(
        r#"{{"fulfilment":"{}","completedTimestamp":"2026-11-22T14:00:01.000Z","transferState":"COMMITTED"}}"#,
        fulfilment()
    );
    let to_payee = r#"{"completedTimestamp":"2026-11-22T14:00:01.000Z","transferState":"COMMITTED"}"#;
    let path = transfer_path("");
    check(
        &messages,
        &[
            by_the_hub(PAYER, "TRANSFER_PUT", "PUT", &path, date, &to_payer),
            by_the_hub(PAYEE, "TRANSFER_PUT", "PATCH", &path, date, to_payee),
        ],
    );
    assert_eq!(world.status(), Some(TransferStatus::Committed));
}

#[test]
fn the_time_of_completion_is_the_payees() {
    let world = with_reservation();
    let mut command = reserved();
    if let Command::Fulfil { fulfil, .. } = &mut command {
        fulfil.completed_at = Some(START.plus_millis(-5));
    }
    for message in world.take(command) {
        let body = String::from_utf8(message.body.to_vec()).unwrap();
        assert!(body.contains(r#""completedTimestamp":"2026-11-22T13:59:59.995Z""#), "{body}");
    }
}

#[test]
fn a_wrong_fulfilment_is_told_to_the_payer_and_ends_the_transfer() {
    let error = error_body("3100", "Generic validation error - invalid fulfilment");
    let wrong = Some(fspiop::Fulfilment::from_bytes([1; 32]));
    for fulfilment in [wrong, None] {
        let world = with_reservation();
        let messages = world.take(consent_of(PAYEE, fulfilment, false, "{}"));
        let path = transfer_path("/error");
        check(&messages, &[by_the_hub(PAYER, "TRANSFER_ERROR", "PUT", &path, START_DATE, &error)]);
        assert_eq!((world.status(), world.position(PAYER)), (Some(TransferStatus::AbortedError), "0".to_owned()));
    }
    // A payee that wants to hear of the end hears of it.
    let world = with_reservation();
    let messages = world.take(consent_of(PAYEE, wrong, true, "{}"));
    let cause = "3100: Generic validation error - invalid fulfilment";
    let patch = format!(
        r#"{{"completedTimestamp":"2026-11-22T14:00:00.000Z","transferState":"ABORTED","extensionList":{{"extension":[{{"key":"cause","value":"{cause}"}}]}}}}"#
    );
    check(
        &messages,
        &[
            by_the_hub(PAYER, "TRANSFER_ERROR", "PUT", &transfer_path("/error"), START_DATE, &error),
            by_the_hub(PAYEE, "TRANSFER_PUT", "PATCH", &transfer_path(""), START_DATE, &patch),
        ],
    );
}

#[test]
fn a_refusal_goes_to_the_payer_as_it_came() {
    for (command, endpoint, suffix, status) in [
        (failed(), "TRANSFER_ERROR", "/error", TransferStatus::AbortedError),
        (rejected(), "TRANSFER_PUT", "", TransferStatus::AbortedRejected),
    ] {
        let world = with_reservation();
        let messages = world.take(command.clone());
        let extra = named("PUT", &transfer_path(suffix));
        check(&messages, &[passed_on(PAYER, endpoint, &message_of(&command), &extra)]);
        assert_eq!((world.status(), world.position(PAYER)), (Some(status), "0".to_owned()));
    }
}

#[test]
fn whoever_is_not_the_payee_is_told_so_and_nobody_else_anything() {
    for source in [PAYER, OTHER, HUB] {
        let world = with_reservation();
        let by = |command: Command| match command {
            Command::Abort { mut inbound, mut abort } => {
                (inbound.source, abort.source) = (fsp(source), fsp(source));
                Command::Abort { inbound, abort }
            }
            other => other,
        };
        let path = transfer_path("/error");
        let body = error_body("3100", "Generic validation error - FSPIOP-Source header should match Payee");
        let expect = by_the_hub(source, "TRANSFER_ERROR", "PUT", &path, START_DATE, &body);
        for command in [consent_of(source, Some(fulfilment()), false, "{}"), by(failed()), by(rejected())] {
            check(&world.take(command), std::slice::from_ref(&expect));
        }
        assert_eq!((world.status(), world.position(PAYER)), (Some(TransferStatus::Reserved), "10".to_owned()));
    }
}

#[test]
fn an_answer_to_an_unknown_transfer_is_told_to_its_sender() {
    let body = error_body("2001", "Internal server error - transfer not found");
    for command in [committed(), reserved(), failed(), rejected()] {
        let world = World::new();
        let path = transfer_path("/error");
        check(&world.take(command), &[by_the_hub(PAYEE, "TRANSFER_ERROR", "PUT", &path, START_DATE, &body)]);
    }
}

#[test]
fn a_batch_tells_everybody_in_the_order_of_its_commands() {
    let world = World::new();
    let committed = world.commit(vec![prepare(), committed(), prepare_with("{}", |_, _| {})]);
    let to: Vec<_> =
        committed.messages.iter().map(|message| (message.recipient.as_str(), message.endpoint.as_str())).collect();
    assert_eq!(
        to,
        [
            (PAYEE, "FSPIOP_CALLBACK_URL_TRANSFER_POST"),
            (PAYER, "FSPIOP_CALLBACK_URL_TRANSFER_PUT"),
            (PAYER, "FSPIOP_CALLBACK_URL_TRANSFER_ERROR")
        ]
    );
    assert_eq!(world.position(PAYEE), "-10");
}

/// Asks for the state of the transfer and compares the answer.
#[track_caller]
fn check_get(world: &World, source: &str, expect: &str, now: Timestamp) {
    let asked = inbound(source, None, Method::Get, &transfer_path(""), "");
    let known = world.transfer();
    let message = switch::answer_transfer_get(&world.configuration(), now, &asked, transfer_id(), known.as_ref());
    assert!(!message.id.is_durable(), "an answer to a question is not stored");
    assert_eq!(message.give_up_at, now.plus_millis(10_000));
    assert_eq!(crate::world::show(&message), expect);
}

#[test]
fn payer_and_payee_can_ask_what_became_of_a_transfer() {
    let put = |to: &str, body: &str| by_the_hub(to, "TRANSFER_PUT", "PUT", &transfer_path(""), START_DATE, body);
    let completed = r#""completedTimestamp":"2026-11-22T14:00:00.000Z","#;
    let preimage = format!(r#""fulfilment":"{}","#, fulfilment());
    let cause = r#"{"extension":[{"key":"cause","value":"5104: Payee rejected transaction"}]}"#;
    for (answer, expect) in [
        (None, r#"{"transferState":"RESERVED"}"#.to_owned()),
        (Some(committed()), format!(r#"{{{preimage}{completed}"transferState":"COMMITTED"}}"#)),
        (Some(rejected()), format!(r#"{{{completed}"transferState":"ABORTED","extensionList":{cause}}}"#)),
        (Some(failed()), format!(r#"{{{completed}"transferState":"ABORTED","extensionList":{cause}}}"#)),
    ] {
        let world = with_reservation();
        answer.into_iter().for_each(|command| drop(world.take(command)));
        for asker in [PAYER, PAYEE] {
            check_get(&world, asker, &put(asker, &expect), START);
        }
    }
}

#[test]
fn whoever_has_no_part_in_a_transfer_learns_nothing_of_it() {
    let path = transfer_path("/error");
    let expect = |to: &str, body: &str| by_the_hub(to, "TRANSFER_ERROR", "PUT", &path, START_DATE, body);
    let description = "Transfer ID not found - Provided Transfer ID was not found on the server.";
    let not_found = error_body(ErrorCode::TransferIdNotFound.text(), description);
    check_get(&World::new(), PAYER, &expect(PAYER, &not_found), START);
    let not_yours = error_body(ErrorCode::ClientError.text(), "Generic client error");
    for asker in [OTHER, HUB, "nobody"] {
        check_get(&with_reservation(), asker, &expect(asker, &not_yours), START);
    }
    // A transfer without a payee is not that of somebody who is not there either.
    let world = World::new();
    world.take(prepare_with("{}", |_, prepare| prepare.payee = fsp("nobody")));
    check_get(&world, "nobody", &expect("nobody", &not_yours), START);
}

#[test]
fn an_inactive_payer_is_refused() {
    let world = World::new();
    world.administer(Administration::ActivateParticipant(fsp(PAYER), false)).unwrap();
    let messages = world.take(prepare());
    let body = error_body("3100", "Generic validation error - Participant payerfsp is inactive");
    let path = transfer_path("/error");
    check(&messages, &[by_the_hub(PAYER, "TRANSFER_ERROR", "PUT", &path, START_DATE, &body)]);
    assert_eq!(world.transfer().unwrap().id.to_string(), TRANSFER);
    assert_eq!(world.transfer().unwrap().currency, usd());
}
