//! `/transfers`: [`TransferPrepare`], [`TransferFulfil`], [`TransferPatch`].

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::currency::Money;
use crate::date_time::Timestamp;
use crate::error::{ErrorCode, FspiopError};
use crate::fsp_id::FspId;
use crate::identifier::TransferId;
use crate::ilp::{Condition, Fulfilment};
use crate::json::read;
use crate::patterns::{CORRELATION_ID, DATE_TIME, FSP_ID, HASH, ILP_PACKET, TRANSFER_STATE};
use crate::resources::{mandatory, money, typed};
use crate::schema::{Capture, Shape, inside, object, optional, required, slot};
use crate::shapes::{EXTENSION_LIST, MONEY};
use crate::text::{Excerpt, serde_as_text};

/// The state of a transfer as the protocol says it (data type TransferState, FSPIOP 1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TransferState {
    /// The transfer was received and nothing decided yet.
    Received,
    /// The money is reserved.
    Reserved,
    /// The money has moved. Final.
    Committed,
    /// The transfer did not happen. Final.
    Aborted,
}

/// The text is no state of a transfer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown transfer state: {0}")]
pub struct TransferStateError(Excerpt);

impl TransferState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Received, Self::Reserved, Self::Committed, Self::Aborted];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "RECEIVED",
            Self::Reserved => "RESERVED",
            Self::Committed => "COMMITTED",
            Self::Aborted => "ABORTED",
        }
    }

    /// Reads a name, in capitals.
    ///
    /// # Errors
    /// [`TransferStateError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, TransferStateError> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| TransferStateError(Excerpt::of(text)))
    }
}

impl fmt::Display for TransferState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TransferState {
    type Err = TransferStateError;

    fn from_str(text: &str) -> Result<Self, TransferStateError> {
        Self::parse(text)
    }
}

serde_as_text!(TransferState, "the state of a transfer");

/// The body of `POST /transfers` (TransfersPostRequest).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransferPrepare<'a> {
    /// Names the transfer; chosen by the payer's FSP.
    pub transfer_id: TransferId,
    /// The payer's FSP.
    pub payer_fsp: FspId,
    /// The payee's FSP.
    pub payee_fsp: FspId,
    /// How much is to move.
    pub amount: Money,
    /// What the fulfilment must fulfil.
    pub condition: Condition,
    /// Until when the transfer must be fulfilled.
    pub expiration: Timestamp,
    /// The ILP packet in base64url, not decoded.
    pub ilp_packet: Cow<'a, str>,
}

/// The body of `PUT /transfers/{ID}` (TransfersIDPutResponse).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransferFulfil {
    /// What became of the transfer at the sender.
    pub state: TransferState,
    /// Fulfils the condition, if the sender commits or reserves.
    pub fulfilment: Option<Fulfilment>,
    /// When the transfer was completed at the sender.
    pub completed_timestamp: Option<Timestamp>,
}

/// The body of `PATCH /transfers/{ID}` (TransfersIDPatchResponse, FSPIOP 1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransferPatch {
    /// What became of the transfer at the hub.
    pub state: TransferState,
    /// When the transfer was completed at the hub.
    pub completed_timestamp: Timestamp,
}

pub(crate) static PREPARE: Shape = object(&[
    required("transferId", &CORRELATION_ID),
    required("payeeFsp", &FSP_ID),
    required("payerFsp", &FSP_ID),
    required("amount", &MONEY),
    required("ilpPacket", &ILP_PACKET),
    required("condition", &HASH),
    required("expiration", &DATE_TIME),
    optional("extensionList", &EXTENSION_LIST),
]);
static PREPARE_CAPTURES: &[Capture] = &[
    slot("transferId", 0),
    slot("payerFsp", 1),
    slot("payeeFsp", 2),
    inside("amount", &[slot("currency", 3), slot("amount", 4)]),
    slot("condition", 5),
    slot("expiration", 6),
    slot("ilpPacket", 7),
];

pub(crate) static FULFIL: Shape = object(&[
    optional("fulfilment", &HASH),
    optional("completedTimestamp", &DATE_TIME),
    required("transferState", &TRANSFER_STATE),
    optional("extensionList", &EXTENSION_LIST),
]);
static FULFIL_CAPTURES: &[Capture] = &[slot("transferState", 0), slot("fulfilment", 1), slot("completedTimestamp", 2)];

pub(crate) static PATCH: Shape = object(&[
    required("completedTimestamp", &DATE_TIME),
    required("transferState", &TRANSFER_STATE),
    optional("extensionList", &EXTENSION_LIST),
]);
static PATCH_CAPTURES: &[Capture] = &[slot("transferState", 0), slot("completedTimestamp", 1)];

impl<'a> TransferPrepare<'a> {
    /// Checks the body and takes out the fields.
    ///
    /// # Errors
    /// 3101 for bad JSON and wrong types, 3102 for missing and 3100 for wrong fields.
    pub fn read(body: &'a [u8]) -> Result<Self, FspiopError> {
        let [transfer_id, payer_fsp, payee_fsp, currency, amount, condition, expiration, packet] =
            read::<8>(body, &PREPARE, PREPARE_CAPTURES)?;
        Ok(Self {
            transfer_id: mandatory(transfer_id, TransferId::parse)?,
            payer_fsp: mandatory(payer_fsp, FspId::parse)?,
            payee_fsp: mandatory(payee_fsp, FspId::parse)?,
            amount: money(currency, amount)?,
            condition: mandatory(condition, Condition::parse)?,
            expiration: mandatory(expiration, Timestamp::parse)?,
            ilp_packet: packet.ok_or(ErrorCode::MissingElement)?,
        })
    }
}

impl TransferFulfil {
    /// Checks the body and takes out the fields.
    ///
    /// # Errors
    /// 3101 for bad JSON and wrong types, 3102 for missing and 3100 for wrong fields.
    pub fn read(body: &[u8]) -> Result<Self, FspiopError> {
        let [state, fulfilment, completed] = read::<3>(body, &FULFIL, FULFIL_CAPTURES)?;
        Ok(Self {
            state: mandatory(state, TransferState::parse)?,
            fulfilment: typed(fulfilment, Fulfilment::parse)?,
            completed_timestamp: typed(completed, Timestamp::parse)?,
        })
    }
}

impl TransferPatch {
    /// Checks the body and takes out the fields.
    ///
    /// # Errors
    /// 3101 for bad JSON and wrong types, 3102 for missing and 3100 for wrong fields.
    pub fn read(body: &[u8]) -> Result<Self, FspiopError> {
        let [state, completed] = read::<2>(body, &PATCH, PATCH_CAPTURES)?;
        Ok(Self {
            state: mandatory(state, TransferState::parse)?,
            completed_timestamp: mandatory(completed, Timestamp::parse)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A prepare with one field replaced by another JSON text, or removed.
    fn prepare(field: &str, json: Option<&str>) -> String {
        let fields = [
            ("transferId", r#""b51ec534-ee48-4575-b6a9-ead2955b8069""#),
            ("payerFsp", r#""payerfsp""#),
            ("payeeFsp", r#""payeefsp""#),
            ("amount", r#"{"currency":"USD","amount":"123.45"}"#),
            ("ilpPacket", r#""AYIBgQ""#),
            ("condition", r#""GRzLaTP7DJ9t4P-a_BA0WA9wzzlsugf00-Tn6kESAfM""#),
            ("expiration", r#""2026-11-22T14:00:00.000Z""#),
            ("extensionList", r#"{"extension":[{"key":"k","value":"v"}]}"#),
        ];
        let changed = fields.iter().filter_map(|(name, good)| {
            let value = if *name == field { json? } else { good };
            Some(format!("\"{name}\":{value}"))
        });
        format!("{{{}}}", changed.collect::<Vec<_>>().join(","))
    }

    fn check(field: &str, json: Option<&str>, expect: &str) {
        let body = prepare(field, json);
        let found = TransferPrepare::read(body.as_bytes());
        let found = found.map_or_else(|error| error.to_string(), |_| "ok".to_owned());
        assert!(found.contains(expect), "{field} {json:?}: {found}");
    }

    #[test]
    fn a_good_prepare() {
        let body = prepare("", None);
        let found = TransferPrepare::read(body.as_bytes()).unwrap();
        assert_eq!(found.transfer_id.to_string(), "b51ec534-ee48-4575-b6a9-ead2955b8069");
        assert_eq!((found.payer_fsp.as_str(), found.payee_fsp.as_str()), ("payerfsp", "payeefsp"));
        assert_eq!(found.amount.to_string(), "123.45 USD");
        assert_eq!(found.condition.to_string(), "GRzLaTP7DJ9t4P-a_BA0WA9wzzlsugf00-Tn6kESAfM");
        assert_eq!(found.expiration.to_string(), "2026-11-22T14:00:00.000Z");
        assert!(matches!(found.ilp_packet, Cow::Borrowed("AYIBgQ")));
        check("extensionList", None, "ok");
        check("transferId", Some(r#""01ARZ3NDEKTSV4RRFFQ69G5FAV""#), "ok");
    }

    #[test]
    fn bad_prepares() {
        for name in ["transferId", "payerFsp", "payeeFsp", "amount", "ilpPacket", "condition", "expiration"] {
            let expect = format!("3102 Missing mandatory element - /requestBody must have required property '{name}'");
            check(name, None, &expect);
            check(name, Some("5"), &format!("3101 Malformed syntax - /requestBody/{name} must be"));
        }
        check(
            "amount",
            Some(r#"{"amount":"1"}"#),
            "3102 Missing mandatory element - /requestBody/amount must have required property 'currency'",
        );
        check(
            "amount",
            Some(r#"{"amount":"2.00","currency":"USD"}"#),
            r#"3100 Generic validation error - /requestBody/amount/amount must match pattern "^([0]|([1-9][0-9]{0,17}))([.][0-9]{0,3}[1-9])?$""#,
        );
        for amount in ["1e9", "01", "0.0000", "1.23456", "12345678901234567890123", "-1", ""] {
            let json = format!(r#"{{"amount":"{amount}","currency":"USD"}}"#);
            check(
                "amount",
                Some(&json),
                "3100 Generic validation error - /requestBody/amount/amount must match pattern",
            );
        }
        check(
            "amount",
            Some(r#"{"amount":"1","currency":"ZZZ"}"#),
            "3100 Generic validation error - /requestBody/amount/currency must be equal to one of the allowed values",
        );
        check(
            "transferId",
            Some(r#""not-a-uuid""#),
            "3100 Generic validation error - /requestBody/transferId must match pattern",
        );
        check("condition", Some(r#""short""#), r#"/requestBody/condition must match pattern "^[A-Za-z0-9-_]{43}$""#);
        check("expiration", Some(r#""2026-11-22T14:00:00Z""#), "/requestBody/expiration must match pattern");
        check("ilpPacket", Some(r#""a b""#), "/requestBody/ilpPacket must match pattern");
        check("payeeFsp", Some(r#""""#), "/requestBody/payeeFsp must NOT have fewer than 1 characters");
        check("payeeFsp", Some(r#""two words""#), "/requestBody/payeeFsp must match pattern");
        check("extensionList", Some("{}"), "/requestBody/extensionList must have required property 'extension'");
    }

    #[test]
    fn every_message_fits_on_the_wire() {
        for (field, json) in [
            ("amount", r#"{"amount":"2.00","currency":"USD"}"#),
            ("amount", r#"{"amount":"1","currency":"ZZZ"}"#),
            ("condition", r#""x""#),
            ("payerFsp", r#""a/b""#),
        ] {
            let body = prepare(field, Some(json));
            let error = TransferPrepare::read(body.as_bytes()).unwrap_err();
            assert_eq!(error.wire_description(), error.description);
        }
    }

    #[test]
    fn fulfils() {
        let found = TransferFulfil::read(
            br#"{"fulfilment":"UNlJ98hZTY_dsw0cAqw4i_UN3v4utt7CZFB4yfLbVFA","completedTimestamp":"2026-11-22T14:00:00.000Z","transferState":"COMMITTED"}"#,
        )
        .unwrap();
        assert_eq!(found.state, TransferState::Committed);
        assert_eq!(found.fulfilment.unwrap().condition().to_string(), "GRzLaTP7DJ9t4P-a_BA0WA9wzzlsugf00-Tn6kESAfM");
        assert!(found.completed_timestamp.is_some());
        let aborted = TransferFulfil::read(br#"{"transferState":"ABORTED"}"#).unwrap();
        assert_eq!((aborted.state, aborted.fulfilment), (TransferState::Aborted, None));
        for (body, expect) in [
            ("{}", "3102 Missing mandatory element - /requestBody must have required property 'transferState'"),
            (
                r#"{"transferState":"DONE"}"#,
                "3100 Generic validation error - /requestBody/transferState must be equal to one of the allowed values",
            ),
        ] {
            assert_eq!(TransferFulfil::read(body.as_bytes()).unwrap_err().to_string(), expect);
        }
    }

    #[test]
    fn patches() {
        let found =
            TransferPatch::read(br#"{"completedTimestamp":"2026-11-22T14:00:00.000Z","transferState":"COMMITTED"}"#)
                .unwrap();
        assert_eq!(found.state, TransferState::Committed);
        assert_eq!(found.completed_timestamp.to_string(), "2026-11-22T14:00:00.000Z");
        let error = TransferPatch::read(br#"{"transferState":"COMMITTED"}"#).unwrap_err();
        assert_eq!(error.code, ErrorCode::MissingElement);
    }
}
