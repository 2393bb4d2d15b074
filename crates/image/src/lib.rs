//! Container images, made without a container engine.
//!
//! The hub's is one static binary and nothing else: cargo builds it from a checkout with only the hub's features, and
//! [`obtain`] writes it as an archive that `docker load`, `ctr images import` and `microk8s images import` read. [`recipes`]
//! makes those of the parts beside a hub from what this machine has. Tags are made from the content, so that a node never
//! runs an old image under a new name. Beside each archive lies a list of what is in it.

mod archive;
mod checkout;
mod debian;
mod layer;
mod receipt;
pub mod recipes;
mod sbom;
mod settings;

use std::path::PathBuf;

use operations::{Failure, Folder, Progress};

pub use archive::{Archive, REPOSITORY};
pub use checkout::{Built, Checkout};
use sbom::Bom;

/// Where the image comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A registry, or an image that the nodes have already.
    Reference(String),
    /// The sources that this command was called in, or that this binary was built in.
    Checkout(Checkout),
}

/// An image that can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubImage {
    /// How it is called.
    pub reference: String,
    /// Its archive, when it was made here: the engine or the nodes have yet to load it.
    pub archive: Option<PathBuf>,
}

impl Source {
    /// What `--image` says, else the checkout.
    ///
    /// # Errors
    /// Neither is there, or the reference is none.
    pub fn find(given: Option<&str>) -> Result<Source, Failure> {
        match given {
            Some(reference) if is_reference(reference) => Ok(Source::Reference(reference.to_owned())),
            Some(other) => {
                Err(Failure::usage(format!("--image: found {other:?}, expected [REGISTRY/]NAME[:TAG][@DIGEST]")))
            }
            None => Checkout::find().map(Source::Checkout).ok_or_else(|| {
                Failure::preflight("there is no image: none was named, and this is no checkout to build one from")
                    .hint("--image REGISTRY/mojaloop-hub:VERSION, or run this in a checkout of the sources")
            }),
        }
    }
}

fn is_reference(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/:@".contains(&byte);
    !text.is_empty() && text.len() <= 255 && text.bytes().all(allowed) && text.as_bytes()[0].is_ascii_alphanumeric()
}

/// Gets the image: builds it if it is to come from a checkout. Nothing is built twice.
///
/// # Errors
/// The sources do not build, or the archive can't be written.
pub async fn obtain(source: &Source, folder: &Folder, progress: &dyn Progress) -> Result<HubImage, Failure> {
    match source {
        Source::Reference(reference) => Ok(HubImage { reference: reference.clone(), archive: None }),
        Source::Checkout(checkout) => {
            progress.waits("building the hub's image");
            let binary = checkout.build().await?;
            let images = folder.join("images");
            let (archive, digest) = archive::of_binary(&binary, &images)?;
            if !archive.is_there() {
                let mut bom = Bom::default();
                bom.extend(sbom::crates_of(checkout).await?);
                archive::write_binary(&binary, digest, bom, &images)?;
            }
            Ok(HubImage { reference: archive.reference, archive: Some(archive.path) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_told_from_other_text() {
        for (text, expect) in [
            ("mojaloop-hub:0.1.0", true),
            ("registry.example.org:5000/team/mojaloop-hub@sha256:0123", true),
            ("", false),
            ("-v", false),
            ("a b", false),
            ("$(reboot)", false),
        ] {
            assert_eq!(is_reference(text), expect, "{text:?}");
        }
    }
}
