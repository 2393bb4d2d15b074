//! An image as an archive in the form of `docker save`, made without an engine.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use operations::Failure;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tar::Builder;

use crate::{
    layer::{Hashing, Layer, header, hexadecimal},
    sbom::Bom,
    settings::{Configuration, Manifest, Run},
};

/// The name of the hub's image, without registry and tag.
pub const REPOSITORY: &str = "mojaloop-hub";
/// The user in the hub's image: nobody, and by convention of distroless images 65532.
const USER: u64 = 65532;
/// Digits of the content's digest in the tag.
const TAG_DIGITS: usize = 12;
/// What the engines shorten `mojaloop-hub` from; the nodes of a cluster look for the whole name.
const DEFAULT_REGISTRY: &str = "docker.io/library";
/// The label with the SHA-256 of the list of what is in the image, which lies beside its archive.
const BOM_LABEL: &str = "mojaloop.sbom.sha256";

/// An image's archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// `mojaloop-hub:VERSION-DIGEST`; the archive also holds the tag `VERSION`.
    pub reference: String,
    /// Where it is.
    pub path: PathBuf,
}

impl Archive {
    /// The one of an image in a folder, there or not.
    pub(crate) fn of(repository: &str, tag: &str, folder: &Path) -> Archive {
        Archive {
            reference: format!("{repository}:{tag}"),
            path: folder.join(format!("{}-{tag}.tar", repository.replace('/', "-"))),
        }
    }

    /// Where its software bill of materials is: CycloneDX, in JSON.
    pub fn sbom(&self) -> PathBuf {
        self.path.with_extension("cdx.json")
    }

    /// Whether both files are there.
    pub(crate) fn is_there(&self) -> bool {
        self.path.is_file() && self.sbom().is_file()
    }
}

/// An image that is to be written.
#[derive(Debug)]
pub(crate) struct Image<'a> {
    pub(crate) repository: &'a str,
    pub(crate) version: &'a str,
    /// What the tag's digits are taken from, where it is not the layer and how it is run.
    pub(crate) digest: Option<String>,
    pub(crate) layer: Layer,
    pub(crate) run: Run,
    pub(crate) bom: Bom,
}

/// The archive of a binary's image, there or not.
///
/// # Errors
/// The binary can't be read.
pub(crate) fn of_binary(binary: &Path, folder: &Path) -> Result<(Archive, String), Failure> {
    let digest = File::open(binary).and_then(|mut file| {
        let mut digest = Hashing::over(io::sink());
        io::copy(&mut file, &mut digest).map(|_| digest.digest())
    });
    let digest = digest.map_err(|error| Failure::failed(format!("cannot read {}: {error}", binary.display())))?;
    Ok((Archive::of(REPOSITORY, &tag(env!("CARGO_PKG_VERSION"), &digest), folder), digest))
}

/// Writes the image of a static binary into a folder. The same binary gives the same archive; one that is there is kept.
///
/// # Errors
/// The binary can't be read or the archive not be written.
pub(crate) fn write_binary(binary: &Path, digest: String, bom: Bom, folder: &Path) -> Result<Archive, Failure> {
    let mut layer = Layer::default();
    layer
        .file("mojaloop", binary)
        .map_err(|error| Failure::failed(format!("cannot read {}: {error}", binary.display())))?;
    // A volume that is mounted there for the first time belongs to whom the folder belongs to.
    layer.folder("data", 0o700, USER);
    let mut run = Run {
        user: format!("{USER}:{USER}"),
        entrypoint: vec!["/mojaloop".into()],
        working_dir: "/".into(),
        ..Run::default()
    };
    run.labels.insert("org.opencontainers.image.licenses".into(), "Apache-2.0".into());
    let version = env!("CARGO_PKG_VERSION");
    write(Image { repository: REPOSITORY, version, digest: Some(digest), layer, run, bom }, folder)
}

/// Writes an image into a folder, with the list of what is in it beside it.
///
/// # Errors
/// A file of the image can't be read, or the archive not be written.
pub(crate) fn write(image: Image<'_>, folder: &Path) -> Result<Archive, Failure> {
    let failed =
        |error: io::Error| Failure::failed(format!("cannot write the image into {}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(failed)?;
    let draft = folder.join(format!("{}.{}.new", image.repository, std::process::id()));
    let written = write_draft(image, &draft, folder);
    if written.is_err() {
        // What is half written is of no use; that it can't be removed either is no news.
        let _ = fs::remove_file(&draft);
    }
    written.map_err(failed)
}

fn write_draft(mut image: Image<'_>, draft: &Path, folder: &Path) -> io::Result<Archive> {
    let mut builder = Builder::new(File::create(draft)?);
    let mut entry_header = header(0o644, 0);
    let mut entry = BufWriter::with_capacity(1 << 20, builder.append_writer(&mut entry_header, "layer.tar")?);
    let layer = image.layer.write_to(&mut entry)?;
    entry.into_inner().map_err(io::IntoInnerError::into_error)?.finish()?;

    let digest = match image.digest {
        Some(digest) => digest,
        None => content_digest(&layer, &image.run)?,
    };
    let tag = tag(image.version, &digest);
    let archive = Archive::of(image.repository, &tag, folder);
    let bom = image.bom.document(image.repository, &tag)?;
    image.run.labels.extend([
        ("org.opencontainers.image.title".to_owned(), image.repository.to_owned()),
        ("org.opencontainers.image.version".to_owned(), image.version.to_owned()),
        (BOM_LABEL.to_owned(), hexadecimal(&Sha256::digest(&bom))),
    ]);
    let name = |tag: &str| format!("{DEFAULT_REGISTRY}/{}:{tag}", image.repository);
    let repo_tags = vec![name(&tag), name(image.version)];
    add(&mut builder, "config.json", &Configuration::of(&image.run, &layer))?;
    add(&mut builder, "manifest.json", &[Manifest { config: "config.json", repo_tags, layers: ["layer.tar"] }])?;
    builder.into_inner()?.flush()?;
    fs::write(archive.sbom(), bom)?;
    fs::rename(draft, &archive.path)?;
    Ok(archive)
}

/// Of the files and of how they are run: an image that differs in one of them has another name.
fn content_digest(layer: &str, run: &Run) -> io::Result<String> {
    let mut digest = Sha256::new_with_prefix(layer);
    digest.update(serde_json::to_vec(run)?);
    Ok(hexadecimal(&digest.finalize()))
}

fn add<T: Serialize>(builder: &mut Builder<File>, name: &str, content: &T) -> io::Result<()> {
    let json = serde_json::to_vec(content)?;
    let mut header = header(0o644, 0);
    header.set_size(json.len() as u64);
    builder.append_data(&mut header, name, json.as_slice())
}

fn tag(version: &str, digest: &str) -> String {
    format!("{version}-{}", &digest[..TAG_DIGITS])
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, io::Read};

    use super::*;

    fn write_program(text: &str, folder: &Path) -> Archive {
        let binary = folder.join("binary");
        fs::write(&binary, text).unwrap();
        fs::set_permissions(&binary, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let (archive, digest) = of_binary(&binary, folder).unwrap();
        assert_eq!(write_binary(&binary, digest, Bom::default(), folder).unwrap(), archive);
        assert!(archive.is_there());
        archive
    }

    fn entries(archive: &Path) -> BTreeMap<String, Vec<u8>> {
        let mut entries = BTreeMap::new();
        for entry in tar::Archive::new(File::open(archive).unwrap()).entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            entries.insert(entry.path().unwrap().display().to_string(), content);
        }
        entries
    }

    #[test]
    fn the_same_binary_gives_the_same_archive() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (first, second) = (write_program("a program", one.path()), write_program("a program", two.path()));
        assert_eq!(first.reference, second.reference);
        assert_eq!(fs::read(&first.path).unwrap(), fs::read(&second.path).unwrap());
        assert_eq!(fs::read(first.sbom()).unwrap(), fs::read(second.sbom()).unwrap());
        assert_ne!(write_program("another program", two.path()).reference, first.reference);
    }

    #[test]
    fn the_archive_says_what_the_layer_and_the_list_are() {
        let folder = tempfile::tempdir().unwrap();
        let archive = write_program("a program", folder.path());
        let entries = entries(&archive.path);
        let config: serde_json::Value = serde_json::from_slice(&entries["config.json"]).unwrap();
        assert_eq!(config["config"]["User"], "65532:65532");
        assert_eq!(config["config"]["Entrypoint"][0], "/mojaloop");
        let digest = format!("sha256:{}", hexadecimal(&Sha256::digest(&entries["layer.tar"])));
        assert_eq!(config["rootfs"]["diff_ids"][0], digest);
        let bom = hexadecimal(&Sha256::digest(fs::read(archive.sbom()).unwrap()));
        assert_eq!(config["config"]["Labels"][BOM_LABEL], bom);
        let manifest: serde_json::Value = serde_json::from_slice(&entries["manifest.json"]).unwrap();
        assert_eq!(manifest[0]["RepoTags"][0], format!("docker.io/library/{}", archive.reference));
        assert_eq!(manifest[0]["RepoTags"].as_array().unwrap().len(), 2);
        let mut layer = tar::Archive::new(entries["layer.tar"].as_slice());
        let files = layer.entries().unwrap().map(|entry| {
            let entry = entry.unwrap();
            let header = entry.header();
            (entry.path().unwrap().display().to_string(), header.mode().unwrap(), header.uid().unwrap())
        });
        let expect = [("data/".to_owned(), 0o700, USER), ("mojaloop".to_owned(), 0o755, 0)];
        assert_eq!(files.collect::<Vec<_>>(), expect);
    }

    #[test]
    fn an_image_that_is_run_otherwise_has_another_name() {
        let folder = tempfile::tempdir().unwrap();
        let write = |cmd: &str| {
            let mut layer = Layer::default();
            layer.text("file", "text", 0o644);
            let (run, bom) = (Run { cmd: vec![cmd.into()], ..Run::default() }, Bom::default());
            let image = Image { repository: "name", version: "1", digest: None, layer, run, bom };
            super::write(image, folder.path()).unwrap().reference
        };
        assert_eq!(write("one"), write("one"));
        assert_ne!(write("one"), write("other"));
    }

    #[test]
    fn what_can_not_be_written_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut layer = Layer::default();
        layer.text("file", "text", 0o644);
        let gone = folder.path().join("gone");
        fs::write(&gone, "x").unwrap();
        layer.file("gone", &gone).unwrap();
        fs::remove_file(&gone).unwrap();
        let (run, bom) = (Run::default(), Bom::default());
        let image = Image { repository: "name", version: "1", digest: None, layer, run, bom };
        let failure = write(image, folder.path()).unwrap_err();
        assert!(failure.message.contains("cannot write the image into"), "{failure}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
