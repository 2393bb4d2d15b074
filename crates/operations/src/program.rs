//! Programs of others: docker, helm, terraform.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
};

use crate::Failure;

/// Bytes of output that are kept of one run; more is an error and not memory.
const OUTPUT_BYTES: u64 = 64 << 20;
/// How long a program that was asked to stop may take: Terraform gives back its lock, helm marks its release.
const GRACE: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A program on this machine.
#[derive(Clone, Debug)]
pub struct Program {
    name: String,
    path: PathBuf,
}

/// One call of a program.
#[derive(Debug)]
pub struct Run {
    name: String,
    shown: String,
    command: Command,
    input: Option<Vec<u8>>,
}

/// What a run left.
#[derive(Clone, Debug)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Output {
    /// Its exit code; -1 when a signal ended it.
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or(-1)
    }

    /// The last lines of what it said, for people.
    pub fn complaint(&self) -> String {
        let said = if self.stderr.trim().is_empty() { &self.stdout } else { &self.stderr };
        let lines: Vec<&str> = said.trim_end().lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }
}

impl Program {
    /// Looks for it where the shell would.
    pub fn find(name: &str) -> Option<Program> {
        let folders = std::env::var_os("PATH")?;
        let path = std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| is_executable(path))?;
        Some(Program { name: name.to_owned(), path })
    }

    /// This file.
    pub fn at(path: impl Into<PathBuf>) -> Program {
        let path = path.into();
        let name = path.file_name().map_or_else(|| "program".into(), |name| name.to_string_lossy().into_owned());
        Program { name, path }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A call with these arguments. Secrets do not belong there: everybody on the machine can read them.
    pub fn run<I: IntoIterator<Item = A>, A: AsRef<OsStr>>(&self, arguments: I) -> Run {
        let mut command = Command::new(&self.path);
        let mut shown = self.name.clone();
        for argument in arguments {
            shown.push(' ');
            shown.push_str(&argument.as_ref().to_string_lossy());
            command.arg(argument);
        }
        Run { name: self.name.clone(), shown, command, input: None }
    }
}

impl Run {
    /// In this folder.
    #[must_use]
    pub fn in_folder(mut self, folder: &Path) -> Run {
        self.command.current_dir(folder);
        self
    }

    /// With this environment variable.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Run {
        self.command.env(name, value);
        self
    }

    /// With this on its standard input.
    #[must_use]
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Run {
        self.input = Some(input.into());
        self
    }

    /// Runs it to its end, whatever that is. If this future is dropped, the program is interrupted and waited for.
    ///
    /// # Errors
    /// It can't be started, or says too much.
    pub async fn output(mut self) -> Result<Output, Failure> {
        let cannot = |error: std::io::Error| Failure::failed(format!("cannot run {}: {error}", self.name));
        let stdin = if self.input.is_some() { Stdio::piped() } else { Stdio::null() };
        // A process group of its own: Ctrl-C in the terminal reaches it once, from us.
        self.command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        // Declared before the child, so dropped after it: a program that is told to stop must still be able to speak.
        let (mut stdout, mut stderr);
        let mut running = Running { child: self.command.spawn().map_err(cannot)? };
        let stdin = running.child.stdin.take();
        (stdout, stderr) = (running.child.stdout.take(), running.child.stderr.take());
        let input = self.input.unwrap_or_default();
        let feed = async {
            if let Some(mut stdin) = stdin {
                // A program that does not read its input to the end says so by its exit code.
                let _ = stdin.write_all(&input).await;
            }
        };
        let (status, out, err, ()) = tokio::join!(running.child.wait(), read(&mut stdout), read(&mut stderr), feed);
        Ok(Output { status: status.map_err(cannot)?, stdout: out.map_err(cannot)?, stderr: err.map_err(cannot)? })
    }

    /// Runs it to a good end, its output going where this process's output goes.
    ///
    /// # Errors
    /// It can't be started or ends with another code than 0.
    pub async fn passed_through(mut self) -> Result<(), Failure> {
        let cannot = |error: std::io::Error| Failure::failed(format!("cannot run {}: {error}", self.name));
        self.command.stdin(Stdio::null()).process_group(0);
        let mut running = Running { child: self.command.spawn().map_err(cannot)? };
        let status = running.child.wait().await.map_err(cannot)?;
        match status.success() {
            true => Ok(()),
            false => Err(Failure::failed(format!("`{}` ended with {}", self.shown, status.code().unwrap_or(-1)))),
        }
    }

    /// Runs it to a good end and gives its standard output.
    ///
    /// # Errors
    /// It can't be started or ends with another code than 0: the message holds what it said last.
    pub async fn stdout(self) -> Result<String, Failure> {
        let shown = self.shown.clone();
        let output = self.output().await?;
        match output.status.success() {
            true => Ok(output.stdout),
            false => Err(Failure::failed(format!("`{shown}` ended with {}:\n{}", output.code(), output.complaint()))),
        }
    }
}

async fn read<R: AsyncRead + Unpin>(from: &mut Option<R>) -> std::io::Result<String> {
    let Some(from) = from else { return Ok(String::new()) };
    let mut bytes = Vec::new();
    from.take(OUTPUT_BYTES + 1).read_to_end(&mut bytes).await?;
    if bytes.len() as u64 > OUTPUT_BYTES {
        return Err(std::io::Error::other(format!("it wrote more than {OUTPUT_BYTES} bytes")));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
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

fn is_executable(path: &Path) -> bool {
    let Ok(metadata) = path.metadata() else { return false };
    #[cfg(unix)]
    let executable = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0;
    #[cfg(not(unix))]
    let executable = true;
    metadata.is_file() && executable
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Run {
        Program::find("sh").unwrap().run(["-c", script])
    }

    #[tokio::test]
    async fn output_and_code_are_told() {
        let output = shell("cat; echo oops >&2; exit 3").input("hello").output().await.unwrap();
        assert_eq!((output.code(), output.stdout.as_str(), output.stderr.as_str()), (3, "hello", "oops\n"));
        let failure = shell("echo oops >&2; exit 3").stdout().await.unwrap_err();
        assert!(failure.message.ends_with("ended with 3:\noops"), "{failure}");
    }

    #[tokio::test]
    async fn a_run_that_nobody_wants_any_more_is_interrupted() {
        let folder = tempfile::tempdir().unwrap();
        let (began, ended) = (folder.path().join("began"), folder.path().join("ended"));
        let script =
            format!("trap 'touch {}; exit 1' INT; touch {}; sleep 60 & wait", ended.display(), began.display());
        let running = shell(&script).output();
        let until = async {
            while !began.exists() {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        tokio::select! {
            output = running => panic!("it ended by itself: {output:?}"),
            () = until => {}
        }
        assert!(ended.exists(), "it was interrupted and waited for");
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        assert!(Program::find("there-is-no-such-program").is_none());
    }
}
