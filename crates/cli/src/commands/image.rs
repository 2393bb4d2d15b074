//! `mojaloop image`.

use image::{HubImage, Source};
use operations::Folder;
use serde::Serialize;

use crate::{
    arguments::{Global, tools::ImageArguments},
    commands::{progress::Steps, runtime, tool},
    exit::Failure,
    printer,
};

#[derive(Serialize)]
struct Image {
    reference: String,
    file: String,
    bytes: u64,
}

pub(crate) fn run(arguments: &ImageArguments, global: &Global) -> Result<(), Failure> {
    let source = Source::find(None)?;
    let folder = Folder::of(global.data_dir.as_deref(), &global.name, "image")?;
    let steps = Steps::new(global.no_progress);
    let made = runtime::start()?.block_on(tool::interruptible(image::obtain(&source, &folder, &steps)))?;
    drop(steps);
    let HubImage { reference, archive: Some(archive) } = made else {
        return Err(Failure::bug("an image that is built has an archive"));
    };
    let copied = std::fs::copy(&archive, &arguments.out);
    let bytes =
        copied.map_err(|error| Failure::failed(format!("cannot write {}: {error}", arguments.out.display())))?;
    let image = Image { reference, file: arguments.out.display().to_string(), bytes };
    printer::print(global.output, "Image", &image, |image| {
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let megabytes = image.bytes as f64 / 1e6;
        format!("{} in {} ({megabytes:.1} MB)", image.reference, image.file)
    })
}
