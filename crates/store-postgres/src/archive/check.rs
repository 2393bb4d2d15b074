//! Whether folders of the archive are what their manifests say.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    ArchivedDay,
    day::Day,
    error::ArchiveError,
    inspect::Found,
    manifest::{self, Manifest},
};

/// What was found in an archive.
#[derive(Debug, Default)]
pub struct Checked {
    /// The days that are what their manifests say.
    pub days: Vec<ArchivedDay>,
    /// What is wrong with the others: the file, and the row if one can be named.
    pub damages: Vec<String>,
}

/// Reads all days of an archive, whole, and compares them with their manifests. `tell` is told each day before it is read.
///
/// # Errors
/// [`ArchiveError::File`] if the folder can't be read or holds no day.
pub fn check_archive(folder: &Path, mut tell: impl FnMut(Day)) -> Result<Checked, ArchiveError> {
    let mut checked = Checked::default();
    for (day, folder) in days(folder)? {
        tell(day);
        match check_day(&folder, day) {
            Ok((manifest, _)) => checked.days.push(manifest.summary()),
            Err(error) => checked.damages.push(error.to_string()),
        }
    }
    Ok(checked)
}

/// The days of an archive, in order. A folder that is not finished has another name.
fn days(folder: &Path) -> Result<Vec<(Day, PathBuf)>, ArchiveError> {
    let entries = fs::read_dir(folder).map_err(|error| ArchiveError::file(folder, error))?;
    let entries = entries.collect::<Result<Vec<_>, _>>().map_err(|error| ArchiveError::file(folder, error))?;
    let day = |path: &PathBuf| path.file_name().and_then(|name| Day::parse(name.to_str()?));
    let paths = entries.into_iter().map(|entry| entry.path());
    let mut days: Vec<_> = paths.filter_map(|path| Some((day(&path)?, path))).collect();
    days.sort();
    match days.is_empty() {
        true => Err(ArchiveError::file(folder, "found no day, expected folders like 2026-08-01")),
        false => Ok(days),
    }
}

/// Reads a day's folder and compares it with its manifest; returned are that and its SHA-256.
pub(super) fn check_day(folder: &Path, day: Day) -> Result<(Manifest, Vec<u8>), ArchiveError> {
    let (manifest, sha256) = Manifest::read(folder)?;
    let list = folder.join(manifest::NAME);
    if manifest.day != day {
        return Err(ArchiveError::file(&list, format!("day: found {}, expected {day}", manifest.day)));
    }
    let found = Found::of(folder)?;
    for file in &found.files {
        let listed = manifest
            .file(&file.name)
            .ok_or_else(|| ArchiveError::file(&list, format!("files: {} is not among them", file.name)))?;
        compare(&folder.join(&file.name), listed, file)?;
    }
    let sums = found.sums.settle().map_err(|why| ArchiveError::file(&list, why))?;
    let listed = manifest.sums();
    let mut accounts = sums.keys().chain(listed.keys());
    if let Some((account, currency)) = accounts.find(|key| sums.get(key) != listed.get(key)) {
        let why = format!("accounts: {} in {currency} is not the sum of the journal's rows", account.0);
        return Err(ArchiveError::file(&list, why));
    }
    if found.lines_that_stay != manifest.lines_that_stay {
        let (found, listed) = (found.lines_that_stay, manifest.lines_that_stay);
        return Err(ArchiveError::file(&list, format!("lines_that_stay: found {listed}, the journal has {found}")));
    }
    Ok((manifest, sha256))
}

fn compare(path: &Path, listed: &manifest::File, found: &manifest::File) -> Result<(), ArchiveError> {
    let facts = |file: &manifest::File| {
        [
            ("rows", file.rows.to_string()),
            ("content_sha256", file.content_sha256.clone()),
            ("bytes", file.bytes.to_string()),
            ("sha256", file.sha256.clone()),
        ]
    };
    match facts(found).into_iter().zip(facts(listed)).find(|(found, listed)| found != listed) {
        None => Ok(()),
        Some(((what, found), (_, listed))) => {
            let why =
                format!("{what}: found {found}, expected {listed} by the manifest; hint: restore the file from a copy");
            Err(ArchiveError::file(path, why))
        }
    }
}
