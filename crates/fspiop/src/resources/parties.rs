//! `/parties`: [`PartyAnswer`].

use crate::error::FspiopError;
use crate::fsp_id::FspId;
use crate::json::read;
use crate::party::PartyIdType;
use crate::resources::{as_is, mandatory, typed};
use crate::schema::{Capture, Shape, inside, object, required, slot};
use crate::shapes::PARTY;

/// The body of `PUT /parties/{Type}/{ID}[/{SubId}]` (PartiesTypeIDPutResponse).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartyAnswer {
    /// The kind of identifier.
    pub kind: PartyIdType,
    /// The party's identifier, 1 to 128 characters.
    pub identifier: Box<str>,
    /// The sub-identifier, 1 to 128 characters.
    pub sub_id: Option<Box<str>>,
    /// The party's FSP, if the body says it.
    pub fsp_id: Option<FspId>,
}

pub(crate) static ANSWER: Shape = object(&[required("party", &PARTY)]);
static ANSWER_CAPTURES: &[Capture] = &[inside(
    "party",
    &[inside(
        "partyIdInfo",
        &[slot("partyIdType", 0), slot("partyIdentifier", 1), slot("partySubIdOrType", 2), slot("fspId", 3)],
    )],
)];

impl PartyAnswer {
    /// Checks the body and takes out the fields.
    ///
    /// # Errors
    /// 3101 for bad JSON and wrong types, 3102 for missing and 3100 for wrong fields.
    pub fn read(body: &[u8]) -> Result<Self, FspiopError> {
        let [kind, identifier, sub_id, fsp_id] = read::<4>(body, &ANSWER, ANSWER_CAPTURES)?;
        Ok(Self {
            kind: mandatory(kind, PartyIdType::parse)?,
            identifier: mandatory(identifier, as_is)?,
            sub_id: typed(sub_id, as_is)?,
            fsp_id: typed(fsp_id, FspId::parse)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let found = PartyAnswer::read(
            br#"{"party":{"partyIdInfo":{"partyIdType":"PERSONAL_ID","partyIdentifier":"16135551212","partySubIdOrType":"DRIVING_LICENSE","fspId":"payeefsp"},"merchantClassificationCode":"4321","name":"Justin","personalInfo":{"kycInformation":"{}"},"supportedCurrencies":["USD"]}}"#,
        )
        .unwrap();
        assert_eq!((found.kind, &*found.identifier), (PartyIdType::PersonalId, "16135551212"));
        assert_eq!(found.sub_id.as_deref(), Some("DRIVING_LICENSE"));
        assert_eq!(found.fsp_id.unwrap().as_str(), "payeefsp");
        for (body, expect) in [
            ("{}", "3102 Missing mandatory element - /requestBody must have required property 'party'"),
            (
                r#"{"party":{"partyIdInfo":{"partyIdType":"MSISDN"}}}"#,
                "3102 Missing mandatory element - /requestBody/party/partyIdInfo must have required property 'partyIdentifier'",
            ),
            (r#"{"party":"Ann"}"#, "3101 Malformed syntax - /requestBody/party must be object"),
        ] {
            assert_eq!(PartyAnswer::read(body.as_bytes()).unwrap_err().to_string(), expect);
        }
    }
}
