//! `/quotes`: [`QuoteRequest`], [`QuoteAnswer`].

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;

use crate::currency::{Currency, Money};
use crate::date_time::Timestamp;
use crate::error::{ErrorCode, FspiopError};
use crate::fsp_id::FspId;
use crate::identifier::{QuoteId, TransactionId};
use crate::ilp::Condition;
use crate::json::{not_json, read};
use crate::patterns::{AMOUNT_TYPE, CORRELATION_ID, CURRENCY_CONVERTER, DATE_TIME, HASH, ILP_PACKET, NOTE};
use crate::resources::{mandatory, money, typed};
use crate::schema::{Capture, Shape, inside, object, optional, required, slot};
use crate::shapes::{EXTENSION_LIST, FX_RATE, GEO_CODE, MONEY, PARTY, TRANSACTION_TYPE};
use crate::text::{Excerpt, serde_as_text};

/// Which amount a quote fixes (data type AmountType, FSPIOP 1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AmountType {
    /// What the payer sends.
    Send,
    /// What the payee receives.
    Receive,
}

/// The text is no type of amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither SEND nor RECEIVE: {0}")]
pub struct AmountTypeError(Excerpt);

impl AmountType {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Send => "SEND",
            Self::Receive => "RECEIVE",
        }
    }

    /// Reads a name, in capitals.
    ///
    /// # Errors
    /// [`AmountTypeError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, AmountTypeError> {
        match text {
            "SEND" => Ok(Self::Send),
            "RECEIVE" => Ok(Self::Receive),
            _ => Err(AmountTypeError(Excerpt::of(text))),
        }
    }
}

impl fmt::Display for AmountType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

serde_as_text!(AmountType, "SEND or RECEIVE");

/// The body of `POST /quotes` (QuotesPostRequest).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuoteRequest {
    /// Names the quote; chosen by the payer's FSP.
    pub quote_id: QuoteId,
    /// Names the transaction that the quote is for.
    pub transaction_id: TransactionId,
    /// The payer's FSP, if the body says it.
    pub payer_fsp: Option<FspId>,
    /// The payee's FSP, if the body says it.
    pub payee_fsp: Option<FspId>,
    /// The amount to be quoted.
    pub amount: Money,
    /// Which amount that is.
    pub amount_type: AmountType,
    /// Until when an answer is of use.
    pub expiration: Option<Timestamp>,
    /// The currencies of the payer's accounts, if the body says them (element supportedCurrencies of Party).
    pub payer_currencies: Vec<Currency>,
}

/// What a request says of the payer's accounts.
#[derive(Deserialize)]
struct Payer {
    payer: Accounts,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Accounts {
    #[serde(default)]
    supported_currencies: Vec<Currency>,
}

/// The currencies of the payer's accounts. Few requests say them, so that few bodies are read twice.
fn payer_currencies(body: &[u8]) -> Result<Vec<Currency>, FspiopError> {
    if !std::str::from_utf8(body).is_ok_and(|body| body.contains("supportedCurrencies")) {
        return Ok(Vec::new());
    }
    let read: Payer = serde_json::from_slice(body).map_err(|error| not_json(&error))?;
    Ok(read.payer.supported_currencies)
}

/// The body of `PUT /quotes/{ID}` (QuotesIDPutResponse).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuoteAnswer<'a> {
    /// What the payer's FSP is to transfer.
    pub transfer_amount: Money,
    /// In which currency the payee receives, if the body says it.
    pub payee_currency: Option<Currency>,
    /// Until when the quote holds.
    pub expiration: Timestamp,
    /// The condition that the transfer must carry.
    pub condition: Condition,
    /// The ILP packet in base64url, not decoded.
    pub ilp_packet: Cow<'a, str>,
}

pub(crate) static REQUEST: Shape = object(&[
    required("quoteId", &CORRELATION_ID),
    required("transactionId", &CORRELATION_ID),
    optional("transactionRequestId", &CORRELATION_ID),
    required("payee", &PARTY),
    required("payer", &PARTY),
    required("amountType", &AMOUNT_TYPE),
    required("amount", &MONEY),
    optional("fees", &MONEY),
    required("transactionType", &TRANSACTION_TYPE),
    optional("converter", &CURRENCY_CONVERTER),
    optional("currencyConversion", &FX_RATE),
    optional("geoCode", &GEO_CODE),
    optional("note", &NOTE),
    optional("expiration", &DATE_TIME),
    optional("extensionList", &EXTENSION_LIST),
]);
static REQUEST_CAPTURES: &[Capture] = &[
    slot("quoteId", 0),
    slot("transactionId", 1),
    inside("payer", &[inside("partyIdInfo", &[slot("fspId", 2)])]),
    inside("payee", &[inside("partyIdInfo", &[slot("fspId", 3)])]),
    inside("amount", &[slot("currency", 4), slot("amount", 5)]),
    slot("amountType", 6),
    slot("expiration", 7),
];

pub(crate) static ANSWER: Shape = object(&[
    required("transferAmount", &MONEY),
    optional("payeeReceiveAmount", &MONEY),
    optional("payeeFspFee", &MONEY),
    optional("payeeFspCommission", &MONEY),
    required("expiration", &DATE_TIME),
    optional("geoCode", &GEO_CODE),
    required("ilpPacket", &ILP_PACKET),
    required("condition", &HASH),
    optional("extensionList", &EXTENSION_LIST),
]);
static ANSWER_CAPTURES: &[Capture] = &[
    inside("transferAmount", &[slot("currency", 0), slot("amount", 1)]),
    slot("expiration", 2),
    slot("condition", 3),
    slot("ilpPacket", 4),
    inside("payeeReceiveAmount", &[slot("currency", 5)]),
];

impl QuoteRequest {
    /// Checks the body and takes out the fields.
    ///
    /// # Errors
    /// 3101 for bad JSON and wrong types, 3102 for missing and 3100 for wrong fields.
    pub fn read(body: &[u8]) -> Result<Self, FspiopError> {
        let [quote_id, transaction_id, payer, payee, currency, amount, amount_type, expiration] =
            read::<8>(body, &REQUEST, REQUEST_CAPTURES)?;
        Ok(Self {
            quote_id: mandatory(quote_id, QuoteId::parse)?,
            transaction_id: mandatory(transaction_id, TransactionId::parse)?,
            payer_fsp: typed(payer, FspId::parse)?,
            payee_fsp: typed(payee, FspId::parse)?,
            amount: money(currency, amount)?,
            amount_type: mandatory(amount_type, AmountType::parse)?,
            expiration: typed(expiration, Timestamp::parse)?,
            payer_currencies: payer_currencies(body)?,
        })
    }
}

impl<'a> QuoteAnswer<'a> {
    /// Checks the body and takes out the fields.
    ///
    /// # Errors
    /// 3101 for bad JSON and wrong types, 3102 for missing and 3100 for wrong fields.
    pub fn read(body: &'a [u8]) -> Result<Self, FspiopError> {
        let [currency, amount, expiration, condition, ilp_packet, payee_currency] =
            read::<6>(body, &ANSWER, ANSWER_CAPTURES)?;
        Ok(Self {
            transfer_amount: money(currency, amount)?,
            payee_currency: typed(payee_currency, Currency::parse)?,
            expiration: mandatory(expiration, Timestamp::parse)?,
            condition: mandatory(condition, Condition::parse)?,
            ilp_packet: ilp_packet.ok_or(ErrorCode::MissingElement)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn request() -> Value {
        json!({
            "quoteId": "54d5f09b-a47d-40d6-aa07-a9cf3bb249ad",
            "transactionId": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "payer": {
                "partyIdInfo": {"partyIdType": "MSISDN", "partyIdentifier": "22507008181", "fspId": "payerfsp"},
                "personalInfo": {
                    "complexName": {"firstName": "Mats", "lastName": "Hagman"},
                    "dateOfBirth": "1983-10-25"
                }
            },
            "payee": {"partyIdInfo": {"partyIdType": "MSISDN", "partyIdentifier": "22556999125"}},
            "amountType": "RECEIVE",
            "amount": {"amount": "60", "currency": "USD"},
            "fees": {"amount": "0.5", "currency": "USD"},
            "transactionType": {"scenario": "TRANSFER", "initiator": "PAYER", "initiatorType": "CONSUMER"},
            "geoCode": {"latitude": "9", "longitude": "180"},
            "note": "hej",
            "expiration": "2026-11-22T14:00:00.000-04:00"
        })
    }

    fn check(pointer: &str, value: Option<Value>, expect: &str) {
        let mut body = request();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Some(value) => parent.insert(name.to_owned(), value),
            None => parent.remove(name),
        };
        let found = QuoteRequest::read(body.to_string().as_bytes());
        let found = found.map_or_else(|error| error.to_string(), |_| "ok".to_owned());
        assert!(found.contains(expect), "{pointer}: {found}");
    }

    #[test]
    fn a_good_request() {
        let found = QuoteRequest::read(request().to_string().as_bytes()).unwrap();
        assert_eq!(found.quote_id.to_string(), "54d5f09b-a47d-40d6-aa07-a9cf3bb249ad");
        assert_eq!(found.transaction_id.to_string(), "01ARZ3NDEKTSV4RRFFQ69G5FAV");
        assert_eq!(found.payer_fsp.as_ref().map(FspId::as_str), Some("payerfsp"));
        assert_eq!(found.payee_fsp, None);
        assert_eq!(found.amount.to_string(), "60 USD");
        assert_eq!(found.amount_type, AmountType::Receive);
        assert_eq!(found.expiration.unwrap().to_string(), "2026-11-22T18:00:00.000Z");
    }

    #[test]
    fn requests_are_checked_throughout() {
        for name in ["quoteId", "transactionId", "payee", "payer", "amountType", "amount", "transactionType"] {
            let expect = format!("3102 Missing mandatory element - /requestBody must have required property '{name}'");
            check(&format!("/{name}"), None, &expect);
        }
        let violation = "3100 Generic validation error - /requestBody";
        check("/quoteId", Some(json!("")), &format!("{violation}/quoteId must match pattern"));
        check(
            "/payer/partyIdInfo",
            Some(json!("")),
            "3101 Malformed syntax - /requestBody/payer/partyIdInfo must be object",
        );
        check(
            "/payer/partyIdInfo/partyIdentifier",
            Some(json!("")),
            &format!("{violation}/payer/partyIdInfo/partyIdentifier must NOT have fewer than 1 characters"),
        );
        check(
            "/payee/partyIdInfo/partyIdType",
            Some(json!("PHONE")),
            &format!("{violation}/payee/partyIdInfo/partyIdType must be equal to one of the allowed values"),
        );
        check(
            "/payee/name",
            Some(json!("x".repeat(129))),
            &format!("{violation}/payee/name must NOT have more than 128"),
        );
        check(
            "/payer/personalInfo/dateOfBirth",
            Some(json!("1983-02-30")),
            "/payer/personalInfo/dateOfBirth must match",
        );
        check(
            "/payer/personalInfo/complexName/firstName",
            Some(json!("<b>")),
            "/complexName/firstName must match pattern",
        );
        check("/payer/personalInfo/complexName/firstName", Some(json!("ကောင်းထက်စံ")), "ok");
        check("/payee/merchantClassificationCode", Some(json!("12345")), "merchantClassificationCode must match");
        check("/payee/supportedCurrencies", Some(json!(["USD", "ZZZ"])), "/payee/supportedCurrencies/1 must be equal");
        check("/amountType", Some(json!("")), &format!("{violation}/amountType must be equal"));
        check("/amount/currency", Some(json!("")), &format!("{violation}/amount/currency must be equal"));
        check("/fees/amount", Some(json!("1.10")), &format!("{violation}/fees/amount must match"));
        check(
            "/transactionType/scenario",
            Some(json!("")),
            &format!("{violation}/transactionType/scenario must be equal"),
        );
        check("/transactionType/initiator", None, "3102 Missing mandatory element - /requestBody/transactionType");
        check("/transactionType/refundInfo", Some(json!({})), "must have required property 'originalTransactionId'");
        check("/transactionType/balanceOfPayments", Some(json!("12")), "balanceOfPayments must match");
        check("/geoCode/latitude", Some(json!("91")), "/geoCode/latitude must match");
        check("/note", Some(json!("")), "/note must NOT have fewer than 1 characters");
        check("/note", Some(json!(null)), "/note must be string");
        check("/converter", Some(json!("HUB")), "/converter must be equal");
        check(
            "/currencyConversion",
            Some(json!({"sourceAmount": {"currency": "USD", "amount": "1"}})),
            "'targetAmount'",
        );
        check("/unknown", Some(json!({"any": ["thing"]})), "ok");
    }

    #[test]
    fn answers() {
        let body = json!({
            "transferAmount": {"currency": "USD", "amount": "5"},
            "payeeReceiveAmount": {"currency": "USD", "amount": "0"},
            "expiration": "2026-11-22T14:00:00.000Z",
            "ilpPacket": "2h0999rduj2vl==",
            "condition": "9Mm5R0KAYxlf8VhcK7SGRivVHdjPjdqui0Nn8pOi5Yr",
            "geoCode": {"latitude": "9", "longitude": "180"},
        });
        let text = body.to_string();
        let found = QuoteAnswer::read(text.as_bytes()).unwrap();
        assert_eq!(found.transfer_amount.to_string(), "5 USD");
        assert_eq!(found.ilp_packet, "2h0999rduj2vl==");
        for name in ["transferAmount", "expiration", "ilpPacket", "condition"] {
            let mut incomplete = body.clone();
            incomplete.as_object_mut().unwrap().remove(name);
            let error = QuoteAnswer::read(incomplete.to_string().as_bytes()).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("3102 Missing mandatory element - /requestBody must have required property '{name}'")
            );
        }
    }
}
