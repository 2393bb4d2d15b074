//! The payer's state machine, pure.

use bytes::Bytes;
use fspiop::headers::{FSPIOP_DESTINATION, TRACEPARENT};
use fspiop::{QuoteRequest, Timestamp, TransferPrepare};
use participant::{Ending, Payment, Phase, Request};

use crate::table::Table;
use crate::world::{ALICE, BOB, NOW, PAYEE, money, payment, script};

/// How a payment ends when the payee's FSP follows a script, and how many messages were carried.
fn check(to: &str, short: &str, ending: Option<Ending>, error: &str, carried: usize) {
    let table = Table::new(to, script(short)).play();
    let found = table.payment.ending();
    let description = found
        .and_then(|(_, error)| error)
        .map(|error| format!("{} {} {}", error.phase, error.code.as_deref().unwrap_or("-"), error.description));
    assert_eq!(found.map(|(ending, _)| ending), ending, "{short}: {description:?}");
    assert_eq!(description.unwrap_or_default(), error, "{short}");
    assert_eq!(table.carried.len(), carried, "{short}: {:#?}", table.carried);
}

#[test]
fn endings() {
    let committed = Some(Ending::Committed);
    let aborted = Some(Ending::Aborted);
    let failed = Some(Ending::Failed);
    check(BOB, "", committed, "", 6);
    check("ALIAS/bob/work", "", committed, "", 6);
    check("MSISDN/9", "", failed, "lookup 3204 Party not found", 2);
    check(ALICE, "", failed, "lookup 3204 Party not found", 2);
    check(BOB, "error=3204", failed, "lookup 3204 Party not found", 2);
    check(BOB, "agreement: error=5101", failed, "agreement 5101 Payee rejected quote", 4);
    check(BOB, "clearing: error=5999", aborted, "clearing 5999 Error of a simulated FSP", 6);
    check(BOB, "reject", aborted, "clearing - the transfer was aborted", 6);
    check(
        BOB,
        "wrong-fulfilment",
        committed,
        "clearing - the fulfilment does not fulfil the condition of the transfer",
        6,
    );
    check(BOB, "reserve", None, "", 6);
    check(BOB, "copies=3", committed, "", 12);
    check(BOB, "silent", None, "", 1);
    check(BOB, "status=503", None, "", 1);
    check(BOB, "agreement: silent", None, "", 3);
    check(BOB, "clearing: status=500", None, "", 5);
}

#[test]
fn requests_follow_from_callbacks() {
    let (payment, lookup) = payment(BOB);
    assert_eq!(format!("{} {}", lookup.method, lookup.path), format!("GET /parties/{BOB}"));
    assert_eq!(lookup.header(&FSPIOP_DESTINATION), None);
    assert_eq!(lookup.trace(), Some(payment.identifiers().trace));
    let table = Table::new(BOB, script("")).play();
    let ids = payment.identifiers();
    let expect = [
        format!("payeefsp GET /parties/{BOB} 202"),
        format!("payerfsp PUT /parties/{BOB} 200"),
        "payeefsp POST /quotes 202".to_owned(),
        format!("payerfsp PUT /quotes/{} 200", ids.quote),
        "payeefsp POST /transfers 202".to_owned(),
        format!("payerfsp PUT /transfers/{} 200", ids.transfer),
    ];
    assert_eq!(table.carried, expect);
}

/// Lets a payment get to its request of a phase.
fn until(phase: Phase) -> (Payment, Request) {
    let mut payee = participant::Fsp::new(crate::world::payee(), script("")).unwrap();
    let (mut payment, mut request) = payment(BOB);
    while payment.phase() != Some(phase) {
        let callback = payee.receive(NOW, &request).reactions.remove(0).to_hub;
        request = payment.receive(NOW, &callback).unwrap();
    }
    (payment, request)
}

#[test]
fn quotes_and_transfers_are_what_the_payer_wants() {
    let (payment, request) = until(Phase::Agreement);
    let ids = payment.identifiers();
    let quote = QuoteRequest::read(&request.body).unwrap();
    assert_eq!((quote.quote_id, quote.transaction_id.0), (ids.quote, ids.transfer.0));
    assert_eq!((quote.amount, quote.expiration), (money("10"), Some(NOW.plus_millis(30_000))));
    assert_eq!(quote.payee_fsp.unwrap().as_str(), PAYEE);
    let (payment, request) = until(Phase::Clearing);
    let transfer = TransferPrepare::read(&request.body).unwrap();
    assert_eq!(transfer.transfer_id, payment.identifiers().transfer);
    assert_eq!((transfer.amount, transfer.expiration), (money("10"), NOW.plus_millis(15_000)));
    assert_eq!(request.header(&FSPIOP_DESTINATION), Some(PAYEE));
    let spans = [payment_span(&until(Phase::Lookup).1), payment_span(&request)];
    assert_ne!(spans[0], spans[1]);
}

fn payment_span(request: &Request) -> String {
    request.header(&TRACEPARENT).unwrap().split('-').nth(2).unwrap().to_owned()
}

#[test]
fn what_the_hub_answers_can_end_a_payment() {
    let body = br#"{"errorInformation":{"errorCode":"3102","errorDescription":"Missing"}}"#;
    let check = |phase, status, body: &[u8], expect: Option<(Option<&str>, &str)>| {
        let (mut payment, _) = until(Phase::Agreement);
        payment.answered(phase, status, body);
        let error = payment.ending().map(|(ending, error)| {
            assert_eq!(ending, Ending::Failed);
            let error = error.unwrap();
            (error.code.as_deref(), error.description.as_str())
        });
        assert_eq!(error, expect);
    };
    check(Phase::Agreement, 202, b"", None);
    check(Phase::Agreement, 400, body, Some((Some("3102"), "Missing")));
    check(Phase::Agreement, 502, b"<html>", Some((None, "the hub answered with HTTP status 502")));
    check(Phase::Lookup, 400, body, None);
    let (mut payment, _) = until(Phase::Agreement);
    payment.unanswered(Phase::Lookup, "gone");
    assert_eq!(payment.phase(), Some(Phase::Agreement));
    payment.unanswered(Phase::Agreement, "gone");
    assert_eq!(payment.ending().unwrap().1.unwrap().description, "gone");
}

#[test]
fn payments_expire_at_their_deadline() {
    let (mut payment, _) = until(Phase::Clearing);
    payment.expire(payment.deadline().plus_millis(-1));
    assert_eq!(payment.ending(), None);
    payment.expire(payment.deadline());
    let (ending, error) = payment.ending().unwrap();
    assert_eq!(ending, Ending::TimedOut);
    let expect = "no callback of /transfers came before the payment's 30000 ms were over";
    assert_eq!(error.unwrap().description, expect);
    let before = payment.clone();
    payment.expire(Timestamp::from_millis(i64::MAX));
    assert_eq!(payment.ending(), before.ending(), "an ending is final");
    let inquiry = payment.inquiry(NOW);
    assert_eq!(inquiry.path, format!("/transfers/{}", payment.identifiers().transfer));
}

#[test]
fn other_messages_change_nothing_and_unreadable_ones_fail() {
    let mut payee = participant::Fsp::new(crate::world::payee(), script("")).unwrap();
    let (mut payment, request) = until(Phase::Agreement);
    let callback = payee.receive(NOW, &request).reactions.remove(0).to_hub;
    let of = |change: &dyn Fn(&mut Request)| {
        let mut message = callback.clone();
        change(&mut message);
        message
    };
    for other in [
        of(&|message| message.path = "/quotes/01ARZ3NDEKTSV4RRFFQ69G5FAV".into()),
        of(&|message| message.path = "/participants/x".into()),
        of(&|message| message.method = http::Method::PATCH),
        of(&|message| message.path = format!("/parties/{BOB}")),
    ] {
        assert_eq!(payment.receive(NOW, &other), None, "{} {}", other.method, other.path);
        assert_eq!(payment.phase(), Some(Phase::Agreement));
    }
    let unreadable = of(&|message| message.body = Bytes::from_static(b"{}"));
    assert_eq!(payment.receive(NOW, &unreadable), None);
    assert_eq!(payment.ending().unwrap().1.unwrap().code.as_deref(), Some("3102"));
    let kenyan = callback.body.to_vec();
    let kenyan = String::from_utf8(kenyan).unwrap().replace("USD", "KES");
    let (mut payment, _) = until(Phase::Agreement);
    payment.receive(NOW, &of(&|message| message.body = kenyan.clone().into()));
    assert_eq!(payment.ending().unwrap().0, Ending::Failed);
}
