//! A payment's messages, for tests.

use std::{collections::BTreeMap, sync::Arc};

use crate::{About, HUB, Message, Moment, Phase};

/// A message that began at a moment (and ended in the order of beginnings), taken with 202 or 200 within half a millisecond.
pub(crate) fn message(at_us: i64, from: &str, to: &str, method: &str, path: &str) -> Message {
    let taken = if matches!(method, "PUT" | "PATCH") || from == HUB { 200 } else { 202 };
    Message {
        number: u64::try_from(at_us).unwrap(),
        time: Moment::from_micros(at_us),
        from: from.to_owned(),
        to: to.to_owned(),
        phase: Phase::of(path),
        method: method.to_owned(),
        path: path.to_owned(),
        status: Some(taken),
        duration_ms: 0.5,
        error: None,
        about: About::default(),
        headers: BTreeMap::new(),
        body: String::new(),
        body_bytes: 0,
    }
}

/// The twelve messages of a payment whose ids are these letters: lookup, quote, transfer; they begin at `start`, in steps of a
/// millisecond.
pub(crate) fn payment(start: i64, payer: &str, payee: &str, id: &str, trace: Option<&str>) -> Vec<Message> {
    let mut messages = lookup(start, payer, payee, "MSISDN/1", trace);
    messages.extend(agreement_and_clearing(start + 4_000, payer, payee, id, trace));
    messages
}

pub(crate) fn lookup(start: i64, payer: &str, payee: &str, party: &str, trace: Option<&str>) -> Vec<Message> {
    let path = format!("/parties/{party}");
    let legs = [(payer, HUB, "GET"), (HUB, payee, "GET"), (payee, HUB, "PUT"), (HUB, payer, "PUT")];
    let legs = legs.into_iter().enumerate().map(|(step, (from, to, method))| {
        let mut message = message(start + 1_000 * i64::try_from(step).unwrap(), from, to, method, &path);
        let (source, destination) = if method == "GET" { (payer, payee) } else { (payee, payer) };
        message.headers = headers(source, destination);
        message.about = About { party: Some(party.to_owned()), trace_id: trace.map(str::to_owned), ..About::default() };
        message
    });
    legs.collect()
}

pub(crate) fn agreement_and_clearing(
    start: i64,
    payer: &str,
    payee: &str,
    id: &str,
    trace: Option<&str>,
) -> Vec<Message> {
    let (quote, transfer) = (format!("/quotes/q{id}"), format!("/transfers/t{id}"));
    let amount = r#""amount":{"amount":"10.5","currency":"USD"}"#;
    let terms = r#"{"transferAmount":{"amount":"10.5","currency":"USD"}}"#;
    let committed = r#"{"transferState":"COMMITTED"}"#;
    let request = format!("{{{amount}}}");
    let legs = [
        (payer, HUB, "POST", "/quotes", request.as_str()),
        (HUB, payee, "POST", "/quotes", &request),
        (payee, HUB, "PUT", &quote, terms),
        (HUB, payer, "PUT", &quote, terms),
        (payer, HUB, "POST", "/transfers", &request),
        (HUB, payee, "POST", "/transfers", &request),
        (payee, HUB, "PUT", &transfer, committed),
        (HUB, payer, "PUT", &transfer, committed),
    ];
    let legs = legs.into_iter().enumerate().map(|(step, (from, to, method, path, body))| {
        let mut message = message(start + 1_000 * i64::try_from(step).unwrap(), from, to, method, path);
        let (source, destination) = if method == "POST" { (payer, payee) } else { (payee, payer) };
        message.headers = headers(source, destination);
        (message.body, message.body_bytes) = (body.to_owned(), body.len());
        let id = |letter: &str, names: bool| names.then(|| format!("{letter}{id}"));
        message.about = About {
            quote_id: id("q", step < 6),
            transaction_id: id("x", step < 6),
            transfer_id: id("t", step >= 4),
            party: (step < 2).then(|| "MSISDN/1".to_owned()),
            trace_id: trace.map(str::to_owned),
        };
        message
    });
    legs.collect()
}

fn headers(source: &str, destination: &str) -> BTreeMap<String, String> {
    let pairs = [("fspiop-source", source), ("fspiop-destination", destination)];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

pub(crate) fn shared(messages: Vec<Message>) -> Vec<Arc<Message>> {
    messages.into_iter().map(Arc::new).collect()
}
