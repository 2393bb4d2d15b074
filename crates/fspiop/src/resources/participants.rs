//! `/participants`: [`ParticipantRegistration`], [`ParticipantAnswer`], [`BulkRegistration`].

use std::borrow::Cow;

use serde::Deserialize;

use crate::currency::Currency;
use crate::error::FspiopError;
use crate::fsp_id::FspId;
use crate::identifier::Identifier;
use crate::json::{not_json, read};
use crate::party::PartyIdType;
use crate::patterns::{CORRELATION_ID, CURRENCY, FSP_ID};
use crate::resources::{mandatory, typed};
use crate::schema::{Capture, Shape, array, object, optional, required, slot};
use crate::shapes::{ERROR_INFORMATION, EXTENSION_LIST, PARTY_ID_INFO};

/// How many parties a bulk may have.
const MAX_PARTIES: usize = 10_000;

/// The body of `POST /participants/{Type}/{ID}[/{SubId}]` (ParticipantsTypeIDSubIDPostRequest).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParticipantRegistration {
    /// The FSP that has the party.
    pub fsp_id: FspId,
    /// The currency of the party's account, if the registration is for one currency.
    pub currency: Option<Currency>,
}

/// The body of `PUT /participants/{Type}/{ID}[/{SubId}]` (ParticipantsTypeIDPutResponse).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParticipantAnswer {
    /// The FSP that has the party; the specification lets it be left out.
    pub fsp_id: Option<FspId>,
}

/// The body of `POST /participants` (ParticipantsPostRequest).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BulkRegistration {
    /// Names the request, for the callback.
    pub request_id: Identifier,
    /// The parties, 1 to 10,000.
    pub parties: Vec<RegisteredParty>,
    /// The currency of the parties' accounts, if the registration is for one currency.
    pub currency: Option<Currency>,
}

/// A party in a bulk registration (PartyIdInfo).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegisteredParty {
    /// The kind of identifier.
    pub kind: PartyIdType,
    /// The party's identifier, 1 to 128 characters.
    pub identifier: Box<str>,
    /// The sub-identifier, 1 to 128 characters.
    pub sub_id: Option<Box<str>>,
    /// The party's FSP, if the body says it.
    pub fsp_id: Option<FspId>,
}

/// The body of `PUT /participants/{ID}`, the answer to a bulk registration (ParticipantsIDPutResponse).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BulkRegistrationAnswer {
    /// The currency of the parties' accounts, if the registration was for one currency.
    pub currency: Option<Currency>,
}

pub(crate) static REGISTRATION: Shape =
    object(&[required("fspId", &FSP_ID), optional("currency", &CURRENCY), optional("extensionList", &EXTENSION_LIST)]);
static REGISTRATION_CAPTURES: &[Capture] = &[slot("fspId", 0), slot("currency", 1)];

pub(crate) static ANSWER: Shape = object(&[optional("fspId", &FSP_ID)]);
static ANSWER_CAPTURES: &[Capture] = &[slot("fspId", 0)];

pub(crate) static BULK: Shape =
    object(&[required("requestId", &CORRELATION_ID), required("partyList", &PARTIES), optional("currency", &CURRENCY)]);
static PARTIES: Shape = array(&PARTY_ID_INFO, 1, MAX_PARTIES);
static BULK_CAPTURES: &[Capture] = &[slot("requestId", 0), slot("currency", 1)];

pub(crate) static BULK_ANSWER: Shape =
    object(&[required("partyList", &PARTY_RESULTS), optional("currency", &CURRENCY)]);
static PARTY_RESULTS: Shape = array(&PARTY_RESULT, 1, MAX_PARTIES);
static PARTY_RESULT: Shape =
    object(&[required("partyId", &PARTY_ID_INFO), optional("errorInformation", &ERROR_INFORMATION)]);
static BULK_ANSWER_CAPTURES: &[Capture] = &[slot("currency", 0)];

impl ParticipantRegistration {
    /// Checks the body and takes out the fields.
    ///
    /// # Errors
    /// 3101 for bad JSON and wrong types, 3102 for missing and 3100 for wrong fields.
    pub fn read(body: &[u8]) -> Result<Self, FspiopError> {
        let [fsp_id, currency] = read::<2>(body, &REGISTRATION, REGISTRATION_CAPTURES)?;
        Ok(Self { fsp_id: mandatory(fsp_id, FspId::parse)?, currency: typed(currency, Currency::parse)? })
    }
}

impl ParticipantAnswer {
    /// Checks the body and takes out the fields.
    ///
    /// # Errors
    /// 3101 for bad JSON and wrong types, 3100 for wrong fields.
    pub fn read(body: &[u8]) -> Result<Self, FspiopError> {
        let [fsp_id] = read::<1>(body, &ANSWER, ANSWER_CAPTURES)?;
        Ok(Self { fsp_id: typed(fsp_id, FspId::parse)? })
    }
}

/// The list of parties, which the first pass checks but does not capture. Bulk registrations are rare enough for a
/// second pass.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PartyList<'a> {
    #[serde(borrow)]
    party_list: Vec<PartyIdInfo<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PartyIdInfo<'a> {
    party_id_type: PartyIdType,
    #[serde(borrow)]
    party_identifier: Cow<'a, str>,
    #[serde(borrow)]
    party_sub_id_or_type: Option<Cow<'a, str>>,
    fsp_id: Option<FspId>,
}

impl BulkRegistration {
    /// Checks the body and takes out the fields.
    ///
    /// # Errors
    /// 3101 for bad JSON and wrong types, 3102 for missing and 3100 for wrong fields.
    pub fn read(body: &[u8]) -> Result<Self, FspiopError> {
        let [request_id, currency] = read::<2>(body, &BULK, BULK_CAPTURES)?;
        let list: PartyList<'_> = serde_json::from_slice(body).map_err(|error| not_json(&error))?;
        let parties = list.party_list.into_iter().map(|party| RegisteredParty {
            kind: party.party_id_type,
            identifier: party.party_identifier.into(),
            sub_id: party.party_sub_id_or_type.map(Into::into),
            fsp_id: party.fsp_id,
        });
        Ok(Self {
            request_id: mandatory(request_id, Identifier::parse)?,
            parties: parties.collect(),
            currency: typed(currency, Currency::parse)?,
        })
    }
}

impl BulkRegistrationAnswer {
    /// Checks the body and takes out the fields.
    ///
    /// # Errors
    /// 3101 for bad JSON and wrong types, 3102 for missing and 3100 for wrong fields.
    pub fn read(body: &[u8]) -> Result<Self, FspiopError> {
        let [currency] = read::<1>(body, &BULK_ANSWER, BULK_ANSWER_CAPTURES)?;
        Ok(Self { currency: typed(currency, Currency::parse)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;

    #[test]
    fn registrations() {
        let found = ParticipantRegistration::read(br#"{"fspId":"payeefsp","currency":"USD"}"#).unwrap();
        assert_eq!(found.fsp_id.as_str(), "payeefsp");
        assert_eq!(found.currency.unwrap().as_str(), "USD");
        assert_eq!(ParticipantRegistration::read(br#"{"fspId":"payeefsp"}"#).unwrap().currency, None);
        for (body, expect) in [
            (
                r#"{"currency":"USD"}"#,
                "3102 Missing mandatory element - /requestBody must have required property 'fspId'",
            ),
            (
                r#"{"fspId":"x","currency":"ZZZ"}"#,
                "3100 Generic validation error - /requestBody/currency must be equal to one of the allowed values",
            ),
        ] {
            assert_eq!(ParticipantRegistration::read(body.as_bytes()).unwrap_err().to_string(), expect);
        }
    }

    #[test]
    fn answers() {
        assert_eq!(ParticipantAnswer::read(b"{}").unwrap().fsp_id, None);
        assert!(ParticipantAnswer::read(br#"{"fspId":"payeefsp"}"#).unwrap().fsp_id.is_some());
        assert!(ParticipantAnswer::read(br#"{"fspId":""}"#).is_err());
    }

    #[test]
    fn bulks() {
        let found = BulkRegistration::read(
            br#"{"requestId":"b51ec534-ee48-4575-b6a9-ead2955b8069","partyList":[{"partyIdType":"MSISDN","partyIdentifier":"1"},{"partyIdType":"ALIAS","partyIdentifier":"a\u0062","partySubIdOrType":"s","fspId":"payeefsp"}],"currency":"USD"}"#,
        )
        .unwrap();
        assert_eq!(found.request_id.to_string(), "b51ec534-ee48-4575-b6a9-ead2955b8069");
        assert_eq!(found.parties.len(), 2);
        assert_eq!((&*found.parties[1].identifier, found.parties[1].sub_id.as_deref()), ("ab", Some("s")));
        let error = BulkRegistration::read(br#"{"requestId":"b51ec534-ee48-4575-b6a9-ead2955b8069","partyList":[]}"#);
        assert_eq!(error.unwrap_err().code, ErrorCode::ValidationError);
        let error = BulkRegistration::read(
            br#"{"requestId":"b51ec534-ee48-4575-b6a9-ead2955b8069","partyList":[{"partyIdType":"MSISDN"}]}"#,
        );
        assert_eq!(
            error.unwrap_err().to_string(),
            "3102 Missing mandatory element - /requestBody/partyList/0 must have required property 'partyIdentifier'"
        );
    }

    #[test]
    fn bulk_answers() {
        let body = br#"{"partyList":[{"partyId":{"partyIdType":"MSISDN","partyIdentifier":"1"},"errorInformation":{"errorCode":"3003","errorDescription":"x"}}],"currency":"USD"}"#;
        assert!(BulkRegistrationAnswer::read(body).unwrap().currency.is_some());
        assert!(BulkRegistrationAnswer::read(br#"{"partyList":[{}]}"#).is_err());
    }
}
