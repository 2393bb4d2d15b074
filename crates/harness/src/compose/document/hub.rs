//! The hub: in one container, and, where nodes can share a database, in one for each role.

use std::collections::BTreeMap;

use definition::{Hub, SecretReference, StoreKind};
use serde_saphyr::FlowMap;

use super::{EnvironmentFile, FileSecret, Service, Volume, database, of_the_hub};
use crate::compose::{
    ports::{self, PublishedPort},
    profiles::Profile,
};

/// Where a hub on SQLite has its file.
pub(super) const VOLUME: &str = "hub-data";
/// The secret with the password of a database of the user's.
const PASSWORD: &str = "store-password";
/// The secret with the key that signs what the hub says itself.
const SIGN_KEY: &str = "jws-sign-key";
/// Where that key is, unless the definition names another one.
pub(in crate::compose) const SIGN_KEY_FILE: &str = "secrets/jws-sign-key.pem";
/// Names by which upstream's users, environments and collections know the services that the hub is.
const UPSTREAM_NAMES: [&str; 10] = [
    "account-lookup-service",
    "account-lookup-service-admin",
    "bulk-api-adapter",
    "central-ledger",
    "central-settlement",
    "central-settlements",
    "ml-api-adapter",
    "quoting-service",
    "quoting-service-handler",
    "transaction-requests-service",
];
/// The node that shows what all others have captured.
const PORTAL: &str = "portal";
/// Profiles that start a node of the role admin: each of them needs the ledger.
const WITH_ADMIN: [Profile; 4] = [Profile::Lookup, Profile::Agreement, Profile::Clearing, Profile::Settlement];

/// A node that does a part of the hub's work.
struct Node {
    name: &'static str,
    profiles: &'static [Profile],
    aliases: &'static [&'static str],
    ports: &'static [PublishedPort],
}

#[rustfmt::skip]
const NODES: [Node; 6] = [
    Node { name: "lookup", profiles: &[Profile::Lookup], aliases: &["account-lookup-service"], ports: &ports::LOOKUP_NODE },
    Node { name: "agreement", profiles: &[Profile::Agreement], aliases: &["quoting-service", "quoting-service-handler", "transaction-requests-service"], ports: &ports::AGREEMENT_NODE },
    Node { name: "clearing", profiles: &[Profile::Clearing], aliases: &["bulk-api-adapter", "ml-api-adapter"], ports: &ports::CLEARING_NODE },
    Node { name: "settlement", profiles: &[Profile::Settlement], aliases: &["central-settlement", "central-settlements"], ports: &ports::SETTLEMENT_NODE },
    Node { name: "admin", profiles: &WITH_ADMIN, aliases: &["account-lookup-service-admin", "central-ledger"], ports: &ports::ADMIN_NODE },
    Node { name: PORTAL, profiles: &[Profile::Portal], aliases: &[], ports: &ports::PORTAL_NODE },
];

/// The services that a hub can consist of: whoever needs the hub waits for those of them that are started.
pub(in crate::compose) fn names(hub: &Hub) -> Vec<&'static str> {
    let nodes: &[Node] = if hub.store.kind == StoreKind::Postgres { &NODES } else { &[] };
    std::iter::once("hub").chain(nodes.iter().map(|part| part.name)).collect()
}

/// On SQLite one container is the hub, whichever part of it is asked for.
pub(super) fn services(hub: &Hub) -> Vec<(&'static str, Service)> {
    match hub.store.kind {
        StoreKind::Sqlite => vec![("hub", whole(hub, &Profile::OF_THE_HUB))],
        StoreKind::Postgres => {
            let whole_hub = whole(hub, &[Profile::Core, Profile::Fx, Profile::Bulk]);
            let nodes = NODES.iter().map(|part| (part.name, of_role(hub, part)));
            std::iter::once(("hub", whole_hub)).chain(nodes).collect()
        }
    }
}

fn whole(hub: &Hub, profiles: &[Profile]) -> Service {
    let mut service = node(hub, "hub", profiles, ("HUB_MEMORY", "512m"));
    if hub.store.kind == StoreKind::Sqlite {
        service.volumes = vec![Volume::named(VOLUME, "/data")];
    }
    service.publishing(&ports::HUB).aliases(&UPSTREAM_NAMES)
}

fn of_role(hub: &Hub, part: &Node) -> Service {
    let mut service = node(hub, part.name, part.profiles, ("NODE_MEMORY", "256m"));
    service.environment.insert("MOJALOOP_ROLE", part.name.to_owned());
    if part.name == PORTAL {
        let others = NODES.iter().filter(|node| node.name != PORTAL).map(|node| format!("http://{}:9100", node.name));
        service.environment.insert("MOJALOOP_CAPTURE_FROM", others.collect::<Vec<_>>().join(","));
    }
    service.publishing(part.ports).aliases(part.aliases)
}

fn node(hub: &Hub, name: &str, profiles: &[Profile], memory: (&str, &str)) -> Service {
    let mut service = Service::new(&of_the_hub(memory, "${HUB_CPUS:-2}"), profiles, &["hub", "serve"]);
    service.env_file = vec![FlowMap(EnvironmentFile { path: "hub.env", required: false })];
    service.environment.insert("MOJALOOP_HUB_NAME", hub.scheme.hub_name.to_string());
    service = service
        .environment(&[
            ("MOJALOOP_LISTEN_ADDRESS", "0.0.0.0"),
            ("MOJALOOP_LOG", "${LOG:-info}"),
            ("MOJALOOP_CAPTURE", "${CAPTURE:-true}"),
            ("MOJALOOP_NODE", name),
            // Published on this machine's loopback address only.
            ("MOJALOOP_ADMIN", "open"),
            ("MOJALOOP_CALLBACK_POLICY", "${CALLBACK_POLICY:-open}"),
        ])
        .healthy_when(&["CMD", "/mojaloop", "health"]);
    signing(hub, on_its_store(hub, service))
}

fn signing(hub: &Hub, mut service: Service) -> Service {
    match (hub.scheme.jws.sign, &hub.scheme.jws.key_from) {
        (false, _) => service,
        (true, Some(SecretReference::Env(name))) => {
            let key = format!("${{{name}:?the key that the hub signs with (scheme.jws.keyFrom)}}");
            service.environment(&[("MOJALOOP_JWS_SIGN_KEY", &key)])
        }
        (true, _) => {
            service.secrets.push(SIGN_KEY);
            service.environment(&[("MOJALOOP_JWS_SIGN_KEY_FILE", "/run/secrets/jws-sign-key")])
        }
    }
}

fn on_its_store(hub: &Hub, mut service: Service) -> Service {
    if hub.store.kind == StoreKind::Sqlite {
        return service.environment(&[("MOJALOOP_STORE", "sqlite:/data/hub.sqlite")]);
    }
    let Some(url) = &hub.store.url else {
        service = service.after(&["postgres"], "service_healthy");
        return service
            .environment(&[("MOJALOOP_STORE", database::URL), ("MOJALOOP_STORE_PASSWORD", database::PASSWORD)]);
    };
    match &hub.store.password_from {
        Some(SecretReference::Env(name)) => {
            let password = format!("${{{name}:?the password of the database (store.passwordFrom)}}");
            service = service.environment(&[("MOJALOOP_STORE_PASSWORD", &password)]);
        }
        Some(SecretReference::File(_)) => {
            service.secrets.push(PASSWORD);
            service = service.environment(&[("MOJALOOP_STORE_PASSWORD_FILE", "/run/secrets/store-password")]);
        }
        // Refused where anything is started: no secret of a cluster is at hand here.
        Some(SecretReference::Secret(_)) | None => {}
    }
    service.environment(&[("MOJALOOP_STORE", url)])
}

/// Files with secrets that the hub reads.
pub(super) fn secrets(hub: &Hub) -> BTreeMap<&'static str, FileSecret> {
    let mut secrets = BTreeMap::new();
    if let Some(SecretReference::File(file)) = &hub.store.password_from {
        secrets.insert(PASSWORD, FileSecret { file: file.clone() });
    }
    match (hub.scheme.jws.sign, &hub.scheme.jws.key_from) {
        (true, None) => secrets.insert(SIGN_KEY, FileSecret { file: format!("./{SIGN_KEY_FILE}") }),
        (true, Some(SecretReference::File(file))) => secrets.insert(SIGN_KEY, FileSecret { file: file.clone() }),
        _ => None,
    };
    secrets
}
