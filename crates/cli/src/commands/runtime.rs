//! The asynchronous runtime, and the signals that end a command.

use tokio::runtime::{Builder, Runtime};

use crate::exit::Failure;

/// A runtime with a thread for each core, at most four: what a command does besides waiting is little.
pub(crate) fn start() -> Result<Runtime, Failure> {
    let threads = std::thread::available_parallelism().map_or(2, usize::from).min(4);
    Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("no runtime: {error}")))
}

/// Waits for Ctrl-C or SIGTERM.
pub(crate) async fn told_to_stop() -> Result<(), Failure> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).map_err(Failure::failed)?;
        tokio::select! {
            result = tokio::signal::ctrl_c() => result.map_err(Failure::failed),
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.map_err(Failure::failed)
}
