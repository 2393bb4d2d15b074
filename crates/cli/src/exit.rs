//! How a command ends.

use std::process::ExitCode;

/// Exit codes, the same for every command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It failed and the user can mend it, or the verdict is "fail".
    Failed = 1,
    /// Wrong flags, variables or settings.
    Usage = 2,
    /// Something that it needs is missing; nothing was begun.
    Preflight = 4,
    /// It did not end in time.
    TimedOut = 5,
    /// A defect of this program.
    Bug = 70,
    /// Ctrl-C.
    Interrupted = 130,
}

/// Why a command did not do what it was asked, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// How the process ends.
    pub(crate) exit: Exit,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
}

impl Failure {
    /// A failure that the user can mend.
    pub(crate) fn failed(message: impl std::fmt::Display) -> Failure {
        Failure { exit: Exit::Failed, message: message.to_string(), hint: None }
    }

    /// A wrong flag, variable or setting.
    pub(crate) fn usage(message: impl std::fmt::Display) -> Failure {
        Failure { exit: Exit::Usage, message: message.to_string(), hint: None }
    }

    /// A defect of this program.
    pub(crate) fn bug(message: impl std::fmt::Display) -> Failure {
        let hint = Some("this is a defect of mojaloop; please report it with what you did".to_owned());
        Failure { exit: Exit::Bug, message: message.to_string(), hint }
    }

    /// With what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }

    /// With another exit code.
    pub(crate) fn exit(mut self, exit: Exit) -> Failure {
        self.exit = exit;
        self
    }
}

/// Says what is wrong, on standard error, and gives the code.
pub(crate) fn report(failure: Failure) -> ExitCode {
    anstream::eprintln!("{} {}", crate::printer::red("error:"), failure.message);
    if let Some(hint) = failure.hint {
        anstream::eprintln!(" {} {hint}", crate::printer::bold("hint:"));
    }
    #[expect(clippy::as_conversions, reason = "the enum's values are the exit codes")]
    ExitCode::from(failure.exit as u8)
}
