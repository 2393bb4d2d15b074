//! Core Test Harness: a whole hub with its FSPs on one machine, for developing and testing.
//!
//! The embedded engine runs the hub on a SQLite file and the simulated FSPs inside one process ([`Harness`]). What runs
//! under a name is found again through its folder ([`Place`], [`Instance`]).

mod demo;
mod embedded;
mod error;
mod http_client;
mod instance;
mod onboarding;
mod place;
mod resident;

pub use demo::{DemoParticipant, Scheme};
pub use embedded::{Harness, Up};
pub use error::HarnessError;
pub use instance::{Instance, Lock, State};
pub use place::Place;
pub use resident::resident_bytes;

/// Whether a hub answers at this URL (`http://HOST:PORT`), and that it is well; else why not.
pub async fn check_hub(url: &str) -> Result<(), String> {
    let place = url.strip_prefix("http://").ok_or_else(|| format!("found {url:?}, expected http://HOST:PORT"))?;
    match http_client::HttpClient::new().get::<serde_json::Value>(place.trim_end_matches('/'), "/health").await? {
        Some(health) if health["status"] == "OK" => Ok(()),
        Some(_) => Err("its health is not OK".to_owned()),
        None => Err("what answers there is no hub: it has no /health".to_owned()),
    }
}
