//! Lines over the time of a run, as SVG: [`Chart`].

use super::markup::Element;

/// The size of a chart, in the units of its view box; it takes the width that it is given.
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 240.0;
/// Room around the plot.
const LEFT: f64 = 58.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 34.0;
/// Marks on the axis of time, at most.
const TIME_MARKS: f64 = 10.0;
/// Marks on a linear axis of values, about.
const VALUE_MARKS: f64 = 4.0;

/// How values are spread over the height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// From 0, evenly.
    Linear,
    /// Each power of ten has the same height: a pause of a second and the milliseconds around it both show.
    Logarithmic,
}

/// A line.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Its name in the legend.
    pub(super) name: &'static str,
    /// Its class, which has its colour.
    pub(super) class: &'static str,
    /// Time in seconds, and value. A time without a value leaves a gap.
    pub(super) points: Vec<(f64, Option<f64>)>,
}

/// Lines over time.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    pub(super) title: String,
    pub(super) unit: &'static str,
    pub(super) scale: Scale,
    pub(super) warmup_s: f64,
    pub(super) lines: Vec<Line>,
}

/// From values to places.
struct Axes {
    scale: Scale,
    end_s: f64,
    low: f64,
    high: f64,
}

impl Chart {
    /// The chart with its title and legend.
    pub(super) fn draw(&self) -> Element {
        let axes = self.axes();
        let plot = Element::new("svg")
            .with("viewBox", format_args!("0 0 {WIDTH} {HEIGHT}"))
            .with("role", "img")
            .with("aria-label", &self.title)
            .children(axes.warmup(self.warmup_s))
            .children(axes.value_marks())
            .children(axes.time_marks())
            .children(self.lines.iter().flat_map(|line| axes.draw(line)))
            .children(self.tips(&axes));
        let legend = self
            .lines
            .iter()
            .map(|line| Element::new("span").child(Element::new("i").with("class", line.class)).text(line.name));
        Element::new("figure")
            .child(
                Element::new("figcaption")
                    .child(Element::new("b").text(&self.title))
                    .child(Element::new("small").text(self.unit))
                    .child(Element::new("span").with("class", "legend").children(legend)),
            )
            .child(plot)
    }

    fn axes(&self) -> Axes {
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let values = || points().filter_map(|(_, value)| *value);
        let end_s = points().map(|(at, _)| *at).fold(1.0, f64::max);
        let highest = values().fold(0.0, f64::max);
        let (low, high) = match self.scale {
            Scale::Linear => {
                let step = round_up(highest.max(VALUE_MARKS) / VALUE_MARKS);
                (0.0, step * (highest / step).ceil().max(1.0))
            }
            Scale::Logarithmic => {
                let lowest = values().filter(|value| *value > 0.0).fold(highest.max(1.0), f64::min);
                let low = power_of_ten(lowest.log10().floor());
                (low, power_of_ten(highest.max(low * 1.001).log10().ceil()))
            }
        };
        Axes { scale: self.scale, end_s, low, high }
    }

    /// What a pointer over a second says.
    fn tips(&self, axes: &Axes) -> Vec<Element> {
        let Some(first) = self.lines.first() else { return Vec::new() };
        let tip = |(index, (at, _)): (usize, &(f64, Option<f64>))| {
            let said = self.lines.iter().filter_map(|line| {
                let value = line.points.get(index)?.1?;
                Some(format!("{} {}", line.name, number(value)))
            });
            let said: Vec<String> = said.collect();
            let (left, right) = (axes.x(at - 1.0), axes.x(*at));
            Element::new("rect")
                .with("class", "tip")
                .with("x", place(left))
                .with("y", TOP)
                .with("width", place(right - left))
                .with("height", HEIGHT - TOP - BOTTOM)
                .child(Element::new("title").text(format_args!("{} s: {}", number(*at), said.join(", "))))
        };
        first.points.iter().enumerate().map(tip).collect()
    }
}

impl Axes {
    fn x(&self, at: f64) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * (at / self.end_s).clamp(0.0, 1.0)
    }

    fn y(&self, value: f64) -> f64 {
        let part = match self.scale {
            Scale::Linear => value / self.high,
            Scale::Logarithmic => (value.max(self.low) / self.low).log10() / (self.high / self.low).log10(),
        };
        TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - part.clamp(0.0, 1.0))
    }

    fn draw(&self, line: &Line) -> Vec<Element> {
        let pieces = line.points.split(|(_, value)| value.is_none());
        let piece = |points: &[(f64, Option<f64>)]| {
            let places: Vec<String> = points
                .iter()
                .filter_map(|(at, value)| Some(format!("{},{}", place(self.x(*at)), place(self.y((*value)?)))))
                .collect();
            Element::new("polyline").with("class", line.class).with("points", places.join(" "))
        };
        pieces.filter(|points| !points.is_empty()).map(piece).collect()
    }

    fn warmup(&self, warmup_s: f64) -> Option<Element> {
        let rect = Element::new("rect")
            .with("class", "warmup")
            .with("x", LEFT)
            .with("y", TOP)
            .with("width", place(self.x(warmup_s) - LEFT))
            .with("height", HEIGHT - TOP - BOTTOM);
        (warmup_s > 0.0).then_some(rect)
    }

    fn value_marks(&self) -> Vec<Element> {
        let marks: Vec<f64> = match self.scale {
            Scale::Linear => multiples(round_up(self.high / (VALUE_MARKS + 1.0)), self.high),
            Scale::Logarithmic => {
                let powers = std::iter::successors(Some(self.low), |low| Some(low * 10.0));
                powers.take_while(|value| *value <= self.high * 1.001).collect()
            }
        };
        let mark = |value: f64| {
            let y = place(self.y(value));
            [
                Element::new("line")
                    .with("class", "grid")
                    .with("x1", LEFT)
                    .with("x2", WIDTH - RIGHT)
                    .with("y1", &y)
                    .with("y2", &y),
                Element::new("text")
                    .with("class", "value")
                    .with("x", LEFT - 8.0)
                    .with("y", place(self.y(value) + 4.0))
                    .text(number(value)),
            ]
        };
        marks.into_iter().flat_map(mark).collect()
    }

    fn time_marks(&self) -> Vec<Element> {
        let step = round_up(self.end_s / TIME_MARKS).max(1.0);
        let mark = |at: f64| {
            Element::new("text")
                .with("class", "time")
                .with("x", place(self.x(at)))
                .with("y", HEIGHT - BOTTOM + 20.0)
                .text(format_args!("{} s", number(at)))
        };
        multiples(step, self.end_s).into_iter().map(mark).collect()
    }
}

/// 0, `step`, 2 `step` and so on, up to `last`.
fn multiples(step: f64, last: f64) -> Vec<f64> {
    let values = std::iter::successors(Some(0.0), |value| Some(value + step));
    values.take_while(|value| *value <= last * 1.001).collect()
}

/// The next of 1, 2, 5, 10, 20, 50 and so on.
fn round_up(value: f64) -> f64 {
    let power = power_of_ten(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|digit| digit * power).find(|round| *round >= value * 0.999).unwrap_or(value)
}

fn power_of_ten(exponent: f64) -> f64 {
    10_f64.powf(exponent)
}

/// A place on the page, with a decimal.
fn place(value: f64) -> String {
    format!("{value:.1}")
}

/// A value for people, with three digits that count.
pub(super) fn number(value: f64) -> String {
    let text = match value.abs() {
        big if big >= 100.0 => return format!("{value:.0}"),
        big if big >= 10.0 => format!("{value:.1}"),
        big if big >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_values() {
        for (value, expect) in [(1.0, 1.0), (1.1, 2.0), (4.0, 5.0), (70.0, 100.0), (0.3, 0.5), (1_200.0, 2_000.0)] {
            assert!((round_up(value) - expect).abs() < 1e-9, "{value}: {}", round_up(value));
        }
        assert_eq!(multiples(5.0, 12.0), [0.0, 5.0, 10.0]);
    }

    #[test]
    fn numbers_for_people() {
        for (value, expect) in
            [(0.0, "0"), (0.25, "0.25"), (1.5, "1.5"), (12.34, "12.3"), (100.0, "100"), (1234.5, "1234")]
        {
            assert_eq!(number(value), expect);
        }
    }

    #[test]
    fn a_second_without_payments_leaves_a_gap() {
        let points = vec![(1.0, Some(2.0)), (2.0, None), (3.0, Some(200.0))];
        let line = Line { name: "p99", class: "p99", points };
        let chart = Chart {
            title: "clearing".to_owned(),
            unit: "ms",
            scale: Scale::Logarithmic,
            warmup_s: 1.0,
            lines: vec![line],
        };
        let svg = chart.draw().to_string();
        assert_eq!(svg.matches("<polyline").count(), 2, "{svg}");
        assert!(svg.contains("3 s: p99 200") && svg.contains("warmup"), "{svg}");
    }
}
