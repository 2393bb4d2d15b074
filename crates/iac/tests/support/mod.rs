//! Definitions to test with.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "support of tests, of which each file uses some")]

use std::{fs, path::Path, time::Duration};

use iac::{Iac, Settings};
use operations::{Failure, Folder, Target};

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

/// The definition of this name in `tests/golden`.
pub fn iac(name: &str) -> Iac {
    Iac::new(settings(name)).unwrap()
}

fn settings(name: &str) -> Settings {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name).join("hub.yaml");
    let loaded = definition::load_text(Path::new("hub.yaml"), &fs::read_to_string(path).unwrap()).unwrap();
    // Which folder it is must not matter; that of the known hosts has to be there.
    let folder = tempfile::tempdir().unwrap().keep();
    let known_hosts = folder.join("known_hosts");
    let lines: String = [11, 12, 13, 21].map(|number| format!("192.0.2.{number} {KEY}\n")).concat();
    fs::write(&known_hosts, lines).unwrap();
    Settings {
        hub: loaded.hub,
        origins: loaded.origins,
        environment: "production".to_owned(),
        folder: Folder::at(folder),
        destroy_data: false,
        accept_losses: false,
        known_hosts: vec![known_hosts],
        timeout: Duration::from_secs(1),
    }
}

/// What is taken away from the definition `aws`.
#[derive(Clone, Copy, Debug)]
pub enum Without {
    Region,
    Network,
    Section,
}

/// Why the definition `aws` is refused without something.
pub fn refused(what: Without) -> Failure {
    let mut settings = settings("aws");
    let section = settings.hub.infrastructure.as_mut().unwrap();
    match what {
        Without::Region => section.region = None,
        Without::Network => section.network = None,
        Without::Section => settings.hub.infrastructure = None,
    }
    match Iac::new(settings) {
        Ok(iac) => iac.render().unwrap_err(),
        Err(failure) => failure,
    }
}
