//! The verbs of every deployment tool, on any target.

use std::{future::Future, path::Path, time::Duration};

use definition::{Loaded, Problem};
use operations::{
    Artefacts, Exit, Failure, FileLock, Findings, Report, Severity, Step, Target, Verdict, Verify, run_steps,
};

use crate::{
    arguments::Global,
    commands::{confirm, plan, progress::Steps, runtime},
    printer,
};

pub(crate) use crate::commands::definition::{load, load_compose, load_embedded};

/// What to do with a target.
pub(crate) enum Verb<'a> {
    Doctor,
    Render(&'a Path),
    Plan,
    Up,
    Status,
    Verify,
    /// With the question that is asked first.
    Down(Option<String>),
}

/// Refuses what the definition asks for and is not there yet; nothing is left out in silence.
pub(crate) fn require_available(unavailable: &[Problem]) -> Result<(), Failure> {
    match unavailable {
        [] => Ok(()),
        [first, ..] => {
            let count = unavailable.len();
            Err(Failure::preflight(format!(
                "{count} of the definition's settings are not available yet (see the warnings above)"
            ))
            .hint(first.hint.clone().unwrap_or_else(|| "leave them out of the definition".to_owned())))
        }
    }
}

/// Does it.
pub(crate) fn run<T: Target>(
    target: &T,
    loaded: &Loaded,
    verb: Verb<'_>,
    global: &Global,
    timeout: Duration,
) -> Result<(), Failure> {
    let steps = Steps::new(global.no_progress);
    let runtime = runtime::start()?;
    runtime.block_on(interruptible(async {
        match verb {
            Verb::Doctor => doctor(target, global).await,
            Verb::Render(out) => write(&target.render().await?, out, global),
            Verb::Plan => {
                let found = target.plan(&steps).await?;
                drop(steps);
                plan::show(global.output, &found)?;
                if found.is_empty() { Ok(()) } else { Err(Failure::verdict(Exit::Pending)) }
            }
            Verb::Up => {
                require_available(&loaded.warnings())?;
                target.doctor().await.require()?;
                change(target, "up", target.up(), &steps, timeout).await?;
                drop(steps);
                show(global, &target.status().await?)
            }
            Verb::Status => show(global, &target.status().await?),
            Verb::Verify => verify(target, &steps, global).await,
            Verb::Down(question) => {
                if let Some(question) = question {
                    confirm::ask(global, &question)?;
                }
                change(target, "down", target.down(), &steps, timeout).await
            }
        }
    }))
}

/// Runs a target's steps under its locks.
pub(crate) async fn change<'a, T: Target>(
    target: &'a T,
    verb: &str,
    work: Vec<Step<'a>>,
    progress: &'a Steps,
    timeout: Duration,
) -> Result<(), Failure> {
    let title = format!("mojaloop {} {verb}", target.tool());
    let _here = FileLock::take(target.folder(), &title, timeout, progress).await?;
    let _beyond = target.lock(&title, progress).await?;
    run_steps(&title, target.folder(), work, progress).await.map(|_| ())
}

/// Until Ctrl-C or SIGTERM: then what runs is given up, and programs that were started are asked to stop.
pub(crate) async fn interruptible<R>(work: impl Future<Output = Result<R, Failure>>) -> Result<R, Failure> {
    tokio::select! {
        result = work => result,
        told = runtime::told_to_stop() => {
            told?;
            Err(Failure::failed("interrupted").exit(Exit::Interrupted).hint("run it again to go on from what is there"))
        }
    }
}

async fn doctor<T: Target>(target: &T, global: &Global) -> Result<(), Failure> {
    show_findings(&target.doctor().await, global)
}

/// Prints what `doctor` found; errors are exit code 4.
pub(crate) fn show_findings(findings: &Findings, global: &Global) -> Result<(), Failure> {
    printer::print(global.output, "Findings", findings, |findings| {
        let mut text = String::new();
        for finding in &findings.findings {
            let mark = match finding.severity {
                Severity::Ok => printer::green("✓"),
                Severity::Warning => printer::bold("!"),
                Severity::Error => printer::red("✗"),
            };
            text += &format!(
                "{mark} {:<20}  {}\n",
                finding.id,
                finding.message.replace('\n', "\n                        ")
            );
            if let Some(hint) = &finding.hint {
                text += &format!("                        hint: {hint}\n");
            }
        }
        text + if findings.verdict == Verdict::Pass { "ready" } else { "not ready" }
    })?;
    match findings.verdict {
        Verdict::Pass => Ok(()),
        Verdict::Fail => Err(Failure::verdict(Exit::Preflight)),
    }
}

/// Writes rendered files and says which.
pub(crate) fn write(artefacts: &Artefacts, out: &Path, global: &Global) -> Result<(), Failure> {
    let written = artefacts.write_to(out)?;
    let all: Vec<&str> = artefacts.files().map(|(path, _)| path).collect();
    let body = serde_json::json!({ "folder": out, "files": all, "written": written });
    printer::print(global.output, "Rendered", &body, |_| {
        let unchanged = all.len() - written.len();
        let mut lines: Vec<String> = written.iter().map(|path| out.join(path).display().to_string()).collect();
        lines.push(format!("{} files written, {unchanged} were right already", written.len()));
        lines.join("\n")
    })
}

async fn verify<T: Target>(target: &T, steps: &Steps, global: &Global) -> Result<(), Failure> {
    let verify = target.verify(steps).await?;
    show_verify(&verify, global)?;
    match verify.verdict {
        Verdict::Pass => Ok(()),
        Verdict::Fail => Err(Failure::verdict(Exit::Failed)),
    }
}

/// Prints what `verify` tried.
pub(crate) fn show_verify(verify: &Verify, global: &Global) -> Result<(), Failure> {
    printer::print(global.output, "Verify", verify, |verify| {
        let mut text = String::new();
        for check in &verify.checks {
            let mark = if check.passed { printer::green("✓") } else { printer::red("✗") };
            text += &format!("{mark} {:<18}  {}\n", check.name, check.message);
            if let Some(hint) = &check.hint {
                text += &format!("                      hint: {hint}\n");
            }
        }
        let failed = verify.checks.iter().filter(|check| !check.passed).count();
        text + &format!("{} of {} checks passed", verify.checks.len() - failed, verify.checks.len())
    })
}

/// Prints a report.
pub(crate) fn show(global: &Global, report: &Report) -> Result<(), Failure> {
    printer::print(global.output, report.kind, &report.document, |_| report.text.clone())
}
