//! The files of an image: one layer, written as a stream so that its size is no matter.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

/// What Debian and Ubuntu keep as links into `/usr`; the image has the same links.
const MERGED: [&str; 4] = ["bin", "lib", "lib64", "sbin"];

/// Files by their path in the image. The order is that of the paths, so that the same files give the same bytes.
#[derive(Debug, Default)]
pub(crate) struct Layer {
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug)]
struct Entry {
    content: Content,
    mode: u32,
    owner: u64,
}

#[derive(Debug)]
enum Content {
    File(PathBuf),
    Text(String),
    Link(String),
    Folder,
}

impl Layer {
    /// A file of this machine. What may be executed here may be there; nothing else of its rights is taken over.
    pub(crate) fn file(&mut self, path: &str, source: &Path) -> io::Result<()> {
        let mode = if is_executable(&fs::metadata(source)?) { 0o755 } else { 0o644 };
        self.add(path, Content::File(source.to_owned()), mode, 0);
        Ok(())
    }

    /// A file with this content.
    pub(crate) fn text(&mut self, path: &str, text: &str, mode: u32) {
        self.add(path, Content::Text(text.to_owned()), mode, 0);
    }

    /// A symbolic link.
    pub(crate) fn link(&mut self, path: &str, target: &str) {
        self.add(path, Content::Link(target.to_owned()), 0o777, 0);
    }

    /// A folder that belongs to somebody; those in which files lie need not be named.
    pub(crate) fn folder(&mut self, path: &str, mode: u32, owner: u64) {
        self.add(path, Content::Folder, mode, owner);
    }

    /// What lies at a path of this machine: a link stays one.
    pub(crate) fn take(&mut self, path: &str, source: &Path) -> io::Result<()> {
        let metadata = fs::symlink_metadata(source)?;
        if metadata.is_symlink() {
            let target = fs::read_link(source)?;
            self.link(path, &target.to_string_lossy());
        } else if metadata.is_file() {
            self.file(path, source)?;
        }
        Ok(())
    }

    /// A folder of this machine with all that lies in it and satisfies the condition.
    pub(crate) fn tree(&mut self, path: &str, source: &Path, wanted: &dyn Fn(&Path) -> bool) -> io::Result<()> {
        for entry in fs::read_dir(source)? {
            let source = entry?.path();
            let name = source.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let path = format!("{path}/{name}");
            if !wanted(&source) {
                continue;
            }
            match fs::symlink_metadata(&source)?.is_dir() {
                true => self.tree(&path, &source, wanted)?,
                false => self.take(&path, &source)?,
            }
        }
        Ok(())
    }

    /// The links with which Debian merges its old folders into `/usr`.
    pub(crate) fn merge_folders(&mut self) {
        for name in MERGED {
            self.entries.insert(
                name.to_owned(),
                Entry { content: Content::Link(format!("usr/{name}")), mode: 0o777, owner: 0 },
            );
        }
    }

    /// Where the files of this machine come from.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &Path> {
        self.entries.values().filter_map(|entry| match &entry.content {
            Content::File(source) => Some(source.as_path()),
            Content::Text(_) | Content::Link(_) | Content::Folder => None,
        })
    }

    fn add(&mut self, path: &str, content: Content, mode: u32, owner: u64) {
        self.entries.insert(place(path), Entry { content, mode, owner });
    }

    /// Writes it as a tar archive and says its digest.
    pub(crate) fn write_to<W: Write>(&self, out: W) -> io::Result<String> {
        let mut archive = Builder::new(Hashing::over(out));
        for (path, entry) in &self.entries {
            let mut header = header(entry.mode, entry.owner);
            match &entry.content {
                Content::File(source) => {
                    let file = File::open(source)?;
                    header.set_size(file.metadata()?.len());
                    archive.append_data(&mut header, path, file)?;
                }
                Content::Text(text) => {
                    header.set_size(text.len() as u64);
                    archive.append_data(&mut header, path, text.as_bytes())?;
                }
                Content::Link(target) => {
                    header.set_entry_type(EntryType::Symlink);
                    archive.append_link(&mut header, path, target)?;
                }
                Content::Folder => {
                    header.set_entry_type(EntryType::Directory);
                    archive.append_data(&mut header, format!("{path}/"), io::empty())?;
                }
            }
        }
        Ok(archive.into_inner()?.digest())
    }
}

/// The path in the layer: without the leading slash, and below `/usr` where Debian has merged it.
fn place(path: &str) -> String {
    let path = path.trim_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    if MERGED.contains(&first) { format!("usr/{path}") } else { path.to_owned() }
}

/// A header without a time: the same files give the same bytes whenever they are written.
pub(crate) fn header(mode: u32, owner: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_mode(mode);
    header.set_uid(owner);
    header.set_gid(owner);
    header.set_mtime(0);
    header.set_size(0);
    header
}

/// A writer that hashes what passes through.
pub(crate) struct Hashing<W> {
    inner: W,
    digest: Sha256,
}

impl<W> Hashing<W> {
    /// One that passes on to this writer.
    pub(crate) fn over(inner: W) -> Hashing<W> {
        Hashing { inner, digest: Sha256::new() }
    }

    /// The SHA-256 of what has passed through.
    pub(crate) fn digest(self) -> String {
        hexadecimal(&self.digest.finalize())
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.digest.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    false
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_merged_as_debian_merges_them() {
        for (path, expect) in [
            ("/bin/sh", "usr/bin/sh"),
            ("/lib/x86_64-linux-gnu/libc.so.6", "usr/lib/x86_64-linux-gnu/libc.so.6"),
            ("/usr/bin/sh", "usr/bin/sh"),
            ("etc/passwd", "etc/passwd"),
            ("/library/file", "library/file"),
        ] {
            assert_eq!(place(path), expect);
        }
    }

    #[test]
    fn the_same_files_give_the_same_bytes_in_whatever_order_they_came() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("in")).unwrap();
        fs::write(folder.path().join("in/data"), "some data").unwrap();
        fs::write(folder.path().join("in/data.map"), "not wanted").unwrap();
        let wanted = |path: &Path| path.extension().is_none();
        let mut one = Layer::default();
        one.folder("/data", 0o700, 999);
        one.tree("/opt", folder.path(), &wanted).unwrap();
        one.link("/bin/sh", "busybox");
        one.merge_folders();
        let mut other = Layer::default();
        other.merge_folders();
        other.link("/usr/bin/sh", "busybox");
        other.tree("/opt", folder.path(), &wanted).unwrap();
        other.folder("/data/", 0o700, 999);
        let (mut bytes, mut again) = (Vec::new(), Vec::new());
        let digest = one.write_to(&mut bytes).unwrap();
        assert_eq!(digest, other.write_to(&mut again).unwrap());
        assert_eq!(bytes, again);
        assert_eq!(digest, hexadecimal(&Sha256::digest(&bytes)));
        let names: Vec<String> = tar::Archive::new(bytes.as_slice())
            .entries()
            .unwrap()
            .map(|entry| entry.unwrap().path().unwrap().display().to_string())
            .collect();
        assert_eq!(names, ["bin", "data/", "lib", "lib64", "opt/in/data", "sbin", "usr/bin/sh"]);
    }
}
