//! `mojaloop image`.

use std::path::Path;

use image::{
    Archive, HubImage, Source,
    recipes::{self, Part},
};
use operations::{Folder, Progress};
use serde::Serialize;

use crate::{
    arguments::{
        Global,
        tools::{ImageArguments, ImageOf},
    },
    commands::{progress::Steps, runtime, tool},
    exit::Failure,
    printer,
};

#[derive(Serialize)]
struct Image {
    reference: String,
    /// As engines name it.
    architecture: &'static str,
    file: String,
    bytes: u64,
    /// Images are made for the machine that makes them.
    not_built: Vec<NotBuilt>,
}

#[derive(Serialize)]
struct NotBuilt {
    architecture: &'static str,
    why: &'static str,
}

/// This machine's architecture, and the other one that images are for.
fn architectures() -> (&'static str, &'static str) {
    match std::env::consts::ARCH {
        "aarch64" => ("arm64", "amd64"),
        _ => ("amd64", "arm64"),
    }
}

pub(crate) fn run(arguments: &ImageArguments, global: &Global) -> Result<(), Failure> {
    let folder = Folder::of(global.data_dir.as_deref(), &global.name, "image")?;
    let steps = Steps::new(global.no_progress);
    let made = runtime::start()?.block_on(tool::interruptible(make(arguments.of, &folder, &steps)))?;
    drop(steps);
    let bytes = copy(&made.path, &arguments.out)?;
    if let Some(file) = &arguments.sbom {
        copy(&made.sbom(), file)?;
    }
    let (architecture, other) = architectures();
    let why = "the binary is linked on the machine that it is for; run this on such a machine";
    let not_built = vec![NotBuilt { architecture: other, why }];
    let file = arguments.out.display().to_string();
    let image = Image { reference: made.reference, architecture, file, bytes, not_built };
    printer::print(global.output, "Image", &image, |image| {
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let megabytes = image.bytes as f64 / 1e6;
        let Image { reference, architecture, file, .. } = image;
        format!("{reference} for {architecture} in {file} ({megabytes:.1} MB); not built: {other}")
    })
}

async fn make(of: ImageOf, folder: &Folder, progress: &dyn Progress) -> Result<Archive, Failure> {
    let part = match of {
        ImageOf::Hub => return hub(folder, progress).await,
        ImageOf::Postgres => Part::Postgres,
        ImageOf::TestingToolkit => Part::TestingToolkit,
        ImageOf::Prometheus => Part::Prometheus,
        ImageOf::Console => Part::Console,
    };
    // Where a harness looks, too: nothing is made twice.
    recipes::obtain(part, &recipes::shared_folder()?, progress).await
}

async fn hub(folder: &Folder, progress: &dyn Progress) -> Result<Archive, Failure> {
    match image::obtain(&Source::find(None)?, folder, progress).await? {
        HubImage { reference, archive: Some(path) } => Ok(Archive { reference, path }),
        HubImage { archive: None, .. } => Err(Failure::bug("an image that is built has an archive")),
    }
}

fn copy(from: &Path, to: &Path) -> Result<u64, Failure> {
    std::fs::copy(from, to).map_err(|error| Failure::failed(format!("cannot write {}: {error}", to.display())))
}
