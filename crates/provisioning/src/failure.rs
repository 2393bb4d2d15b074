//! What is told of a request that failed.

use http::StatusCode;
use operations::Failure;

use crate::{Apis, HttpError};

/// One of a hub's APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Api {
    Fspiop,
    Ledger,
    Oracles,
}

impl Api {
    /// Where it is, without a slash at the end.
    pub(crate) fn of(self, apis: &Apis) -> &str {
        let url = match self {
            Api::Fspiop => &apis.fspiop,
            Api::Ledger => &apis.ledger_admin,
            Api::Oracles => &apis.oracle_admin,
        };
        url.trim_end_matches('/')
    }

    /// What it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Api::Fspiop => "FSPIOP",
            Api::Ledger => "ledger admin",
            Api::Oracles => "oracle admin",
        }
    }

    /// Which request failed, what came of it, and what to look at.
    pub(crate) fn failed(self, apis: &Apis, request: &str, error: &HttpError) -> Failure {
        let (url, name) = (self.of(apis), self.name());
        let hint = match error {
            HttpError::Url(_) => format!("the hub's {name} URL is http://HOST:PORT"),
            HttpError::Unreachable(_) | HttpError::TimedOut(_) => {
                format!("is the hub running, and is {url} its {name} URL?")
            }
            // 501 is what FSPIOP says to an operator's request.
            HttpError::Refused { status, .. } if status.is_server_error() && *status != StatusCode::NOT_IMPLEMENTED => {
                "the hub's log says more".to_owned()
            }
            HttpError::Refused { .. } | HttpError::Answer(_) => {
                format!("is {url} the hub's {name} URL? If it is, the hub's log says more")
            }
        };
        Failure::failed(format!("{name}, {request}: {error}")).hint(hint)
    }
}
