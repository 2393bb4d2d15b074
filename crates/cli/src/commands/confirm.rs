//! Asking before something is lost.

use std::io::{IsTerminal, Write};

use crate::{
    arguments::Global,
    exit::{Exit, Failure},
    printer,
};

/// Asks a person, unless `--yes` was given.
///
/// # Errors
/// The answer is no (exit code 1), or nobody can be asked (2).
pub(crate) fn ask(global: &Global, question: &str) -> Result<(), Failure> {
    if global.yes {
        return Ok(());
    }
    if !printer::is_terminal() || !std::io::stdin().is_terminal() {
        return Err(Failure::usage(format!("{question} Nobody can be asked without a terminal")).hint("--yes says yes"));
    }
    anstream::eprint!("{question} [y/N] ");
    std::io::stderr().flush().map_err(Failure::failed)?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(Failure::failed)?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Failure::failed("nothing was changed").exit(Exit::Failed)),
    }
}
