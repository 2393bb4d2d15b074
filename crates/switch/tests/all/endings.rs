//! What is told after a transfer has ended: by the clock, again, or in contradiction.

use fspiop::Timestamp;
use ledger::TransferStatus;
use switch::{Command, Method};

use crate::world::{
    HUB, OTHER, PAYEE, PAYER, START, START_DATE, TransferEnd, VALIDITY_MS, World, by_the_clock, by_the_hub, check,
    committed, consent_of, error_body, failed, fsp, fulfilment, prepare, prepare_with, refusal_of, rejected, reserved,
    transfer_id, transfer_path,
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
    // Who says RESERVED is also notified: see below.
    for command in [committed(), failed(), rejected()] {
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
    for command in [committed(), failed(), rejected()] {
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
    let committed = format!(
        r#"{{"fulfilment":"{}","completedTimestamp":"2026-11-22T14:00:00.000Z","transferState":"COMMITTED"}}"#,
        fulfilment()
    );
    let aborted = |at: Timestamp, cause: &str| {
        let cause = format!(r#"{{"extension":[{{"key":"cause","value":"{cause}"}}]}}"#);
        put(&format!(r#"{{"completedTimestamp":"{at}","transferState":"ABORTED","extensionList":{cause}}}"#))
    };
    let expired_at = START.plus_millis(VALIDITY_MS);
    for (end, expect) in [
        (TransferEnd::Committed, put(&committed)),
        (TransferEnd::CommittedOnNotice, put(&committed)),
        (TransferEnd::Rejected, aborted(START, "5104: Payee rejected transaction")),
        (TransferEnd::Failed, aborted(START, "5104: Payee rejected transaction")),
        (TransferEnd::WrongFulfilment, aborted(START, "3100: Generic validation error - invalid fulfilment")),
        (TransferEnd::Expired, aborted(expired_at, "3303: Transfer expired")),
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
    check(&ended(TransferEnd::Failed).take(failed()), &[put(&rejection)]);
    // A payee that says RESERVED again has not heard of the end.
    let patch = r#"{"completedTimestamp":"2026-11-22T14:00:00.000Z","transferState":"COMMITTED"}"#;
    let expect = by_the_hub(PAYEE, "TRANSFER_PUT", "PATCH", &transfer_path(""), START_DATE, patch);
    check(&ended(TransferEnd::CommittedOnNotice).take(reserved()), &[expect]);
}

#[test]
fn a_contradicting_answer_is_refused_to_its_sender() {
    let refusal = |body: &str| by_the_hub(PAYEE, "TRANSFER_ERROR", "PUT", &transfer_path("/error"), START_DATE, body);
    let modified = refusal(&error_body("3106", "Modified request"));
    // An error is no version of a state, nor the other way round: it is too late.
    let late = refusal(&error_body("3100", "Generic validation error - non-RESERVED transfer state"));
    let other_error = || refusal_of(PAYEE, TransferStatus::AbortedError, "/error", "{\"other\":1}");
    for (end, second, expect) in [
        (TransferEnd::Committed, failed(), &late),
        (TransferEnd::Committed, rejected(), &modified),
        (TransferEnd::Committed, consent_of(PAYEE, Some(fulfilment()), false, "{\"other\":1}"), &modified),
        (TransferEnd::CommittedOnNotice, committed(), &modified),
        (TransferEnd::Failed, committed(), &late),
        (TransferEnd::Failed, rejected(), &late),
        (TransferEnd::Failed, other_error(), &modified),
        (TransferEnd::Rejected, committed(), &modified),
        (TransferEnd::Rejected, failed(), &late),
        (TransferEnd::WrongFulfilment, committed(), &modified),
        (TransferEnd::WrongFulfilment, failed(), &late),
    ] {
        let world = ended(end);
        let before = (world.transfer(), world.position(PAYER), world.position(PAYEE));
        check(&world.take(second), std::slice::from_ref(expect));
        assert_eq!((world.transfer(), world.position(PAYER), world.position(PAYEE)), before);
    }
}

/// A payee that says RESERVED wants to hear how the transfer ended, also when it had ended before.
#[test]
fn a_late_reservation_is_told_how_the_transfer_ended() {
    for (end, cause, others) in [
        (TransferEnd::Failed, "5104: Payee rejected transaction", 1),
        (TransferEnd::Expired, "3303: Transfer expired", 1),
    ] {
        let world = ended(end);
        let messages = world.take(reserved());
        let (told, patch) = (&messages[..others], messages.last().unwrap());
        assert!(told.iter().all(|message| message.method == Method::Put), "{end:?}");
        assert_eq!((patch.method, patch.recipient.as_str(), messages.len()), (Method::Patch, PAYEE, others + 1));
        let body = String::from_utf8(patch.body.to_vec()).unwrap();
        assert!(body.contains(r#""transferState":"ABORTED""#) && body.contains(cause), "{body}");
    }
    // It is the answer itself that finds that the time is over.
    let world = World::new();
    world.take(prepare());
    world.advance(VALIDITY_MS);
    let methods: Vec<_> =
        world.take(reserved()).iter().map(|message| (message.method, message.recipient.to_string())).collect();
    let expect = [(Method::Put, PAYER), (Method::Put, PAYEE), (Method::Patch, PAYEE)];
    assert_eq!(methods, expect.map(|(method, name)| (method, name.to_owned())));
}

/// An answer to a transfer names its payer, the hub or nobody.
#[test]
fn an_answer_to_somebody_else_is_refused_and_changes_nothing() {
    for (named, refused) in [(OTHER, true), ("nobody", true), (PAYEE, true), ("PayerFsp", false), (HUB, false)] {
        for answer in [committed(), reserved(), rejected(), failed()] {
            let world = World::new();
            world.take(prepare());
            let messages = world.take(to(answer, named));
            assert_eq!(world.status() == Some(TransferStatus::Reserved), refused, "{named}");
            if refused {
                let body =
                    error_body("3100", "Generic validation error - FSPIOP-Destination header should match Payer");
                let path = transfer_path("/error");
                check(&messages, &[by_the_hub(PAYEE, "TRANSFER_ERROR", "PUT", &path, START_DATE, &body)]);
            }
        }
    }
}

/// The same answer to somebody else.
fn to(mut answer: Command, named: &str) -> Command {
    let (Command::Fulfil { inbound, .. } | Command::Abort { inbound, .. }) = &mut answer else { panic!("{answer:?}") };
    inbound.destination = Some(fsp(named));
    answer
}

#[test]
fn a_transfer_ends_at_the_moment_of_the_batch() {
    let world = ended(TransferEnd::Expired);
    assert_eq!(world.transfer().unwrap().completed_at, Some(START.plus_millis(VALIDITY_MS)));
}
