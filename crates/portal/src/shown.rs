//! What the pages show, in the words in which they show it.

use std::sync::Arc;

use serde::Serialize;

use crate::{
    Message, Payment, Phase, State,
    diagram::{Diagram, NARROW, WIDE, draw},
    pretty,
};

/// Payments in the list: more than anybody looks through. Older ones are still found by their ids.
const LISTED_PAYMENTS: usize = 200;
/// Letters of an id that tell it from others on a page.
const ID_LETTERS: usize = 8;

/// The list of payments.
#[derive(Serialize)]
pub(crate) struct ListPage {
    payments: Vec<Row>,
    /// How many there are beyond those that are listed.
    more: usize,
}

#[derive(Serialize)]
struct Row {
    id: String,
    /// The id as a path has it.
    segment: String,
    day: String,
    clock: String,
    payer: String,
    payee: String,
    amount: String,
    state: &'static str,
    state_class: &'static str,
    total: String,
}

/// One payment.
#[derive(Serialize)]
pub(crate) struct PaymentPage {
    row: Row,
    reason: Option<String>,
    ids: Vec<(&'static str, String)>,
    diagrams: [Diagram; 2],
    messages: Vec<ShownMessage>,
}

#[derive(Serialize)]
struct ShownMessage {
    number: u64,
    clock: String,
    from: String,
    to: String,
    phase: &'static str,
    method: String,
    path: String,
    status: String,
    duration: String,
    error: Option<String>,
    is_bad: bool,
    headers: Vec<(String, String)>,
    body: String,
    /// The whole length, if not all of the body was kept.
    cut_bytes: Option<usize>,
}

impl ListPage {
    pub(crate) fn of(payments: &[Payment]) -> ListPage {
        ListPage {
            payments: payments.iter().take(LISTED_PAYMENTS).map(Row::of).collect(),
            more: payments.len().saturating_sub(LISTED_PAYMENTS),
        }
    }
}

impl Row {
    fn of(payment: &Payment) -> Row {
        let or_unknown = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
        let reading = &payment.reading;
        let party = payment.messages.iter().find_map(|message| message.about.party.clone());
        let began = payment.began();
        Row {
            segment: fspiop::percent_encode(&payment.id),
            id: payment.id.clone(),
            day: began.map_or(String::new(), |time| time.to_string().split('T').next().unwrap_or_default().to_owned()),
            clock: began.map_or(String::new(), |time| time.clock()),
            payer: or_unknown(&reading.payer),
            payee: or_unknown(&reading.payee.clone().or(party)),
            amount: or_unknown(&reading.amount),
            state: reading.state.as_str(),
            state_class: match reading.state {
                State::Committed => "good",
                State::Aborted | State::Failed => "bad",
                State::UnderWay => "open",
            },
            total: milliseconds(reading.total_ms),
        }
    }
}

impl PaymentPage {
    pub(crate) fn of(payment: &Payment) -> PaymentPage {
        PaymentPage {
            row: Row::of(payment),
            reason: payment.reading.reason.clone(),
            ids: ids(&payment.messages),
            diagrams: [draw(&payment.messages, &WIDE), draw(&payment.messages, &NARROW)],
            messages: payment.messages.iter().map(|message| ShownMessage::of(message)).collect(),
        }
    }
}

/// The ids that the messages name, each once.
fn ids(messages: &[Arc<Message>]) -> Vec<(&'static str, String)> {
    let mut ids: Vec<(&'static str, String)> = Vec::new();
    for message in messages {
        let about = &message.about;
        for (kind, id) in [
            ("Party", &about.party),
            ("Transaction", &about.transaction_id),
            ("Quote", &about.quote_id),
            ("Transfer", &about.transfer_id),
        ] {
            if let Some(id) = id
                && !ids.iter().any(|(known, other)| *known == kind && other == id)
            {
                ids.push((kind, id.clone()));
            }
        }
    }
    ids
}

impl ShownMessage {
    fn of(message: &Message) -> ShownMessage {
        ShownMessage {
            number: message.number,
            clock: message.time.clock(),
            from: message.from.clone(),
            to: message.to.clone(),
            phase: phase(message.phase),
            method: message.method.clone(),
            path: message.path.clone(),
            status: status(message),
            duration: milliseconds(message.duration_ms),
            error: message.error.clone(),
            is_bad: message.is_bad(),
            headers: message.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            body: pretty(&message.body),
            cut_bytes: (message.body.len() < message.body_bytes).then_some(message.body_bytes),
        }
    }
}

/// The name of a phase, and of none.
pub(crate) fn phase(phase: Option<Phase>) -> &'static str {
    phase.map_or("other", Phase::as_str)
}

pub(crate) fn status(message: &Message) -> String {
    message.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string())
}

/// Milliseconds as people read them: with fewer decimals the more there are.
pub(crate) fn milliseconds(millis: f64) -> String {
    match millis {
        _ if millis < 100.0 => format!("{millis:.1} ms"),
        _ if millis < 10_000.0 => format!("{millis:.0} ms"),
        _ => format!("{:.1} s", millis / 1_000.0),
    }
}

/// The beginning of a text that has more letters than fit.
pub(crate) fn brief(text: &str, letters: usize) -> String {
    match text.char_indices().nth(letters) {
        None => text.to_owned(),
        Some(_) => text.chars().take(letters.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// A path with the beginnings of its ids.
pub(crate) fn short_ids(path: &str) -> String {
    let short = |segment: &str| match fspiop_id(segment) {
        true => format!("{}…", segment.chars().take(ID_LETTERS).collect::<String>()),
        false => segment.to_owned(),
    };
    path.split('/').map(short).collect::<Vec<_>>().join("/")
}

/// A UUID or a ULID, by its form.
fn fspiop_id(text: &str) -> bool {
    let hexadecimal = |letter: u8| letter.is_ascii_hexdigit() || letter == b'-';
    (text.len() == 36 && text.bytes().all(hexadecimal))
        || (text.len() == 26 && text.bytes().all(|letter| letter.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_exact_as_they_are_read() {
        for (millis, expect) in [(0.04, "0.0 ms"), (12.34, "12.3 ms"), (123.4, "123 ms"), (12_345.0, "12.3 s")] {
            assert_eq!(milliseconds(millis), expect);
        }
    }

    #[test]
    fn long_texts_are_shortened() {
        for (text, expect) in [("abc", "abc"), ("abcd", "abcd"), ("abcde", "abc…"), ("äöüäöü", "äöü…")] {
            assert_eq!(brief(text, 4), expect);
        }
        for (path, expect) in [
            ("/transfers/b51ec534-ee48-4575-b6a9-ead2955b8069/error", "/transfers/b51ec534…/error"),
            ("/quotes/01JD8ZC3V4M5N6P7Q8R9S0T1V2", "/quotes/01JD8ZC3…"),
            ("/parties/MSISDN/27713803912", "/parties/MSISDN/27713803912"),
        ] {
            assert_eq!(short_ids(path), expect);
        }
    }
}
