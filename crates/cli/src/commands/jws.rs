//! Keys that sign: where they come from, and `mojaloop hub jws-key`, which makes one.

use std::{
    env,
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use fspiop::FspId;
use identity::Signer;
use serde::Serialize;

use crate::{arguments::Global, environment, exit::Failure, printer};

/// Who may read and write a private key: its owner.
const OWNER_ONLY: u32 = 0o600;

#[derive(Debug, Args)]
pub(crate) struct JwsKeyArguments {
    /// Where the private key is written; the file must not be there yet, and only its owner can read it
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    id: String,
    public_key: String,
}

/// Makes a key pair: the private half into a file, the public one to standard output.
pub(crate) fn make(arguments: &JwsKeyArguments, global: &Global) -> Result<(), Failure> {
    let (signer, pem) = Signer::generate().map_err(Failure::failed)?;
    let (file, shown) = (&arguments.out, arguments.out.display());
    let failed = |error: &std::io::Error| Failure::failed(format!("--out {shown}: {error}"));
    let opened = OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(file);
    let mut opened = opened.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => failed(&error).hint(format!(
            "a key is never overwritten; name another file. The public half of one that is there: openssl pkey -in {shown} -pubout"
        )),
        _ => failed(&error),
    })?;
    opened.write_all(pem.as_bytes()).and_then(|()| opened.sync_all()).map_err(|error| {
        // Half a key is none, and would be in the way of the next attempt.
        let _ = fs::remove_file(file);
        failed(&error)
    })?;
    let key = signer.public_key();
    let made = Made { id: key.id().to_owned(), public_key: key.to_pem() };
    printer::print(global.output, "JwsKey", &made, |made| made.public_key.trim_end().to_owned())
}

/// The hub's own key: from the file that the flag names, else from the variable or the file that `…_FILE` names.
pub(crate) fn hub_signer(file: Option<&Path>) -> Result<Option<Arc<Signer>>, Failure> {
    let variable = environment::JWS_SIGN_KEY;
    let given = environment::or_file(env::var(variable).ok(), variable)?;
    match (file, given) {
        (Some(_), Some(_)) => Err(Failure::usage(format!("--jws-sign-key is given, and so is {variable}"))
            .hint(format!("unset {variable} and {variable}_FILE, or leave the flag out"))),
        (Some(file), None) => read("--jws-sign-key", file).map(Some),
        (None, Some(text)) => parse(variable, &text).map(Some),
        (None, None) => Ok(None),
    }
}

/// Reads `NAME=FILE`: the key of a simulated FSP.
pub(crate) fn fsp_signer(text: &str) -> Result<(FspId, Arc<Signer>), Failure> {
    let wrong = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("--jws-key {text:?}: {error}")).hint("example: --jws-key payerfsp=payerfsp.pem")
    };
    let (name, file) = text.split_once('=').ok_or_else(|| wrong(&"expected NAME=FILE"))?;
    let name = FspId::parse(name).map_err(|error| wrong(&error))?;
    Ok((name, read("--jws-key", Path::new(file))?))
}

fn read(what: &str, file: &Path) -> Result<Arc<Signer>, Failure> {
    let text = fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("{what} names {}, which can't be read: {error}", file.display())))?;
    parse(&format!("{what} {}", file.display()), &text)
}

fn parse(what: &str, text: &str) -> Result<Arc<Signer>, Failure> {
    let wrong = |error| Failure::usage(format!("{what}: {error}")).hint("mojaloop hub jws-key --out FILE makes a key");
    Signer::from_pem(text).map(Arc::new).map_err(wrong)
}
