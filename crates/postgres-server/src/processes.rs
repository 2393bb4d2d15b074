//! A server that hangs: its processes are stopped, and nothing is closed.

use std::{fs, path::Path, process::Command};

use crate::Server;

/// Processes that are stopped. Dropping it lets them go on.
pub struct Frozen(Vec<String>);

impl Server {
    /// Stops all processes of the server, as a machine does that hangs: connections stay, nobody answers.
    ///
    /// # Panics
    /// If the server is not one that was started here.
    pub fn freeze(&self) -> Frozen {
        let main = self.main_process();
        // The first one makes no more of the others once it is stopped.
        send("STOP", std::slice::from_ref(&main));
        let mut all = children(&main);
        send("STOP", &all);
        all.push(main);
        Frozen(all)
    }

    /// Stops the process that serves the one connection for which this SQL condition on `pg_stat_activity` holds.
    ///
    /// # Panics
    /// If there is no such connection, or several.
    pub fn freeze_one(&self, url: &str, condition: &str) -> Frozen {
        let found = self.psql(url, &format!("SELECT pid FROM pg_stat_activity WHERE {condition}"));
        let found: Vec<_> = found.split_whitespace().map(str::to_owned).collect();
        assert_eq!(found.len(), 1, "{condition}: {found:?}");
        send("STOP", &found);
        Frozen(found)
    }

    /// The process id of the server.
    pub(crate) fn main_process(&self) -> String {
        let file = fs::read_to_string(Path::new(&self.data()).join("postmaster.pid")).expect("the server runs");
        file.lines().next().expect("the first line is the process id").to_owned()
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        send("CONT", &self.0);
    }
}

fn send(signal: &str, processes: &[String]) {
    // One that has ended meanwhile is none to be stopped.
    let _ = Command::new("kill").arg(format!("-{signal}")).args(processes).status();
}

/// The processes that this one has started.
fn children(parent: &str) -> Vec<String> {
    let output = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output().expect("ps runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let pair = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    };
    text.lines().filter_map(pair).filter(|(_, of)| of == parent).map(|(process, _)| process).collect()
}
