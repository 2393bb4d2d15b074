//! What all deployment tools share, so that what a person learns on the laptop is true in production.
//!
//! A tool is one or two [`Target`]s. A target says what it needs ([`Findings`]), what it would write ([`Artefacts`]), what
//! would change ([`Plan`], with the [`Risk`] of each change) and which [`Step`]s make it so. [`run_steps`] runs them so
//! that they can be interrupted anywhere and run again; [`FileLock`] keeps two runs apart; [`wait_until`] waits with
//! progress; [`Program`] runs the programs of others. How a command ends is an [`Exit`], and why is a [`Failure`].

mod artefacts;
mod checks;
mod failure;
mod findings;
mod folder;
mod journal;
mod lock;
mod plan;
mod program;
mod progress;
mod steps;
mod target;
mod wait;

pub use artefacts::Artefacts;
pub use checks::{Check, Verify};
pub use failure::{Exit, Failure};
pub use findings::{Finding, Findings, Severity, Verdict};
pub use folder::Folder;
pub use lock::{FileLock, Holder};
pub use plan::{Change, Plan, Risk};
pub use program::{Output, Program, Run};
pub use progress::{Progress, Silent};
pub use steps::{Done, Step, StepFuture, run_steps};
pub use target::{Report, Target};
pub use wait::{Condition, wait_until};
