//! Opens the store that flags and variables name.

use std::sync::Arc;

use fspiop::FspId;
use hub::{StoreLocation, StoreLocationError};
use store::Store;
use store_sqlite::SqliteStore;

use crate::{
    arguments::StoreArguments,
    environment,
    exit::{Exit, Failure},
};

/// The name of the hub where nothing else is said; upstream's.
const HUB_NAME: &str = "Hub";

/// Opens the store, bringing it to this program's schema version.
pub(crate) fn open(arguments: StoreArguments) -> Result<(Arc<dyn Store>, FspId), Failure> {
    let text = environment::or_file(arguments.store, environment::STORE)?.ok_or_else(|| {
        Failure::usage("no store is named").hint(format!("--store sqlite:FILE, or {}", environment::STORE))
    })?;
    let location: StoreLocation = text.parse().map_err(|error| {
        let failure = Failure::usage(format!("--store ({}): {error}", environment::STORE));
        let failure = failure.hint("example: --store sqlite:hub.sqlite");
        if let StoreLocationError::NotYet(_) = error { failure.exit(Exit::Preflight) } else { failure }
    })?;
    let name = environment::or_file(arguments.hub_name, environment::HUB_NAME)?;
    let hub_name = FspId::parse(name.as_deref().unwrap_or(HUB_NAME))
        .map_err(|error| Failure::usage(format!("--hub-name ({}): {error}", environment::HUB_NAME)))?;
    let StoreLocation::Sqlite(path) = location;
    let store = SqliteStore::open(&path, hub_name.clone(), hub::system_clock()).map_err(Failure::failed)?;
    Ok((Arc::new(store), hub_name))
}
