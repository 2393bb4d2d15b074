//! Bodies and requests of a payment.

use std::sync::atomic::{AtomicU32, Ordering};

use fspiop::{Fulfilment, Timestamp};
use serde_json::{Value, json};

use super::Request;

static NEXT: AtomicU32 = AtomicU32::new(1);

/// An identifier that no other test uses.
pub(crate) fn new_id() -> String {
    format!("{:08x}-ee48-4575-b6a9-ead2955b8069", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// This many milliseconds from now.
pub(crate) fn in_millis(millis: i64) -> Timestamp {
    hub::system_clock().now().plus_millis(millis)
}

/// A transfer from one FSP to another.
#[derive(Clone, Debug)]
pub(crate) struct Transfer {
    pub(crate) id: String,
    pub(crate) payer: String,
    pub(crate) payee: String,
    pub(crate) amount: String,
    pub(crate) expiration: Timestamp,
}

impl Transfer {
    /// A transfer between the FSPs of most tests, with time enough.
    pub(crate) fn new(amount: &str) -> Transfer {
        Transfer {
            id: new_id(),
            payer: "payerfsp".to_owned(),
            payee: "payeefsp".to_owned(),
            amount: amount.to_owned(),
            expiration: in_millis(300_000),
        }
    }

    /// The same, with this many milliseconds to live.
    pub(crate) fn short_lived(amount: &str, millis: i64) -> Transfer {
        Transfer { expiration: in_millis(millis), ..Transfer::new(amount) }
    }

    /// The preimage of its condition.
    pub(crate) fn fulfilment(&self) -> Fulfilment {
        let mut bytes = [7; 32];
        let id = &self.id.as_bytes()[..26.min(self.id.len())];
        bytes[..id.len()].copy_from_slice(id);
        Fulfilment::from_bytes(bytes)
    }

    /// Its path.
    pub(crate) fn path(&self) -> String {
        format!("/transfers/{}", self.id)
    }

    /// The path of its errors.
    pub(crate) fn error_path(&self) -> String {
        format!("/transfers/{}/error", self.id)
    }

    /// The body of POST /transfers.
    pub(crate) fn body(&self) -> Value {
        json!({
            "transferId": self.id,
            "payerFsp": self.payer,
            "payeeFsp": self.payee,
            "amount": {"amount": self.amount, "currency": "USD"},
            "ilpPacket": "AYIBgQ",
            "condition": self.fulfilment().condition(),
            "expiration": self.expiration,
        })
    }

    /// POST /transfers.
    pub(crate) fn prepare(&self) -> Request {
        let request = Request::fspiop("POST", "/transfers", &self.payer).to(&self.payee);
        request.body(self.body().to_string())
    }

    /// PUT /transfers/{ID} with COMMITTED.
    pub(crate) fn commit(&self) -> Request {
        self.answer("COMMITTED")
    }

    /// PUT /transfers/{ID} with RESERVED.
    pub(crate) fn reserve(&self) -> Request {
        self.answer("RESERVED")
    }

    fn answer(&self, state: &str) -> Request {
        let body = json!({"fulfilment": self.fulfilment(), "transferState": state});
        self.put(&self.path(), body)
    }

    /// PUT /transfers/{ID} with ABORTED.
    pub(crate) fn reject(&self) -> Request {
        self.put(&self.path(), json!({"transferState": "ABORTED"}))
    }

    /// PUT /transfers/{ID}/error.
    pub(crate) fn fail(&self) -> Request {
        self.put(&self.error_path(), error("5104", "Payee rejected"))
    }

    fn put(&self, path: &str, body: Value) -> Request {
        Request::fspiop("PUT", path, &self.payee).to(&self.payer).body(body.to_string())
    }

    /// GET /transfers/{ID} by somebody.
    pub(crate) fn ask(&self, source: &str) -> Request {
        Request::fspiop("GET", &self.path(), source)
    }
}

/// The body of an error callback.
pub(crate) fn error(code: &str, description: &str) -> Value {
    json!({"errorInformation": {"errorCode": code, "errorDescription": description}})
}

/// The body of POST /quotes.
pub(crate) fn quote_request(id: &str) -> Value {
    let party =
        |id: &str, fsp: &str| json!({"partyIdInfo": {"partyIdType": "MSISDN", "partyIdentifier": id, "fspId": fsp}});
    json!({
        "quoteId": id,
        "transactionId": new_id(),
        "payer": party("27713803905", "payerfsp"),
        "payee": party("27713803912", "payeefsp"),
        "amountType": "SEND",
        "amount": {"amount": "12.34", "currency": "USD"},
        "transactionType": {"scenario": "TRANSFER", "initiator": "PAYER", "initiatorType": "CONSUMER"},
    })
}

/// The body of PUT /quotes/{ID}.
pub(crate) fn quote_answer() -> Value {
    json!({
        "transferAmount": {"amount": "12.34", "currency": "USD"},
        "expiration": in_millis(300_000),
        "ilpPacket": "AYIBgQ",
        "condition": "GRzLaTP7DJ9t4P-a_BA0WA9wzzlsugf00-Tn6kESAfM",
    })
}

/// POST /quotes by the payer.
pub(crate) fn request_quote(id: &str) -> Request {
    Request::fspiop("POST", "/quotes", "payerfsp").to("payeefsp").body(quote_request(id).to_string())
}

/// The body of PUT /parties/{Type}/{ID}.
pub(crate) fn party_answer(kind: &str, id: &str) -> Value {
    json!({"party": {"partyIdInfo": {"partyIdType": kind, "partyIdentifier": id, "fspId": "payeefsp"}, "name": "Alice"}})
}

/// The body of POST /transactionRequests.
pub(crate) fn request_to_pay(id: &str) -> Value {
    json!({
        "transactionRequestId": id,
        "payee": {"partyIdInfo": {"partyIdType": "MSISDN", "partyIdentifier": "27713803912", "fspId": "payeefsp"}},
        "payer": {"partyIdType": "MSISDN", "partyIdentifier": "27713803905", "fspId": "payerfsp"},
        "amount": {"amount": "12.34", "currency": "USD"},
        "transactionType": {"scenario": "PAYMENT", "initiator": "PAYEE", "initiatorType": "BUSINESS"},
        "authenticationType": "OTP",
    })
}
