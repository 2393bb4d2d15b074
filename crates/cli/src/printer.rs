//! The one place that writes results. Data go to standard output, everything else to standard error.

#![allow(clippy::print_stdout, reason = "this is the printer")]

use std::io::{Write, stdout};

use clap::ValueEnum;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;

use crate::exit::Failure;

/// In which form results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    #[default]
    Table,
    /// One JSON document.
    Json,
    /// One YAML document.
    Yaml,
}

/// A result in the form that scripts read.
#[derive(Serialize)]
struct Document<'a, T> {
    #[serde(rename = "apiVersion")]
    api_version: &'static str,
    kind: &'a str,
    #[serde(flatten)]
    body: &'a T,
}

/// Writes a result: as a document, or as what `for_people` makes of it.
pub(crate) fn print<T: Serialize>(
    output: Output,
    kind: &str,
    body: &T,
    for_people: impl FnOnce(&T) -> String,
) -> Result<(), Failure> {
    print_text(&written(output, kind, body, for_people, Form::Whole)?)
}

/// Writes one of several results, as soon as it is there: as JSON in a line of its own, as YAML after `---`.
#[cfg(feature = "tools")]
pub(crate) fn print_next<T: Serialize>(
    output: Output,
    kind: &str,
    body: &T,
    for_people: impl FnOnce(&T) -> String,
) -> Result<(), Failure> {
    print_text(&written(output, kind, body, for_people, Form::OneOfSeveral)?)
}

/// Whether a document is the only one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Whole,
    #[cfg_attr(not(feature = "tools"), expect(dead_code, reason = "only tools show results one by one"))]
    OneOfSeveral,
}

fn written<T: Serialize>(
    output: Output,
    kind: &str,
    body: &T,
    for_people: impl FnOnce(&T) -> String,
    form: Form,
) -> Result<String, Failure> {
    let document = Document { api_version: "mojaloop/v1", kind, body };
    let yaml = || serde_saphyr::to_string(&document).map_err(Failure::bug);
    Ok(match (output, form) {
        (Output::Table, _) => for_people(body),
        (Output::Json, Form::Whole) => serde_json::to_string_pretty(&document).map_err(Failure::bug)?,
        (Output::Json, Form::OneOfSeveral) => serde_json::to_string(&document).map_err(Failure::bug)?,
        (Output::Yaml, Form::Whole) => yaml()?,
        (Output::Yaml, Form::OneOfSeveral) => format!("---\n{}", yaml()?),
    })
}

/// Writes text to standard output. A reader that has gone away is no failure.
pub(crate) fn print_text(text: &str) -> Result<(), Failure> {
    let mut out = anstream::AutoStream::auto(stdout().lock());
    match writeln!(out, "{}", text.trim_end_matches('\n')).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::failed(error)),
        _ => Ok(()),
    }
}

/// A table whose columns align; `numbers` are the columns that align to the right.
pub(crate) fn table(header: &[&str], rows: Vec<Vec<String>>, numbers: &[usize]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header);
    table.add_rows(rows);
    for column in numbers {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines = table.lines().enumerate().map(|(index, line)| match index {
        0 => bold(line.trim_end()),
        _ => line.trim_end().to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether a person looks at standard error.
pub(crate) fn is_terminal() -> bool {
    std::io::IsTerminal::is_terminal(&std::io::stderr())
}

/// Bold, where the terminal can.
pub(crate) fn bold(text: &str) -> String {
    format!("\u{1b}[1m{text}\u{1b}[0m")
}

/// Red, where the terminal can.
pub(crate) fn red(text: &str) -> String {
    format!("\u{1b}[1;31m{text}\u{1b}[0m")
}

/// Green, where the terminal can.
pub(crate) fn green(text: &str) -> String {
    format!("\u{1b}[32m{text}\u{1b}[0m")
}
