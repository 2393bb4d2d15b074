//! The configuration as last committed, for everybody who reads it with each request.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use store::Store;
use switch::Configuration;
use tokio::{sync::watch, task::JoinHandle, time::MissedTickBehavior};

use crate::serve::stopped;

/// How often it is looked whether another node has changed the configuration. What is decided about money does not wait
/// for this: each batch reads what is true then.
const REFRESH_EVERY: Duration = Duration::from_millis(250);

/// Holds the current configuration; reading it is cheap.
#[derive(Debug, Default)]
pub struct Current(RwLock<Arc<Configuration>>);

impl Current {
    /// Starts with this configuration.
    pub fn new(configuration: Arc<Configuration>) -> Current {
        Current(RwLock::new(configuration))
    }

    /// The configuration as last committed.
    pub fn get(&self) -> Arc<Configuration> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces it, unless what is known is newer: batches and other nodes' changes become known in any order.
    pub fn set(&self, configuration: Arc<Configuration>) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if configuration.version > current.version {
            *current = configuration;
        }
    }
}

/// Makes known here what other nodes have changed; ends when the hub is told to stop.
pub(crate) fn refresh(current: Arc<Current>, store: Arc<dyn Store>, mut stop: watch::Receiver<bool>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(REFRESH_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => match store.configuration().await {
                    Ok(configuration) => current.set(configuration),
                    Err(error) => tracing::debug!(%error, "the configuration can't be read"),
                },
                () = stopped(&mut stop) => return,
            }
        }
    })
}
