//! Which lines a run is shown by.

use super::{
    chart::{Across, Chart, Line, Scale, number},
    in_words,
};
use crate::{
    course::{END_TO_END, MEASURES, Second},
    evidence::Evidence,
    latencies::{Latencies, Percentiles},
    result::{Costs, Memory},
};

/// The most points of a line: more than the eye tells apart on a screen, and a page of an hour stays small.
const MOST_POINTS: usize = 300;
/// Steps of the curve of percentiles from one nine to the next.
const STEPS_A_NINE: u32 = 12;

/// The run over time.
pub(super) fn over_time(evidence: &Evidence) -> Vec<Chart> {
    let run = Run::of(evidence);
    let through = evidence.through;
    let measured = [through.lookup, through.agreement, through.clearing, true];
    let several = through.iter().count() > 1;
    let mut charts = vec![run.throughput(), run.under_way(), run.latency(END_TO_END)];
    // The phase of a payment of one phase is the payment.
    let phases = (0..END_TO_END).filter(|measure| several && measured[*measure]);
    charts.extend(phases.map(|measure| run.latency(measure)));
    charts.extend([run.cpu(), run.memory()]);
    charts
}

/// Which part of the payments took at most how long.
#[expect(clippy::cast_precision_loss, reason = "counts of payments")]
pub(super) fn percentiles(evidence: &Evidence) -> Chart {
    let through = evidence.through;
    let measured = [through.lookup, through.agreement, through.clearing, true];
    let taken = &evidence.distributions.taken;
    let nines = (taken[END_TO_END].count().max(10) as f64).log10();
    let places: Vec<f64> =
        (0..).map(|step| f64::from(step) / f64::from(STEPS_A_NINE)).take_while(|place| *place <= nines).collect();
    let line = |latencies: &Latencies, (name, class): (&'static str, &'static str)| Line {
        name,
        class,
        points: places.iter().map(|place| (*place, Some(latencies.at(1.0 - 10_f64.powf(-place))))).collect(),
    };
    let names = [("lookup", "p50"), ("agreement", "p90"), ("clearing", "p99"), ("end to end", "max")];
    let shown = (0..MEASURES.len()).filter(|measure| measured[*measure]);
    Chart {
        title: "Percentiles".to_owned(),
        unit: "so many of the payments took at most so many ms".to_owned(),
        across: Across::Nines,
        scale: Scale::Logarithmic,
        marked: Vec::new(),
        lines: shown.map(|measure| line(&taken[measure], names[measure])).collect(),
    }
}

/// The course of a run, a point for one or several seconds.
struct Run<'a> {
    evidence: &'a Evidence,
    points: Vec<&'a [Second]>,
    seconds_a_point: usize,
}

impl Run<'_> {
    fn of(evidence: &Evidence) -> Run<'_> {
        let seconds_a_point = evidence.course.len().div_ceil(MOST_POINTS).max(1);
        Run { evidence, points: evidence.course.chunks(seconds_a_point).collect(), seconds_a_point }
    }

    fn chart(
        &self,
        title: impl Into<String>,
        (unit, of_several): (&str, &str),
        scale: Scale,
        lines: Vec<Line>,
    ) -> Chart {
        let setting = &self.evidence.setting;
        let overloaded = self.evidence.overloaded.map(|overloaded| (overloaded.from_s, overloaded.until_s, "overload"));
        let warmup = Some((0.0, setting.ramp_s + setting.warmup_s, "warmup")).filter(|(_, until, _)| *until > 0.0);
        let unit = match self.seconds_a_point {
            1 => unit.to_owned(),
            several => format!("{unit}, {of_several} of {several} s"),
        };
        let marked = warmup.into_iter().chain(overloaded).collect();
        Chart { title: title.into(), unit, across: Across::Time, scale, marked, lines }
    }

    fn line(&self, name: &'static str, class: &'static str, value: impl Fn(&[Second]) -> Option<f64>) -> Line {
        let points = self.points.iter().filter_map(|seconds| Some((seconds.last()?.at_s, value(seconds))));
        Line { name, class, points: points.collect() }
    }

    fn throughput(&self) -> Chart {
        let of = |pick: fn(&Second) -> u64| move |seconds: &[Second]| mean(seconds, |second| Some(count(pick(second))));
        let lines = vec![
            self.line("begun", "begun", of(|second| second.begun)),
            self.line("committed", "committed", of(|second| second.committed)),
            self.line("refused", "refused", of(|second| second.refused)),
            self.line("failed", "failed", of(|second| second.failed)),
        ];
        self.chart("Payments", ("a second", "mean"), Scale::Linear, lines)
    }

    fn under_way(&self) -> Chart {
        let lines = vec![self.line("payments", "p90", |seconds| most(seconds, |second| Some(count(second.under_way))))];
        self.chart("On their way", ("payments at the end of each second", "most"), Scale::Linear, lines)
    }

    fn latency(&self, measure: usize) -> Chart {
        let of = |pick: fn(&Percentiles) -> f64| {
            move |seconds: &[Second]| {
                most(seconds, |second| {
                    let percentiles = &second.latencies[measure];
                    (percentiles.count > 0).then(|| pick(percentiles))
                })
            }
        };
        let lines = vec![
            self.line("50 %", "p50", of(|percentiles| percentiles.p50_ms)),
            self.line("90 %", "p90", of(|percentiles| percentiles.p90_ms)),
            self.line("99 %", "p99", of(|percentiles| percentiles.p99_ms)),
            self.line("longest", "max", of(|percentiles| percentiles.max_ms)),
        ];
        self.chart(format!("Latency, {}", in_words(MEASURES[measure])), ("ms", "longest"), Scale::Logarithmic, lines)
    }

    fn cpu(&self) -> Chart {
        // Milliseconds of a second, in percent of one processor.
        let of = |pick: fn(&Costs<f64>) -> Option<f64>| {
            move |seconds: &[Second]| mean(seconds, |second| pick(&second.cpu_ms).map(|cpu_ms| cpu_ms / 10.0))
        };
        let mut lines = vec![
            self.line("hub", "hub", of(|cpu| cpu.hub)),
            self.line("database", "database", of(|cpu| cpu.database)),
            self.line("load", "load", of(|cpu| cpu.load)),
            self.line("stolen", "failed", |seconds| mean(seconds, |second| second.steal_percent)),
        ];
        lines.retain(has_values);
        self.chart("Processor", ("% of one core; stolen: % of all", "mean"), Scale::Linear, lines)
    }

    fn memory(&self) -> Chart {
        let of = |pick: fn(&Memory) -> Option<u64>| {
            move |seconds: &[Second]| {
                most(seconds, |second| pick(&second.resident_bytes).map(|bytes| count(bytes) / 1e6))
            }
        };
        let mut lines = vec![
            self.line("hub", "hub", of(|memory| memory.hub)),
            self.line("database", "database", of(|memory| memory.database)),
        ];
        lines.retain(has_values);
        self.chart("Memory", ("MB", "most"), Scale::Linear, lines)
    }
}

fn has_values(line: &Line) -> bool {
    line.points.iter().any(|(_, value)| value.is_some())
}

fn most(seconds: &[Second], value: impl Fn(&Second) -> Option<f64>) -> Option<f64> {
    seconds.iter().filter_map(value).reduce(f64::max)
}

fn mean(seconds: &[Second], value: impl Fn(&Second) -> Option<f64>) -> Option<f64> {
    let values: Vec<f64> = seconds.iter().filter_map(value).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / count(values.len() as u64))
}

#[expect(clippy::cast_precision_loss, reason = "for charts")]
fn count(count: u64) -> f64 {
    count as f64
}

/// Highest and lowest, in words, for who can't see the chart.
pub(super) fn described(chart: &Chart) -> String {
    let of_line = |line: &Line| {
        let values: Vec<f64> = line.points.iter().filter_map(|(_, value)| *value).collect();
        let lowest = values.iter().copied().reduce(f64::min)?;
        let highest = values.iter().copied().reduce(f64::max)?;
        Some(format!("{} {} to {}", line.name, number(lowest), number(highest)))
    };
    let lines: Vec<String> = chart.lines.iter().filter_map(of_line).collect();
    format!("{}, {}: {}", chart.title, chart.unit, lines.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::tests::evidence;

    #[test]
    fn a_long_run_has_few_points_that_hide_no_pause() {
        let mut long = evidence();
        long.course = (1..=3_600).map(|number| Second { at_s: f64::from(number), ..Second::default() }).collect();
        long.course[1_234].latencies[END_TO_END] = Percentiles { count: 1, max_ms: 900.0, ..Percentiles::default() };
        let run = Run::of(&long);
        assert_eq!((run.points.len(), run.seconds_a_point), (300, 12));
        let longest = run.latency(END_TO_END).lines.pop().unwrap();
        assert!(longest.points.iter().any(|(_, value)| *value == Some(900.0)));
    }

    #[test]
    fn the_curve_has_the_percentiles_of_the_result() {
        let chart = percentiles(&evidence());
        assert_eq!(chart.lines.iter().map(|line| line.name).collect::<Vec<_>>(), ["clearing", "end to end"]);
        let (nines, value) = *chart.lines[0].points.last().unwrap();
        assert!((nines - 2.0).abs() < 1e-9 && value.is_some_and(|value| (value - 20.0).abs() < 0.1));
    }
}
