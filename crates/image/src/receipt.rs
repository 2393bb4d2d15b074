//! What an image was made of, so that nothing is made again while that is unchanged.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use operations::{Failure, Program};
use serde::{Deserialize, Serialize};

use crate::{
    archive::Archive,
    debian::{Package, candidates, installed},
};

/// When this changes, apt knows of other versions.
const LISTS: &str = "/var/lib/apt/lists";

/// Kept beside the archives as `REPOSITORY.json`.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Receipt {
    /// The digest of the recipe.
    pub(crate) recipe: String,
    /// The tag of the image.
    pub(crate) tag: String,
    /// Versions of the installed packages it has files of.
    pub(crate) installed: BTreeMap<String, String>,
    /// Versions of those that were downloaded.
    pub(crate) downloaded: BTreeMap<String, String>,
    /// Other files of this machine, and how they were.
    pub(crate) files: BTreeMap<PathBuf, String>,
}

impl Receipt {
    /// Of an image made by this recipe, of these packages and files.
    pub(crate) fn of<'a>(
        recipe: String,
        packages: impl Iterator<Item = &'a Package>,
        files: &[PathBuf],
    ) -> Result<Receipt, Failure> {
        let mut receipt = Receipt { recipe, ..Receipt::default() };
        for package in packages {
            let kind = if package.root.is_none() { &mut receipt.installed } else { &mut receipt.downloaded };
            kind.insert(package.name.clone(), package.version.clone());
        }
        for file in files {
            let stamp = stamp(file).ok_or_else(|| Failure::failed(format!("cannot read {}", file.display())))?;
            receipt.files.insert(file.clone(), stamp);
        }
        Ok(receipt)
    }

    fn path(repository: &str, folder: &Path) -> PathBuf {
        folder.join(format!("{repository}.json"))
    }

    /// The one in a folder; none where it can't be read, since the image is then made again.
    pub(crate) fn read(repository: &str, folder: &Path) -> Option<Receipt> {
        serde_json::from_slice(&fs::read(Receipt::path(repository, folder)).ok()?).ok()
    }

    /// Writes it in the place of the one before.
    ///
    /// # Errors
    /// The folder can't be written.
    pub(crate) fn write(&self, repository: &str, folder: &Path) -> Result<(), Failure> {
        let path = Receipt::path(repository, folder);
        let json = serde_json::to_vec_pretty(self).map_err(Failure::bug)?;
        fs::write(&path, json).map_err(|error| Failure::failed(format!("cannot write {}: {error}", path.display())))
    }

    /// The archive, if the recipe and all that it was made of are unchanged.
    ///
    /// # Errors
    /// dpkg does not answer.
    pub(crate) async fn archive(
        &self,
        recipe: &str,
        repository: &str,
        folder: &Path,
    ) -> Result<Option<Archive>, Failure> {
        let archive = Archive::of(repository, &self.tag, folder);
        let unchanged = self.files.iter().all(|(file, before)| stamp(file).as_ref() == Some(before));
        if self.recipe != recipe || !archive.is_there() || !unchanged {
            return Ok(None);
        }
        let Some(query) = Program::find("dpkg-query") else { return Ok(None) };
        let names = self.installed.keys().chain(self.downloaded.keys()).map(String::as_str);
        let now = installed(&query, names).await?;
        let same = |(name, version): (&String, &String)| now.get(name).is_some_and(|found| found.version == *version);
        let kept = self.installed.iter().all(same) && self.downloaded.keys().all(|name| !now.contains_key(name));
        if !kept || !self.is_newest(&Receipt::path(repository, folder)).await? {
            return Ok(None);
        }
        Ok(Some(archive))
    }

    /// Whether apt would download the same versions. It is asked only when its lists have changed since.
    async fn is_newest(&self, path: &Path) -> Result<bool, Failure> {
        let modified = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
        let (Some(lists), Some(written)) = (modified(Path::new(LISTS)), modified(path)) else { return Ok(true) };
        if self.downloaded.is_empty() || lists <= written {
            return Ok(true);
        }
        let Some(apt) = Program::find("apt-cache") else { return Ok(true) };
        let run = apt.run(["policy"].into_iter().chain(self.downloaded.keys().map(String::as_str)));
        let known = candidates(&run.env("LC_ALL", "C").stdout().await?);
        let newest = |(name, version): (&String, &String)| known.get(name).is_none_or(|candidate| candidate == version);
        let newest = self.downloaded.iter().all(newest);
        if newest {
            // So that apt is not asked again. If it can't be noted, it is.
            let _ = fs::File::open(path).and_then(|file| file.set_modified(SystemTime::now()));
        }
        Ok(newest)
    }
}

/// Size and time of a file: what changes when it is written.
fn stamp(file: &Path) -> Option<String> {
    let metadata = fs::metadata(file).ok()?;
    let since = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(format!("{} {}", metadata.len(), since.as_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPOSITORY: &str = "name";

    #[tokio::test]
    async fn an_image_is_kept_until_something_of_it_changes() {
        let Some(query) = Program::find("dpkg-query") else { return };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "one").unwrap();
        let packages = installed(&query, ["libc6", "dpkg"].into_iter()).await.unwrap();
        assert_eq!(packages.len(), 2);
        let files = [file.clone()];
        let mut receipt = Receipt::of("recipe".to_owned(), packages.values(), &files).unwrap();
        receipt.tag = "1-0".to_owned();
        receipt.write(REPOSITORY, folder.path()).unwrap();
        let receipt = Receipt::read(REPOSITORY, folder.path()).unwrap();
        let found = async |receipt: &Receipt, recipe| receipt.archive(recipe, REPOSITORY, folder.path()).await.unwrap();
        assert_eq!(found(&receipt, "recipe").await, None, "there is no archive yet");
        let archive = Archive::of(REPOSITORY, "1-0", folder.path());
        fs::write(&archive.path, "").unwrap();
        fs::write(archive.sbom(), "").unwrap();
        assert_eq!(found(&receipt, "recipe").await, Some(archive));
        assert_eq!(found(&receipt, "another recipe").await, None);
        let mut other = Receipt::of("recipe".to_owned(), packages.values(), &files).unwrap();
        other.tag = "1-0".to_owned();
        other.installed.insert("libc6".to_owned(), "0".to_owned());
        assert_eq!(found(&other, "recipe").await, None, "another version");
        fs::write(&file, "other").unwrap();
        assert_eq!(found(&receipt, "recipe").await, None, "another file");
    }
}
