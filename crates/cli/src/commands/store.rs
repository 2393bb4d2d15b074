//! The store that flags and variables name.

use std::env;

use ::store::StoreError;
use fspiop::FspId;
use stores::{Database, Opening};

use crate::{arguments::StoreArguments, environment, exit::Failure};

/// The name of the hub where nothing else is said; upstream's.
const HUB_NAME: &str = "Hub";

/// Why a store did not open, with what to do.
pub(crate) fn explain(error: &StoreError) -> Failure {
    let failure = Failure::failed(error);
    // Whether it is missing or wrong only the database's own words say.
    match failure.message.contains("password") {
        true => failure.hint(format!(
            "the database's password is read from {0} or the file {0}_FILE",
            environment::STORE_PASSWORD
        )),
        false => failure,
    }
}

/// What is to be opened.
pub(crate) fn opening(arguments: StoreArguments) -> Result<Opening, Failure> {
    let text = environment::or_file(arguments.store, environment::STORE)?.ok_or_else(|| {
        Failure::usage("no store is named").hint(format!("--store sqlite:FILE, or {}", environment::STORE))
    })?;
    let location = text.parse().map_err(|error| {
        Failure::usage(format!("--store ({}): {error}", environment::STORE)).hint("example: --store sqlite:hub.sqlite")
    })?;
    let name = environment::or_file(arguments.hub_name, environment::HUB_NAME)?;
    let hub = FspId::parse(name.as_deref().unwrap_or(HUB_NAME))
        .map_err(|error| Failure::usage(format!("--hub-name ({}): {error}", environment::HUB_NAME)))?;
    // A secret is no flag: everybody on the machine can read those.
    let password = environment::or_file(env::var(environment::STORE_PASSWORD).ok(), environment::STORE_PASSWORD)?;
    let database = Database {
        password: password.map(Into::into),
        root_certificates: arguments.store_certificates,
        node: environment::or_file(arguments.node, environment::NODE)?.map(Into::into),
    };
    Ok(Opening { location, hub, database })
}
