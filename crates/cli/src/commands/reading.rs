//! Where `trace` and `audit` read: a hub's ledger admin API, or the store itself.

use std::sync::Arc;

use ::store::Store;
use provisioning::HttpError;

use crate::{
    arguments::{Global, ReadingArguments, StoreArguments},
    commands::{hub::port_offset_too_large, store},
    environment,
    exit::{Exit, Failure},
};

/// Port of the ledger admin API, without an offset.
const LEDGER_ADMIN_PORT: u16 = 3001;

/// Where to read.
pub(crate) enum Source {
    /// A hub, by its ledger admin URL without a slash at the end.
    Hub(String),
    /// The store itself, for reading only.
    Store(Arc<dyn Store>),
}

/// What the arguments name: a store if one is named, else a hub.
pub(crate) async fn source(arguments: &ReadingArguments, global: &Global) -> Result<Source, Failure> {
    if let Some(text) = &arguments.store {
        return open(text, arguments).await.map(Source::Store);
    }
    let url = match (&arguments.hub, arguments.port_offset) {
        (Some(url), _) => url.trim_end_matches('/').to_owned(),
        (None, Some(offset)) => {
            let port = LEDGER_ADMIN_PORT.checked_add(offset).ok_or_else(|| port_offset_too_large(offset))?;
            format!("http://127.0.0.1:{port}")
        }
        (None, None) => running(global).unwrap_or_else(|| format!("http://127.0.0.1:{LEDGER_ADMIN_PORT}")),
    };
    Ok(Source::Hub(url))
}

/// The ledger admin URL of the harness that runs under the name, if there is one.
#[cfg(feature = "tools")]
fn running(global: &Global) -> Option<String> {
    Some(format!("http://{}", crate::commands::harness::running(global)?.ledger_admin))
}

#[cfg(not(feature = "tools"))]
fn running(_: &Global) -> Option<String> {
    None
}

async fn open(text: &str, arguments: &ReadingArguments) -> Result<Arc<dyn Store>, Failure> {
    let arguments = StoreArguments {
        store: Some(text.to_owned()),
        store_certificates: arguments.store_certificates.clone(),
        node: None,
        hub_name: None,
    };
    stores::open_read_only(store::opening(arguments)?).await.map_err(|error| {
        let failure = store::explain(&error);
        let hint = "--store names what a hub has made; `mojaloop harness status` says where a harness keeps its data";
        if failure.hint.is_some() { failure } else { failure.hint(hint) }
    })
}

/// Why a hub did not answer as it should.
pub(crate) fn explain(url: &str, error: &HttpError) -> Failure {
    let hint = match error {
        HttpError::Url(_) => "--hub is the ledger admin URL of a hub, like http://127.0.0.1:3001".to_owned(),
        HttpError::Unreachable(_) => format!(
            "is the hub running? `mojaloop harness status`; --hub URL, --port-offset N ({}, {}) say where its ledger admin \
             API is; --store reads the store itself",
            environment::LEDGER_ADMIN,
            environment::PORT_OFFSET
        ),
        HttpError::TimedOut(_) => "--timeout SECONDS waits longer".to_owned(),
        HttpError::Refused { .. } | HttpError::Answer(_) => {
            format!("is {url} the ledger admin URL of a hub of this version? If it is, the hub's log says more")
        }
    };
    let exit = match error {
        HttpError::TimedOut(_) => Exit::TimedOut,
        HttpError::Url(_) => Exit::Usage,
        _ => Exit::Failed,
    };
    Failure::failed(format!("{url}: {error}")).exit(exit).hint(hint)
}

/// The FSPIOP error code in a refusal.
pub(crate) fn code_of(error: &HttpError) -> Option<String> {
    let HttpError::Refused { body, .. } = error else { return None };
    let body: serde_json::Value = serde_json::from_str(body.trim()).ok()?;
    Some(body.get("errorInformation")?.get("errorCode")?.as_str()?.to_owned())
}
