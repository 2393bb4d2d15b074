//! What is in an image: a software bill of materials in the form of CycloneDX 1.5, JSON.

mod cargo;
mod debian;
mod npm;

use std::io;

use serde::Serialize;

pub(crate) use cargo::crates_of;
pub(crate) use debian::package;
pub(crate) use npm::modules_of;

/// The parts of an image. They are sorted when they are written, and no time is: the same image gives the same document.
#[derive(Debug, Default)]
pub(crate) struct Bom {
    components: Vec<Component>,
}

/// A part: a crate, a package, a module.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Component {
    pub(crate) r#type: &'static str,
    #[serde(rename = "bom-ref")]
    pub(crate) reference: String,
    pub(crate) name: String,
    pub(crate) version: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) hashes: Vec<Hash>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) licenses: Vec<License>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) purl: Option<String>,
}

/// The digest of what a part was fetched as.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Hash {
    pub(crate) alg: &'static str,
    pub(crate) content: String,
}

/// A licence: an expression of SPDX, or what somebody else calls it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum License {
    Expression(String),
    #[serde(untagged)]
    Named {
        license: Name,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Name {
    pub(crate) name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    bom_format: &'static str,
    spec_version: &'static str,
    version: u32,
    metadata: Metadata,
    components: &'a [Component],
}

#[derive(Serialize)]
struct Metadata {
    component: Component,
}

impl Component {
    /// A library that package managers know by this URL.
    pub(crate) fn library(name: &str, version: &str, purl: String) -> Component {
        Component {
            r#type: "library",
            reference: purl.clone(),
            name: name.to_owned(),
            version: version.to_owned(),
            hashes: Vec::new(),
            licenses: Vec::new(),
            purl: Some(purl),
        }
    }
}

impl License {
    /// What its part calls it.
    pub(crate) fn named(name: &str) -> License {
        License::Named { license: Name { name: name.to_owned() } }
    }
}

impl Bom {
    /// With these parts, too.
    pub(crate) fn extend(&mut self, components: impl IntoIterator<Item = Component>) {
        self.components.extend(components);
    }

    /// The document for an image of this name.
    pub(crate) fn document(&mut self, repository: &str, tag: &str) -> io::Result<Vec<u8>> {
        self.components.sort();
        self.components.dedup();
        let component = Component {
            r#type: "container",
            reference: format!("{repository}:{tag}"),
            name: repository.to_owned(),
            version: tag.to_owned(),
            hashes: Vec::new(),
            licenses: Vec::new(),
            purl: None,
        };
        let document = Document {
            bom_format: "CycloneDX",
            spec_version: "1.5",
            version: 1,
            metadata: Metadata { component },
            components: &self.components,
        };
        let mut bytes = serde_json::to_vec_pretty(&document)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

/// A text in a package URL: what may not stand there is written as its bytes.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_the_same_in_whatever_order_its_parts_came() {
        let mut serde = Component::library("serde", "1.0.0", "pkg:cargo/serde@1.0.0".into());
        serde.licenses = vec![License::Expression("MIT OR Apache-2.0".into())];
        serde.hashes = vec![Hash { alg: "SHA-256", content: "00".into() }];
        let mut bash = Component::library("bash", "5", "pkg:deb/debian/bash@5".into());
        bash.licenses = vec![License::named("GPL-3+")];
        let (mut one, mut other) = (Bom::default(), Bom::default());
        one.extend([serde.clone(), bash.clone()]);
        other.extend([bash.clone(), serde, bash]);
        let document = one.document("name", "1-a").unwrap();
        assert_eq!(document, other.document("name", "1-a").unwrap());
        let read: serde_json::Value = serde_json::from_slice(&document).unwrap();
        assert_eq!(read["bomFormat"], "CycloneDX");
        assert_eq!(read["metadata"]["component"]["bom-ref"], "name:1-a");
        assert_eq!(read["components"][1]["licenses"][0]["license"]["name"], "GPL-3+");
        assert_eq!(read["components"][0]["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(read["components"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn texts_in_package_urls_are_encoded() {
        assert_eq!(encoded("1:1.35.0-4+deb12u1"), "1%3A1.35.0-4%2Bdeb12u1");
        assert_eq!(encoded("@scope"), "%40scope");
    }
}
