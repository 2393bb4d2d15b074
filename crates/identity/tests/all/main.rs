//! Keys and signatures: what is believed, what is refused, and that Mojaloop's own library sees it the same way.

#![allow(clippy::unwrap_used, reason = "the lint knows tests, but not what they call")]

mod keys;
mod refused;
mod upstream;

use identity::SignedMessage;

/// A message that the tests sign.
const MESSAGE: SignedMessage<'static> = SignedMessage {
    method: "POST",
    uri: "/transfers",
    source: "payerfsp",
    destination: Some("payeefsp"),
    date: Some("Sun, 22 Nov 2026 14:00:00 GMT"),
    body: br#"{"transferId":"b51ec534-ee48-4575-b6a9-ead2955b8069"}"#,
};
