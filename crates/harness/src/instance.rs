//! What runs under a name.

use std::{
    fs::{self, File, TryLockError},
    net::SocketAddr,
    time::{Duration, Instant},
};

use fspiop::Timestamp;
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::{HarnessError, Place};

/// How often it is looked whether something has happened.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How far a harness is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Not ready yet.
    Starting,
    /// Ready.
    Ready,
}

/// What a running harness says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// Its name.
    pub name: String,
    /// Process id.
    pub pid: u32,
    /// How far it is.
    pub state: State,
    /// Version of the program.
    pub version: String,
    /// When it was started.
    pub started_at: Timestamp,
    /// Where its data are: `sqlite:FILE`, or a database without its password.
    pub data: String,
    /// Whether the data go with it.
    pub ephemeral: bool,
    /// Where FSPs reach the hub.
    pub fspiop: Vec<SocketAddr>,
    /// Ledger admin API.
    pub ledger_admin: SocketAddr,
    /// Oracle admin API.
    pub oracle_admin: SocketAddr,
    /// Settlement API.
    pub settlement: SocketAddr,
    /// Metrics, liveness, readiness.
    pub operations: SocketAddr,
    /// Pages that show payments.
    #[serde(default)]
    pub pages: Option<SocketAddr>,
    /// Where the simulated FSPs are controlled, if there are any.
    pub simulator: Option<SocketAddr>,
    /// Where the simulated FSPs listen for the hub, if there are any.
    #[serde(default)]
    pub fsps: Option<SocketAddr>,
    /// From the start of the process until it was ready, in milliseconds.
    pub startup_ms: f64,
}

/// The right to run under a name, given back when it is dropped or when the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the right to run.
    pub fn take(place: &Place) -> Result<Lock, HarnessError> {
        place.create()?;
        let path = place.lock_file();
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(HarnessError::file("opening", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(HarnessError::Running { name: place.name().to_owned() }),
            Err(TryLockError::Error(cause)) => Err(HarnessError::File { what: "locking", path, cause }),
        }
    }

    fn is_taken(place: &Place) -> bool {
        place.lock_file().exists() && matches!(Lock::take(place), Err(HarnessError::Running { .. }))
    }
}

impl Instance {
    /// What runs under this name, if something does.
    pub fn find(place: &Place) -> Result<Option<Instance>, HarnessError> {
        let path = place.instance_file();
        if !Lock::is_taken(place) {
            return Ok(None);
        }
        match fs::read(&path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(HarnessError::File { what: "reading", path, cause }),
        }
    }

    /// What runs under this name.
    pub fn get(place: &Place) -> Result<Instance, HarnessError> {
        Instance::find(place)?.ok_or_else(|| HarnessError::NotRunning { name: place.name().to_owned() })
    }

    /// Writes itself down, as a whole or not at all.
    pub fn write(&self, place: &Place) -> Result<(), HarnessError> {
        let (path, draft) = (place.instance_file(), place.folder().join("instance.json.new"));
        let text = serde_json::to_vec_pretty(self).expect("an instance can always be written as JSON");
        fs::write(&draft, text).map_err(HarnessError::file("writing", &draft))?;
        fs::rename(&draft, &path).map_err(HarnessError::file("writing", &path))
    }

    /// Strikes itself out.
    pub fn remove(place: &Place) {
        let _ = fs::remove_file(place.instance_file());
    }

    /// Tells it to stop and waits until it has.
    pub fn stop(&self, place: &Place, timeout: Duration) -> Result<(), HarnessError> {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| HarnessError::NotRunning { name: self.name.clone() })?;
        // The lock is held, so the process that wrote its id lives and the id is not somebody else's.
        let _ = kill_process(pid, Signal::TERM);
        let deadline = Instant::now() + timeout;
        while Lock::is_taken(place) {
            if Instant::now() > deadline {
                let seconds = timeout.as_secs();
                return Err(HarnessError::TimedOut(format!("process {} did not stop within {seconds} s", self.pid)));
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    /// Waits until a harness that another process starts is ready. `alive` says whether that process still runs.
    pub fn wait_ready(
        place: &Place,
        timeout: Duration,
        mut alive: impl FnMut() -> bool,
    ) -> Result<Instance, HarnessError> {
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(instance) = Instance::find(place)?.filter(|instance| instance.state == State::Ready) {
                return Ok(instance);
            }
            if !alive() {
                return Err(HarnessError::NotRunning { name: place.name().to_owned() });
            }
            if Instant::now() > deadline {
                return Err(HarnessError::TimedOut(format!("not ready within {} s", timeout.as_secs())));
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }
}
