//! Which crate may depend on which (ARCHITECTURE.md, "Directions"). Dependencies of tests are free.

use std::process::Command;

use serde::Deserialize;

use crate::files::{assert_none, root};

/// Every crate of the workspace, with those of the workspace that it may use.
const ALLOWED: &[(&str, &[&str])] = &[
    ("fspiop", &[]),
    ("identity", &["fspiop"]),
    ("ledger", &["fspiop"]),
    ("switch", &["ledger", "fspiop"]),
    // One transaction carries a decision and its outbox, and the outbox's records are the switch's words.
    ("store", &["switch", "ledger", "fspiop"]),
    ("store-sqlite", &["store", "switch", "ledger", "fspiop"]),
    ("tls", &[]),
    // Pages are made from a list of captured messages, whoever hands it in.
    ("portal", &["fspiop"]),
    ("hub", &["portal", "store", "switch", "ledger", "identity", "fspiop", "tls"]),
    ("participant", &["identity", "fspiop"]),
    ("postgres-access", &[]),
    ("succession", &[]),
    ("store-postgres", &["store", "switch", "ledger", "fspiop", "postgres-access"]),
    ("stores", &["store", "store-sqlite", "store-postgres", "fspiop"]),
    ("postgres-server", &[]),
    ("definition", &["fspiop"]),
    ("operations", &[]),
    ("image", &["operations"]),
    ("provisioning", &["definition", "operations", "identity", "fspiop"]),
    ("kubernetes", &["image", "provisioning", "definition", "operations", "participant", "fspiop"]),
    // The four tools do not know each other.
    (
        "harness",
        &[
            "image",
            "provisioning",
            "definition",
            "operations",
            "hub",
            "participant",
            "stores",
            "store",
            "identity",
            "succession",
            "fspiop",
        ],
    ),
    ("miniloop", &["kubernetes", "image", "provisioning", "definition", "operations", "fspiop"]),
    ("helm", &["kubernetes", "image", "provisioning", "definition", "operations", "fspiop"]),
    ("iac", &["definition", "operations"]),
    (
        "load",
        &["provisioning", "definition", "operations", "participant", "identity", "fspiop", "tls", "postgres-access"],
    ),
    ("simulation", &["hub", "participant", "store", "switch", "ledger", "fspiop"]),
    (
        "cli",
        &[
            "harness",
            "miniloop",
            "helm",
            "iac",
            "kubernetes",
            "image",
            "provisioning",
            "definition",
            "operations",
            "hub",
            "portal",
            "participant",
            "load",
            "tls",
            "simulation",
            "store",
            "stores",
            "identity",
            "succession",
            "fspiop",
        ],
    ),
    (
        "xtask",
        &[
            "harness",
            "hub",
            "participant",
            "simulation",
            "postgres-server",
            "store",
            "switch",
            "ledger",
            "identity",
            "fspiop",
        ],
    ),
];

/// What decides is pure: these crates neither do I/O nor wait nor roll dice.
const PURE: &[&str] = &["fspiop", "ledger", "switch"];
/// Crates of others that do.
const IMPURE: &[&str] = &[
    "async-std",
    "axum",
    "fastrand",
    "futures",
    "futures-util",
    "getrandom",
    "http-body-util",
    "hyper",
    "hyper-util",
    "rand",
    "rusqlite",
    "rustls",
    "tokio",
    "tokio-postgres",
    "tower",
    "tracing-subscriber",
];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// `null` for a normal dependency, else `build` or `dev`.
    kind: Option<String>,
    /// Present for crates of the workspace.
    path: Option<String>,
}

fn packages() -> Vec<Package> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["metadata", "--no-deps", "--format-version", "1"];
    let output = Command::new(cargo).args(arguments).current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Metadata = serde_json::from_slice(&output.stdout).expect("the answer of cargo metadata");
    metadata.packages
}

/// Edges that the table does not allow, crates that it does not know, and rows without a crate.
fn wrong_directions(packages: &[Package]) -> Vec<String> {
    let mut findings = Vec::new();
    for package in packages {
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == package.name) else {
            findings.push(format!("{}: has no row in the table of directions", package.name));
            continue;
        };
        let used =
            package.dependencies.iter().filter(|used| used.path.is_some() && used.kind.as_deref() != Some("dev"));
        for dependency in used.filter(|used| !allowed.contains(&used.name.as_str())) {
            findings.push(format!("{} -> {}: not an allowed direction", package.name, dependency.name));
        }
    }
    let missing = ALLOWED.iter().filter(|(name, _)| !packages.iter().any(|package| package.name == *name));
    findings.extend(missing.map(|(name, _)| format!("{name}: has a row in the table of directions, but is no crate")));
    findings
}

/// I/O, waiting and randomness in crates that decide.
fn impurities(packages: &[Package]) -> Vec<String> {
    let mut findings = Vec::new();
    for package in packages.iter().filter(|package| PURE.contains(&package.name.as_str())) {
        let used = package.dependencies.iter().filter(|used| used.kind.as_deref() != Some("dev"));
        for dependency in used.filter(|used| IMPURE.contains(&used.name.as_str())) {
            findings.push(format!("{} -> {}: a crate that decides does no I/O", package.name, dependency.name));
        }
    }
    findings
}

#[test]
fn dependencies_point_in_the_allowed_directions() {
    assert_none(&wrong_directions(&packages()));
}

#[test]
fn crates_that_decide_do_no_io() {
    assert_none(&impurities(&packages()));
}

#[test]
fn what_containers_run_knows_no_deployment() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["tree", "-p", "cli", "--no-default-features", "--edges", "normal", "--prefix", "none"];
    let output = Command::new(cargo).args(arguments).current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).expect("names of crates are UTF-8");
    let linked: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(linked.contains(&"hub"), "{tree}");
    for tool in ["harness", "miniloop", "helm", "iac", "image", "kubernetes", "kube"] {
        assert!(!linked.contains(&tool), "the image's binary links {tool}");
    }
}

#[test]
fn the_table_has_no_circle() {
    // Each row uses only rows above it.
    for (number, (name, allowed)) in ALLOWED.iter().enumerate() {
        let above: Vec<&str> = ALLOWED[..number].iter().map(|(name, _)| *name).collect();
        assert!(allowed.iter().all(|used| above.contains(used)), "{name} uses a crate of a later row");
    }
}

mod the_checkers {
    use super::*;

    fn workspace(extra: &[(&str, &str, Option<&str>, bool)]) -> Vec<Package> {
        let mut packages: Vec<Package> =
            ALLOWED.iter().map(|(name, _)| Package { name: (*name).to_owned(), dependencies: Vec::new() }).collect();
        for (from, to, kind, own) in extra {
            let package = packages.iter_mut().find(|package| package.name == *from).expect("a crate of the table");
            let (kind, path) = (kind.map(str::to_owned), own.then(|| format!("crates/{to}")));
            package.dependencies.push(Dependency { name: (*to).to_owned(), kind, path });
        }
        packages
    }

    #[test]
    fn find_wrong_directions() {
        for (edge, expect) in [
            (("ledger", "fspiop", None, true), 0),
            (("ledger", "switch", None, true), 1),
            (("ledger", "switch", Some("build"), true), 1),
            (("ledger", "switch", Some("dev"), true), 0),
            (("hub", "simulation", None, true), 1),
            (("hub", "store-sqlite", None, true), 1),
            (("participant", "hub", None, true), 1),
            (("store", "switch", None, true), 0),
            // A crate of others that happens to have the name.
            (("ledger", "switch", None, false), 0),
        ] {
            assert_eq!(wrong_directions(&workspace(&[edge])).len(), expect, "{edge:?}");
        }
    }

    #[test]
    fn find_unknown_and_missing_crates() {
        let mut packages = workspace(&[]);
        packages[0].name = "surprise".to_owned();
        let findings = wrong_directions(&packages);
        assert!(findings[0].starts_with("surprise: ") && findings[1].starts_with("fspiop: "), "{findings:?}");
    }

    #[test]
    fn find_impurities() {
        for (edge, expect) in [
            (("ledger", "tokio", None, false), 1),
            (("switch", "rand", None, false), 1),
            (("ledger", "tokio", Some("dev"), false), 0),
            (("hub", "tokio", None, false), 0),
        ] {
            assert_eq!(impurities(&workspace(&[edge])).len(), expect, "{edge:?}");
        }
    }
}
