//! The hub's PostgreSQL, where it has none elsewhere, and a console to look into it.

use definition::{Hub, StoreKind};

use super::{Kind, Service, Volume};
use crate::compose::{ports, profiles::Profile};

/// Where its data are.
pub(super) const VOLUME: &str = "postgres-data";
/// How the hub reaches it: inside the network of the project, which nobody else is in.
pub(super) const URL: &str = "postgres://hub@postgres:5432/hub?sslmode=disable";
/// Of a database that no port of this machine leads to.
pub(super) const PASSWORD: &str = "${POSTGRES_PASSWORD:-mojaloop}";

/// The user `postgres` of the official image.
const USER: &str = "999:999";
/// Small, because it is for one machine that does other things, too; as durable as everywhere.
const COMMAND: [&str; 7] = [
    "postgres",
    "-c",
    "shared_buffers=${POSTGRES_SHARED_BUFFERS:-64MB}",
    "-c",
    "max_connections=200",
    "-c",
    "wal_compression=lz4",
];

/// None on SQLite, which needs none, and none beside a database of the user's.
pub(super) fn services(hub: &Hub) -> Vec<(&'static str, Service)> {
    if hub.store.kind == StoreKind::Sqlite {
        return Vec::new();
    }
    match &hub.store.url {
        None => vec![("postgres", postgres()), ("console", console())],
        Some(_) => vec![("console", console())],
    }
}

fn postgres() -> Service {
    let kind = Kind {
        image: ("POSTGRES_IMAGE", "postgres:17"),
        user: USER,
        memory: ("POSTGRES_MEMORY", "512m"),
        cpus: "${POSTGRES_CPUS:-2}",
    };
    let profiles = [Profile::OF_THE_HUB.as_slice(), &[Profile::Debug]].concat();
    let mut service = Service::new(&kind, &profiles, &COMMAND);
    service.volumes = vec![Volume::named(VOLUME, "/var/lib/postgresql/data")];
    service.tmpfs = vec!["/tmp:mode=1777", "/var/run/postgresql:mode=1777"];
    service
        .environment(&[("POSTGRES_USER", "hub"), ("POSTGRES_DB", "hub"), ("POSTGRES_PASSWORD", PASSWORD)])
        // By TCP: while the image makes its database, its server listens on a socket only.
        .healthy_when(&["CMD", "pg_isready", "--quiet", "--host", "127.0.0.1", "--username", "hub", "--dbname", "hub"])
}

fn console() -> Service {
    let kind = Kind {
        image: ("CONSOLE_IMAGE", "adminer:5"),
        user: "65534:65534",
        memory: ("CONSOLE_MEMORY", "128m"),
        cpus: "0.5",
    };
    let mut service = Service::new(&kind, &[Profile::Debug], &[]);
    service.tmpfs = vec!["/tmp:mode=1777"];
    service
        .environment(&[("ADMINER_DEFAULT_SERVER", "postgres")])
        .after(&["postgres"], "service_healthy")
        .publishing(&ports::CONSOLE)
        .healthy_when(&["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/?pgsql="])
}
