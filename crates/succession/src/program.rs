//! Programs as they were when they were opened.

use std::{
    fs::File,
    io,
    os::fd::AsRawFd as _,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use tokio::{process::Command, time::timeout};

/// How long a program may take to say its version.
const CHECK_TIMEOUT: Duration = Duration::from_secs(10);

/// A program that stays what it is, whatever is put in its file's place.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    file: Arc<File>,
}

impl Program {
    /// Opens a program's file.
    ///
    /// # Errors
    /// It can't be read.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Program> {
        let path = path.into();
        let file = Arc::new(File::open(&path)?);
        Ok(Program { path, file })
    }

    /// Where it was.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A call of it.
    pub(crate) fn command(&self) -> Command {
        let opened = PathBuf::from(format!("/proc/self/fd/{}", self.file.as_raw_fd()));
        // Systems without /proc have only the path.
        let mut command = Command::new(if opened.exists() { &opened } else { &self.path });
        command.arg0(&self.path);
        command
    }

    /// Whether it runs at all: it says its version.
    pub(crate) async fn check(&self) -> Result<(), String> {
        let mut command = self.command();
        command.arg("--version").stdin(Stdio::null()).kill_on_drop(true);
        match timeout(CHECK_TIMEOUT, command.output()).await {
            Ok(Ok(output)) if output.status.success() => Ok(()),
            Ok(Ok(output)) => Err(format!("--version ended with {}", output.status)),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("--version did not end within {} s", CHECK_TIMEOUT.as_secs())),
        }
    }
}
