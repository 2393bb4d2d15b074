//! Modules of npm.

use std::collections::BTreeMap;

use operations::Failure;
use serde::Deserialize;

use super::{Component, License, encoded};

/// What npm notes of what it has installed, in `node_modules/.package-lock.json`.
#[derive(Deserialize)]
struct Lock {
    packages: BTreeMap<String, Package>,
}

#[derive(Deserialize)]
struct Package {
    version: Option<String>,
    license: Option<Licenses>,
    #[serde(default)]
    link: bool,
}

/// A licence, or as old modules have it: several, as texts or as objects.
#[derive(Deserialize)]
#[serde(untagged)]
enum Licenses {
    One(String),
    Typed { r#type: String },
    Several(Vec<Licenses>),
}

impl Licenses {
    fn names(&self) -> Vec<&str> {
        match self {
            Licenses::One(name) | Licenses::Typed { r#type: name } => vec![name],
            Licenses::Several(licenses) => licenses.iter().flat_map(Licenses::names).collect(),
        }
    }
}

/// The modules of an installation.
///
/// # Errors
/// This is no lock of npm's.
pub(crate) fn modules_of(lock: &str) -> Result<Vec<Component>, Failure> {
    let lock: Lock = serde_json::from_str(lock)
        .map_err(|error| Failure::failed(format!("node_modules/.package-lock.json: {error}")))?;
    Ok(lock.packages.iter().filter(|(_, package)| !package.link).filter_map(component).collect())
}

fn component((place, package): (&String, &Package)) -> Option<Component> {
    let (_, name) = place.rsplit_once("node_modules/")?;
    let version = package.version.as_deref()?;
    let path: Vec<String> = name.split('/').map(encoded).collect();
    let purl = format!("pkg:npm/{}@{}", path.join("/"), encoded(version));
    let mut component = Component::library(name, version, purl);
    component.licenses = package.license.iter().flat_map(Licenses::names).map(License::named).collect();
    Some(component)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_found_wherever_it_lies() {
        let lock = r#"{"packages": {"node_modules/a": {"version": "1.0.0", "license": "MIT"},
            "node_modules/a/node_modules/@b/c": {"version": "2.0.0", "license": [{"type": "ISC", "url": "x"}, "MIT"]}, "node_modules/d": {"link": true}}}"#;
        let found = modules_of(lock).unwrap();
        let urls: Vec<&str> = found.iter().filter_map(|component| component.purl.as_deref()).collect();
        assert_eq!(urls, ["pkg:npm/a@1.0.0", "pkg:npm/%40b/c@2.0.0"]);
        assert_eq!(found[0].licenses, [License::named("MIT")]);
        assert_eq!(found[1].licenses, [License::named("ISC"), License::named("MIT")]);
        assert!(modules_of("[]").is_err());
    }
}
