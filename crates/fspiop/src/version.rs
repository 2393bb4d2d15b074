//! Resources and versions of the API: [`Resource`], [`ApiVersion`].

use std::fmt;
use std::str::FromStr;

use crate::text::{Excerpt, serde_as_text};

/// The resources of the API, by which media types are named (FSPIOP 1.1; FX: FSPIOP 2.0).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// Which FSP has a party.
    Participants,
    /// Who a party is.
    Parties,
    /// Requests to pay.
    TransactionRequests,
    /// Terms of a transfer.
    Quotes,
    /// Approval of a request to pay.
    Authorizations,
    /// Transfers of money.
    Transfers,
    /// States of transactions.
    Transactions,
    /// Terms of many transfers.
    BulkQuotes,
    /// Many transfers of money.
    BulkTransfers,
    /// Terms of a currency conversion.
    FxQuotes,
    /// Currency conversions.
    FxTransfers,
    /// Providers of services, among them currency conversion.
    Services,
}

impl Resource {
    /// All resources.
    pub const ALL: [Self; 12] = [
        Self::Participants,
        Self::Parties,
        Self::TransactionRequests,
        Self::Quotes,
        Self::Authorizations,
        Self::Transfers,
        Self::Transactions,
        Self::BulkQuotes,
        Self::BulkTransfers,
        Self::FxQuotes,
        Self::FxTransfers,
        Self::Services,
    ];

    /// The first segment of the resource's paths.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Participants => "participants",
            Self::Parties => "parties",
            Self::TransactionRequests => "transactionRequests",
            Self::Quotes => "quotes",
            Self::Authorizations => "authorizations",
            Self::Transfers => "transfers",
            Self::Transactions => "transactions",
            Self::BulkQuotes => "bulkQuotes",
            Self::BulkTransfers => "bulkTransfers",
            Self::FxQuotes => "fxQuotes",
            Self::FxTransfers => "fxTransfers",
            Self::Services => "services",
        }
    }

    /// The resource's name in media types. It is the path's, except for services, where Mojaloop says `servicesFxp`.
    pub const fn media_name(self) -> &'static str {
        match self {
            Self::Services => "servicesFxp",
            _ => self.path(),
        }
    }

    /// The resource whose paths begin with `segment`.
    pub fn from_path(segment: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|resource| resource.path() == segment)
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path())
    }
}

/// A version of the API (FSPIOP 1.1, section 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiVersion {
    /// Changes with incompatible changes.
    pub major: u8,
    /// Changes with compatible changes.
    pub minor: u8,
}

/// The text is no version that is supported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a supported version of FSPIOP (1.0, 1.1, 2.0): {0}")]
pub struct ApiVersionError(Excerpt);

impl ApiVersion {
    /// Version 1.0.
    pub const V1_0: Self = Self { major: 1, minor: 0 };
    /// Version 1.1.
    pub const V1_1: Self = Self { major: 1, minor: 1 };
    /// Version 2.0.
    pub const V2_0: Self = Self { major: 2, minor: 0 };

    /// The versions that are supported, ascending.
    pub const SUPPORTED: [Self; 3] = [Self::V1_0, Self::V1_1, Self::V2_0];

    /// Reads a supported version, for example `1.1`.
    ///
    /// # Errors
    /// [`ApiVersionError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, ApiVersionError> {
        Self::SUPPORTED
            .into_iter()
            .find(|version| version.to_string() == text)
            .ok_or_else(|| ApiVersionError(Excerpt::of(text)))
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for ApiVersion {
    type Err = ApiVersionError;

    fn from_str(text: &str) -> Result<Self, ApiVersionError> {
        Self::parse(text)
    }
}

serde_as_text!(ApiVersion, "a version of FSPIOP such as 1.1");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for version in ApiVersion::SUPPORTED {
            assert_eq!(ApiVersion::parse(&version.to_string()), Ok(version));
        }
        assert!(ApiVersion::parse("1").is_err());
        assert!(ApiVersion::parse("9.0").is_err());
    }

    #[test]
    fn resources() {
        for resource in Resource::ALL {
            assert_eq!(Resource::from_path(resource.path()), Some(resource));
        }
        assert_eq!(Resource::from_path("oracles"), None);
    }
}
