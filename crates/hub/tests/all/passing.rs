//! What passes through the hub comes out as it went in: bodies byte for byte, signatures, traces.

use serde_json::json;

use crate::support::{
    Received, Request, World,
    messages::{Transfer, new_id, party_answer, quote_answer, request_quote},
    request::{DATE, TRACE},
    world::{PAYEE, PAYER},
};

const SIGNATURE: &str = r#"{"signature":"iU4GBXSfY8twZMj1zXX1CTe3LDO8Zvgui53icrriBxCUF_wltQmnjgWLWI4ZUEueVeOeTbDPBZazpBWYvBYpl5WJSUoXi14nVlangcsmu2vYkQUPmHtjOW-yb2ng6_aPfwd7oHLWrWzcsjTF-S4dW7GZRPHEbY_qCOhEwmmMOnE1FWF1OLvP0dM0r4y7FlnrZNhmuVIFhk_pMbEC44rtQmMFv4pm4EVGqmIm3eyXz0GkX8q_O1kGBoyIeV_P6RRcZ0nL6YUVMhPFSLJo6CIhL2zPm54Qdl2nVzDFWn_shVyV0Cl5vpcMJxJ--O_Zcbmpv6lxqDdygTC782Ob3CNMvg\\\",\\\"protectedHeader\\\":\\\"eyJhbGciOiJSUzI1NiJ9"}"#;
const ENCRYPTION: &str = r#"{"encryptedFields":[{"fieldName":"x","encryptedKey":"k","protectedHeader":"h"}]}  x"#;
const TRACE_STATE: &str = "acmevendor=eyJzcGFuSWQiOiI2Njg2Nzk1NDBmMWM5MTZjIn0=,tx_end2end_start_ts=1795356000000";

/// A body with odd white space, odd escapes and letters of several alphabets, in which `json` still stands.
fn odd(json: &serde_json::Value) -> Vec<u8> {
    let text = json.to_string();
    let spaced = text.replacen(':', " :\t", 1).replacen(',', "\r\n ,  ", 1);
    let (head, tail) = spaced.split_at(spaced.len() - 1);
    format!("  {head} , \"odd\\u0041\":\"ကောင်း «é» 😀 \\/ \\ud83d\\ude00\", \"n\":-0.10E+2{tail} \n\n").into_bytes()
}

/// Everything that an FSP may set and that must travel.
fn marked(request: Request) -> Request {
    request
        .with("fspiop-signature", SIGNATURE)
        .with("fspiop-encryption", ENCRYPTION)
        .with("tracestate", TRACE_STATE)
        .with("x-other", "is not passed on")
}

/// The message that came out is the one that went in.
#[track_caller]
fn check_passed(sent: &Request, received: &Received) {
    let name = sent.name();
    assert_eq!(format!("{} {}", received.method, received.path), name);
    assert_eq!(received.body, sent.content(), "{name}: {}", String::from_utf8_lossy(&received.body));
    for header in [
        "content-type",
        "date",
        "fspiop-source",
        "fspiop-destination",
        "fspiop-signature",
        "fspiop-encryption",
        "traceparent",
        "tracestate",
    ] {
        assert_eq!(received.header(header), sent.header(header), "{name}: {header}");
    }
    assert_eq!(received.header("accept"), sent.header("accept"), "{name}");
    assert_eq!(received.header("x-other"), None, "{name}");
    let is_transfer = received.path.starts_with("/transfers");
    let names = (received.header("fspiop-http-method"), received.header("fspiop-uri"));
    let expect = (Some(received.method.as_str()), Some(received.path.as_str()));
    assert_eq!(names, if is_transfer { expect } else { (None, None) }, "{name}");
    for once in ["content-type", "date", "fspiop-source", "traceparent", "content-length", "host"] {
        let count = received.headers.iter().filter(|(name, _)| name == once).count();
        assert!(count <= 1, "{name}: {once} stands {count} times");
    }
}

#[tokio::test]
async fn messages_of_all_kinds_pass_through_as_they_are() {
    let world = World::new().await;
    let World { hub, payer, payee } = &world;
    let (transfer, failing, quote) = (Transfer::new("1"), Transfer::new("1"), new_id());
    let put = |path: &str| Request::fspiop("PUT", path, PAYEE).to(PAYER);
    let parties = "/parties/MSISDN/27713803912";
    let odd_of = |request: Request| {
        let json = serde_json::from_slice(request.content()).unwrap();
        marked(request.body(odd(&json)))
    };
    let to_payee = [
        marked(Request::fspiop("GET", parties, PAYER).to(PAYEE)),
        odd_of(request_quote(&quote)),
        odd_of(transfer.prepare()),
        odd_of(failing.prepare()),
        marked(Request::fspiop("GET", &format!("/quotes/{quote}"), PAYER).to(PAYEE)),
    ];
    let to_payer = [
        odd_of(put(parties).body(party_answer("MSISDN", "27713803912").to_string())),
        odd_of(put(&format!("{parties}/error")).body(crate::support::messages::error("3204", "né").to_string())),
        odd_of(put("/participants/MSISDN/27713803912").body(json!({"fspId": PAYEE}).to_string())),
        odd_of(
            put("/participants/ALIAS/a%20b/sub/error").body(crate::support::messages::error("3204", "né").to_string()),
        ),
        odd_of(put(&format!("/quotes/{quote}")).body(quote_answer().to_string())),
        odd_of(transfer.commit()),
        odd_of(failing.fail()),
    ];
    for (requests, fsp) in [(&to_payee[..], payee), (&to_payer[..], payer)] {
        for (count, request) in (1..).zip(requests) {
            hub.must_take(request).await;
            check_passed(request, &fsp.wait_for(count).await[count - 1]);
        }
    }
    hub.quiet().await;
}

#[tokio::test]
async fn every_version_of_a_sender_passes_through() {
    let world = World::new().await;
    for (count, version) in (1..).zip(["1.0", "1.1", "2.0"]) {
        let kind = format!("application/vnd.interoperability.transfers+json;version={version}");
        let accept = kind.replace(".0", "").replace(".1", "");
        let request = Transfer::new("1").prepare().with("content-type", &kind).with("accept", &accept);
        world.hub.must_take(&request).await;
        let received = world.payee.wait_for(count).await.pop().unwrap();
        assert_eq!(received.header("content-type"), Some(kind.as_str()));
        assert_eq!(received.header("accept"), Some(accept.as_str()));
    }
}

/// Whether this is a `traceparent` that goes on with nobody's trace.
fn is_fresh(traceparent: &str) -> bool {
    let parts: Vec<&str> = traceparent.split('-').collect();
    let hex = |text: &str, length| {
        text.len() == length
            && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            && text.bytes().any(|byte| byte != b'0')
    };
    parts.len() == 4 && parts[0] == "00" && hex(parts[1], 32) && hex(parts[2], 16) && parts[3] == "01"
}

#[tokio::test]
async fn a_trace_is_made_where_there_is_none() {
    let world = World::new().await;
    let mut traces = Vec::new();
    for count in 1..=3 {
        world.hub.must_take(&Transfer::new("1").prepare().without("traceparent")).await;
        let received = world.payee.wait_for(count).await.pop().unwrap();
        let trace = received.header("traceparent").unwrap().to_owned();
        assert!(is_fresh(&trace), "{trace}");
        assert_eq!(received.header("tracestate"), None);
        traces.push(trace);
    }
    traces.sort();
    traces.dedup();
    assert_eq!(traces.len(), 3, "each message has a trace of its own");
}

#[tokio::test]
async fn the_hubs_own_messages_go_on_with_the_trace_that_caused_them() {
    let world = World::new().await;
    let too_much = Transfer::new("10001").prepare().with("tracestate", TRACE_STATE);
    world.hub.must_take(&too_much).await;
    world.hub.must_take(&Request::fspiop("GET", "/parties/MSISDN/404", PAYER).with("tracestate", TRACE_STATE)).await;
    for received in world.payer.wait_for(2).await {
        assert_eq!(received.header("traceparent"), Some(TRACE));
        assert_eq!(received.header("tracestate"), Some(TRACE_STATE));
        assert_eq!(received.header("fspiop-http-method"), Some("PUT"));
        assert_eq!(received.header("fspiop-uri"), Some(received.path.as_str()));
        assert_eq!(received.header("accept"), None);
        assert!(received.header("content-type").unwrap().ends_with("version=2.0"));
        assert_eq!(
            (received.header("fspiop-source"), received.header("fspiop-destination")),
            (Some("Hub"), Some(PAYER))
        );
        assert_ne!(received.header("date"), Some(DATE), "the hub's own date");
        assert_eq!(received.header("fspiop-signature"), None);
    }
}

#[tokio::test]
async fn an_empty_destination_is_a_missing_one() {
    let world = World::new().await;
    world.hub.must_take(&Transfer::new("1").prepare().to("")).await;
    world.hub.must_take(&Transfer::new("1").prepare().without("fspiop-destination")).await;
    for received in world.payee.wait_for(2).await {
        assert_eq!(received.header("fspiop-destination"), Some(PAYEE));
    }
}
