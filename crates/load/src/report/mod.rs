//! A run as a page that needs nothing but itself: [`to_html`].

mod chart;
mod markup;

use chart::{Chart, Line, Scale, number};
use markup::Element;

use crate::{
    bench::Report,
    book::{MEASURES, Second},
    latencies::Percentiles,
    result::{BenchResult, Verdict},
};

const STYLE: &str = include_str!("style.css");

/// The page.
pub fn to_html(report: &Report) -> String {
    let result = &report.result;
    let head = Element::new("head")
        .child(Element::new("meta").with("charset", "utf-8"))
        .child(Element::new("meta").with("name", "viewport").with("content", "width=device-width, initial-scale=1"))
        .child(Element::new("title").text(format_args!("mojaloop bench: {}", result.verdict.as_str())))
        .child(Element::style(STYLE));
    let body = Element::new("main")
        .child(header(result))
        .children(complaints(result))
        .child(tiles(result))
        .child(section("Latency", vec![latency_table(result)]))
        .child(section("Over time", charts(report)))
        .child(section("Costs and checks", vec![cost_table(result), check_table(result)]));
    let page = Element::new("html").with("lang", "en").child(head).child(Element::new("body").child(body));
    format!("<!DOCTYPE html>\n{page}\n")
}

fn header(result: &BenchResult) -> Element {
    let class = if result.verdict == Verdict::Pass { "verdict pass" } else { "verdict fail" };
    let what = format!(
        "{} payments a second for {} s after {} s of warm-up · {} payers, {} payees, {} · store {} · seed {}",
        number(result.rate),
        number(result.duration_s),
        number(result.warmup_s),
        result.payers,
        result.payees,
        result.skew,
        result.store.unwrap_or("unknown"),
        result.seed,
    );
    Element::new("header")
        .child(
            Element::new("h1")
                .text("mojaloop bench")
                .child(Element::new("span").with("class", class).text(result.verdict.as_str())),
        )
        .child(Element::new("p").text(what))
}

/// Why the verdict is what it is, and what went wrong.
fn complaints(result: &BenchResult) -> Option<Element> {
    let problems = result.problems.iter().map(|problem| format!("{} × {}", problem.count, problem.what));
    let all: Vec<String> = result.reasons.iter().cloned().chain(problems).collect();
    let items = all.iter().map(|text| Element::new("li").text(text));
    (!all.is_empty()).then(|| Element::new("ul").with("class", "complaints").children(items))
}

fn tiles(result: &BenchResult) -> Element {
    let tile = |name: &str, value: String, unit: &str| {
        Element::new("div")
            .child(Element::new("small").text(name))
            .child(Element::new("b").text(value).child(Element::new("small").text(unit)))
    };
    let whole = &result.phases.end_to_end;
    let known = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), number);
    Element::new("div").with("class", "tiles").children([
        tile("committed", number(result.pace.committed_per_s), " /s"),
        tile("median", number(whole.p50_ms), " ms"),
        tile("99 % within", number(whole.p99_ms), " ms"),
        tile("longest", number(whole.max_ms), " ms"),
        tile("CPU per payment, hub", known(result.cpu_ms_per_payment.hub), " ms"),
        tile("CPU, database", known(result.cpu_ms_per_payment.database), " ms"),
        tile("CPU, load", known(result.cpu_ms_per_payment.load), " ms"),
    ])
}

fn section(title: &str, content: Vec<Element>) -> Element {
    Element::new("section").child(Element::new("h2").text(title)).children(content)
}

fn table(head: &[&str], rows: Vec<Vec<String>>) -> Element {
    let cells = |name: &'static str, texts: Vec<String>| {
        Element::new("tr").children(texts.into_iter().map(|text| Element::new(name).text(text)))
    };
    let head = cells("th", head.iter().map(|text| (*text).to_owned()).collect());
    Element::new("table")
        .child(Element::new("thead").child(head))
        .child(Element::new("tbody").children(rows.into_iter().map(|row| cells("td", row))))
}

fn latency_table(result: &BenchResult) -> Element {
    let phases = &result.phases;
    let measured = [phases.lookup, phases.agreement, phases.clearing, Some(phases.end_to_end)];
    let rows = MEASURES.iter().zip(measured).filter_map(|(name, percentiles)| {
        let Percentiles { count, p50_ms, p90_ms, p99_ms, p999_ms, max_ms } = percentiles?;
        let times = [p50_ms, p90_ms, p99_ms, p999_ms, max_ms].map(number);
        Some([vec![in_words(name), count.to_string()], times.to_vec()].concat())
    });
    table(&["phase", "count", "50 % ms", "90 % ms", "99 % ms", "99.9 % ms", "max ms"], rows.collect())
}

fn charts(report: &Report) -> Vec<Element> {
    let phases = &report.result.phases;
    let measured = [phases.lookup.is_some(), phases.agreement.is_some(), phases.clearing.is_some(), true];
    let several = measured.iter().filter(|measured| **measured).count() > 2;
    let mut charts = vec![throughput(report), under_way(report)];
    // The phase of a payment of one phase is the payment.
    let shown = (0..MEASURES.len()).rev().filter(|measure| measured[*measure] && (several || *measure == 3));
    charts.extend(shown.map(|measure| latency(report, measure)));
    charts.iter().map(Chart::draw).collect()
}

fn line(report: &Report, name: &'static str, class: &'static str, value: impl Fn(&Second) -> Option<f64>) -> Line {
    Line { name, class, points: report.course.iter().map(|second| (second.at_s, value(second))).collect() }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a second")]
fn throughput(report: &Report) -> Chart {
    Chart {
        title: "Payments".to_owned(),
        unit: "a second",
        scale: Scale::Linear,
        warmup_s: report.result.warmup_s,
        lines: vec![
            line(report, "begun", "begun", |second| Some(second.begun as f64)),
            line(report, "committed", "committed", |second| Some(second.committed as f64)),
            line(report, "failed or refused", "failed", |second| Some(second.failed as f64)),
        ],
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a second")]
fn under_way(report: &Report) -> Chart {
    Chart {
        title: "On their way".to_owned(),
        unit: "payments at the end of each second",
        scale: Scale::Linear,
        warmup_s: report.result.warmup_s,
        lines: vec![line(report, "payments", "p90", |second| Some(second.under_way as f64))],
    }
}

fn latency(report: &Report, measure: usize) -> Chart {
    let of = |pick: fn(&Percentiles) -> f64| {
        move |second: &Second| {
            let percentiles = &second.latencies[measure];
            (percentiles.count > 0).then(|| pick(percentiles))
        }
    };
    Chart {
        title: format!("Latency, {}", in_words(MEASURES[measure])),
        unit: "ms",
        scale: Scale::Logarithmic,
        warmup_s: report.result.warmup_s,
        lines: vec![
            line(report, "50 %", "p50", of(|percentiles| percentiles.p50_ms)),
            line(report, "90 %", "p90", of(|percentiles| percentiles.p90_ms)),
            line(report, "99 %", "p99", of(|percentiles| percentiles.p99_ms)),
            line(report, "longest", "max", of(|percentiles| percentiles.max_ms)),
        ],
    }
}

fn cost_table(result: &BenchResult) -> Element {
    let known = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), number);
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let megabytes = |bytes: Option<u64>| known(bytes.map(|bytes| bytes as f64 / 1e6));
    let (cpu, memory) = (&result.cpu_ms_per_payment, &result.resident_bytes);
    let row = |name: &str, cpu, memory: String| vec![name.to_owned(), known(cpu), memory];
    table(
        &["process", "CPU ms per payment", "memory MB"],
        vec![
            row("hub", cpu.hub, megabytes(memory.hub)),
            row("database", cpu.database, megabytes(memory.database)),
            row("load", cpu.load, "–".to_owned()),
        ],
    )
}

fn check_table(result: &BenchResult) -> Element {
    let known = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), number);
    let payments = &result.payments;
    let mut rows = vec![
        ("payments offered", payments.offered.to_string()),
        ("committed, failed, refused", format!("{}, {}, {}", payments.committed, payments.failed, payments.refused)),
        ("fulfils per prepare", known(result.gates.fulfil_per_prepare)),
        ("notifications per prepare", known(result.gates.notify_per_prepare)),
        ("bytes stored per payment", known(result.bytes_per_payment.stored)),
        ("bytes of write-ahead log per payment", known(result.bytes_per_payment.wal)),
        ("bytes given to disks per payment", known(result.bytes_per_payment.written)),
        ("the load was late, 99 %, longest", {
            format!("{} ms, {} ms", number(result.pace.late_p99_ms), number(result.pace.late_max_ms))
        }),
        ("processors", result.machine.cores.to_string()),
        ("time stolen by the machine's host", known(result.machine.steal_percent) + " %"),
    ];
    if let Some(ledger) = &result.ledger {
        rows.push(("positions moved by, expected", format!("{}, {}", ledger.moved, ledger.expected)));
    }
    table(&["check", "value"], rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect())
}

fn in_words(measure: &str) -> String {
    measure.replace('_', " ")
}
