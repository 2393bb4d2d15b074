//! Runs the cases under `valgrind --tool=callgrind` and reads what it has counted.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use super::baseline::Counted;
use crate::process;
use crate::workspace::Workspace;

/// Counting is on while this function of `cases` runs; valgrind writes `*` for any characters.
const COUNTED: &str = "*count_instructions*";
/// What was counted is written out, and counting starts at zero, before this function of `cases` runs.
const END_OF_CASE: &str = "*end_of_case*";

/// Why nothing can be counted here, if so.
pub(super) async fn missing() -> Option<String> {
    if std::env::consts::ARCH != "x86_64" {
        return Some(format!("the baseline is for x86_64, not {}", std::env::consts::ARCH));
    }
    let there = Command::new("valgrind").arg("--version").output().await.is_ok_and(|output| output.status.success());
    (!there).then(|| "valgrind is not installed: apt-get install valgrind".to_owned())
}

/// The compiler that has made this program, as it says its version.
pub(super) async fn compiler() -> Result<String> {
    let output = Command::new("rustc").arg("--version").output().await.context("rustc --version")?;
    ensure!(output.status.success(), "rustc --version: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// How often everything is counted. Hash tables are seeded anew in each process, so that one count in some twenty differs by 3 %.
const RUNS: usize = 5;

/// Counts all cases, in their order: the median of several runs for each.
pub(super) async fn count(workspace: &Workspace) -> Result<Vec<Counted>> {
    let mut runs = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        runs.push(count_once(workspace).await?);
    }
    Ok(medians(&runs))
}

/// Of each case of the first run the median of all runs.
fn medians(runs: &[Vec<Counted>]) -> Vec<Counted> {
    let median = |one: &Counted| {
        let all = runs.iter().flatten().filter(|other| other.name == one.name);
        let mut counts: Vec<u64> = all.map(|other| other.instructions).collect();
        counts.sort_unstable();
        Counted { name: one.name.clone(), instructions: counts[counts.len() / 2] }
    };
    runs.first().map(|first| first.iter().map(median).collect()).unwrap_or_default()
}

async fn count_once(workspace: &Workspace) -> Result<Vec<Counted>> {
    let folder = workspace.fresh_folder("instructions")?;
    let out = folder.join("callgrind");
    let mut command = Command::new("valgrind");
    command
        .args(["--quiet", "--tool=callgrind"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(format!("--toggle-collect={COUNTED}"))
        .arg(format!("--dump-before={END_OF_CASE}"))
        .arg(workspace.build_itself().await?)
        .args(["instructions", "--run-cases"]);
    let mut cases = Vec::new();
    let status = process::lines("valgrind", command, |line| cases.push(line.to_owned())).await?;
    ensure!(status.success(), "valgrind: {status}");
    cases.iter().zip(1..).map(|(case, number)| counted(case, number, &out)).collect()
}

fn counted(case: &str, number: u32, out: &Path) -> Result<Counted> {
    let (name, operations) = case.split_once(' ').with_context(|| format!("a case said {case:?}"))?;
    let operations: u64 = operations.parse().with_context(|| format!("{name}: {operations:?} operations"))?;
    let path = format!("{}.{number}", out.display());
    let dump = std::fs::read_to_string(&path).with_context(|| format!("{name}: cannot read {path}"))?;
    let total =
        total(&dump).filter(|total| *total > 0).with_context(|| format!("{name}: nothing counted in {path}"))?;
    Ok(Counted { name: name.to_owned(), instructions: total / operations })
}

/// The sum of a dump: the line `totals: N`.
fn total(dump: &str) -> Option<u64> {
    dump.lines().find_map(|line| line.strip_prefix("totals: "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_count_that_is_out_of_the_way_changes_nothing() {
        let run = |count: u64| vec![Counted { name: "one".to_owned(), instructions: count }];
        let found = medians(&[run(100), run(97), run(101), run(180), run(99)]);
        assert_eq!(found.iter().map(|one| one.instructions).collect::<Vec<_>>(), [100]);
    }

    #[test]
    fn the_total_of_a_dump() {
        for (dump, expect) in [
            ("version: 1\nevents: Ir\nfn=(1) x\n1 20\n\ntotals: 1234\n", Some(1234)),
            ("version: 1\nevents: Ir\n", None),
            ("totals: many\n", None),
        ] {
            assert_eq!(total(dump), expect, "{dump}");
        }
    }
}
