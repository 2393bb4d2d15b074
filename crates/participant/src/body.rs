//! Parts of bodies that only an FSP reads: who pays whom, and the transaction inside a packet.

use std::borrow::Cow;

use fspiop::{Money, PartyId, PartyIdType, QuoteId, Timestamp, TransactionId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The parts of `POST /quotes` that go into the transaction as they are.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QuoteParts<'a> {
    #[serde(borrow)]
    pub(crate) payee: &'a RawValue,
    #[serde(borrow)]
    pub(crate) payer: &'a RawValue,
    #[serde(borrow)]
    pub(crate) transaction_type: &'a RawValue,
    #[serde(borrow)]
    pub(crate) note: Option<&'a RawValue>,
}

/// What a packet carries: the transaction to which payer and payee have agreed (Transaction, FSPIOP 1.1, section
/// 7.4.17). Read, it may be that of another FSP, so that only the parts that are checked are expected.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Transaction<'a> {
    pub(crate) transaction_id: TransactionId,
    pub(crate) quote_id: QuoteId,
    pub(crate) payee: &'a RawValue,
    pub(crate) payer: &'a RawValue,
    pub(crate) amount: Money,
    pub(crate) transaction_type: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<&'a RawValue>,
    pub(crate) expiration: Timestamp,
}

/// The parts of a transaction that a transfer must agree with.
#[derive(Debug, Deserialize)]
pub(crate) struct AgreedTransaction<'a> {
    #[serde(borrow)]
    pub(crate) payee: PartyOf<'a>,
    #[serde(borrow)]
    pub(crate) payer: PartyOf<'a>,
    pub(crate) amount: Money,
}

/// A party, by its identifier.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PartyOf<'a> {
    #[serde(borrow)]
    pub(crate) party_id_info: IdInfo<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IdInfo<'a> {
    party_id_type: PartyIdType,
    #[serde(borrow)]
    party_identifier: Cow<'a, str>,
    #[serde(borrow)]
    party_sub_id_or_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) fsp_id: Option<Cow<'a, str>>,
}

impl IdInfo<'_> {
    /// The identifier, if it is a valid one.
    pub(crate) fn party(&self) -> Option<PartyId> {
        PartyId::new(self.party_id_type, &self.party_identifier, self.party_sub_id_or_type.as_deref()).ok()
    }
}
