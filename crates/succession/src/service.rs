//! One service, whatever program serves it.

use std::{
    ffi::OsString,
    io,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{process::Child, time::timeout};

use crate::{Listeners, Program};

/// How long a process may take to end what is under way; longer than a hub gives its requests and its store.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a process may take until it serves: it may have to bring its store to a new schema.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// How a program is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Variables that differ from those of this process; without a value it does not have them.
    pub environment: Vec<(OsString, Option<OsString>)>,
}

/// Why another program did not take over.
#[derive(Debug, thiserror::Error)]
pub enum SuccessionError {
    /// It was not even tried.
    #[error("{} can't be run: {why}", .program.display())]
    Unusable {
        /// The program.
        program: PathBuf,
        /// Why not.
        why: String,
    },
    /// It ended before it served.
    #[error("{} ended before it served: {status}", .program.display())]
    Ended {
        /// The program.
        program: PathBuf,
        /// How it ended.
        status: ExitStatus,
    },
    /// It did not serve in time.
    #[error("{} did not serve within {} s", .program.display(), START_TIMEOUT.as_secs())]
    Silent {
        /// The program.
        program: PathBuf,
    },
    /// It failed, and so did the program before it: nothing serves.
    #[error("{failed}; the program before it does not start again either: {lost}")]
    Lost {
        /// Why the successor failed.
        failed: Box<SuccessionError>,
        /// Why the program before it failed.
        lost: Box<SuccessionError>,
    },
}

/// A service that is kept up. When it is dropped, its process is told to stop.
#[derive(Debug)]
pub struct Service {
    listeners: Listeners,
    program: Program,
    call: Call,
    running: Option<Child>,
}

impl Service {
    /// Starts a program; returns when it `serves`.
    ///
    /// # Errors
    /// The program does not start.
    pub async fn start(
        listeners: Listeners,
        program: Program,
        call: Call,
        serves: impl AsyncFn(),
    ) -> Result<Service, SuccessionError> {
        let mut service = Service { listeners, program, call, running: None };
        let (program, call) = (service.program.clone(), service.call.clone());
        service.launch(program, call, &serves).await?;
        Ok(service)
    }

    /// Lets another program, or another call of it, take over: the process that runs is told to stop (SIGTERM), ends what is
    /// under way, and the next one is started; returns when that one `serves`. If it does not come to this, the program before
    /// it is started again.
    ///
    /// # Errors
    /// The successor does not start. What served before serves again, but for [`SuccessionError::Lost`].
    pub async fn replace(
        &mut self,
        program: Program,
        call: Call,
        serves: impl AsyncFn(),
    ) -> Result<(), SuccessionError> {
        let unusable = |why| SuccessionError::Unusable { program: program.path().to_owned(), why };
        program.check().await.map_err(unusable)?;
        let before = (self.program.clone(), self.call.clone());
        self.end().await;
        let Err(failed) = self.launch(program, call, &serves).await else { return Ok(()) };
        match self.launch(before.0, before.1, &serves).await {
            Ok(()) => Err(failed),
            Err(lost) => Err(SuccessionError::Lost { failed: Box::new(failed), lost: Box::new(lost) }),
        }
    }

    /// Starts the same program again, after it has ended by itself.
    ///
    /// # Errors
    /// It does not start.
    pub async fn restart(&mut self, serves: impl AsyncFn()) -> Result<(), SuccessionError> {
        self.end().await;
        let (program, call) = (self.program.clone(), self.call.clone());
        self.launch(program, call, &serves).await
    }

    /// The program that serves.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// How it was called.
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// Whether there is a process; none after everything has failed.
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Waits until the process ends by itself; for ever where there is none.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        match &mut self.running {
            Some(running) => running.wait().await,
            None => std::future::pending().await,
        }
    }

    /// Tells the process to stop, and waits for its end.
    pub async fn stop(mut self) {
        self.end().await;
    }

    /// Starts a program; leaves no process behind if it does not come to serve.
    async fn launch(&mut self, program: Program, call: Call, serves: &impl AsyncFn()) -> Result<(), SuccessionError> {
        let launched = self.try_launch(&program, &call, serves).await;
        match launched {
            Ok(()) => (self.program, self.call) = (program, call),
            Err(_) => self.end().await,
        }
        launched
    }

    async fn try_launch(
        &mut self,
        program: &Program,
        call: &Call,
        serves: &impl AsyncFn(),
    ) -> Result<(), SuccessionError> {
        let path = program.path().to_owned();
        let mut command = program.command();
        command.args(&call.arguments).stdin(Stdio::null());
        for (name, value) in &call.environment {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        // A process group of its own: Ctrl-C in the terminal reaches it once, from us.
        command.process_group(0);
        let spawned = self.listeners.lend(|variables| command.envs(variables).spawn());
        let unusable = |error: io::Error| SuccessionError::Unusable { program: path.clone(), why: error.to_string() };
        let running = self.running.insert(spawned.map_err(unusable)?);
        tokio::select! {
            ended = running.wait() => {
                Err(SuccessionError::Ended { status: ended.map_err(unusable)?, program: path })
            }
            serving = timeout(START_TIMEOUT, serves()) => {
                serving.map_err(|_| SuccessionError::Silent { program: path })
            }
        }
    }

    async fn end(&mut self) {
        tell_to_stop(self.running.as_ref());
        if let Some(running) = &mut self.running
            && timeout(STOP_TIMEOUT, running.wait()).await.is_err()
        {
            // It had its time; a process that is gone already can't be killed.
            let _ = running.kill().await;
        }
        self.running = None;
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        tell_to_stop(self.running.as_ref());
    }
}

fn tell_to_stop(running: Option<&Child>) {
    let pid = running.and_then(Child::id).and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // It has not been waited for, so the id is not somebody else's.
        let _ = kill_process(pid, Signal::TERM);
    }
}
