//! Keys of the embedded engine: the hub's, and those of the FSPs that it plays. Where the definition names none, they are made
//! once and kept beside the hub's data.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use definition::JwsValidation;
use fspiop::{FspId, percent_encode};
use hub::{Jws, Validation};
use identity::Signer;
use provisioning::{Apis, HttpClient, Signers};
use serde::Deserialize;
use serde_json::json;

use crate::{HarnessError, store_opening::secret};

/// The folder of the keys, beside the hub's data.
pub(crate) const FOLDER: &str = "jws";

#[derive(Deserialize)]
struct Registered {
    id: String,
}

/// What the hub signs with and checks.
pub(crate) fn of_hub(hub: &definition::Hub, folder: &Path) -> Result<Jws, HarnessError> {
    let jws = &hub.scheme.jws;
    let validate = match jws.validate {
        JwsValidation::None => Validation::None,
        JwsValidation::PerParticipant => Validation::PerParticipant,
        JwsValidation::All => Validation::All,
    };
    let signer = match (jws.sign, &jws.key_from) {
        (false, _) => None,
        (true, Some(reference)) => {
            let text = secret("scheme.jws.keyFrom", reference)?;
            Some(parse("scheme.jws.keyFrom".to_owned(), &text)?)
        }
        (true, None) => Some(kept(folder, &hub.scheme.hub_name)?),
    };
    Ok(Jws { validate, signer })
}

/// The private key that the hub signs with, as text (PEM).
pub(crate) fn text_of_hub(hub: &definition::Hub, folder: &Path) -> Result<Option<String>, HarnessError> {
    let jws = &hub.scheme.jws;
    match (jws.sign, &jws.key_from) {
        (false, _) => Ok(None),
        (true, Some(reference)) => secret("scheme.jws.keyFrom", reference).map(|text| Some(text.into())),
        (true, None) => {
            kept(folder, &hub.scheme.hub_name)?;
            let file = file_of(folder, &hub.scheme.hub_name);
            fs::read_to_string(&file).map(Some).map_err(HarnessError::file("reading the key", file))
        }
    }
}

/// The keys of the FSPs that are played, where signatures are checked.
pub(crate) fn of_fsps<'a>(
    hub: &definition::Hub,
    fsps: impl Iterator<Item = &'a FspId>,
    folder: &Path,
) -> Result<Signers, HarnessError> {
    if hub.scheme.jws.validate == JwsValidation::None {
        return Ok(BTreeMap::new());
    }
    fsps.map(|fsp| Ok((fsp.clone(), kept(folder, fsp)?))).collect()
}

/// Makes the hub know the public halves, as an operator does.
pub(crate) async fn register(apis: &Apis, signers: &Signers) -> Result<(), HarnessError> {
    let client = HttpClient::new();
    for (fsp, signer) in signers {
        let url = format!("{}/participants/{}/jwsKeys", apis.ledger_admin, percent_encode(fsp.as_str()));
        let failed =
            |error| HarnessError::Key { what: format!("registering the key of {fsp}"), why: format!("{error}") };
        let there: Vec<Registered> = client.get(&url).await.map_err(failed)?;
        let key = signer.public_key();
        if !there.iter().any(|one| one.id == key.id()) {
            let body = json!({"publicKey": key.to_pem()});
            client.send_json(http::Method::POST, &url, &body).await.map_err(failed)?;
        }
    }
    Ok(())
}

/// The key that is kept under this name, made if it is not there.
fn kept(folder: &Path, name: &FspId) -> Result<Arc<Signer>, HarnessError> {
    let (file, folder) = (file_of(folder, name), folder.join(FOLDER));
    fs::create_dir_all(&folder).map_err(HarnessError::file("making the folder", &folder))?;
    match fs::read_to_string(&file) {
        Ok(text) => parse(file.display().to_string(), &text),
        Err(error) if error.kind() == ErrorKind::NotFound => make(&file),
        Err(error) => Err(HarnessError::file("reading the key", file)(error)),
    }
}

fn file_of(folder: &Path, name: &FspId) -> PathBuf {
    folder.join(FOLDER).join(format!("{}.pem", percent_encode(name.as_str())))
}

fn make(file: &Path) -> Result<Arc<Signer>, HarnessError> {
    let failed = |error: identity::SigningKeyError| HarnessError::Key {
        what: file.display().to_string(),
        why: error.to_string(),
    };
    let (signer, pem) = Signer::generate().map_err(failed)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(file).and_then(|mut opened| opened.write_all(pem.as_bytes()));
    written.map_err(HarnessError::file("writing the key", file))?;
    Ok(Arc::new(signer))
}

/// Makes a key for containers, if it is not there. Their user is nobody on this machine, so anybody may read the file; its folder
/// lets nobody else in.
pub(crate) fn make_for_containers(file: &Path) -> Result<(), HarnessError> {
    if file.exists() {
        return Ok(());
    }
    let folder = file.parent().unwrap_or(file);
    fs::create_dir_all(folder).map_err(HarnessError::file("making the folder", folder))?;
    make(file)?;
    #[cfg(unix)]
    fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .map_err(HarnessError::file("writing the key", file))?;
    Ok(())
}

fn parse(what: String, text: &str) -> Result<Arc<Signer>, HarnessError> {
    let failed = |error: identity::SigningKeyError| HarnessError::Key { what, why: error.to_string() };
    Signer::from_pem(text).map(Arc::new).map_err(failed)
}
