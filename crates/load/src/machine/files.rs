//! Reads the files of `/proc` (Linux, proc(5)).

use std::fs;

use serde::{Deserialize, Serialize};

use super::Pid;

/// What `/proc/PID` says of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProcessFiles {
    stat: Stat,
    status: String,
    /// Readable for the process's own user only.
    io: Option<String>,
}

/// What `/proc/PID/stat` says, in ticks of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    parent: Pid,
    own_ticks: u64,
    ended_children_ticks: u64,
}

impl Stat {
    /// The second field is the program's name in parentheses, which may itself hold blanks and parentheses.
    pub(super) fn parse(text: &str) -> Option<Stat> {
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        // Counted from the third field of proc(5): state, ppid, …, utime (14), stime, cutime, cstime.
        let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
        Some(Stat {
            parent: Pid::try_from(number(4)?).ok()?,
            own_ticks: number(14)? + number(15)?,
            ended_children_ticks: number(16)? + number(17)?,
        })
    }
}

impl ProcessFiles {
    pub(super) fn read(pid: Pid) -> Option<ProcessFiles> {
        let file = |name: &str| fs::read_to_string(format!("/proc/{pid}/{name}")).ok();
        Some(ProcessFiles { stat: Stat::parse(&file("stat")?)?, status: file("status")?, io: file("io") })
    }

    pub(super) fn cpu_ms(&self) -> f64 {
        milliseconds(self.stat.own_ticks)
    }

    /// Of children that were waited for, and of theirs.
    pub(super) fn ended_children_cpu_ms(&self) -> f64 {
        milliseconds(self.stat.ended_children_ticks)
    }

    pub(super) fn resident_bytes(&self) -> u64 {
        kibibytes(&self.status, "VmRSS:").unwrap_or(0)
    }

    pub(super) fn written_bytes(&self) -> Option<u64> {
        number_after(self.io.as_ref()?, "write_bytes:")
    }
}

/// Memory of a process, of which what it shares with others is counted in parts. `None` for processes of other users.
pub(super) fn proportional_bytes(pid: Pid) -> Option<u64> {
    kibibytes(&fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?, "Pss:")
}

/// All processes, with their parents.
pub(super) fn processes() -> Vec<(Pid, Pid)> {
    let parent = |pid: &Pid| Some(Stat::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?.parent);
    pids().filter_map(|pid| Some((pid, parent(&pid)?))).collect()
}

/// The numbers of all processes.
pub(super) fn pids() -> impl Iterator<Item = Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// What `/proc/stat` says of the whole machine, in ticks of all its processors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineTimes {
    total: u64,
    steal: u64,
}

impl MachineTimes {
    pub(super) fn now() -> Option<MachineTimes> {
        MachineTimes::parse(&fs::read_to_string("/proc/stat").ok()?)
    }

    fn parse(text: &str) -> Option<MachineTimes> {
        let line = text.lines().find_map(|line| line.strip_prefix("cpu "))?;
        // user, nice, system, idle, iowait, irq, softirq, steal; what follows is contained in user and nice.
        let ticks: Vec<u64> = line.split_whitespace().take(8).map_while(|field| field.parse().ok()).collect();
        Some(MachineTimes { total: ticks.iter().sum(), steal: *ticks.get(7)? })
    }

    #[expect(clippy::cast_precision_loss, reason = "ticks of hours")]
    pub(super) fn steal_percent_since(self, before: MachineTimes) -> Option<f64> {
        let total = self.total.checked_sub(before.total).filter(|total| *total > 0)?;
        Some(self.steal.saturating_sub(before.steal) as f64 * 100.0 / total as f64)
    }
}

fn kibibytes(text: &str, name: &str) -> Option<u64> {
    number_after(text, name).map(|kibibytes| kibibytes * 1_024)
}

fn number_after(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[expect(clippy::cast_precision_loss, reason = "ticks of years")]
fn milliseconds(ticks: u64) -> f64 {
    ticks as f64 * 1_000.0 / rustix::param::clock_ticks_per_second() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(stat: &str, expect: Option<(Pid, u64, u64)>) {
        let found = Stat::parse(stat).map(|stat| (stat.parent, stat.own_ticks, stat.ended_children_ticks));
        assert_eq!(found, expect, "{stat}");
    }

    #[test]
    fn stat_of_a_process() {
        let rest = "S 41 42 42 0 -1 4194560 3054 98 0 1 250 50 7 3 20 0 13 0 8000";
        check(&format!("42 (mojaloop) {rest}"), Some((41, 300, 10)));
        check(&format!("42 (a (b) c) d) {rest}"), Some((41, 300, 10)));
        check("42 (mojaloop) S 41", None);
        check("", None);
    }

    #[test]
    fn steal_is_a_part_of_the_whole() {
        let times = |text| MachineTimes::parse(text).unwrap();
        let before = times("cpu  100 0 50 800 10 0 0 40 9 9\ncpu0 1 2 3\n");
        let after = times("cpu  150 0 70 900 10 0 0 70 9 9\n");
        assert_eq!(after.steal_percent_since(before), Some(15.0));
        assert_eq!(before.steal_percent_since(before), None);
        assert_eq!(MachineTimes::parse("cpu 1 2"), None);
    }

    #[test]
    fn memory_and_disk() {
        let status = "Name:\tmojaloop\nVmRSS:\t   20480 kB\nThreads:\t5\n";
        assert_eq!(kibibytes(status, "VmRSS:"), Some(20_971_520));
        assert_eq!(kibibytes(status, "Pss:"), None);
        assert_eq!(number_after("rchar: 1\nwrite_bytes: 4096\n", "write_bytes:"), Some(4_096));
    }
}
