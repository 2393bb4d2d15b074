//! What is told after a transfer has ended: by the clock, again, or in contradiction.

use ledger::TransferStatus;
use switch::Command;

use crate::world::{
    PAYEE, PAYER, START, START_DATE, TransferEnd, VALIDITY_MS, World, by_the_clock, by_the_hub, check, committed,
    consent_of, error_body, failed, fulfilment, prepare, prepare_with, rejected, reserved, transfer_id, transfer_path,
};

/// The moment of the expiration as the Date header has it.
const EXPIRATION_DATE: &str = "Sun, 22 Nov 2026 14:00:30 GMT";

/// A world in which the payment has ended in this way.
fn ended(end: TransferEnd) -> World {
    let world = World::new();
    world.take(prepare());
    match end {
        TransferEnd::Committed => drop(world.take(committed())),
        TransferEnd::CommittedOnNotice => drop(world.take(reserved())),
        TransferEnd::Rejected => drop(world.take(rejected())),
        TransferEnd::Failed => drop(world.take(failed())),
        TransferEnd::WrongFulfilment => drop(world.take(consent_of(PAYEE, None, false, "{}"))),
        TransferEnd::Expired => {
            world.advance(VALIDITY_MS);
            assert_eq!(world.take(Command::Expire(transfer_id())).len(), 2);
        }
    }
    world
}

fn expired_messages() -> [String; 2] {
    let body = error_body("3303", "Transfer expired");
    let path = transfer_path("/error");
    [PAYER, PAYEE].map(|fsp| by_the_clock(fsp, "TRANSFER_ERROR", "PUT", &path, EXPIRATION_DATE, &body))
}

#[test]
fn both_are_told_when_time_has_run_out_and_only_once() {
    let world = World::new();
    world.take(prepare());
    world.advance(VALIDITY_MS - 1);
    check(&world.take(Command::Expire(transfer_id())), &[]);
    assert_eq!(world.status(), Some(TransferStatus::Reserved));
    world.advance(1);
    let messages = world.take(Command::Expire(transfer_id()));
    check(&messages, &expired_messages());
    assert!(messages.iter().all(|message| message.give_up_at == world.now().plus_millis(24 * 60 * 60 * 1000)));
    assert_eq!((world.status(), world.position(PAYER)), (Some(TransferStatus::ExpiredReserved), "0".to_owned()));
    check(&world.take(Command::Expire(transfer_id())), &[]);
    check(&World::new().take(Command::Expire(transfer_id())), &[]);
}

#[test]
fn an_answer_that_finds_the_time_over_tells_both_what_the_clock_would_have_told() {
    for command in [committed(), reserved(), failed(), rejected()] {
        let world = World::new();
        world.take(prepare());
        world.advance(VALIDITY_MS);
        check(&world.take(command), &expired_messages());
        assert_eq!(world.status(), Some(TransferStatus::ExpiredReserved));
    }
}

#[test]
fn an_answer_after_the_expiration_is_refused_to_the_payee() {
    let world = ended(TransferEnd::Expired);
    let body = error_body("3100", "Generic validation error - non-RESERVED transfer state");
    let path = transfer_path("/error");
    for command in [committed(), reserved(), failed(), rejected()] {
        check(&world.take(command), &[by_the_hub(PAYEE, "TRANSFER_ERROR", "PUT", &path, EXPIRATION_DATE, &body)]);
    }
    assert_eq!((world.status(), world.position(PAYEE)), (Some(TransferStatus::ExpiredReserved), "0".to_owned()));
}

#[test]
fn a_resent_prepare_is_ignored_while_its_callback_is_pending() {
    let world = World::new();
    world.take(prepare());
    check(&world.take(prepare()), &[]);
    world.advance(VALIDITY_MS);
    check(&world.take(prepare()), &[]);
    assert_eq!(world.position(PAYER), "10");
}

#[test]
fn a_resent_prepare_is_told_how_the_transfer_ended() {
    let put = |body: &str| by_the_hub(PAYER, "TRANSFER_PUT", "PUT", &transfer_path(""), "DATE", body);
    let error = |code: &str, description: &str| {
        let body = error_body(code, description);
        by_the_hub(PAYER, "TRANSFER_ERROR", "PUT", &transfer_path("/error"), "DATE", &body)
    };
    let committed = format!(
        r#"{{"fulfilment":"{}","completedTimestamp":"2026-11-22T14:00:00.000Z","transferState":"COMMITTED"}}"#,
        fulfilment()
    );
    let cause = r#"{"extension":[{"key":"cause","value":"5104: Payee rejected transaction"}]}"#;
    let rejected = format!(
        r#"{{"completedTimestamp":"2026-11-22T14:00:00.000Z","transferState":"ABORTED","extensionList":{cause}}}"#
    );
    for (end, expect) in [
        (TransferEnd::Committed, put(&committed)),
        (TransferEnd::CommittedOnNotice, put(&committed)),
        (TransferEnd::Rejected, put(&rejected)),
        (TransferEnd::Failed, error("5104", "Payee rejected transaction")),
        (TransferEnd::WrongFulfilment, error("3100", "Generic validation error - invalid fulfilment")),
        (TransferEnd::Expired, error("3303", "Transfer expired")),
    ] {
        let world = ended(end);
        let date = world.now().http_date();
        for _ in 0..2 {
            check(&world.take(prepare()), &[expect.replace("DATE", &date)]);
        }
    }
}

#[test]
fn a_resent_prepare_that_was_refused_is_refused_in_the_same_words() {
    let world = World::new();
    let too_much = || prepare_with("{}", |_, prepare| prepare.amount = crate::world::amount("100.5"));
    let first = world.take(too_much());
    let body = error_body("4200", "Payer limit error");
    let expect = by_the_hub(PAYER, "TRANSFER_ERROR", "PUT", &transfer_path("/error"), START_DATE, &body);
    check(&first, std::slice::from_ref(&expect));
    check(&world.take(too_much()), &[expect]);
}

#[test]
fn a_changed_prepare_is_refused_whatever_became_of_the_first_one() {
    let body = error_body("3106", "Modified request");
    let expect = |date: &str| by_the_hub(PAYER, "TRANSFER_ERROR", "PUT", &transfer_path("/error"), date, &body);
    let changed = || prepare_with("{\"other\":1}", |_, _| {});
    let world = World::new();
    world.take(prepare());
    check(&world.take(changed()), &[expect(START_DATE)]);
    assert_eq!(world.position(PAYER), "10");
    for end in TransferEnd::ALL {
        let world = ended(end);
        let before = world.transfer();
        check(&world.take(changed()), &[expect(&world.now().http_date())]);
        assert_eq!(world.transfer(), before);
    }
}

#[test]
fn a_prepare_that_is_printed_in_another_way_is_the_same_one() {
    let world = World::new();
    world.take(prepare_with("{ \"a\" : 1 }", |_, _| {}));
    check(&world.take(prepare_with("{\"a\":1}\n", |_, _| {})), &[]);
}

#[test]
fn whoever_repeats_an_answer_hears_how_the_transfer_ended() {
    let put = |body: &str| by_the_hub(PAYEE, "TRANSFER_PUT", "PUT", &transfer_path(""), START_DATE, body);
    let completed = r#""completedTimestamp":"2026-11-22T14:00:00.000Z""#;
    let commit = format!(r#"{{"fulfilment":"{}",{completed},"transferState":"COMMITTED"}}"#, fulfilment());
    check(&ended(TransferEnd::Committed).take(committed()), &[put(&commit)]);
    let cause = r#"{"extension":[{"key":"cause","value":"5104: Payee rejected transaction"}]}"#;
    let rejection = format!(r#"{{{completed},"transferState":"ABORTED","extensionList":{cause}}}"#);
    check(&ended(TransferEnd::Rejected).take(rejected()), &[put(&rejection)]);
    let error = error_body("5104", "Payee rejected transaction");
    let error = by_the_hub(PAYEE, "TRANSFER_ERROR", "PUT", &transfer_path("/error"), START_DATE, &error);
    check(&ended(TransferEnd::Failed).take(failed()), &[error]);
    // A payee that says RESERVED again has not heard of the end.
    let patch = r#"{"completedTimestamp":"2026-11-22T14:00:00.000Z","transferState":"COMMITTED"}"#;
    let expect = by_the_hub(PAYEE, "TRANSFER_PUT", "PATCH", &transfer_path(""), START_DATE, patch);
    check(&ended(TransferEnd::CommittedOnNotice).take(reserved()), &[expect]);
}

#[test]
fn a_contradicting_answer_is_refused_to_its_sender() {
    let body = error_body("3106", "Modified request");
    let expect = by_the_hub(PAYEE, "TRANSFER_ERROR", "PUT", &transfer_path("/error"), START_DATE, &body);
    for (end, second) in [
        (TransferEnd::Committed, failed()),
        (TransferEnd::Committed, rejected()),
        (TransferEnd::Committed, consent_of(PAYEE, Some(fulfilment()), false, "{\"other\":1}")),
        (TransferEnd::CommittedOnNotice, committed()),
        (TransferEnd::Failed, committed()),
        (TransferEnd::Rejected, committed()),
        (TransferEnd::Rejected, failed()),
        (TransferEnd::WrongFulfilment, committed()),
    ] {
        let world = ended(end);
        let before = (world.transfer(), world.position(PAYER), world.position(PAYEE));
        check(&world.take(second), std::slice::from_ref(&expect));
        assert_eq!((world.transfer(), world.position(PAYER), world.position(PAYEE)), before);
    }
}

#[test]
fn a_transfer_ends_at_the_moment_of_the_batch() {
    let world = ended(TransferEnd::Expired);
    assert_eq!(world.transfer().unwrap().completed_at, Some(START.plus_millis(VALIDITY_MS)));
}
