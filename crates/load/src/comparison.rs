//! Two results beside each other: [`Comparison`]. Pure.

use serde::Serialize;
use serde_json::Value;

use crate::{
    latencies::Percentiles,
    result::{BenchResult, Phases, Setting},
};

/// The kind of the documents that can be compared.
const KIND: &str = "BenchResult";
/// From so much stolen time on latencies tell more of the machine's host than of the hub, in percent.
const MUCH_STEAL: f64 = 5.0;

/// Two results, figure by figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// What the two were asked for that differs. Figures of different questions are not comparable.
    pub settings: Vec<SettingDifference>,
    /// The figures that both or one of them has.
    pub figures: Vec<Compared>,
    /// What is to be known before believing the ratios.
    pub notes: Vec<String>,
}

/// Something that was asked for differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SettingDifference {
    /// Its name in the results.
    pub name: String,
    /// Of the first.
    pub a: String,
    /// Of the second.
    pub b: String,
}

/// A figure of both.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// Its path in the results.
    pub name: String,
    /// Of the first.
    pub a: Option<f64>,
    /// Of the second.
    pub b: Option<f64>,
    /// The second over the first.
    pub ratio: Option<f64>,
    /// Whether the difference is more than runs of the same thing differ by.
    pub matters: bool,
}

/// From which difference on a figure's ratio matters: what repeated runs differ by on a machine with nothing else to do.
#[derive(Clone, Copy, Debug)]
struct Noise {
    /// A part of the first figure,
    part: f64,
    /// and in its own unit.
    least: f64,
}

const PACE: Noise = Noise { part: 0.01, least: 0.0 };
const LATENCY: Noise = Noise { part: 0.1, least: 1.0 };
const CPU: Noise = Noise { part: 0.05, least: 0.01 };
const MEMORY: Noise = Noise { part: 0.1, least: 1e6 };
const BYTES: Noise = Noise { part: 0.02, least: 10.0 };

impl Comparison {
    /// Compares.
    pub fn of(a: &BenchResult, b: &BenchResult) -> Comparison {
        let figures = figures(a).into_iter().zip(figures(b)).filter_map(|((name, noise, a), (_, _, b))| {
            let pair = a.zip(b);
            (a.is_some() || b.is_some()).then(|| Compared {
                name,
                a,
                b,
                ratio: pair.filter(|(a, _)| *a > 0.0).map(|(a, b)| b / a),
                matters: pair.is_some_and(|(a, b)| (b - a).abs() > (a.abs() * noise.part).max(noise.least)),
            })
        });
        Comparison { settings: differences(&a.setting, &b.setting), figures: figures.collect(), notes: notes(a, b) }
    }
}

/// Reads a result that `mojaloop bench -o json` wrote.
///
/// # Errors
/// What it is instead.
pub fn read_result(text: &str) -> Result<BenchResult, String> {
    let document: Value = serde_json::from_str(text).map_err(|error| format!("is no JSON: {error}"))?;
    let found = document.get("kind").and_then(Value::as_str);
    if found != Some(KIND) {
        let found = found.map_or_else(|| "no kind".to_owned(), |kind| format!("the kind {kind:?}"));
        return Err(format!("found {found}, expected a {KIND}"));
    }
    serde_json::from_value(document).map_err(|error| format!("is no {KIND}: {error}"))
}

type Figure = (String, Noise, Option<f64>);

fn figures(result: &BenchResult) -> Vec<Figure> {
    let figure = |name: &str, noise, value| (name.to_owned(), noise, value);
    let (cpu, bytes) = (&result.cpu_ms_per_payment, &result.bytes_per_payment);
    let of_both = cpu.hub.map(|hub| hub + cpu.database.unwrap_or(0.0));
    #[expect(clippy::cast_precision_loss, reason = "bytes of memory")]
    let memory = |bytes: Option<u64>| bytes.map(|bytes| bytes as f64);
    let highest = |extent: Option<crate::Extent>| memory(extent.map(|extent| extent.highest));
    let mut all = vec![figure("pace.committed_per_s", PACE, Some(result.pace.committed_per_s))];
    all.extend(latencies("phases", &result.phases));
    all.extend(latencies("hub_added", &result.hub_added));
    all.extend([
        figure("cpu_ms_per_payment.hub", CPU, cpu.hub),
        figure("cpu_ms_per_payment.database", CPU, cpu.database),
        figure("cpu_ms_per_payment.hub + database", CPU, of_both),
        figure("cpu_ms_per_payment.load", CPU, cpu.load),
        figure("resident_bytes.hub", MEMORY, memory(result.resident_bytes.hub)),
        figure("resident_bytes.database", MEMORY, memory(result.resident_bytes.database)),
        figure("memory.hub.highest", MEMORY, highest(result.memory.hub)),
        figure("memory.database.highest", MEMORY, highest(result.memory.database)),
        figure("bytes_per_payment.stored", BYTES, bytes.stored),
        figure("bytes_per_payment.reusable", BYTES, bytes.reusable),
        figure("bytes_per_payment.wal", BYTES, bytes.wal),
        figure("bytes_per_payment.written", BYTES, bytes.written),
    ]);
    all
}

fn latencies(of: &str, phases: &Phases) -> Vec<Figure> {
    let Phases { lookup, agreement, clearing, end_to_end } = *phases;
    let all = [("lookup", lookup), ("agreement", agreement), ("clearing", clearing), ("end_to_end", end_to_end)];
    let percentiles = |(phase, found): (&str, Option<Percentiles>)| {
        let figure = |name: &str, value| (format!("{of}.{phase}.{name}"), LATENCY, value);
        [
            figure("p50_ms", found.map(|found| found.p50_ms)),
            figure("p99_ms", found.map(|found| found.p99_ms)),
            figure("max_ms", found.map(|found| found.max_ms)),
        ]
    };
    all.into_iter().flat_map(percentiles).collect()
}

fn differences(a: &Setting, b: &Setting) -> Vec<SettingDifference> {
    let fields =
        |setting| serde_json::to_value(setting).ok().and_then(|value| value.as_object().cloned()).unwrap_or_default();
    let (a, b) = (fields(a), fields(b));
    let different = a.iter().filter_map(|(name, a)| Some((name, a, b.get(name).filter(|b| *b != a)?)));
    // Another seed asks for the same in another order.
    let different = different.filter(|(name, _, _)| name.as_str() != "seed");
    different.map(|(name, a, b)| SettingDifference { name: name.clone(), a: a.to_string(), b: b.to_string() }).collect()
}

fn notes(a: &BenchResult, b: &BenchResult) -> Vec<String> {
    let mut notes = Vec::new();
    for (name, result) in [("A", a), ("B", b)] {
        if let Some(steal) = result.machine.steal_percent.filter(|steal| *steal > MUCH_STEAL) {
            notes.push(format!(
                "{name}: {steal:.1} % of the machine's time was stolen: repeat the run before believing latencies"
            ));
        }
        if !result.reasons.is_empty() {
            notes.push(format!("{name} failed: {}", result.reasons.join("; ")));
        }
    }
    if a.machine.cores != b.machine.cores {
        notes.push(format!("A ran on {} cores, B on {}", a.machine.cores, b.machine.cores));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{conclusion::conclude, evidence::tests::evidence};

    fn result() -> BenchResult {
        conclude(&evidence())
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut BenchResult), figure: &str, ratio: Option<f64>, matters: bool) {
        let (a, mut b) = (result(), result());
        change(&mut b);
        let compared = Comparison::of(&a, &b);
        let found = compared.figures.iter().find(|found| found.name == figure).unwrap();
        let rounded = found.ratio.map(|ratio| (ratio * 1_000.0).round() / 1_000.0);
        assert_eq!((rounded, found.matters), (ratio, matters), "{found:?}");
    }

    #[test]
    fn differences_matter_when_they_are_more_than_noise() {
        check(|_| {}, "cpu_ms_per_payment.hub", Some(1.0), false);
        check(|b| b.cpu_ms_per_payment.hub = Some(1.04), "cpu_ms_per_payment.hub", Some(1.04), false);
        check(|b| b.cpu_ms_per_payment.hub = Some(0.8), "cpu_ms_per_payment.hub", Some(0.8), true);
        check(|b| b.cpu_ms_per_payment.database = Some(1.0), "cpu_ms_per_payment.hub + database", Some(2.0), true);
        let p99 = |p99_ms| move |b: &mut BenchResult| b.phases.clearing.as_mut().unwrap().p99_ms = p99_ms;
        check(p99(20.9), "phases.clearing.p99_ms", Some(1.044), false);
        check(p99(40.0), "phases.clearing.p99_ms", Some(1.999), true);
        // What is not known of one is no difference.
        check(|b| b.cpu_ms_per_payment.hub = None, "cpu_ms_per_payment.hub", None, false);
    }

    #[test]
    fn what_was_asked_for_differently_is_said() {
        let (a, mut b) = (result(), result());
        (b.setting.rate, b.setting.seed) = (20.0, 9);
        b.machine.steal_percent = Some(12.0);
        let compared = Comparison::of(&a, &b);
        let names: Vec<&str> = compared.settings.iter().map(|difference| difference.name.as_str()).collect();
        assert_eq!(names, ["rate"]);
        assert!(compared.notes[0].contains("12.0 %"), "{:?}", compared.notes);
    }

    #[test]
    fn results_are_told_from_everything_else() {
        let mut document = serde_json::to_value(result()).unwrap();
        document["kind"] = KIND.into();
        assert_eq!(read_result(&document.to_string()).unwrap(), result());
        document["kind"] = "Payment".into();
        assert!(read_result(&document.to_string()).unwrap_err().contains("\"Payment\", expected a BenchResult"));
        assert!(read_result("{}").unwrap_err().contains("no kind"));
        assert!(read_result(r#"{"kind": "BenchResult"}"#).unwrap_err().contains("is no BenchResult"));
        assert!(read_result("rate: 1").unwrap_err().contains("is no JSON"));
    }

    #[test]
    fn results_of_older_versions_are_read() {
        let mut document = serde_json::to_value(result()).unwrap();
        document["kind"] = KIND.into();
        let fields = document.as_object_mut().unwrap();
        for added in ["ramp_s", "currencies", "tls", "hub_added", "refusals", "memory", "overload", "notes"] {
            assert!(fields.remove(added).is_some(), "{added}");
        }
        assert_eq!(read_result(&document.to_string()).unwrap().phases, result().phases);
    }
}
