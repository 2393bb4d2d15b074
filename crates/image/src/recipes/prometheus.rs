//! Prometheus, with the interface of the official image: its port 9090, its folders, its user.

use operations::{Failure, Progress};

use super::{Mixture, shell};
use crate::{debian::Debian, layer::Layer, settings::Run};

pub(super) const SOURCES: &[&str] = &[include_str!("prometheus.rs")];

/// Nobody, as in the official image: a volume can change hands between the two.
const USER: u64 = 65534;
const CONFIGURATION: &str = "/etc/prometheus/prometheus.yml";
const DATA: &str = "/prometheus";
/// Packages of its pages, and where these and its own keep them.
const SCRIPTS: [&str; 2] = ["libjs-", "fonts-"];
const PAGES: [&str; 4] =
    ["/usr/share/prometheus/", "/usr/share/javascript/", "/usr/share/nodejs/", "/usr/share/fonts-glyphicons/"];

/// Tables of time zones in many editions: two thirds of the image, and no page reads them.
const NOT_WANTED: &str = "/moment-timezone/data/";

pub(super) async fn mix(mut debian: Debian, progress: &dyn Progress) -> Result<Mixture, Failure> {
    // Its pages are made of scripts and styles of other packages.
    let needed = debian.dependencies("prometheus").await?;
    let needed: Vec<&str> = needed.iter().map(String::as_str).filter(is_script).collect();
    debian.need_alone(&["prometheus", "ca-certificates"], progress).await?;
    debian.need_alone(&needed, progress).await?;
    let mut layer = Layer::default();
    shell::add(&mut layer, &mut debian, progress).await?;
    shell::add_user(&mut layer, "nobody", USER, DATA);
    let packages: Vec<String> = debian.packages().map(|package| package.name.clone()).collect();
    for package in &packages {
        let wanted = |path: &str| PAGES.iter().any(|folder| path.starts_with(folder)) && !path.contains(NOT_WANTED);
        debian.take(&mut layer, package, wanted).await?;
    }
    for program in ["prometheus", "promtool"] {
        debian.take(&mut layer, "prometheus", |path| path == format!("/usr/bin/{program}")).await?;
    }
    debian.take(&mut layer, "prometheus", |path| path == CONFIGURATION).await?;
    shell::add_certificates(&mut layer)?;
    layer.folder(DATA, 0o700, USER);
    let version = debian.package("prometheus")?.upstream_version().to_owned();
    Ok(Mixture { version, layer, run: run(), debian, components: Vec::new(), files: Vec::new() })
}

fn is_script(name: &&str) -> bool {
    SCRIPTS.iter().any(|start| name.starts_with(start))
}

fn run() -> Run {
    let arguments = [
        format!("--config.file={CONFIGURATION}"),
        format!("--storage.tsdb.path={DATA}"),
        "--web.console.libraries=/etc/prometheus/console_libraries".to_owned(),
        "--web.console.templates=/etc/prometheus/consoles".to_owned(),
    ];
    Run {
        user: format!("{USER}:{USER}"),
        entrypoint: vec!["/bin/prometheus".into()],
        cmd: arguments.into(),
        env: vec!["PATH=/usr/bin".into()],
        working_dir: DATA.into(),
        ..Run::default()
    }
}
