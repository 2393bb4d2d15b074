//! Adminer, which shows a database's tables in the browser, with the interface of the official image: its port 8080 and
//! `ADMINER_DEFAULT_SERVER`. It runs in PHP's own web server.

use operations::{Failure, Progress};

use super::{Mixture, shell};
use crate::{debian::Debian, layer::Layer, settings::Run};

const FIRST_PAGE: &str = include_str!("../../recipes/console.php");
const SETTINGS: &str = include_str!("../../recipes/console.ini");
pub(super) const SOURCES: &[&str] = &[include_str!("console.rs"), FIRST_PAGE, SETTINGS];

/// By convention of images without a user of their own.
const USER: u64 = 65532;
/// The program in one file, and the plugin that keeps browsers from asking its makers for a newer version.
const PAGES: [&str; 3] = ["/share/adminer/adminer.php", "/plugins/plugin.php", "/plugins/version-noverify.php"];
/// Modules of PHP that Adminer uses; what else Debian installs with them is left out.
const MODULES: [&str; 3] = ["ctype.so", "pgsql.so", "tokenizer.so"];

pub(super) async fn mix(mut debian: Debian, progress: &dyn Progress) -> Result<Mixture, Failure> {
    let php = format!("php{}", debian.version_at_hand("php-cli").await?);
    let packages = [format!("{php}-cli"), format!("{php}-common"), format!("{php}-pgsql")];
    debian.need(&packages.each_ref().map(String::as_str), progress).await?;
    // Its own dependencies are web servers.
    debian.need_alone(&["adminer"], progress).await?;
    let mut layer = Layer::default();
    shell::add(&mut layer, &mut debian, progress).await?;
    shell::add_user(&mut layer, "adminer", USER, "/tmp");
    debian.take(&mut layer, "adminer", |path| PAGES.iter().any(|page| path.ends_with(page))).await?;
    let program = format!("/usr/bin/{php}");
    debian.take(&mut layer, &packages[0], |path| path == program).await?;
    for package in &packages[1..] {
        debian.take(&mut layer, package, |path| MODULES.iter().any(|name| path.ends_with(&format!("/{name}")))).await?;
    }
    layer.link("/usr/bin/php", &php);
    layer.text("/etc/php.ini", SETTINGS, 0o644);
    layer.text("/srv/index.php", FIRST_PAGE, 0o644);
    let version = debian.package("adminer")?.upstream_version().to_owned();
    Ok(Mixture { version, layer, run: run(), debian, components: Vec::new(), files: Vec::new() })
}

fn run() -> Run {
    let command = ["php", "-c", "/etc/php.ini", "-S", "0.0.0.0:8080", "-t", "/srv", "/srv/index.php"];
    Run {
        user: format!("{USER}:{USER}"),
        entrypoint: command.map(str::to_owned).into(),
        env: vec!["PATH=/usr/bin".into(), "LANG=C.UTF-8".into()],
        working_dir: "/srv".into(),
        // The only signal at which this server ends.
        stop_signal: Some("SIGINT".into()),
        ..Run::default()
    }
}
