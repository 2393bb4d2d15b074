//! The images of what is started: the hub's from a checkout or a registry, the others from where they can be had.

use image::{HubImage, recipes::Part};
use operations::{Done, Failure, Progress};

use super::{Compose, docker::Docker, variables};

/// Brings every image of the services that are started to the engine, and notes which they are.
pub(super) async fn obtain(compose: &Compose, progress: &dyn Progress) -> Result<Done, Failure> {
    let docker = compose.docker()?;
    let source = compose.image.as_ref().ok_or_else(|| Failure::bug("no image is known"))?;
    let hub = image::obtain(source, &compose.folder, progress).await?;
    let mut loaded = load(&docker, &hub, progress).await?;
    let mut images = vec![("HUB_IMAGE", hub.reference.clone())];
    let started = compose.image_variables();
    // What was found for services that are not started now is kept: an image that was pinned stays pinned.
    let others = variables::of_images().filter(|variable| *variable != "HUB_IMAGE" && !started.contains(variable));
    for variable in others {
        images.extend(variables::noted(&compose.folder, variable)?.map(|reference| (variable, reference)));
    }
    for variable in started {
        // What the user names is compose's to find.
        if variables::own(&compose.folder, variable).is_some() {
            continue;
        }
        let other = other(compose, &docker, variable, progress).await?;
        loaded |= load(&docker, &other, progress).await?;
        images.push((variable, other.reference));
    }
    let mut chosen = compose.chosen();
    // The engine's own file: what is in .env belongs to the one who copied .env.example.
    chosen.images = images;
    let text = chosen.as_file();
    let renamed = compose.folder.read("engine.env")?.as_deref() != Some(&text);
    if renamed {
        compose.folder.write("engine.env", &text)?;
    }
    Ok(match loaded || renamed {
        true => Done::changed(hub.reference),
        false => Done::unchanged(hub.reference),
    })
}

async fn load(docker: &Docker, image: &HubImage, progress: &dyn Progress) -> Result<bool, Failure> {
    match &image.archive {
        Some(archive) if !docker.has_image(&image.reference).await? => {
            progress.waits(&format!("loading {}", image.reference));
            docker.load(archive).await?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// An image that is not the hub's: the one of the last time, the one that the engine has, the registry's, pinned by its
/// digest; without a registry one that is made from what this machine has installed.
async fn other(
    compose: &Compose,
    docker: &Docker,
    variable: &str,
    progress: &dyn Progress,
) -> Result<HubImage, Failure> {
    let default = variables::default_of(variable);
    let before = variables::said(&compose.folder, variable)?;
    for reference in before.into_iter().chain([default.clone()]) {
        if docker.has_image(&reference).await? {
            return Ok(HubImage { reference, archive: None });
        }
    }
    progress.waits(&format!("pulling {default}"));
    let refused = match docker.pull(&default).await {
        Ok(()) => {
            let reference = docker.pinned(&default).await.unwrap_or(default);
            return Ok(HubImage { reference, archive: None });
        }
        Err(refused) => refused,
    };
    let Some(part) = recipe(variable) else { return Err(absent(&default, &refused, variable)) };
    let archive = image::recipes::obtain(part, &image::recipes::shared_folder()?, progress).await;
    let archive = archive.map_err(|failure| absent(&default, &format!("{refused}\n{}", failure.message), variable))?;
    Ok(HubImage { reference: archive.reference, archive: Some(archive.path) })
}

/// What can be made here of what this machine has installed.
fn recipe(variable: &str) -> Option<Part> {
    match variable {
        "POSTGRES_IMAGE" => Some(Part::Postgres),
        "TTK_IMAGE" => Some(Part::TestingToolkit),
        "PROMETHEUS_IMAGE" => Some(Part::Prometheus),
        "CONSOLE_IMAGE" => Some(Part::Console),
        _ => None,
    }
}

fn absent(reference: &str, why: &str, variable: &str) -> Failure {
    Failure::preflight(format!("there is no image {reference}: {why}"))
        .hint(format!("name one that the engine has or can pull: {variable}=REFERENCE in the environment or in .env"))
}
