//! Bodies of messages that the hub or a simulator originates, as typed structures.
//!
//! Each has [`to_body`]'s JSON form of the specification. What callers put in must be what the protocol allows, for
//! example amounts that are not negative; the readers of this crate refuse anything else.

use serde::Serialize;

use crate::currency::{Currency, Money};
use crate::date_time::Timestamp;
use crate::fsp_id::FspId;
use crate::identifier::{QuoteId, TransactionId, TransferId};
use crate::ilp::{Condition, Fulfilment};
use crate::party::{PartyId, PartyIdType};
use crate::resources::participants::RegisteredParty;
use crate::resources::quotes::AmountType;
use crate::resources::transfers::TransferState;

/// Serialises a body of this module.
pub fn to_body(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("bodies have text keys and no failing parts")
}

/// The body of an error, in a refusal and in an `/error` callback (ErrorInformationObject).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody<'a> {
    error_information: ErrorInformation<'a>,
}

/// An error (ErrorInformation).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorInformation<'a> {
    error_code: &'a str,
    error_description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    extension_list: Option<ExtensionList<'a>>,
}

#[derive(Clone, Debug, Serialize)]
struct ExtensionList<'a> {
    extension: Vec<Extension<'a>>,
}

#[derive(Clone, Debug, Serialize)]
struct Extension<'a> {
    key: &'a str,
    value: &'a str,
}

impl<'a> ErrorBody<'a> {
    /// An error with any code and description, and with extensions as keys and values. The limits of the protocol
    /// are the caller's to keep; [`FspiopError::to_body`](crate::FspiopError::to_body) keeps them.
    pub fn new(code: &'a str, description: &'a str, extensions: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self { error_information: ErrorInformation::new(code, description, extensions) }
    }
}

impl<'a> ErrorInformation<'a> {
    /// As [`ErrorBody::new`].
    pub fn new(code: &'a str, description: &'a str, extensions: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let extension: Vec<_> = extensions.into_iter().map(|(key, value)| Extension { key, value }).collect();
        Self {
            error_code: code,
            error_description: description,
            extension_list: (!extension.is_empty()).then_some(ExtensionList { extension }),
        }
    }
}

/// The protocol's limit for values of extensions.
const MAX_EXTENSION_CHARACTERS: usize = 128;

/// `PUT /transfers/{ID}` (TransfersIDPutResponse).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransferFulfilBody {
    /// Fulfils the condition of a committed or reserved transfer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fulfilment: Option<Fulfilment>,
    /// When the transfer was completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_timestamp: Option<Timestamp>,
    /// What became of the transfer.
    pub transfer_state: TransferState,
    /// What else is to be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension_list: Option<ExtensionListBody>,
}

/// A list of keys and values (ExtensionList).
#[derive(Clone, Debug, Serialize)]
pub struct ExtensionListBody {
    extension: Vec<ExtensionBody>,
}

#[derive(Clone, Debug, Serialize)]
struct ExtensionBody {
    key: &'static str,
    value: Box<str>,
}

impl ExtensionListBody {
    /// Why a transfer was aborted, as Mojaloop says it: `cause`, with the error's code and description.
    pub fn cause(code: &str, description: &str) -> ExtensionListBody {
        let value = format!("{code}: {description}");
        let value = crate::text::cut(&value, MAX_EXTENSION_CHARACTERS).into();
        ExtensionListBody { extension: vec![ExtensionBody { key: "cause", value }] }
    }
}

/// `PATCH /transfers/{ID}` (TransfersIDPatchResponse).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransferPatchBody {
    /// When the transfer was completed.
    pub completed_timestamp: Timestamp,
    /// What became of the transfer.
    pub transfer_state: TransferState,
    /// Why it was aborted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension_list: Option<ExtensionListBody>,
}

/// `POST /transfers` (TransfersPostRequest).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransferPrepareBody<'a> {
    /// Names the transfer.
    pub transfer_id: TransferId,
    /// The payee's FSP.
    pub payee_fsp: &'a FspId,
    /// The payer's FSP.
    pub payer_fsp: &'a FspId,
    /// How much is to move.
    pub amount: Money,
    /// The packet of the quote's answer, in base64url.
    pub ilp_packet: &'a str,
    /// The condition of the quote's answer.
    pub condition: Condition,
    /// Until when the transfer must be fulfilled.
    pub expiration: Timestamp,
}

/// `POST /quotes` (QuotesPostRequest).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QuoteRequestBody<'a> {
    /// Names the quote.
    pub quote_id: QuoteId,
    /// Names the transaction.
    pub transaction_id: TransactionId,
    /// Who receives.
    pub payee: Party<'a>,
    /// Who pays.
    pub payer: Party<'a>,
    /// Which amount is fixed.
    pub amount_type: AmountType,
    /// The amount to be quoted.
    pub amount: Money,
    /// What kind of transaction it is.
    pub transaction_type: TransactionType<'a>,
    /// Until when an answer is of use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration: Option<Timestamp>,
    /// A message to the payee, 1 to 128 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'a str>,
}

/// What kind of transaction a quote is for (TransactionType), in the words of the specification.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransactionType<'a> {
    /// For example `TRANSFER`.
    pub scenario: &'a str,
    /// `PAYER` or `PAYEE`.
    pub initiator: &'a str,
    /// For example `CONSUMER`.
    pub initiator_type: &'a str,
}

/// `PUT /quotes/{ID}` (QuotesIDPutResponse).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QuoteAnswerBody<'a> {
    /// What the payer's FSP is to transfer.
    pub transfer_amount: Money,
    /// What the payee receives of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payee_receive_amount: Option<Money>,
    /// What the payee's FSP charges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payee_fsp_fee: Option<Money>,
    /// What the payee's FSP gives to the payer's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payee_fsp_commission: Option<Money>,
    /// Until when the quote holds.
    pub expiration: Timestamp,
    /// The packet that the transfer must carry, in base64url.
    pub ilp_packet: &'a str,
    /// The condition that the transfer must carry.
    pub condition: Condition,
}

/// `PUT /parties/{Type}/{ID}[/{SubId}]` (PartiesTypeIDPutResponse).
#[derive(Clone, Debug, Serialize)]
pub struct PartyBody<'a> {
    /// The party that was found.
    pub party: Party<'a>,
}

/// A party (Party).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Party<'a> {
    /// How the party is found.
    pub party_id_info: PartyIdInfo<'a>,
    /// The party's name, 1 to 128 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    /// About the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personal_info: Option<PersonalInfo<'a>>,
    /// The currencies of the party's accounts, at most 16; left out if there are none.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub supported_currencies: &'a [Currency],
}

/// How a party is found (PartyIdInfo).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PartyIdInfo<'a> {
    party_id_type: PartyIdType,
    party_identifier: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    party_sub_id_or_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fsp_id: Option<&'a FspId>,
}

impl<'a> PartyIdInfo<'a> {
    /// The identifier of a party, and its FSP if that is known.
    pub fn new(party: &'a PartyId, fsp_id: Option<&'a FspId>) -> Self {
        Self {
            party_id_type: party.kind,
            party_identifier: &party.identifier,
            party_sub_id_or_type: party.sub_id.as_deref(),
            fsp_id,
        }
    }

    /// A party as a bulk registration named it, whether or not that names a party.
    pub fn as_named(party: &'a RegisteredParty) -> Self {
        Self {
            party_id_type: party.kind,
            party_identifier: &party.identifier,
            party_sub_id_or_type: party.sub_id.as_deref(),
            fsp_id: party.fsp_id.as_ref(),
        }
    }
}

/// About a person (PartyPersonalInfo).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonalInfo<'a> {
    /// The person's names.
    pub complex_name: ComplexName<'a>,
    /// `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_of_birth: Option<&'a str>,
}

/// A person's names (PartyComplexName), each 1 to 128 characters.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ComplexName<'a> {
    /// The given name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<&'a str>,
    /// The middle name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<&'a str>,
    /// The family name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<&'a str>,
}

/// `PUT` and `POST /participants/{Type}/{ID}[/{SubId}]` (ParticipantsTypeIDPutResponse,
/// ParticipantsTypeIDSubIDPostRequest).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ParticipantBody<'a> {
    /// The FSP that has the party.
    pub fsp_id: &'a FspId,
    /// The currency of the party's account; in registrations only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

/// `PUT /participants/{Type}/{ID}`, the answer to a registration: what the specification has, and what Mojaloop's
/// account-lookup-service says besides.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationAnswerBody<'a> {
    /// The FSP that has the party.
    pub fsp_id: &'a FspId,
    /// The party.
    pub party_list: [PartyIdInfo<'a>; 1],
    /// The currency of the party's account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

/// `PUT /participants/{ID}`, the answer to a bulk registration (ParticipantsIDPutResponse).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BulkRegistrationAnswerBody<'a> {
    /// What became of each party, 1 to 10,000.
    pub party_list: Vec<PartyResult<'a>>,
    /// The currency of the registration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

/// What became of a party in a bulk registration (PartyResult).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PartyResult<'a> {
    /// The party.
    pub party_id: PartyIdInfo<'a>,
    /// Why it was not registered; left out if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_information: Option<ErrorInformation<'a>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        BulkRegistrationAnswer, ErrorCallback, ParticipantAnswer, ParticipantRegistration, PartyAnswer, QuoteAnswer,
        QuoteRequest, TransferFulfil, TransferPatch, TransferPrepare,
    };

    const ID: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    const MOMENT: Timestamp = Timestamp::from_millis(1_795_356_000_000);

    fn fsp(name: &str) -> FspId {
        FspId::parse(name).unwrap()
    }

    fn money(text: &str) -> Money {
        Money { currency: Currency::parse("USD").unwrap(), amount: text.parse().unwrap() }
    }

    #[test]
    fn transfers_read_back() {
        let (payer_fsp, payee_fsp) = (fsp("payerfsp"), fsp("payeefsp"));
        let fulfilment = Fulfilment::from_bytes([3; 32]);
        let prepare = to_body(&TransferPrepareBody {
            transfer_id: TransferId::parse(ID).unwrap(),
            payee_fsp: &payee_fsp,
            payer_fsp: &payer_fsp,
            amount: money("1.5"),
            ilp_packet: "AYIB",
            condition: fulfilment.condition(),
            expiration: MOMENT,
        });
        let read = TransferPrepare::read(&prepare).unwrap();
        assert_eq!((read.payer_fsp, read.amount, read.expiration), (payer_fsp, money("1.5"), MOMENT));
        let committed = TransferFulfilBody {
            fulfilment: Some(fulfilment),
            completed_timestamp: Some(MOMENT),
            transfer_state: TransferState::Committed,
            extension_list: None,
        };
        assert_eq!(TransferFulfil::read(&to_body(&committed)).unwrap().fulfilment, Some(fulfilment));
        let aborted = TransferFulfilBody {
            fulfilment: None,
            completed_timestamp: None,
            transfer_state: TransferState::Aborted,
            extension_list: Some(ExtensionListBody::cause("3303", &"e".repeat(128))),
        };
        let cause = format!("3303: {}", "e".repeat(122));
        let expect = format!(
            r#"{{"transferState":"ABORTED","extensionList":{{"extension":[{{"key":"cause","value":"{cause}"}}]}}}}"#
        );
        assert_eq!(to_body(&aborted), expect.as_bytes());
        assert!(TransferFulfil::read(&to_body(&aborted)).is_ok());
        let patch = TransferPatchBody {
            completed_timestamp: MOMENT,
            transfer_state: TransferState::Aborted,
            extension_list: Some(ExtensionListBody::cause("3303", "Transfer expired")),
        };
        assert_eq!(TransferPatch::read(&to_body(&patch)).unwrap().completed_timestamp, MOMENT);
    }

    fn party<'a>(party: &'a PartyId, fsp_id: &'a FspId) -> Party<'a> {
        Party {
            party_id_info: PartyIdInfo::new(party, Some(fsp_id)),
            name: Some("Ann"),
            personal_info: Some(PersonalInfo {
                complex_name: ComplexName { first_name: Some("Ann"), middle_name: None, last_name: None },
                date_of_birth: Some("1983-10-25"),
            }),
            supported_currencies: &[],
        }
    }

    #[test]
    fn quotes_read_back() {
        let (payer_fsp, payee_fsp) = (fsp("payerfsp"), fsp("payeefsp"));
        let (payer, payee) = (PartyId::parse("MSISDN/1").unwrap(), PartyId::parse("ALIAS/a/b").unwrap());
        let request = to_body(&QuoteRequestBody {
            quote_id: QuoteId::parse(ID).unwrap(),
            transaction_id: TransactionId::parse(ID).unwrap(),
            payee: party(&payee, &payee_fsp),
            payer: party(&payer, &payer_fsp),
            amount_type: AmountType::Send,
            amount: money("10"),
            transaction_type: TransactionType { scenario: "TRANSFER", initiator: "PAYER", initiator_type: "CONSUMER" },
            expiration: Some(MOMENT),
            note: None,
        });
        let read = QuoteRequest::read(&request).unwrap();
        assert_eq!((read.payer_fsp, read.payee_fsp), (Some(payer_fsp), Some(payee_fsp)));
        let answer = to_body(&QuoteAnswerBody {
            transfer_amount: money("10"),
            payee_receive_amount: Some(money("10")),
            payee_fsp_fee: None,
            payee_fsp_commission: None,
            expiration: MOMENT,
            ilp_packet: "AYIB",
            condition: Condition::from_bytes([1; 32]),
        });
        assert_eq!(QuoteAnswer::read(&answer).unwrap().ilp_packet, "AYIB");
    }

    #[test]
    fn parties_and_participants_read_back() {
        let (id, fsp_id) = (PartyId::parse("PERSONAL_ID/1/PASSPORT").unwrap(), fsp("payeefsp"));
        let read = PartyAnswer::read(&to_body(&PartyBody { party: party(&id, &fsp_id) })).unwrap();
        assert_eq!((read.sub_id, read.fsp_id), (id.sub_id.clone(), Some(fsp_id.clone())));
        let currency = Currency::parse("KES").ok();
        let registration = to_body(&ParticipantBody { fsp_id: &fsp_id, currency });
        assert_eq!(ParticipantRegistration::read(&registration).unwrap().currency, currency);
        let answer = to_body(&ParticipantBody { fsp_id: &fsp_id, currency: None });
        assert_eq!(ParticipantAnswer::read(&answer).unwrap().fsp_id.as_ref(), Some(&fsp_id));
        let refused = PartyResult {
            party_id: PartyIdInfo::new(&id, None),
            error_information: Some(ErrorInformation::new("3003", "no", [])),
        };
        let bulk = to_body(&BulkRegistrationAnswerBody { party_list: vec![refused], currency });
        assert_eq!(BulkRegistrationAnswer::read(&bulk).unwrap().currency, currency);
    }

    #[test]
    fn errors_read_back() {
        let body = to_body(&ErrorBody::new("5999", "own reason", [("key", "value")]));
        let read = ErrorCallback::read(&body).unwrap();
        assert_eq!((&*read.code, &*read.description), ("5999", "own reason"));
    }
}
