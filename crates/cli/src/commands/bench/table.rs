//! A result as tables for people.

use load::{BenchResult, Extent, Percentiles, Verdict};

use crate::printer;

/// Latencies, facts, verdict.
pub(super) fn table(result: &BenchResult) -> String {
    let problems = result.problems.iter().map(|problem| format!("{} × {}", problem.count, problem.what));
    let notes = result.notes.iter().cloned();
    let said = result.reasons.iter().cloned().chain(problems).chain(notes).collect::<Vec<_>>();
    format!("{}\n\n{}\n\n{}", latencies_of(result), facts_of(result), verdict_of(result.verdict, &said))
}

/// How long phases took; said plainly if nothing was measured.
pub(crate) fn latencies_of(result: &BenchResult) -> String {
    let (phases, added) = (&result.phases, &result.hub_added);
    let rows = [
        ("lookup", phases.lookup, added.lookup),
        ("agreement", phases.agreement, added.agreement),
        ("clearing", phases.clearing, added.clearing),
        ("end_to_end", phases.end_to_end, added.end_to_end),
    ];
    let rows: Vec<_> = rows
        .into_iter()
        .filter_map(|(name, percentiles, added)| Some(latency_row(name, percentiles?, added)))
        .collect();
    if rows.is_empty() {
        return "no figures: the gates are not exact".to_owned();
    }
    let head = ["phase", "count", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms", "hub p50", "hub p99"];
    printer::table(&head, rows, &[1, 2, 3, 4, 5, 6, 7, 8])
}

fn latency_row(name: &str, percentiles: Percentiles, added: Option<Percentiles>) -> Vec<String> {
    let Percentiles { count, p50_ms, p90_ms, p99_ms, p999_ms, max_ms } = percentiles;
    let times = [p50_ms, p90_ms, p99_ms, p999_ms, max_ms].map(|time| format!("{time:.1}"));
    let added = [added.map(|added| added.p50_ms), added.map(|added| added.p99_ms)];
    let added = added.map(|time| time.map_or_else(unknown, |time| format!("{time:.1}")));
    [vec![name.to_owned(), count.to_string()], times.to_vec(), added.to_vec()].concat()
}

/// The verdict, and what is to be said of it.
pub(crate) fn verdict_of(verdict: Verdict, said: &[String]) -> String {
    let verdict = match verdict {
        Verdict::Pass => printer::green("pass"),
        Verdict::Fail => printer::red("fail"),
    };
    let said = said.iter().map(|text| format!("\n  {text}"));
    format!("verdict: {verdict}{}", said.collect::<String>())
}

/// Everything else, a line each.
pub(crate) fn facts_of(result: &BenchResult) -> String {
    let facts = printer::table(&["", ""], facts(result), &[]);
    // This table has no header to show.
    facts.split_once('\n').map_or_else(String::new, |(_, rows)| rows.to_owned())
}

fn unknown() -> String {
    "–".to_owned()
}

fn known(value: Option<f64>, unit: &str) -> String {
    value.map_or_else(unknown, |value| format!("{value:.3}{unit}"))
}

fn whole(value: Option<f64>) -> String {
    value.map_or_else(unknown, |value| format!("{value:.0}"))
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

fn facts(result: &BenchResult) -> Vec<Vec<String>> {
    let (cpu, payments, bytes) = (&result.cpu_ms_per_payment, &result.payments, &result.bytes_per_payment);
    let (gates, pace) = (&result.gates, &result.pace);
    let row = |name: &str, values: String| vec![name.to_owned(), values];
    let mut rows = vec![
        row(
            "payments",
            format!(
                "{} offered, {} committed, {} failed, {} refused",
                payments.offered, payments.committed, payments.failed, payments.refused
            ),
        ),
        row("pace", format!("{:.1} offered/s, {:.1} committed/s", pace.offered_per_s, pace.committed_per_s)),
        row(
            "cpu per payment",
            format!(
                "hub {}, database {}, load {}",
                known(cpu.hub, " ms"),
                known(cpu.database, " ms"),
                known(cpu.load, " ms")
            ),
        ),
        row("memory", format!("hub {}, database {}", memory(result.memory.hub), memory(result.memory.database))),
        row(
            "bytes per payment",
            format!(
                "stored {}, reusable {}, log {}, written {}",
                whole(bytes.stored),
                whole(bytes.reusable),
                whole(bytes.wal),
                whole(bytes.written)
            ),
        ),
        row(
            "gates",
            format!(
                "fulfil per prepare {} (1), notify per prepare {} (2)",
                known(gates.fulfil_per_prepare, ""),
                known(gates.notify_per_prepare, "")
            ),
        ),
        row("machine", format!("{} cores, {} % stolen", result.machine.cores, known(result.machine.steal_percent, ""))),
    ];
    rows.extend(overload(result).map(|said| row("overload", said)));
    rows
}

fn memory(extent: Option<Extent>) -> String {
    extent.map_or_else(unknown, |extent| {
        let [first, last, highest] = [extent.first, extent.last, extent.highest].map(megabytes);
        format!("{first} first, {last} last, {highest} highest")
    })
}

fn overload(result: &BenchResult) -> Option<String> {
    let overload = result.overload?;
    let recovered = overload.recovered_after_s.map_or_else(|| "never".to_owned(), |seconds| format!("{seconds:.0} s"));
    let refusals = result.refusals.iter().map(|refusal| {
        let code = refusal.code.as_deref().unwrap_or("no code");
        format!("; {} × {} with {}, {code}", refusal.count, refusal.message, refusal.status)
    });
    Some(format!(
        "{:.1}/s offered, {:.1}/s committed ({:.1} % of {:.1}/s before), {:.1} % refused, as before after {recovered}{}",
        overload.offered_per_s,
        overload.goodput_per_s,
        overload.goodput_of_rated * 100.0,
        overload.rated_per_s,
        overload.refused_percent,
        refusals.collect::<String>()
    ))
}
