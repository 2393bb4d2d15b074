//! A run as a page that needs nothing but itself: [`to_html`].

mod certificate;
mod chart;
mod charts;
mod markup;
mod tables;

pub use certificate::certificate_to_html;
use chart::number;
use markup::Element;
use tables::{known, megabytes};

use crate::{
    bench::Report,
    result::{BenchResult, Verdict},
};

const STYLE: &str = include_str!("style.css");

/// The page.
pub fn to_html(report: &Report) -> String {
    let result = &report.result;
    let head = header("mojaloop bench", result.verdict, &setting(result));
    page("mojaloop bench", result.verdict, [vec![head], content(report)].concat())
}

/// A page with this content.
fn page(title: &str, verdict: Verdict, content: Vec<Element>) -> String {
    let head = Element::new("head")
        .child(Element::new("meta").with("charset", "utf-8"))
        .child(Element::new("meta").with("name", "viewport").with("content", "width=device-width, initial-scale=1"))
        .child(Element::new("title").text(format_args!("{title}: {}", verdict.as_str())))
        .child(Element::style(STYLE));
    let body = Element::new("body").child(Element::new("main").children(content));
    let page = Element::new("html").with("lang", "en").child(head).child(body);
    format!("<!DOCTYPE html>\n{page}\n")
}

fn header(title: &str, verdict: Verdict, what: &str) -> Element {
    let class = if verdict == Verdict::Pass { "verdict pass" } else { "verdict fail" };
    let verdict = Element::new("span").with("class", class).text(verdict.as_str());
    Element::new("header").child(Element::new("h1").text(title).child(verdict)).child(Element::new("p").text(what))
}

/// What was asked for, in a line.
fn setting(result: &BenchResult) -> String {
    let setting = &result.setting;
    format!(
        "{} payments a second for {} s after {} s of warm-up · {} payers, {} payees, {} · {} · JWS {} · TLS {} · store {} · seed {}",
        number(setting.rate),
        number(setting.duration_s),
        number(setting.ramp_s + setting.warmup_s),
        setting.payers,
        setting.payees,
        setting.skew,
        setting.currencies.join(", "),
        on_or_off(setting.jws),
        on_or_off(setting.tls),
        setting.store.as_deref().unwrap_or("unknown"),
        setting.seed,
    )
}

/// Everything below the header. A run without figures has no charts of them either.
fn content(report: &Report) -> Vec<Element> {
    let (result, evidence) = (&report.result, &report.evidence);
    let mut parts: Vec<Element> = complaints(result).into_iter().collect();
    if result.phases.end_to_end.is_some() {
        let draw = |chart: &chart::Chart| chart.draw(&charts::described(chart));
        parts.extend([
            tiles(result),
            section("Latency", vec![tables::latencies(result), draw(&charts::percentiles(evidence))]),
            section("Over time", vec![grid(charts::over_time(evidence).iter().map(draw).collect())]),
            section("Who cost what", vec![grid(tables::costs(result))]),
        ]);
    }
    let checks = [Some(tables::checks(result)), tables::overload(result), Some(tables::host(report))];
    parts.push(section("Checks and machine", checks.into_iter().flatten().collect()));
    parts
}

/// Why the verdict is what it is, what went wrong, and what is missing.
fn complaints(result: &BenchResult) -> Option<Element> {
    let problems = result.problems.iter().map(|problem| format!("{} × {}", problem.count, problem.what));
    let all: Vec<String> = result.reasons.iter().cloned().chain(problems).chain(result.notes.iter().cloned()).collect();
    let items = all.iter().map(|text| Element::new("li").text(text));
    (!all.is_empty()).then(|| Element::new("ul").with("class", "complaints").children(items))
}

fn tiles(result: &BenchResult) -> Element {
    let tile = |name: &str, value: String, unit: &str| {
        Element::new("div")
            .child(Element::new("small").text(name))
            .child(Element::new("b").text(value).child(Element::new("small").text(unit)))
    };
    let whole = result.phases.end_to_end.as_ref();
    let cpu = &result.cpu_ms_per_payment;
    let tiles = [
        tile("committed", number(result.pace.committed_per_s), " /s"),
        tile("median", known(whole.map(|whole| whole.p50_ms)), " ms"),
        tile("99 % within", known(whole.map(|whole| whole.p99_ms)), " ms"),
        tile("longest", known(whole.map(|whole| whole.max_ms)), " ms"),
        tile("CPU a payment, hub", known(cpu.hub), " ms"),
        tile("CPU, database", known(cpu.database), " ms"),
        tile("memory of the hub", megabytes(result.resident_bytes.hub), " MB"),
        tile("stored a payment", known(result.bytes_per_payment.stored), " B"),
    ];
    Element::new("div").with("class", "tiles").children(tiles)
}

fn section(title: &str, content: Vec<Element>) -> Element {
    Element::new("section").child(Element::new("h2").text(title)).children(content)
}

/// Side by side where there is room.
fn grid(content: Vec<Element>) -> Element {
    Element::new("div").with("class", "side").children(content)
}

fn on_or_off(is_on: bool) -> &'static str {
    if is_on { "on" } else { "off" }
}

fn in_words(measure: &str) -> String {
    measure.replace('_', " ")
}
