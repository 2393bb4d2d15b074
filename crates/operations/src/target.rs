//! What a tool works on.

use std::future::Future;

use serde::Serialize;

use crate::{Artefacts, Failure, Findings, Folder, Plan, Progress, Step, Verify};

/// What `status`, `up` and `down` report: a document for scripts, and a text for people.
#[derive(Clone, Debug)]
pub struct Report {
    /// The kind of the document.
    pub kind: &'static str,
    /// The document.
    pub document: serde_json::Value,
    /// The text.
    pub text: String,
}

impl Report {
    /// A report of something that can be written as JSON.
    ///
    /// # Errors
    /// A defect: it can't.
    pub fn new(kind: &'static str, body: &impl Serialize, text: impl Into<String>) -> Result<Report, Failure> {
        Ok(Report { kind, document: serde_json::to_value(body).map_err(Failure::bug)?, text: text.into() })
    }
}

/// Something that a hub can be put on, with the same verbs everywhere.
pub trait Target: Sync {
    /// The tool's name, as on the command line.
    fn tool(&self) -> &'static str;

    /// Where it remembers things.
    fn folder(&self) -> &Folder;

    /// Looks at everything that `up` needs, and changes nothing.
    fn doctor(&self) -> impl Future<Output = Findings> + Send;

    /// The plain files that a team can own without this tool. Deterministic.
    fn render(&self) -> impl Future<Output = Result<Artefacts, Failure>> + Send;

    /// What `up` would change.
    fn plan(&self, progress: &dyn Progress) -> impl Future<Output = Result<Plan, Failure>> + Send;

    /// What makes it so; each step can be run again.
    fn up(&self) -> Vec<Step<'_>>;

    /// What runs, where, how healthy, which URLs.
    fn status(&self) -> impl Future<Output = Result<Report, Failure>> + Send;

    /// Proves that it works.
    fn verify(&self, progress: &dyn Progress) -> impl Future<Output = Result<Verify, Failure>> + Send;

    /// What removes it, and nothing else; each step can be run again.
    fn down(&self) -> Vec<Step<'_>>;

    /// A lock beyond this machine, held while it is dropped last; by default there is none.
    fn lock(&self, verb: &str, progress: &dyn Progress) -> impl Future<Output = Result<Box<dyn Send>, Failure>> + Send {
        let _ = (verb, progress);
        async { Ok(Box::new(()) as Box<dyn Send>) }
    }
}
