//! External directories that know which FSP serves a party.

use fspiop::{Currency, PartyIdType, Timestamp};

/// Number of an oracle, given in the order of registration, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OracleId(pub i64);

/// A registered oracle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oracle {
    /// Its number.
    pub id: OracleId,
    /// The type of identifiers that it knows.
    pub party_id_type: PartyIdType,
    /// The currency that it serves; absent: all.
    pub currency: Option<Currency>,
    /// Base URL; the hub calls `{endpoint}/participants/{Type}/{ID}`.
    pub endpoint: Box<str>,
    /// Whether it is asked when no other fits better.
    pub is_default: bool,
    /// One that was taken away is remembered, so that its number is never used again.
    pub active: bool,
    /// When it was registered.
    pub created_at: Timestamp,
}
