//! A certificate as a page that needs nothing but itself: [`certificate_to_html`].

use super::{chart::number, content, header, markup::Element, on_or_off, page, section, setting, tables};
use crate::certificate::{Certificate, Statement};

/// The page. `sha256` is that of the certificate's document.
pub fn certificate_to_html(certificate: &Certificate, sha256: &str) -> String {
    let statement = &certificate.statement;
    let title = if statement.trial { "Trial of the performance promise" } else { "Performance certificate" };
    let mut parts = vec![header(title, statement.verdict, &setting(&statement.measured))];
    if statement.trial {
        let text = "A trial, and no certificate: it was shorter or slower than what is promised.";
        parts.push(Element::new("p").with("class", "notice").text(text));
    }
    let reasons = statement.reasons.iter().map(|reason| Element::new("li").text(reason));
    if !statement.reasons.is_empty() {
        parts.push(Element::new("ul").with("class", "complaints").children(reasons));
    }
    parts.push(section("Promised and measured", vec![promise(statement), origin(statement, sha256)]));
    parts.extend(content(&certificate.report()));
    page(title, statement.verdict, parts)
}

fn promise(statement: &Statement) -> Element {
    let Statement { promise, sustained, measured, .. } = statement;
    let phases = &measured.phases;
    let slowest = sustained.slowest_minute_per_s.map(|slowest| format!(", slowest minute {} /s", number(slowest)));
    let duration_s = measured.setting.duration_s;
    let pace = format!(
        "{} /s for {} min{}",
        number(sustained.committed_per_s),
        number(duration_s / 60.0),
        slowest.unwrap_or_default()
    );
    let asked = |at_least: f64, found: f64| if found >= at_least { "kept" } else { "not kept" };
    let is_long = duration_s >= promise.duration_s;
    let pace_kept = if is_long { asked(promise.rate, sustained.committed_per_s) } else { "trial" };
    let mut rows = vec![vec![promise.words[0].clone(), pace, pace_kept.to_owned()]];
    let measured = [("clearing", phases.clearing), ("lookup", phases.lookup), ("agreement", phases.agreement)];
    for (name, percentiles) in measured {
        let found = percentiles.map(|percentiles| percentiles.p99_ms);
        let kept = found.map_or("not measured", |found| if found < promise.p99_ms { "kept" } else { "not kept" });
        let words = format!("99th percentile latency under 1 second: {name}");
        rows.push(vec![words, tables::known(found) + " ms", kept.to_owned()]);
    }
    tables::table(&["promised", "measured", ""], rows)
}

fn origin(statement: &Statement, sha256: &str) -> Element {
    let Statement { origin, posture, .. } = statement;
    let rows = vec![
        ("program", origin.program.clone()),
        ("from, to", format!("{}, {}", origin.begun_at, origin.ended_at)),
        ("store", posture.store.clone().unwrap_or_else(|| "unknown".to_owned())),
        ("JWS, TLS", format!("{}, {}", on_or_off(posture.jws), on_or_off(posture.tls))),
        ("phases", posture.phases.clone()),
        ("participants", format!("{} payers, {} payees, {}", posture.payers, posture.payees, posture.skew)),
        ("SHA-256 of the content", sha256.to_owned()),
        ("to check it", "mojaloop certify --check FILE.json".to_owned()),
    ];
    tables::facts(&["posture", ""], rows)
}
