//! Every environment variable that the program knows, in one place. An unknown `MOJALOOP_…` variable is an error: a setting
//! that was mistyped must not be passed over in silence.

use std::{env, fs};

use crate::exit::Failure;

/// Variables that are settings; each can also be given as `…_FILE`, the name of a file that holds the value.
pub(crate) const SETTINGS: &[&str] = &[
    SETTINGS_FILE,
    STORE,
    STORE_PASSWORD,
    STORE_CERTIFICATES,
    NODE,
    HUB_NAME,
    ROLE,
    LISTEN_ADDRESS,
    PORT_OFFSET,
    ON_US_TRANSFERS,
    CAPTURE,
    CAPTURE_FROM,
    CALLBACK_POLICY,
    JWS_VALIDATE,
    JWS_SIGN_KEY,
    TLS_CERTIFICATE,
    TLS_KEY,
    TLS_CLIENT_AUTHORITIES,
    CALLBACK_AUTHORITIES,
    CALLBACK_CERTIFICATE,
    CALLBACK_KEY,
    ADMIN,
    LOG,
    LOG_FORMAT,
    SUCCESSOR,
    NAME,
    DATA_DIR,
    OUTPUT,
    TIMEOUT,
    SIMULATOR,
    HUB,
    LOOKUP_URL,
    AGREEMENT_URL,
    CLEARING_URL,
    LEDGER_ADMIN,
    ORACLE_ADMIN,
    SCHEME,
    DEFINITION,
    ENVIRONMENT,
    SET,
    CONTEXT,
    NAMESPACE,
    IMAGE,
    IMAGE_LOAD,
];
pub(crate) const SETTINGS_FILE: &str = "MOJALOOP_SETTINGS";
pub(crate) const STORE: &str = "MOJALOOP_STORE";
pub(crate) const STORE_PASSWORD: &str = "MOJALOOP_STORE_PASSWORD";
pub(crate) const STORE_CERTIFICATES: &str = "MOJALOOP_STORE_CERTIFICATES";
pub(crate) const NODE: &str = "MOJALOOP_NODE";
pub(crate) const HUB_NAME: &str = "MOJALOOP_HUB_NAME";
pub(crate) const ROLE: &str = "MOJALOOP_ROLE";
pub(crate) const LISTEN_ADDRESS: &str = "MOJALOOP_LISTEN_ADDRESS";
pub(crate) const PORT_OFFSET: &str = "MOJALOOP_PORT_OFFSET";
pub(crate) const ON_US_TRANSFERS: &str = "MOJALOOP_ON_US_TRANSFERS";
pub(crate) const CAPTURE: &str = "MOJALOOP_CAPTURE";
pub(crate) const CAPTURE_FROM: &str = "MOJALOOP_CAPTURE_FROM";
pub(crate) const CALLBACK_POLICY: &str = "MOJALOOP_CALLBACK_POLICY";
pub(crate) const JWS_VALIDATE: &str = "MOJALOOP_JWS_VALIDATE";
pub(crate) const JWS_SIGN_KEY: &str = "MOJALOOP_JWS_SIGN_KEY";
pub(crate) const TLS_CERTIFICATE: &str = "MOJALOOP_TLS_CERTIFICATE";
pub(crate) const TLS_KEY: &str = "MOJALOOP_TLS_KEY";
pub(crate) const TLS_CLIENT_AUTHORITIES: &str = "MOJALOOP_TLS_CLIENT_AUTHORITIES";
pub(crate) const CALLBACK_AUTHORITIES: &str = "MOJALOOP_CALLBACK_AUTHORITIES";
pub(crate) const CALLBACK_CERTIFICATE: &str = "MOJALOOP_CALLBACK_CERTIFICATE";
pub(crate) const CALLBACK_KEY: &str = "MOJALOOP_CALLBACK_KEY";
pub(crate) const ADMIN: &str = "MOJALOOP_ADMIN";
pub(crate) const LOG: &str = "MOJALOOP_LOG";
pub(crate) const LOG_FORMAT: &str = "MOJALOOP_LOG_FORMAT";
pub(crate) const SUCCESSOR: &str = "MOJALOOP_SUCCESSOR";
pub(crate) const NAME: &str = "MOJALOOP_NAME";
pub(crate) const DATA_DIR: &str = "MOJALOOP_DATA_DIR";
pub(crate) const OUTPUT: &str = "MOJALOOP_OUTPUT";
pub(crate) const TIMEOUT: &str = "MOJALOOP_TIMEOUT";
pub(crate) const SIMULATOR: &str = "MOJALOOP_SIMULATOR";
pub(crate) const HUB: &str = "MOJALOOP_HUB";
pub(crate) const LOOKUP_URL: &str = "MOJALOOP_LOOKUP_URL";
pub(crate) const AGREEMENT_URL: &str = "MOJALOOP_AGREEMENT_URL";
pub(crate) const CLEARING_URL: &str = "MOJALOOP_CLEARING_URL";
pub(crate) const LEDGER_ADMIN: &str = "MOJALOOP_LEDGER_ADMIN";
pub(crate) const ORACLE_ADMIN: &str = "MOJALOOP_ORACLE_ADMIN";
pub(crate) const SCHEME: &str = "MOJALOOP_SCHEME";
pub(crate) const DEFINITION: &str = "MOJALOOP_DEFINITION";
pub(crate) const ENVIRONMENT: &str = "MOJALOOP_ENVIRONMENT";
pub(crate) const SET: &str = "MOJALOOP_SET";
pub(crate) const CONTEXT: &str = "MOJALOOP_CONTEXT";
pub(crate) const NAMESPACE: &str = "MOJALOOP_NAMESPACE";
pub(crate) const IMAGE: &str = "MOJALOOP_IMAGE";
pub(crate) const IMAGE_LOAD: &str = "MOJALOOP_IMAGE_LOAD";

/// Settings that are names of files themselves; with them `…_FILE` is a mistake.
const NAMES_OF_FILES: &[&str] = &[
    STORE_CERTIFICATES,
    TLS_CERTIFICATE,
    TLS_KEY,
    TLS_CLIENT_AUTHORITIES,
    CALLBACK_AUTHORITIES,
    CALLBACK_CERTIFICATE,
    CALLBACK_KEY,
];

/// Variables of the project's tests and scripts, known and ignored.
const IGNORED: &[&str] = &["MOJALOOP_TTK", "MOJALOOP_PARTS", "MOJALOOP_KUBECONFIG", "MOJALOOP_POSTGRES"];

/// Refuses variables that nobody knows.
pub(crate) fn check() -> Result<(), Failure> {
    let mine = env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok().filter(|name| name.starts_with("MOJALOOP_"))?;
        Some((name, value.to_string_lossy().into_owned()))
    });
    match mine.into_iter().find(|(name, value)| !is_known(name, value)) {
        Some((name, _)) => Err(unknown(&name)),
        None => Ok(()),
    }
}

/// The value of a setting: what the flag or the variable says, else the content of the file that `…_FILE` names.
pub(crate) fn or_file(given: Option<String>, variable: &str) -> Result<Option<String>, Failure> {
    let name = format!("{variable}_FILE");
    let Some(file) = env::var_os(&name) else { return Ok(given) };
    if given.is_some() {
        return Err(Failure::usage(format!("{name} is set, and so is the flag or {variable}"))
            .hint(format!("unset {name} or give the value in one place only")));
    }
    match fs::read_to_string(&file) {
        Ok(content) => Ok(Some(content.trim_end_matches(['\r', '\n']).to_owned())),
        Err(error) => Err(Failure::usage(format!("{name} names {}, which can't be read: {error}", file.display()))),
    }
}

fn is_known(name: &str, value: &str) -> bool {
    let plain = name.strip_suffix("_FILE").filter(|plain| !NAMES_OF_FILES.contains(plain)).unwrap_or(name);
    SETTINGS.contains(&name)
        || SETTINGS.contains(&plain)
        || IGNORED.contains(&name)
        // What Kubernetes sets for services whose names begin with "mojaloop".
        || name.contains("_SERVICE_")
        || (name.contains("_PORT") && value.starts_with("tcp://"))
        || (name.contains("_PORT_") && ["_PROTO", "_PORT", "_ADDR"].iter().any(|end| name.ends_with(end)))
}

fn unknown(name: &str) -> Failure {
    let nearest = SETTINGS.iter().max_by(|left, right| {
        let near = |known: &&str| strsim::normalized_damerau_levenshtein(known, name);
        near(left).total_cmp(&near(right))
    });
    let failure = Failure::usage(format!("the environment variable {name} is not known"));
    match nearest {
        Some(nearest) => {
            failure.hint(format!("did you mean {nearest}? Otherwise unset it; all variables: {}", SETTINGS.join(", ")))
        }
        None => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, value: &str, known: bool) {
        assert_eq!(is_known(name, value), known, "{name}={value}");
    }

    #[test]
    fn variables_are_known_or_refused() {
        check("MOJALOOP_STORE", "sqlite:x", true);
        check("MOJALOOP_STORE_FILE", "/run/secrets/store", true);
        check("MOJALOOP_TLS_KEY", "/run/secrets/hub.key", true);
        check("MOJALOOP_TLS_KEY_FILE", "/run/secrets/hub.key", false);
        check("MOJALOOP_TTK", "/kit", true);
        check("MOJALOOP_STOER", "sqlite:x", false);
        check("MOJALOOP_HUB_SERVICE_HOST", "10.0.0.1", true);
        check("MOJALOOP_HUB_PORT", "tcp://10.0.0.1:3000", true);
        check("MOJALOOP_HUB_PORT_3000_TCP_ADDR", "10.0.0.1", true);
        check("MOJALOOP_HUB_PORT", "3000", false);
    }

    #[test]
    fn a_refusal_names_the_nearest_variable() {
        assert!(unknown("MOJALOOP_STOER").hint.unwrap().contains("MOJALOOP_STORE?"));
    }
}
