//! Child processes that end with us.
//!
//! Each child leads a process group of its own. Its guard, when dropped, ends the whole group: asked first
//! (SIGTERM), forced when that is not heard. So nothing is left behind when a run fails or is interrupted.

use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process_group};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::outcome::say;

/// How long a group may take to end when it is asked: the hub drains, the Testing Toolkit's scripts clean up.
const GRACE: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(20);

/// A child and everything it started.
#[derive(Debug)]
pub(crate) struct Group {
    name: String,
    child: Child,
    leader: Pid,
}

impl Group {
    pub(crate) fn spawn(name: &str, mut command: Command) -> Result<Self> {
        let child =
            command.stdin(Stdio::null()).process_group(0).spawn().with_context(|| format!("cannot start {name}"))?;
        let leader = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw)
            .with_context(|| format!("{name} has no process id"))?;
        Ok(Self { name: name.to_owned(), child, leader })
    }

    pub(crate) async fn wait(&mut self) -> Result<ExitStatus> {
        self.child.wait().await.with_context(|| format!("cannot wait for {}", self.name))
    }

    /// The exit status, if the child has ended already.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().with_context(|| format!("cannot ask for {}", self.name))
    }

    /// Sends SIGTERM to the child, by its process id, and waits for it.
    pub(crate) async fn terminate(&mut self) -> Result<ExitStatus> {
        if let Some(status) = self.ended()? {
            return Ok(status);
        }
        kill_process(self.leader, Signal::TERM).with_context(|| format!("cannot signal {}", self.name))?;
        tokio::time::timeout(GRACE, self.child.wait())
            .await
            .with_context(|| format!("{} did not end within {} s of SIGTERM", self.name, GRACE.as_secs()))?
            .with_context(|| format!("cannot wait for {}", self.name))
    }

    /// Ends the child with SIGKILL, by its process id, and waits for it; a child that had ended by itself is an error.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        if let Some(status) = self.ended()? {
            bail!("{} had ended by itself: {status}", self.name);
        }
        kill_process(self.leader, Signal::KILL).with_context(|| format!("cannot signal {}", self.name))?;
        self.wait().await.map(drop)
    }

    fn is_gone(&mut self) -> bool {
        // Reaps the leader: a zombie still counts as a member of its group.
        let _ = self.child.try_wait();
        test_kill_process_group(self.leader).is_err()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.is_gone() {
            return;
        }
        let _ = kill_process_group(self.leader, Signal::TERM);
        let deadline = Instant::now() + GRACE;
        while Instant::now() < deadline {
            if self.is_gone() {
                return;
            }
            std::thread::sleep(POLL);
        }
        say(&format!("{} did not end by itself: killed", self.name));
        let _ = kill_process_group(self.leader, Signal::KILL);
        let _ = self.child.try_wait();
    }
}

/// Runs a command to its end and hands over each line of its stdout; its stderr is ours.
pub(crate) async fn lines(name: &str, mut command: Command, mut line: impl FnMut(&str)) -> Result<ExitStatus> {
    command.stdout(Stdio::piped());
    let mut group = Group::spawn(name, command)?;
    let stdout = group.child.stdout.take().with_context(|| format!("{name} has no stdout"))?;
    let mut reader = BufReader::new(stdout);
    let mut bytes = Vec::new();
    while reader.read_until(b'\n', &mut bytes).await.with_context(|| format!("cannot read from {name}"))? > 0 {
        line(String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']));
        bytes.clear();
    }
    group.wait().await
}

/// Like [`lines`], and passes each line on to stderr as it comes.
pub(crate) async fn echoed(name: &str, command: Command, mut line: impl FnMut(&str)) -> Result<ExitStatus> {
    lines(name, command, |text| {
        say(text);
        line(text);
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn lines_come_whole_and_the_status_is_told() {
        let mut seen = Vec::new();
        let status = lines("sh", shell("echo one; printf 'two\\nthree'; exit 3"), |line| seen.push(line.to_owned()))
            .await
            .unwrap();
        assert_eq!((seen, status.code()), (vec!["one".into(), "two".into(), "three".into()], Some(3)));
    }

    #[tokio::test]
    async fn dropping_a_group_ends_its_grandchildren() {
        let mut command = shell("sleep 600 & echo started; wait");
        command.stdout(Stdio::piped());
        let mut group = Group::spawn("sh", command).unwrap();
        let mut line = String::new();
        BufReader::new(group.child.stdout.take().unwrap()).read_line(&mut line).await.unwrap();
        let leader = group.leader;
        assert!(test_kill_process_group(leader).is_ok());
        drop(group);
        assert!(test_kill_process_group(leader).is_err());
    }

    #[tokio::test]
    async fn a_child_is_killed_once() {
        let mut command = shell("exec sleep 600");
        command.stdout(Stdio::null());
        let mut group = Group::spawn("sleep", command).unwrap();
        group.kill().await.unwrap();
        let error = group.kill().await.unwrap_err().to_string();
        assert!(error.starts_with("sleep had ended by itself: "), "{error}");
    }

    #[tokio::test]
    async fn a_command_that_is_not_there_is_named() {
        let error = lines("nothing", Command::new("there-is-no-such-command"), |_| {}).await.unwrap_err();
        assert!(format!("{error:#}").starts_with("cannot start nothing: "), "{error:#}");
    }
}
