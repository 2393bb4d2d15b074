//! The crates that are linked into the hub's binary.

use std::{collections::BTreeMap, fs};

use operations::{Failure, Program};

use super::{Component, Hash, License, encoded};
use crate::checkout::Checkout;

/// Between the two parts of a line of `cargo tree`; no name and no licence holds it.
const SEPARATOR: &str = " | ";

/// What `cargo tree` says is linked, with what the lock says of it. Crates that only run while building are left out.
///
/// # Errors
/// cargo does not answer, or the lock can't be read.
pub(crate) async fn crates_of(checkout: &Checkout) -> Result<Vec<Component>, Failure> {
    let cargo = Program::find("cargo").ok_or_else(|| Failure::preflight("cargo is not on the PATH"))?;
    let target = Checkout::target();
    let format = format!("{{p}}{SEPARATOR}{{l}}");
    let arguments = [
        "tree",
        "--locked",
        "-p",
        "cli",
        "--no-default-features",
        "--edges",
        "normal,no-proc-macro",
        "--target",
        &target,
        "--prefix",
        "none",
        "--no-dedupe",
        "--format",
        &format,
    ];
    let tree = cargo.run(arguments).in_folder(checkout.root()).stdout().await?;
    let lock = checkout.root().join("Cargo.lock");
    let lock = fs::read_to_string(&lock)
        .map_err(|error| Failure::failed(format!("cannot read {}: {error}", lock.display())))?;
    let checksums = checksums(&lock);
    let mut components: Vec<Component> = tree.lines().filter_map(|line| component(line, &checksums)).collect();
    components.sort();
    components.dedup();
    components.extend(toolchain().await);
    Ok(components)
}

/// The standard library and the C library are linked statically: neither is a crate.
async fn toolchain() -> Vec<Component> {
    let mut components = Vec::new();
    if let Some(rustc) = Program::find("rustc")
        && let Ok(version) = rustc.run(["--version"]).stdout().await
        && let Some(version) = version.split(' ').nth(1)
    {
        let mut library = Component::library("std", version, format!("pkg:generic/rust-std@{}", encoded(version)));
        library.licenses = vec![License::Expression("MIT OR Apache-2.0".to_owned())];
        components.push(library);
    }
    if let Some(dpkg) = Program::find("dpkg-query") {
        let format = "--showformat=${Version} ${Architecture}";
        if let Ok(found) = dpkg.run(["--show", format, "libc6-dev"]).stdout().await
            && let Some((version, architecture)) = found.split_once(' ')
        {
            components.push(super::package("libc6-dev", version, architecture, None));
        }
    }
    components
}

/// `serde v1.0.228 | MIT OR Apache-2.0`; crates of this workspace have their folder behind the version.
fn component(line: &str, checksums: &BTreeMap<(String, String), String>) -> Option<Component> {
    let (package, license) = line.split_once(SEPARATOR)?;
    let mut words = package.split(' ');
    let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
    let mut component = Component::library(name, version, format!("pkg:cargo/{name}@{}", encoded(version)));
    if !license.is_empty() {
        component.licenses = vec![License::Expression(license.replace('/', " OR "))];
    }
    match checksums.get(&(name.to_owned(), version.to_owned())) {
        Some(checksum) => component.hashes = vec![Hash { alg: "SHA-256", content: checksum.clone() }],
        // Nobody finds a crate of this workspace at a registry.
        None => component.purl = None,
    }
    Some(component)
}

/// The checksums of a lock by name and version.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let packages = lock.split("[[package]]").skip(1);
    packages
        .filter_map(|package| {
            let value = |key: &str| {
                let start = format!("{key} = \"");
                package.lines().find_map(|line| line.strip_prefix(&start)?.strip_suffix('"').map(str::to_owned))
            };
            Some(((value("name")?, value("version")?), value("checksum")?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "version = 4\n\n[[package]]\nname = \"serde\"\nversion = \"1.0.0\"\nsource = \"registry\"\n\
        checksum = \"abc\"\ndependencies = [\n \"serde_core\",\n]\n\n[[package]]\nname = \"hub\"\nversion = \"0.1.0\"\n";

    #[test]
    fn a_crate_of_a_registry_has_its_checksum_and_one_of_ours_none() {
        let checksums = checksums(LOCK);
        let serde = component("serde v1.0.0 | MIT/Apache-2.0", &checksums).unwrap();
        assert_eq!(serde.purl.as_deref(), Some("pkg:cargo/serde@1.0.0"));
        assert_eq!(serde.hashes, [Hash { alg: "SHA-256", content: "abc".into() }]);
        assert_eq!(serde.licenses, [License::Expression("MIT OR Apache-2.0".into())]);
        let hub = component("hub v0.1.0 (/sources/crates/hub) | Apache-2.0", &checksums).unwrap();
        assert_eq!((hub.purl, hub.hashes.len(), hub.version.as_str()), (None, 0, "0.1.0"));
    }
}
