//! The tables and bars of a run.

use super::{chart::number, in_words, markup::Element};
use crate::{
    bench::Report,
    host::Host,
    latencies::Percentiles,
    result::{BenchResult, Phases},
};

/// What is not known.
const UNKNOWN: &str = "–";

/// A table with a header.
pub(super) fn table(head: &[&str], rows: Vec<Vec<String>>) -> Element {
    let cells = |name: &'static str, texts: Vec<String>| {
        Element::new("tr").children(texts.into_iter().map(|text| Element::new(name).text(text)))
    };
    let head = cells("th", head.iter().map(|text| (*text).to_owned()).collect());
    let table = Element::new("table")
        .child(Element::new("thead").child(head))
        .child(Element::new("tbody").children(rows.into_iter().map(|row| cells("td", row))));
    Element::new("div").child(table)
}

/// A table of names and values.
pub(super) fn facts(head: &[&str; 2], rows: Vec<(&str, String)>) -> Element {
    table(head, rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect()).with("class", "facts")
}

pub(super) fn known(value: Option<f64>) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), number)
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
pub(super) fn megabytes(bytes: Option<u64>) -> String {
    known(bytes.map(|bytes| bytes as f64 / 1e6))
}

fn rows(phases: &Phases) -> [(&'static str, Option<Percentiles>); 4] {
    let Phases { lookup, agreement, clearing, end_to_end } = *phases;
    [("lookup", lookup), ("agreement", agreement), ("clearing", clearing), ("end_to_end", end_to_end)]
}

/// How long phases took, and what of it the hub added.
pub(super) fn latencies(result: &BenchResult) -> Element {
    let measured = rows(&result.phases).into_iter().zip(rows(&result.hub_added));
    let rows = measured.filter_map(|((name, percentiles), (_, added))| {
        let Percentiles { count, p50_ms, p90_ms, p99_ms, p999_ms, max_ms } = percentiles?;
        let times = [p50_ms, p90_ms, p99_ms, p999_ms, max_ms].map(number);
        let added = [added.map(|added| added.p50_ms), added.map(|added| added.p99_ms)].map(known);
        Some([vec![in_words(name), count.to_string()], times.to_vec(), added.to_vec()].concat())
    });
    let head = ["phase", "count", "50 % ms", "90 % ms", "99 % ms", "99.9 % ms", "max ms", "hub added, 50 %", "99 %"];
    table(&head, rows.collect())
}

/// Who cost what.
pub(super) fn costs(result: &BenchResult) -> Vec<Element> {
    let cpu = &result.cpu_ms_per_payment;
    let bytes = &result.bytes_per_payment;
    let processor = [("hub", "hub", cpu.hub), ("database", "database", cpu.database), ("load", "load", cpu.load)];
    let disk = [
        ("stored", "hub", bytes.stored),
        ("write-ahead log", "database", bytes.wal),
        ("given to disks", "load", bytes.written),
        ("reusable", "begun", bytes.reusable),
    ];
    let mut tables: Vec<(&str, &str, Option<f64>)> =
        bytes.tables.iter().map(|(name, bytes)| (name.as_str(), "hub", Some(*bytes))).collect();
    tables.sort_by(|left, right| right.2.unwrap_or(0.0).total_cmp(&left.2.unwrap_or(0.0)));
    tables.truncate(MOST_TABLES);
    let all = [
        bars("Processor", "ms a payment", &processor),
        bars("Disk", "bytes a payment", &disk),
        bars("Tables", "bytes stored a payment, with indexes", &tables),
    ];
    all.into_iter().flatten().collect()
}

/// Tables that are shown: the largest.
const MOST_TABLES: usize = 8;

/// Bars whose lengths compare; nothing if nothing is known.
fn bars(title: &str, unit: &str, values: &[(&str, &'static str, Option<f64>)]) -> Option<Element> {
    let values: Vec<_> = values.iter().filter_map(|(name, class, value)| Some((*name, *class, (*value)?))).collect();
    let highest = values.iter().map(|(_, _, value)| *value).fold(f64::MIN_POSITIVE, f64::max);
    let bar = |(name, class, value): &(&str, &'static str, f64)| {
        let width = format!("width: {:.1}%", (value / highest * 100.0).clamp(0.3, 100.0));
        Element::new("div")
            .with("class", "bar")
            .child(Element::new("span").text(name))
            .child(Element::new("i").child(Element::new("b").with("class", class).with("style", width).text("")))
            .child(Element::new("span").text(number(*value)))
    };
    let head = Element::new("figcaption").child(Element::new("b").text(title)).child(Element::new("small").text(unit));
    (!values.is_empty()).then(|| Element::new("figure").child(head).children(values.iter().map(bar)))
}

/// What was checked.
pub(super) fn checks(result: &BenchResult) -> Element {
    let payments = &result.payments;
    let mut rows = vec![
        ("payments offered", payments.offered.to_string()),
        ("committed, failed, refused", format!("{}, {}, {}", payments.committed, payments.failed, payments.refused)),
        ("fulfils per prepare: 1", known(result.gates.fulfil_per_prepare)),
        ("notifications per prepare: 2", known(result.gates.notify_per_prepare)),
        ("the load was late, 99 %, longest", {
            format!("{} ms, {} ms", number(result.pace.late_p99_ms), number(result.pace.late_max_ms))
        }),
    ];
    if let Some(ledger) = &result.ledger {
        rows.push(("positions moved by, expected", format!("{}, {}", ledger.moved, ledger.expected)));
    }
    let refusals = result.refusals.iter().map(|refusal| {
        let code = refusal.code.as_deref().unwrap_or("no code");
        format!("{} × {} refused with {}, {code}", refusal.count, refusal.message, refusal.status)
    });
    rows.extend(refusals.map(|text| ("refused", text)));
    facts(&["check", "value"], rows)
}

/// How the hub bore more than its rate.
pub(super) fn overload(result: &BenchResult) -> Option<Element> {
    let overload = result.overload?;
    let rows = vec![
        (
            "asked for",
            format!("{} times the rate: {} a second", number(overload.factor), number(overload.offered_per_s)),
        ),
        ("committed a second before", number(overload.rated_per_s)),
        ("committed a second meanwhile", number(overload.goodput_per_s)),
        ("of what it was before", format!("{} %", number(overload.goodput_of_rated * 100.0))),
        ("refused", format!("{} %", number(overload.refused_percent))),
        ("as good as before after", known(overload.recovered_after_s) + " s"),
    ];
    Some(facts(&["overload", "value"], rows))
}

/// What it ran on.
pub(super) fn host(report: &Report) -> Element {
    let Host { cpu, cores, memory_bytes, kernel, disk, database, database_settings } = &report.host;
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| UNKNOWN.to_owned());
    let mut rows = vec![
        ("processor", format!("{}, {cores} cores", text(cpu))),
        ("memory", megabytes(*memory_bytes) + " MB"),
        ("system", kernel.clone()),
        ("disk of the store", text(disk)),
        ("time stolen by the machine's host", known(report.result.machine.steal_percent) + " %"),
    ];
    if let Some(version) = database {
        let set = database_settings.iter().filter(|(_, value)| !value.is_empty());
        let settings: Vec<String> = set.map(|(name, value)| format!("{name} = {value}")).collect();
        rows.push(("database", format!("PostgreSQL {version}: {}", settings.join(", "))));
    }
    facts(&["machine", ""], rows)
}
