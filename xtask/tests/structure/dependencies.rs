//! Dependencies: named once for the workspace, and each justified in docs/dependencies.md.

use std::collections::BTreeSet;

use crate::files::{all, assert_none, root};

/// The lines of the tables of a manifest whose name satisfies the condition, as (table, line).
fn lines_of_tables(manifest: &str, wanted: impl Fn(&str) -> bool) -> Vec<(&str, &str)> {
    let mut table = "";
    let mut lines = Vec::new();
    for line in manifest.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            table = name;
        } else if wanted(table) {
            lines.push((table, line));
        }
    }
    lines
}

/// What `[workspace.dependencies]` takes from others.
fn workspace_dependencies(manifest: &str) -> BTreeSet<&str> {
    let lines = lines_of_tables(manifest, |table| table == "workspace.dependencies");
    let foreign = lines.into_iter().filter(|(_, line)| !line.contains("path ="));
    foreign.filter_map(|(_, line)| Some(line.split_once('=')?.0.trim())).collect()
}

/// The names in the first column of the page's tables: `` | `name` | why | ``, with the reason.
fn justified(page: &str) -> Vec<(&str, &str)> {
    page.lines().filter_map(row_of).collect()
}

fn row_of(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.strip_prefix("| `")?.split_once("` |")?;
    Some((name, rest.trim().trim_end_matches('|').trim()))
}

fn unjustified(manifest: &str, page: &str) -> Vec<String> {
    let (used, rows) = (workspace_dependencies(manifest), justified(page));
    let mut findings = Vec::new();
    for name in &used {
        match rows.iter().filter(|(row, _)| row == name).collect::<Vec<_>>()[..] {
            [] => findings.push(format!("{name}: has no line in docs/dependencies.md")),
            [(_, why)] if why.len() < 10 => findings.push(format!("{name}: docs/dependencies.md gives no reason")),
            [_] => {}
            _ => findings.push(format!("{name}: has several lines in docs/dependencies.md")),
        }
    }
    let stale = rows.iter().filter(|(name, _)| !used.contains(name));
    findings.extend(stale.map(|(name, _)| format!("{name}: is in docs/dependencies.md, but not in the workspace")));
    findings
}

/// A crate that names a version of its own escapes the page.
fn own_versions(path: &str, manifest: &str) -> Vec<String> {
    let is_own = |table: &str, line: &str| match table.rsplit_once("dependencies") {
        Some((_, "")) => !line.contains("workspace = true"),
        // `[dependencies.name]`, with a line for each property.
        Some((_, name)) if name.starts_with('.') => ["version", "git", "path"].iter().any(|key| line.starts_with(key)),
        _ => false,
    };
    let lines = lines_of_tables(manifest, |table| table != "workspace.dependencies").into_iter();
    let own = lines.filter(|(table, line)| is_own(table, line));
    own.map(|(table, line)| format!("{path}: [{table}] {line}: not taken from the workspace")).collect()
}

#[test]
fn each_dependency_is_justified() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("the workspace has a manifest");
    let page = std::fs::read_to_string(root().join("docs/dependencies.md")).expect("there is docs/dependencies.md");
    assert!(workspace_dependencies(&manifest).len() > 10, "the manifest was not read");
    assert_none(&unjustified(&manifest, &page));
}

#[test]
fn versions_are_named_once_for_all() {
    let manifests = all().into_iter().filter(|file| file.path.ends_with("Cargo.toml"));
    let findings: Vec<String> = manifests.flat_map(|file| own_versions(&file.path, &file.text)).collect();
    assert_none(&findings);
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let manifests = all().into_iter().filter(|file| file.path.ends_with("/Cargo.toml"));
    let findings: Vec<String> = manifests
        .filter(|file| !takes_lints(&file.text))
        .map(|file| format!("{}: no [lints] workspace = true", file.path))
        .collect();
    assert_none(&findings);
}

fn takes_lints(manifest: &str) -> bool {
    lines_of_tables(manifest, |table| table == "lints").contains(&("lints", "workspace = true"))
}

mod the_checkers {
    use super::*;

    const MANIFEST: &str = "[workspace]\nmembers = []\n\n[workspace.dependencies]\n# ours\nledger = { path = \"x\" }\n\
        serde = { version = \"1\" }\ntokio = \"1\"\n\n[profile.ci]\nlto = \"off\"\n";
    const PAGE: &str = "# Dependencies\n\n| crate | why |\n|---|---|\n| `serde` | reads and writes JSON |\n| `tokio` | the runtime of all servers |\n";

    #[test]
    fn find_what_is_not_justified() {
        assert_eq!(unjustified(MANIFEST, PAGE), Vec::<String>::new());
        for (page, expect) in [
            (PAGE.replace("| `tokio`", "| tokio"), "tokio: has no line"),
            (PAGE.replace("the runtime of all servers", ""), "tokio: docs/dependencies.md gives no reason"),
            (PAGE.replace("`tokio`", "`serde`"), "serde: has several lines"),
            (format!("{PAGE}| `rand` | dice for the dice game |\n"), "rand: is in docs/dependencies.md, but"),
        ] {
            let findings = unjustified(MANIFEST, &page);
            assert!(findings.iter().any(|finding| finding.starts_with(expect)), "{expect}: {findings:?}");
        }
    }

    #[test]
    fn find_own_versions() {
        for (line, expect) in [
            ("[dependencies]\nserde.workspace = true", 0),
            ("[dependencies]\ntokio = { workspace = true, features = [\"net\"] }", 0),
            ("[dependencies]\nserde = \"1\"", 1),
            ("[target.'cfg(unix)'.dev-dependencies]\nserde = { version = \"1\" }", 1),
            ("[dependencies.serde]\nversion = \"1\"", 1),
            ("[dependencies.serde]\nworkspace = true\nfeatures = []", 0),
            ("[features]\nserde = []", 0),
        ] {
            assert_eq!(own_versions("Cargo.toml", line).len(), expect, "{line}");
        }
    }

    #[test]
    fn find_missing_lints() {
        assert!(takes_lints("[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n"));
        assert!(!takes_lints("[package]\nname = \"a\"\n"));
        assert!(!takes_lints("[other]\nworkspace = true\n[lints]\n"));
    }
}
