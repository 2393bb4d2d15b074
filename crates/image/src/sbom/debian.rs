//! Packages of Debian and Ubuntu.

use std::collections::BTreeSet;

use super::{Component, License, encoded};

/// A package; its licences are read from its file `copyright`, if that has the form that machines can read.
pub(crate) fn package(name: &str, version: &str, architecture: &str, copyright: Option<&str>) -> Component {
    let architecture = encoded(architecture);
    let purl = format!("pkg:deb/{}/{name}@{}?arch={architecture}", distribution(), encoded(version));
    let mut component = Component::library(name, version, purl);
    let names = copyright.map(license_names).unwrap_or_default();
    component.licenses = names.into_iter().map(License::named).collect();
    component
}

/// The short names behind `License:` of a copyright file.
fn license_names(copyright: &str) -> BTreeSet<&str> {
    if !copyright.lines().any(|line| line.starts_with("Format:") && line.contains("copyright-format")) {
        return BTreeSet::new();
    }
    let names = copyright.lines().filter_map(|line| line.strip_prefix("License:")).map(str::trim);
    names.filter(|name| !name.is_empty()).collect()
}

/// `debian` or `ubuntu`, as the system calls itself.
fn distribution() -> String {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let id = release.lines().find_map(|line| line.strip_prefix("ID=")).unwrap_or("debian");
    id.trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences_are_read_from_a_file_that_machines_can_read() {
        let copyright = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\
            Files: *\nLicense: Apache-2.0\n\nFiles: a\nLicense: Expat\n The text.\n\nLicense: Apache-2.0\n The text.\n";
        assert_eq!(license_names(copyright).into_iter().collect::<Vec<_>>(), ["Apache-2.0", "Expat"]);
        assert_eq!(license_names("License: whatever I like").len(), 0);
        let component = package("bash", "5.2-1+b1", "amd64", None);
        assert!(component.purl.unwrap().ends_with("/bash@5.2-1%2Bb1?arch=amd64"));
    }
}
