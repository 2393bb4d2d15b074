//! The simulated FSP, pure.

use bytes::Bytes;
use fspiop::headers::{FSPIOP_DESTINATION, FSPIOP_HTTP_METHOD, FSPIOP_SOURCE, FSPIOP_URI, TRACEPARENT};
use fspiop::{
    ApiVersion, Condition, IlpPacket, QuoteAnswer, Resource, TransferFulfil, TransferPrepare, TransferState,
    check_request,
};
use http::header::{ACCEPT, CONTENT_TYPE, DATE};
use http::{HeaderValue, Method};
use participant::{Fsp, NoticeKind, Phase, Reaction, Request, Script};

use crate::table::Table;
use crate::world::{BOB, NOW, PAYEE, PAYER, payee, payment, script};

fn new(short: &str) -> Fsp {
    Fsp::new(payee(), script(short)).unwrap()
}

/// The request of a payment's phase, as it comes to the payee's FSP, and the FSP.
fn ask(phase: Phase, short: &str) -> (Fsp, Request) {
    let mut fsp = new("");
    let (mut payment, mut request) = payment(BOB);
    while payment.phase() != Some(phase) {
        let callback = fsp.receive(NOW, &request).reactions.remove(0).to_hub;
        request = payment.receive(NOW, &callback).unwrap();
    }
    fsp.set_script(script(short)).unwrap();
    (fsp, request)
}

fn answer(phase: Phase, short: &str) -> Reaction {
    let (mut fsp, request) = ask(phase, short);
    let mut received = fsp.receive(NOW, &request);
    assert_eq!(received.status, 202);
    received.reactions.remove(0)
}

#[test]
fn callbacks_have_the_headers_of_the_protocol() {
    for (phase, resource) in [
        (Phase::Lookup, Resource::Parties),
        (Phase::Agreement, Resource::Quotes),
        (Phase::Clearing, Resource::Transfers),
    ] {
        let (mut fsp, mut request) = ask(phase, "");
        let accept = format!("application/vnd.interoperability.{resource}+json;version=1");
        request.headers.insert(ACCEPT, accept.parse().unwrap());
        let callback = fsp.receive(NOW, &request).reactions.remove(0).to_hub;
        let read = check_request(&callback.method, resource, &callback.headers).unwrap();
        assert_eq!(read.version, ApiVersion::V1_1, "the highest that the asker accepts");
        assert_eq!(read.source.as_str(), PAYEE);
        assert_eq!(callback.header(&FSPIOP_DESTINATION), Some(PAYER));
        assert_eq!(callback.header(&FSPIOP_URI), Some(callback.path.as_str()));
        assert_eq!(callback.header(&FSPIOP_HTTP_METHOD), Some("PUT"));
        assert_eq!(callback.header(&DATE), Some(NOW.http_date().as_str()));
        assert_eq!(callback.header(&TRACEPARENT), request.header(&TRACEPARENT));
    }
}

#[test]
fn parties_are_described() {
    let callback = answer(Phase::Lookup, "").to_hub;
    let body: serde_json::Value = serde_json::from_slice(&callback.body).unwrap();
    let expect = serde_json::json!({"party": {
        "partyIdInfo": {"partyIdType": "MSISDN", "partyIdentifier": "27713803912", "fspId": "payeefsp"},
        "name": "Bob Babirusa",
        "personalInfo": {"complexName": {"firstName": "Bob", "lastName": "Babirusa"}},
        "supportedCurrencies": ["USD"],
    }});
    assert_eq!(body, expect);
}

#[test]
fn quotes_promise_what_transfers_fulfil() {
    let callback = answer(Phase::Agreement, "").to_hub;
    let quote = QuoteAnswer::read(&callback.body).unwrap();
    assert_eq!(quote.expiration, NOW.plus_millis(60_000));
    let packet = IlpPacket::parse(&quote.ilp_packet).unwrap();
    let IlpPacket::Prepare { amount, condition, .. } = &packet else { panic!("{packet:?}") };
    assert_eq!((*amount, *condition), (1000, quote.condition));
    let transaction: serde_json::Value = serde_json::from_slice(&packet.transaction().unwrap()).unwrap();
    assert_eq!(transaction["payer"]["partyIdInfo"]["fspId"], PAYER);
    assert_eq!(transaction["note"], "Thank you");

    let callback = answer(Phase::Clearing, "").to_hub;
    let fulfil = TransferFulfil::read(&callback.body).unwrap();
    assert_eq!((fulfil.state, fulfil.completed_timestamp), (TransferState::Committed, Some(NOW)));
    assert_eq!(fulfil.fulfilment.unwrap().condition(), quote.condition);
}

#[test]
fn scripts_of_transfers() {
    let fulfil = |short: &str| {
        let reaction = answer(Phase::Clearing, short);
        (TransferFulfil::read(&reaction.to_hub.body).unwrap(), reaction)
    };
    let (_, request) = ask(Phase::Clearing, "");
    let condition = TransferPrepare::read(&request.body).unwrap().condition;
    let fulfils = |fulfil: &TransferFulfil| fulfil.fulfilment.is_some_and(|found| found.condition() == condition);
    let (reserved, reaction) = fulfil("reserve");
    assert!(reserved.state == TransferState::Reserved && fulfils(&reserved) && reaction.reserves);
    let (rejected, reaction) = fulfil("reject");
    assert!(rejected.state == TransferState::Aborted && rejected.fulfilment.is_none() && !reaction.reserves);
    let (wrong, _) = fulfil("wrong-fulfilment");
    assert!(wrong.state == TransferState::Committed && wrong.fulfilment.is_some() && !fulfils(&wrong));
    assert_eq!(fulfil("delay-ms=7").1.after_ms, 7);
}

#[test]
fn repeated_messages_get_the_same_answer() {
    for phase in [Phase::Agreement, Phase::Clearing] {
        let (mut fsp, request) = ask(phase, "");
        let first = fsp.receive(NOW, &request).reactions.remove(0).to_hub;
        let later = fsp.receive(NOW.plus_millis(40_000), &request).reactions.remove(0).to_hub;
        assert_eq!(first.body, later.body, "{phase}");
        assert_eq!(first.path, later.path, "{phase}");
    }
}

/// What a transfer is answered after its body was changed.
fn check_refused(change: impl Fn(&str) -> String, expect: &str) {
    let (mut fsp, mut request) = ask(Phase::Clearing, "");
    let body = String::from_utf8(request.body.to_vec()).unwrap();
    request.body = change(&body).into();
    assert_ne!(request.body, body);
    let received = fsp.receive(NOW, &request);
    let callback = &received.reactions[0].to_hub;
    assert!(callback.path.ends_with("/error"), "{}", callback.path);
    let body = String::from_utf8(callback.body.to_vec()).unwrap();
    assert!(body.contains(expect), "{body}");
}

#[test]
fn transfers_that_were_not_agreed_are_refused() {
    let condition = Condition::from_bytes([7; 32]).to_string();
    let (_, request) = ask(Phase::Clearing, "");
    let prepare = TransferPrepare::read(&request.body).unwrap();
    let (agreed, packet) = (prepare.condition.to_string(), prepare.ilp_packet.to_string());
    check_refused(|body| body.replace(&agreed, &condition), "5105");
    check_refused(|body| body.replace(r#""10""#, r#""11""#), "the amount is not the one that was agreed");
    check_refused(|body| body.replace(r#""payerFsp":"payerfsp""#, r#""payerFsp":"other""#), "the FSPs are not those");
    check_refused(|body| body.replace(&packet, "AYIB"), "the ILP packet carries no transaction");
    let expiration = NOW.plus_millis(15_000).to_string();
    check_refused(|body| body.replace(&expiration, &NOW.to_string()), "3303");
}

#[test]
fn quotes_in_other_currencies_or_for_strangers_are_refused() {
    for (from, to, expect) in [("USD", "KES", "5106"), ("27713803912", "9", "3204")] {
        let (mut fsp, mut request) = ask(Phase::Agreement, "");
        request.body = String::from_utf8(request.body.to_vec()).unwrap().replace(from, to).into();
        let callback = fsp.receive(NOW, &request).reactions.remove(0).to_hub;
        assert!(String::from_utf8(callback.body.to_vec()).unwrap().contains(expect));
    }
}

/// What an FSP says to a lookup that was changed.
fn check_answer(change: impl Fn(&mut Request), status: u16, expect: &str) {
    let (mut fsp, mut request) = ask(Phase::Lookup, "");
    change(&mut request);
    let received = fsp.receive(NOW, &request);
    let body = String::from_utf8(received.body.to_vec()).unwrap();
    assert_eq!(received.status, status, "{body}");
    assert!(body.contains(expect), "{body}");
}

#[test]
fn messages_that_are_not_of_the_protocol_are_refused() {
    check_answer(|request| drop(request.headers.remove(DATE)), 400, "3102");
    check_answer(|request| drop(request.headers.remove(FSPIOP_SOURCE)), 400, "fspiop-source");
    check_answer(|request| request.path = "/bulkTransfers".into(), 404, "3002");
    check_answer(|request| request.method = Method::DELETE, 405, "3000");
    let version = "application/vnd.interoperability.parties+json;version=9.0";
    check_answer(|request| drop(request.headers.insert(ACCEPT, HeaderValue::from_static(version))), 406, "3001");
    let post = |request: &mut Request| {
        let media_type = HeaderValue::from_static("application/vnd.interoperability.quotes+json;version=2.0");
        request.headers.insert(ACCEPT, media_type.clone());
        request.headers.insert(CONTENT_TYPE, media_type);
        (request.method, request.path) = (Method::POST, "/quotes".into());
        request.body = Bytes::from_static(b"{");
    };
    check_answer(post, 400, "3101");
}

#[test]
fn questions_about_quotes_and_transfers_are_answered() {
    for (phase, path, code) in [
        (Phase::Agreement, "/quotes/01ARZ3NDEKTSV4RRFFQ69G5FAV", "3205"),
        (Phase::Clearing, "/transfers/01ARZ3NDEKTSV4RRFFQ69G5FAV", "3208"),
    ] {
        let (mut fsp, mut request) = ask(phase, "");
        (request.method, request.path, request.body) = (Method::GET, path.into(), Bytes::new());
        let callback = fsp.receive(NOW, &request).reactions.remove(0).to_hub;
        assert_eq!(callback.path, format!("{path}/error"));
        assert!(String::from_utf8(callback.body.to_vec()).unwrap().contains(code));
    }
}

#[test]
fn rules_match_parties_and_amounts() {
    let check = |rule: &str, expect: usize| {
        let json = format!(r#"{{"rules":[{{{rule},"behaviour":{{"silent":true}}}}]}}"#);
        let script: Script = serde_json::from_str(&json).unwrap();
        assert_eq!(Table::new(BOB, script).play().carried.len(), expect, "{rule}");
    };
    check(r#""party":"MSISDN/27713803912""#, 1);
    check(r#""party":"MSISDN/1""#, 6);
    check(r#""amount":"10""#, 3);
    check(r#""amount":"10.5""#, 6);
    check(r#""phase":"clearing","party":"MSISDN/27713803912","amount":"10""#, 5);
}

#[test]
fn what_an_fsp_is_told_is_noted() {
    let table = Table::new(BOB, script("")).play();
    let kinds: Vec<_> = table.payer.notices().map(|notice| notice.kind.clone()).collect();
    let committed = NoticeKind::State { state: TransferState::Committed };
    assert_eq!(kinds, [NoticeKind::Answer, NoticeKind::Answer, committed]);
    let json = serde_json::to_string(table.payer.notices().last().unwrap()).unwrap();
    let transfer = table.payment.identifiers().transfer;
    let expect = format!(
        r#"{{"at":"{NOW}","source":"payeefsp","method":"PUT","topic":"/transfers/{transfer}","kind":"state","state":"COMMITTED"}}"#
    );
    assert_eq!(json, expect);
    let table = Table::new(BOB, script("agreement: error=5101")).play();
    let last = table.payer.notices().last().unwrap();
    assert_eq!(last.kind, NoticeKind::Error { code: "5101".into() });
}

#[test]
fn notifications_can_be_refused_too() {
    let (mut fsp, mut request) = ask(Phase::Clearing, "clearing: status=500");
    (request.method, request.path) = (Method::PATCH, "/transfers/01ARZ3NDEKTSV4RRFFQ69G5FAV".into());
    request.body =
        br#"{"completedTimestamp":"2026-11-22T14:00:00.000Z","transferState":"COMMITTED"}"#.as_slice().into();
    assert_eq!(fsp.receive(NOW, &request).status, 500);
    assert_eq!(fsp.notices().len(), 0);
    fsp.set_script(Script::default()).unwrap();
    for _ in 0..1100 {
        assert_eq!(fsp.receive(NOW, &request).status, 200);
    }
    assert_eq!(fsp.notices().len(), 1000, "bounded");
    request.body = Bytes::new();
    fsp.receive(NOW, &request);
    assert_eq!(fsp.notices().last().unwrap().kind, NoticeKind::Unreadable);
}

#[test]
fn copies_are_equal_and_delays_are_asked_for() {
    let table = Table::new(BOB, script("lookup: copies=3,delay-ms=250")).play();
    assert_eq!(table.delays, [250, 250, 250, 0, 0]);
    assert_eq!(table.carried[1..4].iter().filter(|line| line.starts_with("payerfsp PUT /parties")).count(), 3);
}
