//! Images of the parts that stand beside a hub, made on this machine from what it has: packages of Debian or Ubuntu,
//! modules of npm. For machines that have no registry to pull them from.

mod console;
mod postgres;
mod prometheus;
mod shell;
mod testing_toolkit;

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use etcetera::BaseStrategy;
use operations::{Failure, Folder, Progress};
use sha2::{Digest, Sha256};

use crate::{
    archive::{self, Archive, Image},
    debian::Debian,
    layer::{Layer, hexadecimal},
    receipt::Receipt,
    sbom::{self, Bom, Component},
    settings::Run,
};

/// What all recipes have in common: when it changes, all images are made again.
const COMMON: [&str; 6] = [
    include_str!("../archive.rs"),
    include_str!("../debian/libraries.rs"),
    include_str!("../debian/mod.rs"),
    include_str!("../layer.rs"),
    include_str!("../settings.rs"),
    include_str!("shell.rs"),
];

/// A part whose image can be made here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// PostgreSQL, with the interface of the official image.
    Postgres,
    /// Mojaloop's Testing Toolkit, which runs the collections of a kit that is mounted.
    TestingToolkit,
    /// Prometheus, with the interface of the official image.
    Prometheus,
    /// Adminer: a database's tables in the browser.
    Console,
}

/// What a recipe has put together.
struct Mixture {
    version: String,
    layer: Layer,
    run: Run,
    debian: Debian,
    /// Parts that are no packages of Debian.
    components: Vec<Component>,
    /// Files that are in no package and decide what is in the image.
    files: Vec<PathBuf>,
}

impl Part {
    /// Every part.
    pub const ALL: [Part; 4] = [Part::Postgres, Part::TestingToolkit, Part::Prometheus, Part::Console];

    /// The name of its image, without registry and tag.
    pub fn repository(self) -> &'static str {
        match self {
            Part::Postgres => "mojaloop-postgres",
            Part::TestingToolkit => "mojaloop-testing-toolkit",
            Part::Prometheus => "mojaloop-prometheus",
            Part::Console => "mojaloop-console",
        }
    }

    fn sources(self) -> &'static [&'static str] {
        match self {
            Part::Postgres => postgres::SOURCES,
            Part::TestingToolkit => testing_toolkit::SOURCES,
            Part::Prometheus => prometheus::SOURCES,
            Part::Console => console::SOURCES,
        }
    }

    /// The digest of its recipe.
    fn recipe(self) -> String {
        let mut digest = Sha256::new();
        for source in COMMON.iter().chain(self.sources()) {
            digest.update(source);
        }
        hexadecimal(&digest.finalize())
    }

    async fn mix(self, debian: Debian, cache: &Path, progress: &dyn Progress) -> Result<Mixture, Failure> {
        match self {
            Part::Postgres => postgres::mix(debian, progress).await,
            Part::TestingToolkit => testing_toolkit::mix(debian, cache, progress).await,
            Part::Prometheus => prometheus::mix(debian, progress).await,
            Part::Console => console::mix(debian, progress).await,
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.repository().trim_start_matches("mojaloop-"))
    }
}

/// Makes the image of a part in the folder's `images`, without an engine. One whose recipe, packages and files are unchanged is
/// kept: that takes some milliseconds.
///
/// # Errors
/// This is no Debian and no Ubuntu, a package can't be had, or the archive can't be written.
pub async fn obtain(part: Part, folder: &Folder, progress: &dyn Progress) -> Result<Archive, Failure> {
    let (images, recipe) = (folder.join("images"), part.recipe());
    let before = Receipt::read(part.repository(), &images);
    if let Some(receipt) = &before
        && let Some(archive) = receipt.archive(&recipe, part.repository(), &images).await?
    {
        return Ok(archive);
    }
    let cache = cache()?;
    let mut mixture = part.mix(Debian::find(&cache.join("packages"))?, &cache, progress).await?;
    progress.waits(&format!("making the image of {part}"));
    mixture.debian.take_libraries(&mut mixture.layer).await?;
    mixture.layer.merge_folders();
    let mut receipt = Receipt::of(recipe, mixture.debian.packages(), &mixture.files)?;
    let archive = archive::write(mixture.image(part), &images)?;
    receipt.tag = archive.reference.split_once(':').map(|(_, tag)| tag.to_owned()).unwrap_or_default();
    receipt.write(part.repository(), &images)?;
    if let Some(before) = before.filter(|before| before.tag != receipt.tag) {
        discard(&Archive::of(part.repository(), &before.tag, &images));
    }
    Ok(archive)
}

impl Mixture {
    fn image<'a>(&'a mut self, part: Part) -> Image<'a> {
        let mut bom = Bom::default();
        bom.extend(std::mem::take(&mut self.components));
        bom.extend(self.debian.packages().map(|package| {
            let copyright = package.copyright();
            sbom::package(&package.name, &package.version, &package.architecture, copyright.as_deref())
        }));
        Image {
            repository: part.repository(),
            version: &self.version,
            digest: None,
            layer: std::mem::take(&mut self.layer),
            run: std::mem::take(&mut self.run),
            bom,
        }
    }
}

/// An image that nobody asks for any more only takes room. If it can't be removed, that is no reason to fail.
fn discard(archive: &Archive) {
    let _ = fs::remove_file(&archive.path);
    let _ = fs::remove_file(archive.sbom());
}

/// Where images are kept for all names and tools, so that each is made once.
///
/// # Errors
/// This user has no cache folder.
pub fn shared_folder() -> Result<Folder, Failure> {
    Ok(Folder::at(cache()?))
}

/// Where downloads of all names and tools are kept.
fn cache() -> Result<PathBuf, Failure> {
    let folders = etcetera::choose_base_strategy()
        .map_err(|error| Failure::failed(format!("no cache folder: {error}")).hint("set HOME"))?;
    Ok(folders.cache_dir().join("mojaloop"))
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> Failure {
    move |error| Failure::failed(format!("cannot read {}: {error}", path.display()))
}
