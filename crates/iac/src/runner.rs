//! Runs Terraform where something may change, and tells how it gets on while it runs.
//!
//! Its output goes to files, not to pipes: a pipe whose reader has gone would end Terraform by a signal in the middle of
//! its work, with changes that are in no state and a lock that nobody gives back. So a run that loses us, even by a power
//! switch on our process alone, ends well by itself, and what it said stays for whoever looks later.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::{Duration, Instant},
};

use operations::Failure;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

/// How long Terraform may take to stop when it is asked to: it writes the state and gives back its lock.
const GRACE: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Bytes of output that are read at once, and that are kept of it in all: a plan of many thousand resources is smaller.
const OUTPUT_BYTES: u64 = 64 << 20;

/// One run of Terraform in a folder.
pub(crate) struct Job<'a> {
    /// The program.
    pub(crate) program: &'a Path,
    /// Where its output is kept, and under which name.
    pub(crate) logs: &'a Path,
    /// The name of the run, of its files too.
    pub(crate) name: &'a str,
    /// Where it works.
    pub(crate) folder: &'a Path,
    /// Without secrets: everybody on the machine can read them.
    pub(crate) arguments: Vec<String>,
}

/// What a run left.
#[derive(Debug)]
pub(crate) struct Ended {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// Its standard output.
    pub(crate) stdout: String,
    /// Its standard error.
    pub(crate) stderr: String,
}

impl Job<'_> {
    /// Runs it to its end, whatever that is, and hands over each line of its output when it comes. If this future is
    /// dropped, Terraform is interrupted and waited for.
    ///
    /// # Errors
    /// It can't be started, or its output can't be kept.
    pub(crate) async fn run(self, mut line: impl FnMut(&str) + Send) -> Result<Ended, Failure> {
        let cannot = |error: std::io::Error| Failure::failed(format!("cannot run {}: {error}", self.program.display()));
        let (out, err) = (self.log("out"), self.log("err"));
        let mut command = Command::new(self.program);
        command.args(&self.arguments).current_dir(self.folder);
        command.env("TF_IN_AUTOMATION", "1").env("TF_INPUT", "0").stdin(Stdio::null());
        command.stdout(create(&out).map_err(cannot)?).stderr(create(&err).map_err(cannot)?);
        // A process group of its own: Ctrl-C in the terminal reaches it once, from us.
        command.process_group(0);
        let mut running = Running { child: command.spawn().map_err(cannot)? };
        let mut lines = Lines::open(&out).map_err(cannot)?;
        let status = loop {
            let ended = tokio::time::timeout(LOOK_EVERY, running.child.wait()).await;
            lines.read(&mut line).map_err(cannot)?;
            if let Ok(status) = ended {
                break status.map_err(cannot)?;
            }
        };
        let stderr = fs::read(&err).map_err(cannot)?;
        Ok(Ended { status, stdout: lines.whole, stderr: String::from_utf8_lossy(&stderr).into_owned() })
    }

    fn log(&self, kind: &str) -> PathBuf {
        self.logs.join(format!("{}.{kind}", self.name))
    }
}

impl Ended {
    /// Its exit code; -1 when a signal ended it.
    pub(crate) fn code(&self) -> i32 {
        self.status.code().unwrap_or(-1)
    }
}

/// A file for its owner alone.
fn create(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Whole lines of a file that grows.
struct Lines {
    file: File,
    whole: String,
    begun: Vec<u8>,
    seen: u64,
}

impl Lines {
    fn open(path: &Path) -> std::io::Result<Lines> {
        Ok(Lines { file: File::open(path)?, whole: String::new(), begun: Vec::new(), seen: 0 })
    }

    fn read(&mut self, line: &mut impl FnMut(&str)) -> std::io::Result<()> {
        self.file.seek(SeekFrom::Start(self.seen))?;
        let room = OUTPUT_BYTES.saturating_sub(self.seen);
        let read = (&mut self.file).take(room + 1).read_to_end(&mut self.begun)?;
        self.seen += read as u64;
        if self.seen > OUTPUT_BYTES {
            return Err(std::io::Error::other(format!("it wrote more than {OUTPUT_BYTES} bytes")));
        }
        while let Some(end) = self.begun.iter().position(|byte| *byte == b'\n') {
            let bytes: Vec<u8> = self.begun.drain(..=end).collect();
            let text = String::from_utf8_lossy(&bytes);
            line(text.trim_end());
            self.whole.push_str(&text);
        }
        Ok(())
    }
}

/// A child that is asked to stop, and waited for, when nobody wants its result any more.
struct Running {
    child: Child,
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(pid) = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) else { return };
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        let _ = kill_process(pid, Signal::INT);
        let deadline = Instant::now() + GRACE;
        while Instant::now() < deadline {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(LOOK_EVERY);
        }
        let _ = self.child.start_kill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell<'a>(folder: &'a Path, program: &'a Path, script: &str) -> Job<'a> {
        let arguments = vec!["-c".to_owned(), script.to_owned()];
        Job { program, logs: folder, name: "apply", folder, arguments }
    }

    fn sh() -> PathBuf {
        operations::Program::find("sh").unwrap().path().to_owned()
    }

    #[tokio::test]
    async fn lines_come_as_they_are_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut lines = Vec::new();
        let script = "echo one; sleep 0.3; printf 'tw'; sleep 0.3; echo o; echo oops >&2; exit 3";
        let ended = shell(folder.path(), &sh(), script).run(|line| lines.push(line.to_owned())).await.unwrap();
        assert_eq!((ended.code(), ended.stdout.as_str(), ended.stderr.as_str()), (3, "one\ntwo\n", "oops\n"));
        assert_eq!(lines, ["one", "two"]);
    }

    #[tokio::test]
    async fn a_run_that_is_given_up_is_interrupted_and_may_still_write() {
        let folder = tempfile::tempdir().unwrap();
        let (began, ended) = (folder.path().join("began"), folder.path().join("ended"));
        let script = format!(
            "trap 'echo stopping; sleep 0.2; echo stopped; touch {}; exit 1' INT; touch {}; sleep 60 & wait",
            ended.display(),
            began.display()
        );
        let program = sh();
        let running = shell(folder.path(), &program, &script).run(|_| {});
        let until = async {
            while !began.exists() {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        tokio::select! {
            result = running => panic!("it ended by itself: {result:?}"),
            () = until => {}
        }
        assert!(ended.exists(), "it was interrupted and waited for");
        assert_eq!(fs::read_to_string(folder.path().join("apply.out")).unwrap(), "stopping\nstopped\n");
    }
}
