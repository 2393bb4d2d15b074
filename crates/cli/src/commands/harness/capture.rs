//! `mojaloop harness capture`: the messages between the FSPs and the hub.

use std::{net::SocketAddr, time::Duration};

use portal::{Message, Messages, pretty};
use provisioning::{HttpClient, HttpError};
use serde::Serialize;

use crate::{
    arguments::{Global, tools::CaptureArguments},
    commands::runtime,
    exit::Failure,
    printer,
};

/// How often it is looked whether there are new messages.
const FOLLOW_EVERY: Duration = Duration::from_millis(200);

/// All messages that are known, for scripts.
#[derive(Serialize)]
struct Captured {
    messages: Vec<Message>,
}

/// Shows them, and goes on if it is to follow.
pub(super) fn run(arguments: &CaptureArguments, global: &Global, operations: SocketAddr) -> Result<(), Failure> {
    let reader = Reader { client: HttpClient::new(), operations, payment: arguments.payment.clone() };
    runtime::start()?.block_on(async {
        let showing = async {
            match arguments.follow {
                true => follow(&reader, global).await,
                false => show(&reader, global).await,
            }
        };
        tokio::select! {
            shown = showing => shown,
            told = runtime::told_to_stop() => told,
        }
    })
}

async fn show(reader: &Reader, global: &Global) -> Result<(), Failure> {
    let (mut messages, mut after) = (Vec::new(), 0);
    loop {
        let page = reader.after(after).await?;
        if page.messages.is_empty() {
            break;
        }
        after = page.last;
        messages.extend(page.messages);
    }
    if let (true, Some(id)) = (messages.is_empty(), &reader.payment) {
        return Err(Failure::failed(format!("no message of a payment {id:?} is known")).hint(
            "only the last messages are kept, until the harness ends; `mojaloop trace ID` tells what the hub's store knows",
        ));
    }
    messages.sort_by_key(|message| message.time);
    printer::print(global.output, "Capture", &Captured { messages }, |captured| match captured.messages.as_slice() {
        [] => "no messages yet".to_owned(),
        messages => messages.iter().map(to_text).collect::<Vec<_>>().join("\n"),
    })
}

async fn follow(reader: &Reader, global: &Global) -> Result<(), Failure> {
    let mut after = 0;
    loop {
        let page = reader.after(after).await?;
        after = page.last;
        for message in &page.messages {
            printer::print_next(global.output, "CapturedMessage", message, to_text)?;
        }
        if page.messages.is_empty() {
            tokio::time::sleep(FOLLOW_EVERY).await;
        }
    }
}

/// Reads from a hub.
struct Reader {
    client: HttpClient,
    operations: SocketAddr,
    payment: Option<String>,
}

impl Reader {
    /// Messages with higher numbers.
    async fn after(&self, number: u64) -> Result<Messages, Failure> {
        let mut url = format!("http://{}/messages?after={number}", self.operations);
        if let Some(id) = &self.payment {
            url += &format!("&payment={}", fspiop::percent_encode(id));
        }
        self.client.get(&url).await.map_err(|error| self.explain(&error))
    }

    fn explain(&self, error: &HttpError) -> Failure {
        let hint = match error {
            HttpError::Unreachable(_) => "has the harness ended? `mojaloop harness status`",
            _ => "`mojaloop harness logs` may say more; a hub of another version may not have it",
        };
        Failure::failed(format!("http://{}: {error}", self.operations)).hint(hint)
    }
}

/// A message for people: a line that says how it went, and below it what it says.
fn to_text(message: &Message) -> String {
    let Message { from, to, method, path, duration_ms, .. } = message;
    let status = message.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let line = format!("{}  {from} → {to}  {method} {path}  {status}  {duration_ms:.1} ms", message.time.clock());
    let mut text = if message.is_bad() { printer::red(&line) } else { printer::bold(&line) };
    if let Some(error) = &message.error {
        text += &format!("\n  {error}");
    }
    for line in pretty(&message.body).lines() {
        text += &format!("\n  {line}");
    }
    if message.body.len() < message.body_bytes {
        text += &format!("\n  (the beginning of {} bytes)", message.body_bytes);
    }
    text
}

#[cfg(test)]
mod tests {
    use portal::{About, Moment, Phase};

    use super::*;

    #[test]
    fn a_message_for_people() {
        let mut message = Message {
            number: 1,
            time: Moment::from_micros(43_200_123_456),
            from: "payerfsp".to_owned(),
            to: "hub".to_owned(),
            phase: Some(Phase::Agreement),
            method: "POST".to_owned(),
            path: "/quotes".to_owned(),
            status: Some(202),
            duration_ms: 1.26,
            error: None,
            about: About::default(),
            headers: std::collections::BTreeMap::new(),
            body: r#"{"quoteId":"q","note":[]}"#.to_owned(),
            body_bytes: 25,
        };
        let expect = "\u{1b}[1m12:00:00.123  payerfsp → hub  POST /quotes  202  1.3 ms\u{1b}[0m\n  {\n    \"quoteId\": \"q\",\n    \"note\": []\n  }";
        assert_eq!(to_text(&message), expect);
        (message.status, message.error, message.body) = (None, Some("nobody listens".to_owned()), String::new());
        let expect = "\u{1b}[1;31m12:00:00.123  payerfsp → hub  POST /quotes  no answer  1.3 ms\u{1b}[0m\n  nobody listens\n  (the beginning of 25 bytes)";
        assert_eq!(to_text(&message), expect);
    }
}
