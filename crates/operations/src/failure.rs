//! How a command ends, and why.

/// Exit codes, the same for every command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It failed and the user can mend it, or the verdict is "fail".
    Failed = 1,
    /// Wrong flags, variables or settings.
    Usage = 2,
    /// What is there differs from what is wanted.
    Pending = 3,
    /// Something that it needs is missing; nothing was begun.
    Preflight = 4,
    /// It did not end in time.
    TimedOut = 5,
    /// Some steps are done and some are not: run it again.
    Partial = 6,
    /// A defect of this program.
    Bug = 70,
    /// Ctrl-C.
    Interrupted = 130,
}

/// Why a command did not do what it was asked, for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// How the process ends.
    pub exit: Exit,
    /// What is wrong; empty where everything has been said already.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure that the user can mend.
    pub fn failed(message: impl std::fmt::Display) -> Failure {
        Failure { exit: Exit::Failed, message: message.to_string(), hint: None }
    }

    /// A wrong flag, variable or setting.
    pub fn usage(message: impl std::fmt::Display) -> Failure {
        Failure::failed(message).exit(Exit::Usage)
    }

    /// Something that is needed is missing, and nothing was begun.
    pub fn preflight(message: impl std::fmt::Display) -> Failure {
        Failure::failed(message).exit(Exit::Preflight)
    }

    /// A defect of this program.
    pub fn bug(message: impl std::fmt::Display) -> Failure {
        Failure::failed(message)
            .exit(Exit::Bug)
            .hint("this is a defect of mojaloop; please report it with what you did")
    }

    /// A result that says "no" and has been printed: only the exit code is left to give.
    pub fn verdict(exit: Exit) -> Failure {
        Failure { exit, message: String::new(), hint: None }
    }

    /// With what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }

    /// With another exit code.
    #[must_use]
    pub fn exit(mut self, exit: Exit) -> Failure {
        self.exit = exit;
        self
    }
}
