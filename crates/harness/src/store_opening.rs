//! Which store the definition asks for, and what it takes to open it.

use std::path::PathBuf;

use definition::{SecretReference, StoreKind};
use stores::{Database, Opening, StoreLocation};

use crate::HarnessError;

/// The store of a hub; `file` is where a SQLite file would be, `name` the harness's.
pub(crate) fn opening(hub: &definition::Hub, file: PathBuf, name: &str) -> Result<Opening, HarnessError> {
    let location = match (hub.store.kind, &hub.store.url) {
        (StoreKind::Sqlite, _) => StoreLocation::Sqlite(file),
        // The definition is not right without a URL.
        (StoreKind::Postgres, url) => url.as_deref().unwrap_or_default().parse().map_err(HarnessError::StoreUrl)?,
    };
    let password =
        hub.store.password_from.as_ref().map(|reference| secret("store.passwordFrom", reference)).transpose()?;
    let node = Some(format!("harness-{name}").into());
    Ok(Opening {
        location,
        hub: hub.scheme.hub_name.clone(),
        database: Database { password, root_certificates: None, node },
    })
}

/// What a reference of the definition names.
pub(crate) fn secret(setting: &'static str, reference: &SecretReference) -> Result<Box<str>, HarnessError> {
    let missing = |place: String, why: String| HarnessError::Secret { setting, place, why };
    match reference {
        SecretReference::File(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| missing(path.clone(), error.to_string()))?;
            Ok(text.trim_end_matches(['\r', '\n']).into())
        }
        SecretReference::Env(variable) => match std::env::var(variable) {
            Ok(value) => Ok(value.into()),
            Err(error) => Err(missing(format!("the variable {variable}"), error.to_string())),
        },
        SecretReference::Secret(name) => Err(missing(
            format!("the secret {name}"),
            "secrets of a cluster or a cloud are not at hand here".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use definition::{Hub, SecretReference, StoreKind};

    use super::opening;

    #[track_caller]
    fn check(password_from: SecretReference, expect: Result<&str, &str>) {
        let mut hub: Hub = serde_saphyr::from_str(include_str!("../../definition/src/demo.yaml")).unwrap();
        hub.store.kind = StoreKind::Postgres;
        hub.store.url = Some("postgres://hub@db/hub".to_owned());
        hub.store.password_from = Some(password_from);
        let found = opening(&hub, "hub.sqlite".into(), "demo");
        let found = found.map(|opening| opening.database.password.unwrap().to_string());
        match (found, expect) {
            (Ok(found), Ok(expect)) => assert_eq!(found, expect),
            (Err(error), Err(expect)) => assert!(error.to_string().contains(expect), "{error}"),
            (found, expect) => panic!("{found:?}, expected {expect:?}"),
        }
    }

    #[test]
    fn passwords_come_from_where_the_definition_says() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "s3cret\n").unwrap();
        check(SecretReference::File(file.display().to_string()), Ok("s3cret"));
        check(SecretReference::File("/no/such/file".to_owned()), Err("store.passwordFrom"));
        check(SecretReference::Env("NO_SUCH_VARIABLE_HERE".to_owned()), Err("NO_SUCH_VARIABLE_HERE"));
        check(SecretReference::Secret("a/b".to_owned()), Err("the secret a/b"));
    }
}
