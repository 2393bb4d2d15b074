//! Telling a person what is going on.

use std::time::Duration;

use crate::Done;

/// Somebody who is told how a command gets on. Nothing here goes to standard output.
pub trait Progress: Send + Sync {
    /// A step begins.
    fn begins(&self, step: &str);
    /// What is being waited for; replaces the last such note.
    fn waits(&self, what: &str);
    /// A step has ended well.
    fn ended(&self, step: &str, done: &Done, took: Duration);
    /// Something that a person should know.
    fn note(&self, text: &str);
}

/// Nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begins(&self, _: &str) {}
    fn waits(&self, _: &str) {}
    fn ended(&self, _: &str, _: &Done, _: Duration) {}
    fn note(&self, _: &str) {}
}
