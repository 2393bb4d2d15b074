//! What processes cost this machine, from `/proc`: [`Meter`]. On systems without it, nothing is known.

mod files;
mod listener;

use std::path::{Path, PathBuf};

pub use files::MachineTimes;
use files::ProcessFiles;
pub(crate) use listener::listening_on;
use serde::{Deserialize, Serialize};

use crate::{
    database::Stored,
    result::{Costs, Memory},
};

/// A process, by its number.
pub(crate) type Pid = u32;

/// Whom the figures are of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter {
    /// The hub's processes on this machine; empty if it is elsewhere.
    pub(crate) hub: Vec<Pid>,
    /// The first process of the database server on this machine, the parent of all others.
    pub(crate) database: Option<Pid>,
    /// The file of a store that has one.
    pub(crate) store_file: Option<PathBuf>,
}

/// What some processes have used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Processor time since their start, in milliseconds.
    pub cpu_ms: f64,
    /// Memory that they hold now.
    pub resident_bytes: u64,
    /// Bytes that they gave to disks since their start; `None` if the system does not tell.
    pub written_bytes: Option<u64>,
}

/// Everything at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Of the hub's processes.
    pub hub: Option<Usage>,
    /// Of all processes of the database server.
    pub database: Option<Usage>,
    /// Of this process.
    pub load: Option<Usage>,
    /// Bytes of the store's file and its log, if it has one.
    pub file_bytes: Option<u64>,
    /// What a database server says of what it holds.
    pub stored: Option<Stored>,
    /// Of the whole machine.
    pub machine: Option<MachineTimes>,
}

impl Meter {
    /// How it stands now; what only the database server knows is not in it.
    pub(crate) fn sample(&self) -> Sample {
        self.look(self.database.and_then(tree))
    }

    /// The same, without the memory of a database: looking at it makes the system walk all its pages.
    pub(crate) fn quick_sample(&self) -> Sample {
        self.look(self.database.and_then(quick_tree))
    }

    fn look(&self, database: Option<Usage>) -> Sample {
        let hub: Option<Vec<Usage>> = self.hub.iter().map(|pid| one(*pid)).collect();
        Sample {
            hub: hub.filter(|usages| !usages.is_empty()).map(sum),
            database,
            load: one(std::process::id()),
            file_bytes: self.store_file.as_deref().and_then(file_bytes),
            stored: None,
            machine: MachineTimes::now(),
        }
    }
}

impl Sample {
    /// Memory at the moment.
    pub(crate) fn memory(&self) -> Memory {
        let resident = |usage: Option<Usage>| usage.map(|usage| usage.resident_bytes);
        Memory { hub: resident(self.hub), database: resident(self.database) }
    }

    /// Processor time that was used since an earlier moment, in milliseconds.
    pub(crate) fn cpu_ms_since(&self, before: &Sample) -> Costs<f64> {
        let used = |now: Option<Usage>, before: Option<Usage>| Some((now?.cpu_ms - before?.cpu_ms).max(0.0));
        Costs {
            hub: used(self.hub, before.hub),
            database: used(self.database, before.database),
            load: used(self.load, before.load),
        }
    }
}

/// The part of the machine's time, in percent, that its host gave to others between two samples.
pub(crate) fn steal_percent(before: &Sample, after: &Sample) -> Option<f64> {
    after.machine?.steal_percent_since(before.machine?)
}

fn one(pid: Pid) -> Option<Usage> {
    let files = ProcessFiles::read(pid)?;
    Some(Usage { cpu_ms: files.cpu_ms(), resident_bytes: files.resident_bytes(), written_bytes: files.written_bytes() })
}

/// A process with all its descendants. What those used that have ended is in their parents' figures.
fn tree(root: Pid) -> Option<Usage> {
    tree_with(root, |pid, files| {
        // Memory that processes share is counted once.
        files::proportional_bytes(pid).unwrap_or_else(|| files.resident_bytes())
    })
}

/// The same, without memory.
fn quick_tree(root: Pid) -> Option<Usage> {
    tree_with(root, |_, _| 0)
}

fn tree_with(root: Pid, resident: impl Fn(Pid, &ProcessFiles) -> u64) -> Option<Usage> {
    let all = files::processes();
    let mut of_tree = vec![root];
    let mut next = 0;
    while let Some(parent) = of_tree.get(next).copied() {
        of_tree.extend(all.iter().filter(|(_, its_parent)| *its_parent == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    let root = ProcessFiles::read(root)?;
    let read = of_tree.iter().filter_map(|pid| Some((*pid, ProcessFiles::read(*pid)?)));
    let living = read.map(|(pid, files)| Usage {
        cpu_ms: files.cpu_ms(),
        resident_bytes: resident(pid, &files),
        written_bytes: files.written_bytes(),
    });
    let mut usage = sum(living.collect());
    usage.cpu_ms += root.ended_children_cpu_ms();
    Some(usage)
}

fn sum(usages: Vec<Usage>) -> Usage {
    let written = usages.iter().map(|usage| usage.written_bytes);
    Usage {
        cpu_ms: usages.iter().map(|usage| usage.cpu_ms).sum(),
        resident_bytes: usages.iter().map(|usage| usage.resident_bytes).sum(),
        written_bytes: written.sum(),
    }
}

/// A SQLite store is a file with a log beside it.
fn file_bytes(file: &Path) -> Option<u64> {
    let size = |path: PathBuf| std::fs::metadata(path).map(|metadata| metadata.len()).ok();
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    Some(size(file.to_owned())? + size(log.into()).unwrap_or(0))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{process::Command, time::Instant};

    use super::*;

    #[test]
    fn this_process_uses_what_it_uses() {
        let meter = Meter { hub: vec![std::process::id()], ..Meter::default() };
        let before = meter.sample();
        let since = Instant::now();
        let mut number = 1_u64;
        while since.elapsed().as_millis() < 300 {
            number = std::hint::black_box(number.wrapping_mul(3));
        }
        let after = meter.sample();
        let used = after.hub.unwrap().cpu_ms - before.hub.unwrap().cpu_ms;
        // Other threads of the tests may run too, and others may have the processor meanwhile.
        assert!(used > 20.0 && used < 60_000.0, "{used} ms");
        assert!(after.load.unwrap().resident_bytes > 100_000);
        let steal = steal_percent(&before, &after).unwrap();
        assert!((0.0..=100.0).contains(&steal), "{steal}");
    }

    #[test]
    fn children_count_with_their_parent_also_when_they_have_ended() {
        let burn = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done";
        let script = format!("sh -c '{burn}'; echo ended; read line");
        let mut parent = Command::new("sh")
            .args(["-c", &script])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(parent.stdout.take().unwrap()), &mut said).unwrap();
        let usage = tree(parent.id()).unwrap();
        let alone = one(parent.id()).unwrap();
        drop(parent.stdin.take());
        parent.wait().unwrap();
        assert_eq!(said, "ended\n");
        assert!(usage.resident_bytes > 0);
        assert!(usage.cpu_ms > alone.cpu_ms, "{usage:?} {alone:?}");
    }

    #[test]
    fn a_process_that_is_not_there_has_no_figures() {
        let meter = Meter { hub: vec![u32::MAX], database: Some(u32::MAX), ..Meter::default() };
        let sample = meter.sample();
        assert_eq!((sample.hub, sample.database), (None, None));
        assert_eq!(Meter::default().sample().hub, None, "a hub elsewhere");
    }

    #[test]
    fn a_store_is_its_file_and_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hub.sqlite");
        assert_eq!(file_bytes(&file), None);
        std::fs::write(&file, [0; 100]).unwrap();
        std::fs::write(folder.path().join("hub.sqlite-wal"), [0; 20]).unwrap();
        assert_eq!(file_bytes(&file), Some(120));
    }
}
