//! An image as an archive in the form of `docker save`, made without an engine.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use operations::Failure;
use serde_json::json;
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

/// The name of the image, without registry and tag.
pub const REPOSITORY: &str = "mojaloop-hub";
/// The user in the image: nobody, and by convention of distroless images 65532.
const USER: u64 = 65532;
/// Digits of the content's digest in the tag.
const TAG_DIGITS: usize = 12;
/// What the engines shorten `mojaloop-hub` from; the nodes of a cluster look for the whole name.
const DEFAULT_REGISTRY: &str = "docker.io/library";

/// An image's archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// `mojaloop-hub:VERSION-DIGEST`; the archive also holds the tag `VERSION`.
    pub reference: String,
    /// Where it is.
    pub path: PathBuf,
}

/// Writes the image of a static binary into a folder. The same binary gives the same archive; one that is there is kept.
///
/// # Errors
/// The binary can't be read or the archive not be written.
pub fn write(binary: &Path, folder: &Path) -> Result<Archive, Failure> {
    let failed =
        |error: io::Error| Failure::failed(format!("cannot write the image into {}: {error}", folder.display()));
    let content =
        fs::read(binary).map_err(|error| Failure::failed(format!("cannot read {}: {error}", binary.display())))?;
    let digest = hexadecimal(&Sha256::digest(&content));
    let version = env!("CARGO_PKG_VERSION");
    let tag = format!("{version}-{}", &digest[..TAG_DIGITS]);
    let path = folder.join(format!("{REPOSITORY}-{tag}.tar"));
    let archive = Archive { reference: format!("{REPOSITORY}:{tag}"), path };
    if archive.path.exists() {
        return Ok(archive);
    }
    fs::create_dir_all(folder).map_err(failed)?;
    let draft = archive.path.with_extension(format!("{}.new", std::process::id()));
    let file = File::create(&draft).map_err(failed)?;
    write_archive(file, &content, &[&tag, version]).map_err(failed)?;
    fs::rename(&draft, &archive.path).map_err(failed)?;
    Ok(archive)
}

fn write_archive(file: File, binary: &[u8], tags: &[&str]) -> io::Result<()> {
    let layer = layer(binary)?;
    let config = json!({
        "architecture": architecture(),
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": {
            "User": format!("{USER}:{USER}"),
            "Entrypoint": ["/mojaloop"],
            "WorkingDir": "/",
            "Labels": {
                "org.opencontainers.image.title": REPOSITORY,
                "org.opencontainers.image.version": env!("CARGO_PKG_VERSION"),
                "org.opencontainers.image.licenses": "Apache-2.0",
            },
        },
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{}", hexadecimal(&Sha256::digest(&layer)))] },
        "history": [{ "created": "1970-01-01T00:00:00Z", "created_by": "mojaloop image" }],
    });
    let names: Vec<String> = tags.iter().map(|tag| format!("{DEFAULT_REGISTRY}/{REPOSITORY}:{tag}")).collect();
    let manifest = json!([{ "Config": "config.json", "RepoTags": names, "Layers": ["layer.tar"] }]);
    let mut archive = Builder::new(file);
    add(&mut archive, "manifest.json", manifest.to_string().as_bytes(), 0o644)?;
    add(&mut archive, "config.json", config.to_string().as_bytes(), 0o644)?;
    add(&mut archive, "layer.tar", layer.as_slice(), 0o644)?;
    let mut file = archive.into_inner()?;
    file.flush()
}

/// The one layer: the binary, and a folder for data that the image's user may write where a volume is mounted.
fn layer(binary: &[u8]) -> io::Result<Vec<u8>> {
    let mut layer = Builder::new(Vec::new());
    add(&mut layer, "mojaloop", binary, 0o755)?;
    let mut data = Header::new_gnu();
    data.set_entry_type(EntryType::Directory);
    data.set_mode(0o700);
    data.set_uid(USER);
    data.set_gid(USER);
    data.set_mtime(0);
    data.set_size(0);
    layer.append_data(&mut data, "data/", io::empty())?;
    layer.into_inner()
}

fn add<W: Write>(archive: &mut Builder<W>, name: &str, content: &[u8], mode: u32) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(content.len() as u64);
    archive.append_data(&mut header, name, content)
}

fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn the_same_binary_gives_the_same_archive() {
        let folder = tempfile::tempdir().unwrap();
        let binary = folder.path().join("binary");
        fs::write(&binary, "a program").unwrap();
        let one = write(&binary, &folder.path().join("one")).unwrap();
        let two = write(&binary, &folder.path().join("two")).unwrap();
        assert_eq!(one.reference, two.reference);
        assert_eq!(fs::read(&one.path).unwrap(), fs::read(&two.path).unwrap());
        fs::write(&binary, "another program").unwrap();
        assert_ne!(write(&binary, folder.path()).unwrap().reference, one.reference);
    }

    #[test]
    fn the_archive_says_what_the_layer_is() {
        let folder = tempfile::tempdir().unwrap();
        let binary = folder.path().join("binary");
        fs::write(&binary, "a program").unwrap();
        let archive = write(&binary, folder.path()).unwrap();
        let mut entries = std::collections::BTreeMap::new();
        for entry in tar::Archive::new(File::open(archive.path).unwrap()).entries().unwrap() {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().display().to_string();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            entries.insert(name, content);
        }
        let config: serde_json::Value = serde_json::from_slice(&entries["config.json"]).unwrap();
        assert_eq!(config["config"]["User"], "65532:65532");
        let digest = format!("sha256:{}", hexadecimal(&Sha256::digest(&entries["layer.tar"])));
        assert_eq!(config["rootfs"]["diff_ids"][0], digest);
        let manifest: serde_json::Value = serde_json::from_slice(&entries["manifest.json"]).unwrap();
        assert_eq!(manifest[0]["RepoTags"].as_array().unwrap().len(), 2);
        let layer = tar::Archive::new(entries["layer.tar"].as_slice())
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                (
                    entry.path().unwrap().display().to_string(),
                    entry.header().mode().unwrap(),
                    entry.header().uid().unwrap(),
                )
            })
            .collect::<Vec<_>>();
        assert_eq!(layer, [("mojaloop".to_owned(), 0o755, 0), ("data/".to_owned(), 0o700, USER)]);
    }
}
