//! PostgreSQL, with the interface of the official image: its variables, its folder for data, its user.

use std::fs;

use operations::{Failure, Progress};

use super::{Mixture, shell};
use crate::{debian::Debian, layer::Layer, settings::Run};

const ENTRYPOINT: &str = include_str!("../../recipes/postgres.sh");
pub(super) const SOURCES: &[&str] = &[include_str!("postgres.rs"), ENTRYPOINT];

/// The user of the official image: a volume can change hands between the two.
const USER: u64 = 999;
const HOME: &str = "/var/lib/postgresql";
/// What a server needs of its folder `share` and of its libraries: neither manuals, nor the compiler of queries with LLVM,
/// which is larger than all the rest.
const NOT_WANTED: [&str; 4] = ["/man/", "/bitcode/", "llvmjit", "/test/"];

pub(super) async fn mix(mut debian: Debian, progress: &dyn Progress) -> Result<Mixture, Failure> {
    let version = newest(&debian).await?;
    let (server, client) = (format!("postgresql-{version}"), format!("postgresql-client-{version}"));
    debian.need(&[&server, &client, "libc-bin", "tzdata"], progress).await?;
    let mut layer = Layer::default();
    shell::add(&mut layer, &mut debian, progress).await?;
    shell::add_user(&mut layer, "postgres", USER, HOME);
    let folders = [format!("/usr/lib/postgresql/{version}/"), format!("/usr/share/postgresql/{version}/")];
    let wanted = |path: &str| {
        folders.iter().any(|folder| path.starts_with(folder)) && !NOT_WANTED.iter().any(|part| path.contains(part))
    };
    debian.take(&mut layer, &server, wanted).await?;
    debian.take(&mut layer, &client, wanted).await?;
    debian.take(&mut layer, "tzdata", |path| path.starts_with("/usr/share/zoneinfo/")).await?;
    debian
        .take(&mut layer, "libc-bin", |path| path.starts_with("/usr/lib/locale/") || path == "/usr/bin/locale")
        .await?;
    layer.text("/entrypoint.sh", ENTRYPOINT, 0o755);
    for folder in ["/var/lib/postgresql/data", "/var/run/postgresql"] {
        layer.folder(folder, 0o700, USER);
    }
    Ok(Mixture { run: run(&version), version, layer, debian, components: Vec::new(), files: Vec::new() })
}

fn run(version: &str) -> Run {
    Run {
        user: format!("{USER}:{USER}"),
        entrypoint: vec!["/entrypoint.sh".into()],
        cmd: vec!["postgres".into()],
        env: vec![
            format!("PATH=/usr/lib/postgresql/{version}/bin:/usr/bin"),
            "LANG=C.UTF-8".into(),
            format!("HOME={HOME}"),
            format!("PG_MAJOR={version}"),
            "PGDATA=/var/lib/postgresql/data".into(),
        ],
        working_dir: "/".into(),
        // What PostgreSQL calls a fast shutdown: sessions are ended and not waited for.
        stop_signal: Some("SIGINT".into()),
        ..Run::default()
    }
}

/// The newest version that is installed, else the one that apt would install.
async fn newest(debian: &Debian) -> Result<String, Failure> {
    let folders = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let versions = folders.filter(|folder| folder.path().join("bin/postgres").is_file());
    let versions = versions.filter_map(|folder| folder.file_name().to_string_lossy().parse::<u16>().ok());
    match versions.max() {
        Some(version) => Ok(version.to_string()),
        None => debian.version_at_hand("postgresql").await,
    }
}
