//! `mojaloop audit`: the invariants that a store shows.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use fspiop::ErrorCode;
use hub::audit::{self, Audit, Finding, Invariant, Scope, Verdict};
use operations::Progress;
use provisioning::HttpClient;
use serde::Deserialize;
use tokio::time::sleep;

use crate::{
    arguments::{AuditArguments, Global},
    commands::{
        reading::{self, Source},
        runtime,
    },
    exit::{Exit, Failure},
    printer,
};

/// How long an audit may take, unless `--timeout` says otherwise, in seconds: a store of a hundred million movements is read
/// in about ten minutes.
const TIMEOUT_S: u64 = 1800;
/// How often it is looked how far an audit is.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Findings of an invariant that the table shows; `-o json` has more.
const SHOWN: usize = 5;

/// What a hub says of an audit that runs.
#[derive(Deserialize)]
struct HowFar {
    pages: u64,
}

pub(crate) fn run(arguments: &AuditArguments, global: &Global) -> Result<(), Failure> {
    let runtime = runtime::start()?;
    let source = runtime.block_on(reading::source(&arguments.reading, global))?;
    let audit = {
        let progress = progress(global);
        progress.begins("audit");
        runtime.block_on(async {
            match source {
                Source::Hub(url) => ask(&url, global, progress.as_ref()).await,
                Source::Store(store) => read(store, progress.as_ref()).await,
            }
        })?
    };
    printer::print(global.output, "Audit", &audit, to_table)?;
    match audit.verdict {
        Verdict::Pass => Ok(()),
        Verdict::Fail => Err(Failure::verdict(Exit::Failed)),
    }
}

#[cfg(feature = "tools")]
fn progress(global: &Global) -> Box<dyn Progress> {
    Box::new(crate::commands::progress::Steps::new(global.no_progress))
}

#[cfg(not(feature = "tools"))]
fn progress(_: &Global) -> Box<dyn Progress> {
    Box::new(operations::Silent)
}

/// Waits for an audit, and tells how far it is meanwhile.
async fn telling<T>(work: impl Future<Output = T>, progress: &dyn Progress, mut pages: impl AsyncFnMut() -> u64) -> T {
    let telling = async {
        loop {
            sleep(LOOK_EVERY).await;
            progress.waits(&format!("{} accounts and movements read", pages().await));
        }
    };
    tokio::select! {
        done = work => done,
        () = telling => unreachable!("it tells for ever"),
    }
}

async fn ask(url: &str, global: &Global, progress: &dyn Progress) -> Result<Audit, Failure> {
    let client = HttpClient::with_timeout(global.timeout_or(TIMEOUT_S));
    let (audit_url, far_url) = (format!("{url}/audit"), format!("{url}/audit/progress"));
    let far = HttpClient::new();
    let pages = async || far.get::<HowFar>(&far_url).await.map_or(0, |far| far.pages);
    let answer = telling(client.get::<Audit>(&audit_url), progress, pages).await;
    answer.map_err(|error| {
        let failure = reading::explain(url, &error);
        match reading::code_of(&error).as_deref() {
            Some(code) if code == ErrorCode::ServiceCurrentlyUnavailable.text() => failure
                .hint("one audit runs at a time: try again when the other has ended; else the store does not answer"),
            _ => failure,
        }
    })
}

async fn read(store: Arc<dyn store::Store>, progress: &dyn Progress) -> Result<Audit, Failure> {
    let seen = Arc::new(AtomicU64::new(0));
    let noted = seen.clone();
    // On a thread of its own: a store that is a file answers on the thread that asks.
    let work = tokio::spawn(async move {
        let clock = hub::system_clock();
        let note = move |pages| noted.store(pages, Ordering::Relaxed);
        audit::run(store.as_ref(), clock.as_ref(), Scope::default(), note).await
    });
    let audit = telling(work, progress, async || seen.load(Ordering::Relaxed)).await;
    audit.map_err(Failure::bug)?.map_err(Failure::failed)
}

/// A row an invariant, the findings below, and the verdict.
fn to_table(audit: &Audit) -> String {
    let rows = audit.invariants.iter().map(row).collect();
    let table = printer::table(&["", "invariant", "checked", "violations", "remarks"], rows, &[2, 3, 4]);
    // Colours would count as characters inside of the table.
    let table = table.replace('✓', &printer::green("✓")).replace('✗', &printer::red("✗"));
    let mut text = format!("{table}\n");
    for invariant in &audit.invariants {
        let violated = |finding: &Finding| format!("{} {}: {}", printer::red("✗"), invariant.id, sentence(finding));
        let remarked = |finding: &Finding| format!("{} {}: {}", printer::bold("!"), invariant.id, sentence(finding));
        for (findings, count, show) in [
            (&invariant.violations, invariant.violation_count, &violated as &dyn Fn(&Finding) -> String),
            (&invariant.remarks, invariant.remark_count, &remarked),
        ] {
            let lines = findings.iter().take(SHOWN).map(|finding| format!("\n{}", show(finding)));
            text.extend(lines);
            let more = count.saturating_sub(SHOWN as u64);
            if more > 0 {
                text += &format!("\n  … and {more} more; -o json has the first {}", audit::MAX_FINDINGS);
            }
        }
    }
    let read = format!(
        "{} accounts, {} transfers, {} movements of funds, {} lines of the journal, as of {}",
        audit.accounts, audit.transfers, audit.funds, audit.entries, audit.at
    );
    let verdict = match audit.verdict {
        Verdict::Pass => printer::green("pass"),
        Verdict::Fail => printer::red("fail"),
    };
    format!("{}\n\n{verdict} · {read}", text.trim_end())
}

fn row(invariant: &Invariant) -> Vec<String> {
    let mark = if invariant.violation_count == 0 { "✓" } else { "✗" };
    vec![
        mark.to_owned(),
        format!("{} {}", invariant.id, invariant.name),
        invariant.checked.to_string(),
        invariant.violation_count.to_string(),
        invariant.remark_count.to_string(),
    ]
}

fn sentence(finding: &Finding) -> String {
    format!("{}: {}; expected {}", finding.about, finding.found, finding.expected)
}
