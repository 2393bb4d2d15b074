//! A payment as users of a simulator see it: [`TransferRequest`], [`Event`], [`PaymentResult`].

use std::time::Duration;

use fspiop::{Amount, Currency, FspId, PartyId, QuoteId, TransferId};
use serde::{Deserialize, Serialize};

use crate::leg::{Leg, milliseconds};
use crate::payment::{Ending, PaymentError};

/// A payment to make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TransferRequest {
    /// The payer's FSP, one of the simulated ones; its first party pays.
    pub from: FspId,
    /// Who is to be paid, for example `MSISDN/27713803912`.
    pub to: PartyId,
    /// How much, up to 18 digits before and 4 after the point.
    #[serde(deserialize_with = "wire_amount")]
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
    /// A message to the payee, 1 to 128 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// How long to wait for the end of the payment, 1 to 600,000 milliseconds; 30,000 if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u32>,
}

impl TransferRequest {
    /// A payment without a note, with the usual timeout.
    pub fn new(from: FspId, to: PartyId, amount: Amount, currency: Currency) -> Self {
        Self { from, to, amount, currency, note: None, timeout_ms: None }
    }

    /// How long to wait for the end of the payment.
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(u64::from(self.timeout_ms.unwrap_or(Self::DEFAULT_TIMEOUT_MS)))
    }

    /// A lookup, a quote and a transfer take milliseconds; a hub that holds requests during a fault takes 8 s for each.
    pub const DEFAULT_TIMEOUT_MS: u32 = 30_000;
    /// Ten minutes: longer than any test waits.
    pub const MAX_TIMEOUT_MS: u32 = 600_000;
    /// The protocol's limit (Note, FSPIOP 1.1, section 7.3.23).
    pub const MAX_NOTE_CHARACTERS: usize = 128;
}

fn wire_amount<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Amount, D::Error> {
    let text = String::deserialize(from)?;
    Amount::parse(&text).map_err(serde::de::Error::custom)
}

/// What happens during a payment. In JSON `{"leg": {…}}` or `{"result": {…}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    /// A message crossed the wire. Legs come in the order in which they end.
    Leg(Leg),
    /// The payment ended. It is the last event.
    Result(PaymentResult),
}

/// How a payment went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentResult {
    /// Names the transfer, also if the payment failed before it.
    pub transfer_id: TransferId,
    /// Names the quote.
    pub quote_id: QuoteId,
    /// How it ended.
    pub state: Ending,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<PaymentError>,
    /// From the first request to the payer's final callback. In JSON milliseconds with three decimals.
    #[serde(rename = "totalMs", with = "milliseconds")]
    pub total: Duration,
    /// What crossed the wire, in the order in which it was sent.
    pub legs: Vec<Leg>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expect: Result<(), &str>) {
        let found = serde_json::from_str::<TransferRequest>(json).map(|_| ()).map_err(|error| error.to_string());
        match (&found, expect) {
            (Ok(()), Ok(())) => {}
            (Err(found), Err(expect)) if found.contains(expect) => {}
            _ => panic!("{json}: {found:?}"),
        }
    }

    #[test]
    fn requests() {
        let good = r#"{"from":"payerfsp","to":"MSISDN/27713803912","amount":"10","currency":"USD"}"#;
        check(good, Ok(()));
        check(&good.replace(r#""10""#, r#""10","note":"x","timeoutMs":5"#), Ok(()));
        check(&good.replace(r#""10""#, "10"), Err("expected a string"));
        check(&good.replace("10", "10.00"), Err("not an FSPIOP amount: '10.00'"));
        check(&good.replace("USD", "ZZZ"), Err("unknown currency: 'ZZZ'"));
        check(&good.replace("MSISDN/", "MSISDN"), Err("unknown type of party identifier"));
        check(&good.replace("from", "form"), Err("unknown field `form`"));
    }
}
