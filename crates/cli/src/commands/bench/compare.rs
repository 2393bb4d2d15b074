//! `mojaloop bench compare`.

use std::path::{Path, PathBuf};

use clap::Args;
use load::{BenchResult, Compared, Comparison, read_result};

use crate::{arguments::Global, exit::Failure, printer};

#[derive(Debug, Args)]
pub(crate) struct CompareArguments {
    /// A result, as `mojaloop bench -o json` writes it
    #[arg(value_name = "A.json")]
    pub(crate) a: PathBuf,
    /// The result that is compared with it
    #[arg(value_name = "B.json")]
    pub(crate) b: PathBuf,
}

pub(super) fn run(arguments: &CompareArguments, global: &Global) -> Result<(), Failure> {
    let (a, b) = (read(&arguments.a)?, read(&arguments.b)?);
    printer::print(global.output, "BenchComparison", &Comparison::of(&a, &b), table)
}

fn read(file: &Path) -> Result<BenchResult, Failure> {
    let wrong = |error: String| {
        Failure::usage(format!("{}: {error}", file.display()))
            .hint("results are written by: mojaloop bench -o json > result.json")
    };
    let text = std::fs::read_to_string(file).map_err(|error| wrong(format!("can't be read: {error}")))?;
    read_result(&text).map_err(wrong)
}

fn table(comparison: &Comparison) -> String {
    let rows = comparison.figures.iter().map(row).collect();
    let figures = printer::table(&["figure", "A", "B", "B / A", ""], rows, &[1, 2, 3]);
    let settings = comparison
        .settings
        .iter()
        .map(|setting| format!("\n  not asked alike: {}: A {}, B {}", setting.name, setting.a, setting.b));
    let notes = comparison.notes.iter().map(|note| format!("\n  {note}"));
    let said: String = settings.chain(notes).collect();
    if said.is_empty() { figures } else { format!("{figures}\n{said}") }
}

fn row(figure: &Compared) -> Vec<String> {
    let known = |value: Option<f64>, digits| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"));
    // Bytes of memory have no use for decimals.
    let digits = if figure.a.or(figure.b).is_some_and(|value| value >= 10_000.0) { 0 } else { 3 };
    let mark = if figure.matters { printer::bold("differs") } else { String::new() };
    vec![figure.name.clone(), known(figure.a, digits), known(figure.b, digits), known(figure.ratio, 2), mark]
}
