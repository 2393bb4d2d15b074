//! A lock against two runs at once on one machine.

use std::{
    fs::{File, TryLockError},
    io::{Read, Seek, SeekFrom, Write},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use crate::{Exit, Failure, Folder, Progress, folder::cannot};

const FILE: &str = "lock";
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Which command.
    pub verb: String,
    /// On which machine.
    pub host: String,
    /// Its process id there.
    pub pid: u32,
    /// Since when.
    pub since: jiff::Timestamp,
}

impl Holder {
    /// This process.
    pub fn this(verb: &str) -> Holder {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Holder { verb: verb.to_owned(), host, pid: std::process::id(), since: jiff::Timestamp::now() }
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "`{}`, process {} on {}, since {:.0}", self.verb, self.pid, self.host, self.since)
    }
}

/// The right to change things, given back when it is dropped or when the process ends, however it ends.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
}

impl FileLock {
    /// Takes the lock of a folder; waits for whoever holds it, and says who that is.
    ///
    /// # Errors
    /// [`Exit::TimedOut`] with the holder when it is not given back in time.
    pub async fn take(
        folder: &Folder,
        verb: &str,
        timeout: Duration,
        progress: &dyn Progress,
    ) -> Result<FileLock, Failure> {
        folder.create()?;
        let path = folder.join(FILE);
        let file = File::options().create(true).truncate(false).read(true).write(true).open(&path);
        let mut file = file.map_err(|error| cannot("open", &path, &error))?;
        let deadline = Instant::now() + timeout;
        let mut said = false;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(cannot("lock", &path, &error)),
                Err(TryLockError::WouldBlock) => {}
            }
            let holder = holder(&mut file).map_or_else(|| "another run".to_owned(), |holder| holder.to_string());
            if Instant::now() >= deadline {
                let message = format!("{holder} is at work here, and has not ended within {} s", timeout.as_secs());
                return Err(Failure::failed(message).exit(Exit::TimedOut).hint("let it end, then run this again"));
            }
            if !said {
                progress.note(&format!("waiting for {holder}"));
                said = true;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let text = serde_json::to_vec(&Holder::this(verb)).map_err(Failure::bug)?;
        let written = file.set_len(0).and_then(|()| file.seek(SeekFrom::Start(0))).and_then(|_| file.write_all(&text));
        written.map_err(|error| cannot("write", &path, &error))?;
        Ok(FileLock { _file: file })
    }
}

fn holder(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}
