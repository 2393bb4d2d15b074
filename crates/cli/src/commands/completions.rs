//! `mojaloop completions`.

use crate::{
    arguments::{self, CompletionsArguments},
    exit::Failure,
    printer,
};

pub(crate) fn run(arguments: &CompletionsArguments) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut arguments::command(), "mojaloop", &mut script);
    printer::print_text(&String::from_utf8_lossy(&script))
}
