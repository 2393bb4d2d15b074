//! The configuration as last committed, for everybody who reads it with each request.

use std::sync::{Arc, PoisonError, RwLock};

use switch::Configuration;

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

    /// Replaces it.
    pub fn set(&self, configuration: Arc<Configuration>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = configuration;
    }
}
