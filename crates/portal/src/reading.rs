//! What the messages of a payment say of it.

use std::sync::Arc;

use serde::Deserialize;

use crate::{HUB, Message, Phase};

/// What the messages of a payment say of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Who pays.
    pub payer: Option<String>,
    /// Who is paid.
    pub payee: Option<String>,
    /// How much, as the latest message with an amount for the transfer writes it: `10.5 USD`.
    pub amount: Option<String>,
    /// How far it is.
    pub state: State,
    /// Why it went wrong, if it did, in the last words that were said of it: `4200 Payer limit error`.
    pub reason: Option<String>,
    /// From its beginning until the last message to the payer was taken, else until its last message ended; in milliseconds.
    pub total_ms: f64,
}

/// How far a payment is, as the hub's messages have it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// It goes on, or was left, in this phase.
    #[default]
    UnderWay,
    /// The payer was told that it is committed.
    Committed,
    /// The transfer was aborted.
    Aborted,
    /// It ended before there was a transfer, or a request was refused.
    Failed,
}

impl State {
    /// In FSPIOP's words where it has some.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::UnderWay => "UNDER WAY",
            State::Committed => "COMMITTED",
            State::Aborted => "ABORTED",
            State::Failed => "FAILED",
        }
    }
}

/// Of a body: an amount of a quote, of its terms, or of a transfer, a transfer's state, and an error.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Body {
    amount: Option<Money>,
    transfer_amount: Option<Money>,
    transfer_state: Option<String>,
    error_information: Option<ErrorInformation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ErrorInformation {
    error_code: String,
    error_description: String,
}

#[derive(Deserialize)]
struct Money {
    amount: String,
    currency: String,
}

impl Reading {
    pub(crate) fn of(messages: &[Arc<Message>]) -> Reading {
        let payer = by_phase(messages, |message| (message.to == HUB).then_some(message.from.as_str()));
        let payee = by_phase(messages, payee);
        let state = state(messages);
        Reading {
            total_ms: total_ms(messages, payer),
            payer: payer.map(str::to_owned),
            payee: payee.map(str::to_owned),
            amount: amount(messages),
            reason: matches!(state, State::Aborted | State::Failed).then(|| reason(messages)).flatten(),
            state,
        }
    }
}

/// What the latest phase says: who is paid is surer of a transfer than of a lookup.
fn by_phase<'a>(messages: &'a [Arc<Message>], of: impl Fn(&'a Message) -> Option<&'a str>) -> Option<&'a str> {
    let requests = [("POST", "transfers"), ("POST", "quotes"), ("GET", "parties")];
    requests.iter().find_map(|(method, resource)| {
        messages.iter().filter(|message| message.is(method, resource)).find_map(|message| of(message))
    })
}

/// Whom the hub asks, else whom the payer names.
fn payee(message: &Message) -> Option<&str> {
    match message.to.as_str() {
        HUB => message.header("fspiop-destination"),
        fsp => Some(fsp),
    }
}

fn amount(messages: &[Arc<Message>]) -> Option<String> {
    let told = |method: &str, resource: &str| {
        let bodies = messages.iter().filter(|message| message.is(method, resource)).map(|message| read(message));
        bodies.filter_map(|body| body.transfer_amount.or(body.amount)).next_back()
    };
    let money = told("POST", "transfers").or_else(|| told("PUT", "quotes")).or_else(|| told("POST", "quotes"))?;
    Some(format!("{} {}", money.amount, money.currency))
}

fn read(message: &Message) -> Body {
    serde_json::from_str(&message.body).unwrap_or_default()
}

/// How the transfer ended, whatever was refused afterwards; without an end, the last word of the hub.
fn state(messages: &[Arc<Message>]) -> State {
    let said: Vec<State> = messages.iter().filter_map(|message| said(message)).collect();
    let end = said.iter().rfind(|state| matches!(state, State::Committed | State::Aborted));
    end.or(said.last()).copied().unwrap_or_default()
}

fn said(message: &Message) -> Option<State> {
    let from_hub = message.from == HUB;
    if message.is_error() && from_hub {
        return Some(if message.phase == Some(Phase::Clearing) { State::Aborted } else { State::Failed });
    }
    if !from_hub {
        return message.status.is_some_and(|status| status >= 400).then_some(State::Failed);
    }
    if !message.is("PUT", "transfers") && !message.is("PATCH", "transfers") {
        return None;
    }
    match read(message).transfer_state.as_deref() {
        Some("COMMITTED") => Some(State::Committed),
        Some("ABORTED") => Some(State::Aborted),
        _ => None,
    }
}

fn reason(messages: &[Arc<Message>]) -> Option<String> {
    let told = |message: &Message| {
        let told = read(message).error_information;
        told.map(|told| format!("{} {}", told.error_code, told.error_description)).or_else(|| message.error.clone())
    };
    messages.iter().rev().filter(|message| message.is_bad()).find_map(|message| told(message))
}

fn total_ms(messages: &[Arc<Message>], payer: Option<&str>) -> f64 {
    let Some(first) = messages.first() else { return 0.0 };
    let told = messages.iter().rfind(|message| Some(message.to.as_str()) == payer);
    told.or(messages.last()).map_or(0.0, |last| after_ms(first, last) + last.duration_ms)
}

/// From the beginning of one message to that of another, in milliseconds.
#[expect(clippy::cast_precision_loss, reason = "exact below centuries")]
pub(crate) fn after_ms(first: &Message, last: &Message) -> f64 {
    (last.time.as_micros() - first.time.as_micros()) as f64 / 1_000.0
}
