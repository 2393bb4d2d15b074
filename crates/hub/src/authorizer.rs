//! Who may use the admin APIs.

use http::{HeaderMap, Method};

/// What somebody wants to do.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'a> {
    /// `ledger` or `oracles`.
    pub api: &'static str,
    /// HTTP method.
    pub method: &'a Method,
    /// Path.
    pub path: &'a str,
}

/// A refusal by an authorizer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denied {
    /// Nobody knows who is asking.
    Unauthenticated,
    /// Whoever is asking may not do this.
    Forbidden,
}

/// Decides who may do what on the admin APIs. Each request passes here before anything of it is read.
pub trait Authorizer: Send + Sync + 'static {
    /// Lets the operation pass or not.
    fn authorize(&self, operation: Operation<'_>, headers: &HeaderMap) -> Result<(), Denied>;
}

/// Lets everybody do everything: for the harness, and behind a gateway that decides.
#[derive(Clone, Copy, Debug)]
pub struct OpenAuthorizer;

impl Authorizer for OpenAuthorizer {
    fn authorize(&self, _operation: Operation<'_>, _headers: &HeaderMap) -> Result<(), Denied> {
        Ok(())
    }
}
