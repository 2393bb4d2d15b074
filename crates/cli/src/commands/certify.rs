//! `mojaloop certify`.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use clap::Args;
use fspiop::Timestamp;
use load::{Certificate, Origin, PROMISED_PHASES, Plan, Statement, Verdict};

use crate::{
    arguments::Global,
    commands::{
        bench::{check_writable, facts_of, latencies_of, verdict_of},
        measure::{MeasureArguments, duration, measure},
    },
    exit::{Exit, Failure},
    logging, printer,
};

#[derive(Debug, Args)]
pub(crate) struct CertifyArguments {
    /// Payments a second; fewer than promised are a trial
    #[arg(long, value_name = "PAYMENTS", default_value_t = 1_000.0)]
    pub(crate) rate: f64,
    /// How long payments are begun that count; shorter than promised is a trial
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration)]
    pub(crate) duration: Duration,
    /// How long payments are begun before, which count in no figure
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub(crate) warmup: Duration,
    /// How long before the warm-up the rate rises evenly from 0
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub(crate) ramp: Duration,
    #[command(flatten)]
    pub(crate) measure: MeasureArguments,
    /// Where the certificate goes: a folder, or a file that ends in .json; a page with charts goes beside it
    #[arg(long, value_name = "DIR|FILE", default_value = ".")]
    pub(crate) out: PathBuf,
    /// Check a certificate instead: its hash, and that everything it says follows from what it holds
    #[arg(long, value_name = "FILE", exclusive = true)]
    pub(crate) check: Option<PathBuf>,
}

pub(crate) fn run(arguments: &CertifyArguments, global: &Global) -> Result<(), Failure> {
    logging::start("warn", None)?;
    match &arguments.check {
        Some(file) => check(file, global),
        None => certify(arguments, global),
    }
}

fn certify(arguments: &CertifyArguments, global: &Global) -> Result<(), Failure> {
    let plan = plan(arguments)?;
    plan.check().map_err(Failure::usage)?;
    if !arguments.out.is_dir() {
        check_writable("--out", &document(&arguments.out, false)?)?;
    }
    let begun_at = now();
    let report = measure(&arguments.measure, &plan, global)?;
    let program = format!("mojaloop {}", env!("CARGO_PKG_VERSION"));
    let origin = Origin { program, begun_at, ended_at: now() };
    let certificate = Certificate::of(report.evidence, report.host, origin);
    let statement = &certificate.statement;
    let file = document(&arguments.out, statement.trial)?;
    write(&file, &certificate)?;
    printer::print(global.output, "Certificate", statement, |statement| {
        format!("{}\n\nwritten: {}", table(statement), file.display())
    })?;
    let passed = statement.verdict == Verdict::Pass;
    if passed { Ok(()) } else { Err(Failure::verdict(Exit::Failed)) }
}

fn plan(arguments: &CertifyArguments) -> Result<Plan, Failure> {
    let measure = &arguments.measure;
    Ok(Plan {
        rate: arguments.rate,
        duration: arguments.duration,
        warmup: arguments.warmup,
        ramp: arguments.ramp,
        overload: None,
        phases: PROMISED_PHASES,
        payers: measure.payers,
        payees: measure.payees,
        skew: measure.skew.skew(),
        seed: measure.seed,
        currencies: measure.currencies()?,
        jws: measure.jws,
        tls: measure.fsp_tls()?,
    })
}

/// The file of the document: what was said, or a name of its own in the folder.
fn document(out: &Path, trial: bool) -> Result<PathBuf, Failure> {
    if out.is_dir() {
        return Ok(out.join(if trial { "trial.json" } else { "certificate.json" }));
    }
    match out.extension().is_some_and(|extension| extension == "json") {
        true => Ok(out.to_owned()),
        false => Err(Failure::usage(format!("--out {}: expected a folder, or a file .json", out.display()))
            .hint("a folder must be there already")),
    }
}

fn write(file: &Path, certificate: &Certificate) -> Result<(), Failure> {
    let (document, sha256) = load::write_certificate(certificate).map_err(Failure::bug)?;
    let page = load::certificate_to_html(certificate, &sha256);
    let put = |file: &Path, text: &str| {
        std::fs::write(file, text).map_err(|error| Failure::failed(format!("--out {}: {error}", file.display())))
    };
    put(file, &document)?;
    put(&file.with_extension("html"), &page)
}

fn check(file: &Path, global: &Global) -> Result<(), Failure> {
    let wrong = |error: String| Failure::usage(format!("--check {}: {error}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(format!("can't be read: {error}")))?;
    let (certificate, findings) = load::read_certificate(&text).map_err(wrong)?;
    if !findings.is_empty() {
        return Err(Failure::failed(format!("{} does not hold: {}", file.display(), findings.join("; ")))
            .hint("take it from whoever measured; a certificate that was changed is worth nothing"));
    }
    printer::print(global.output, "Certificate", &certificate.statement, |statement| {
        format!("{}\n\n{} holds: everything it says follows from its evidence", table(statement), file.display())
    })
}

fn table(statement: &Statement) -> String {
    let Statement { promise, sustained, measured, trial, .. } = statement;
    let slowest = sustained.slowest_minute_per_s.map(|slowest| format!(", slowest minute {slowest:.1}/s"));
    let promised = promise.words.iter().map(|words| format!("promised: {words}\n")).collect::<String>();
    let standing = match trial {
        true => "a trial, and no certificate: it was shorter or slower than what is promised\n",
        false => "",
    };
    format!(
        "{promised}committed: {:.1}/s for {} s{}\n\n{}\n\n{}\n\n{standing}{}",
        sustained.committed_per_s,
        measured.setting.duration_s,
        slowest.unwrap_or_default(),
        latencies_of(measured),
        facts_of(measured),
        verdict_of(statement.verdict, &statement.reasons)
    )
}

fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)).to_string()
}
