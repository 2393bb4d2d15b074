//! Listeners that outlive the processes that serve them.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    os::fd::{AsRawFd as _, OwnedFd, RawFd},
};

use listenfd::ListenFd;
use rustix::{
    io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd},
    process::{Signal, set_parent_process_death_signal},
};

/// The lowest descriptor of a kept listener: above those that a process has when it starts, so that they lie together.
const FIRST: RawFd = 100;

/// An address that can't be listened on.
#[derive(Debug, thiserror::Error)]
#[error("can't listen on {address}: {cause}")]
pub struct BindError {
    /// The address.
    pub address: SocketAddr,
    /// What the system said.
    pub cause: io::Error,
}

/// Listeners that are kept for the processes of a service. Nobody accepts a connection here.
#[derive(Debug)]
pub struct Listeners {
    kept: Vec<OwnedFd>,
}

impl Listeners {
    /// Binds these addresses.
    ///
    /// # Errors
    /// The first one that can't be bound.
    pub fn bind(addresses: impl IntoIterator<Item = SocketAddr>) -> Result<Listeners, BindError> {
        let mut kept: Vec<OwnedFd> = Vec::new();
        for address in addresses {
            let failed = |cause| BindError { address, cause };
            let listener = TcpListener::bind(address).map_err(failed)?;
            let copy = fcntl_dupfd_cloexec(&listener, FIRST).map_err(|error| failed(error.into()))?;
            if kept.last().is_some_and(|last| copy.as_raw_fd() != last.as_raw_fd() + 1) {
                return Err(failed(io::Error::other(
                    "the process has too many open files for it to lie with the others",
                )));
            }
            kept.push(copy);
        }
        Ok(Listeners { kept })
    }

    /// Lets `spawn` start a process that has the listeners, with the variables by which it finds them.
    pub(crate) fn lend<T>(&self, spawn: impl FnOnce([(&'static str, String); 2]) -> io::Result<T>) -> io::Result<T> {
        let first = self.kept.first().map_or(FIRST, |first| first.as_raw_fd());
        let variables = [("LISTEN_FDS", self.kept.len().to_string()), ("LISTEN_FDS_FIRST_FD", first.to_string())];
        self.inheritable(FdFlags::empty())?;
        let spawned = spawn(variables);
        // No other program that is started here may hold the ports.
        self.inheritable(FdFlags::CLOEXEC)?;
        spawned
    }

    fn inheritable(&self, flags: FdFlags) -> io::Result<()> {
        self.kept.iter().try_for_each(|listener| fcntl_setfd(listener, flags)).map_err(Into::into)
    }
}

/// The listeners that were lent to this process; none where nobody keeps any for it. What was lent ends with its keeper: this
/// process is told to stop (SIGTERM) when that one ends. To be called once, before there are threads.
///
/// # Errors
/// What was lent is no listener.
pub fn lent() -> io::Result<Vec<TcpListener>> {
    let mut found = ListenFd::from_env();
    let listeners: Vec<TcpListener> =
        (0..found.len()).filter_map(|index| found.take_tcp_listener(index).transpose()).collect::<io::Result<_>>()?;
    if !listeners.is_empty() {
        set_parent_process_death_signal(Some(Signal::TERM))?;
    }
    Ok(listeners)
}
