//! The chart `mojaloop-hub`, which is inside the program.

use std::path::PathBuf;

use operations::{Artefacts, Failure, Folder};
use rust_embed::RustEmbed;

use crate::names::CHART;

#[derive(RustEmbed)]
#[folder = "../../charts/mojaloop-hub"]
struct Files;

/// The text of one of the chart's files.
pub fn text(path: &str) -> Option<&'static str> {
    match Files::get(path)?.data {
        std::borrow::Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok(),
        std::borrow::Cow::Owned(_) => None,
    }
}

/// The chart's version, and that of the image that it names by default.
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// Adds the chart's files below `charts/mojaloop-hub`.
pub fn add_to(artefacts: &mut Artefacts) {
    for path in Files::iter() {
        if let Some(file) = Files::get(&path) {
            artefacts.add(format!("charts/{CHART}/{path}"), file.data.into_owned());
        }
    }
}

/// Writes the chart into the tool's folder, for helm, and says where it is.
pub fn write_to(folder: &Folder) -> Result<PathBuf, Failure> {
    let mut artefacts = Artefacts::new();
    add_to(&mut artefacts);
    // A file that an older version of the program left would be rendered, too.
    let place = folder.join("charts");
    if place.exists() {
        std::fs::remove_dir_all(&place)
            .map_err(|error| Failure::failed(format!("cannot delete {}: {error}", place.display())))?;
    }
    artefacts.write_to(folder.path())?;
    Ok(place.join(CHART))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chart_has_the_programs_version() {
        let chart = text("Chart.yaml").unwrap();
        assert!(chart.contains(&format!("\nversion: {}\n", version())), "{chart}");
        assert!(chart.contains(&format!("\nappVersion: {}\n", version())), "{chart}");
    }
}
