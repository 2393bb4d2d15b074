//! Compressed files: written with a digest of their content, and read back.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use zstd::stream::{read::Decoder, write::Encoder};

use super::error::ArchiveError;

/// zstd's own default: it takes less time than the database takes to tell the rows.
const LEVEL: i32 = 3;

/// A file of the archive that is being written, or only the digest of what it would hold.
pub(super) struct Content {
    file: PathBuf,
    encoder: Option<Encoder<'static, BufWriter<File>>>,
    digest: Sha256,
    rows: u64,
}

impl Content {
    /// A new file of this folder; without one, nothing is written.
    pub(super) fn of(folder: Option<&Path>, name: &str) -> Result<Content, ArchiveError> {
        let file = folder.map_or_else(|| name.into(), |folder| folder.join(name));
        let encoder = match folder {
            Some(_) => Some(create(&file).map_err(|error| ArchiveError::file(&file, error))?),
            None => None,
        };
        Ok(Content { file, encoder, digest: Sha256::new(), rows: 0 })
    }

    /// Adds a row, with its end.
    pub(super) fn row(&mut self, row: &[u8]) -> Result<(), ArchiveError> {
        self.rows += 1;
        self.head(row)
    }

    /// Adds what is no row.
    pub(super) fn head(&mut self, text: &[u8]) -> Result<(), ArchiveError> {
        self.digest.update(text);
        match &mut self.encoder {
            Some(encoder) => encoder.write_all(text).map_err(|error| ArchiveError::file(&self.file, error)),
            None => Ok(()),
        }
    }

    /// How many rows there are so far.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Ends it, on the disk: the number of its rows and the SHA-256 of its content.
    pub(super) fn finish(self) -> Result<(u64, String), ArchiveError> {
        if let Some(encoder) = self.encoder {
            let finished = encoder.finish().and_then(|buffer| buffer.into_inner().map_err(|error| error.into_error()));
            finished.and_then(|file| file.sync_all()).map_err(|error| ArchiveError::file(&self.file, error))?;
        }
        Ok((self.rows, hex(&self.digest.finalize())))
    }
}

fn create(file: &Path) -> io::Result<Encoder<'static, BufWriter<File>>> {
    let mut encoder = Encoder::new(BufWriter::new(new_file(file)?), LEVEL)?;
    encoder.include_checksum(true)?;
    Ok(encoder)
}

/// A file for its owner alone: payments are about persons.
pub(super) fn new_file(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

/// A folder for its owner alone, with those that it is in.
pub(super) fn new_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Sees to it that names in a folder are on the disk.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// What a file is, as it lies on the disk.
pub(super) struct OnDisk {
    pub(super) bytes: u64,
    pub(super) sha256: String,
    pub(super) content_sha256: String,
}

/// Reads a file whole: `work` is given its content.
pub(super) fn read<T>(
    file: &Path,
    work: impl FnOnce(&mut dyn Read) -> Result<T, String>,
) -> Result<(T, OnDisk), ArchiveError> {
    let failed = |error: io::Error| ArchiveError::file(file, error);
    let packed = Hashing::of(File::open(file).map_err(failed)?);
    let mut content = Hashing::of(Decoder::new(packed).map_err(failed)?);
    let result = work(&mut content).map_err(|why| ArchiveError::file(file, why))?;
    io::copy(&mut content, &mut io::sink()).map_err(failed)?;
    let mut packed = content.inner.finish().into_inner();
    io::copy(&mut packed, &mut io::sink()).map_err(failed)?;
    let (sha256, content_sha256) = (hex(&packed.digest.finalize()), hex(&content.digest.finalize()));
    Ok((result, OnDisk { bytes: packed.bytes, sha256, content_sha256 }))
}

/// Passes on what it reads, and makes its digest.
struct Hashing<R> {
    inner: R,
    digest: Sha256,
    bytes: u64,
}

impl<R> Hashing<R> {
    fn of(inner: R) -> Hashing<R> {
        Hashing { inner, digest: Sha256::new(), bytes: 0 }
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(into)?;
        self.digest.update(into.get(..length).unwrap_or_default());
        self.bytes += u64::try_from(length).unwrap_or_default();
        Ok(length)
    }
}

/// As `sha256sum` shows it.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |text, byte| format!("{text}{byte:02x}"))
}
