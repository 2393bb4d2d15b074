//! Steps that can be interrupted anywhere and run again.
//!
//! A step looks at what is there and does what is missing: run twice it does nothing the second time. So a run that was
//! killed is resumed by running all steps again, and the journal is there for people, not for correctness.

use std::{future::Future, pin::Pin, time::Instant};

use crate::{Exit, Failure, Folder, Progress, journal::Journal};

/// What a step did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// It changed something; what.
    Changed(String),
    /// All was as it should be already; what was found.
    Unchanged(String),
}

impl Done {
    /// It changed something.
    pub fn changed(what: impl Into<String>) -> Done {
        Done::Changed(what.into())
    }

    /// All was as it should be.
    pub fn unchanged(what: impl Into<String>) -> Done {
        Done::Unchanged(what.into())
    }
}

/// The running half of a step.
pub type StepFuture<'a> = Pin<Box<dyn Future<Output = Result<Done, Failure>> + Send + 'a>>;

/// One step on the way.
pub struct Step<'a> {
    name: &'static str,
    run: Box<dyn FnOnce(&'a dyn Progress) -> StepFuture<'a> + Send + 'a>,
}

impl<'a> Step<'a> {
    /// A step of this name: one or two words that people read.
    pub fn new<F, R>(name: &'static str, run: F) -> Step<'a>
    where
        F: FnOnce(&'a dyn Progress) -> R + Send + 'a,
        R: Future<Output = Result<Done, Failure>> + Send + 'a,
    {
        Step { name, run: Box::new(move |progress| Box::pin(run(progress))) }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

/// Runs steps one after the other, and writes in the folder's journal how far it is.
///
/// # Errors
/// That of the step that failed; with [`Exit::Partial`] when an earlier step of this run had changed something.
pub async fn run_steps<'a>(
    verb: &str,
    folder: &Folder,
    steps: Vec<Step<'a>>,
    progress: &'a dyn Progress,
) -> Result<bool, Failure> {
    let mut journal = Journal::open(folder, verb)?;
    if let Some(earlier) = journal.interrupted() {
        progress.note(&earlier);
    }
    let mut changed = false;
    for step in steps {
        let (name, started) = (step.name, Instant::now());
        journal.begins(name)?;
        progress.begins(name);
        match (step.run)(progress).await {
            Ok(done) => {
                changed |= matches!(done, Done::Changed(_));
                progress.ended(name, &done, started.elapsed());
                journal.ended(name)?;
            }
            Err(failure) => return Err(partial(failure, changed, verb, name)),
        }
    }
    journal.finished()?;
    Ok(changed)
}

fn partial(mut failure: Failure, changed: bool, verb: &str, step: &str) -> Failure {
    failure.message = format!("{step}: {}", failure.message);
    if changed && failure.exit == Exit::Failed {
        let again = format!("what was done stays; run `{verb}` again to go on");
        failure.hint = Some(failure.hint.map_or_else(|| again.clone(), |hint| format!("{hint}; {again}")));
        failure.exit = Exit::Partial;
    }
    failure
}
