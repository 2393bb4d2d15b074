//! Definitions to test with.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "support of tests, of which each file uses some")]

use std::{fs, path::Path, time::Duration};

use iac::{Iac, Settings};
use operations::{Failure, Folder};

/// The definition of this name in `tests/golden`.
pub fn iac(name: &str) -> Iac {
    Iac::new(settings(name)).unwrap()
}

fn settings(name: &str) -> Settings {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let text = fs::read_to_string(golden.join(name).join("hub.yaml")).unwrap();
    let loaded = definition::load_text(Path::new("hub.yaml"), &text).unwrap();
    Settings {
        hub: loaded.hub,
        origins: loaded.origins,
        environment: "production".to_owned(),
        // Which folder it is must not matter; it need not be there.
        folder: Folder::at(Path::new(env!("CARGO_TARGET_TMPDIR")).join("iac")),
        destroy_data: false,
        accept_losses: false,
        known_hosts: vec![golden.join("known_hosts")],
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
        Ok(iac) => rendered(&iac).unwrap_err(),
        Err(failure) => failure,
    }
}

/// What it renders.
pub fn rendered(iac: &iac::Iac) -> Result<operations::Artefacts, operations::Failure> {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(operations::Target::render(iac))
}
