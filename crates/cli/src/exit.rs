//! How a command ends.

use std::process::ExitCode;

pub(crate) use operations::{Exit, Failure};

/// Says what is wrong, on standard error, and gives the code.
pub(crate) fn report(failure: Failure) -> ExitCode {
    if !failure.message.is_empty() {
        anstream::eprintln!("{} {}", crate::printer::red("error:"), failure.message);
    }
    if let Some(hint) = failure.hint {
        anstream::eprintln!(" {} {hint}", crate::printer::bold("hint:"));
    }
    #[expect(clippy::as_conversions, reason = "the enum's values are the exit codes")]
    ExitCode::from(failure.exit as u8)
}
