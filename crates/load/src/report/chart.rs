//! Lines over time or over the part of all payments, as SVG: [`Chart`].

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
const TIME_MARKS: f64 = 8.0;
/// A run that is longer has its time in minutes, in seconds.
const LONGEST_IN_SECONDS: f64 = 600.0;
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

/// What is across.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Across {
    /// Seconds since the run began.
    Time,
    /// Parts of all payments, as the number of nines: 1 is 90 %, 2 is 99 %. What is slow and rare has room so.
    Nines,
}

/// A line.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Its name in the legend.
    pub(super) name: &'static str,
    /// Its class, which has its colour.
    pub(super) class: &'static str,
    /// What is across, and value; the same across in all lines of a chart. Where a value is missing there is a gap.
    pub(super) points: Vec<(f64, Option<f64>)>,
}

/// A chart.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    pub(super) title: String,
    pub(super) unit: String,
    pub(super) across: Across,
    pub(super) scale: Scale,
    /// Stretches of time to be marked: from, until and which class.
    pub(super) marked: Vec<(f64, f64, &'static str)>,
    pub(super) lines: Vec<Line>,
}

/// From values to places.
struct Axes {
    across: Across,
    scale: Scale,
    end: f64,
    low: f64,
    high: f64,
}

impl Chart {
    /// The chart with its title and legend; `described` is for who can't see it.
    pub(super) fn draw(&self, described: &str) -> Element {
        let axes = self.axes();
        let plot = Element::new("svg")
            .with("viewBox", format_args!("0 0 {WIDTH} {HEIGHT}"))
            .with("role", "img")
            .with("aria-label", described)
            .children(self.marked.iter().map(|(from, until, class)| axes.mark(*from, *until, class)))
            .children(axes.value_marks())
            .children(axes.across_marks())
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
                    .child(Element::new("small").text(&self.unit))
                    .child(Element::new("span").with("class", "legend").children(legend)),
            )
            .child(plot)
    }

    fn axes(&self) -> Axes {
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let values = || points().filter_map(|(_, value)| *value);
        let end = points().map(|(at, _)| *at).fold(1.0, f64::max);
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
        Axes { across: self.across, scale: self.scale, end, low, high }
    }

    /// What a pointer over a place says.
    fn tips(&self, axes: &Axes) -> Vec<Element> {
        let Some(first) = self.lines.first() else { return Vec::new() };
        let tip = |(index, (at, _)): (usize, &(f64, Option<f64>))| {
            let said = self.lines.iter().filter_map(|line| {
                let value = line.points.get(index)?.1?;
                Some(format!("{} {}", line.name, number(value)))
            });
            let said: Vec<String> = said.collect();
            let before = index.checked_sub(1).map_or(0.0, |before| first.points[before].0);
            let (left, right) = (axes.x(before), axes.x(*at));
            Element::new("rect")
                .with("class", "tip")
                .with("x", place(left))
                .with("y", TOP)
                .with("width", place(right - left))
                .with("height", HEIGHT - TOP - BOTTOM)
                .child(Element::new("title").text(format_args!("{}: {}", axes.name_of(*at), said.join(", "))))
        };
        first.points.iter().enumerate().map(tip).collect()
    }
}

impl Axes {
    fn x(&self, at: f64) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * (at / self.end).clamp(0.0, 1.0)
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

    fn mark(&self, from: f64, until: f64, class: &str) -> Element {
        Element::new("rect")
            .with("class", class)
            .with("x", place(self.x(from)))
            .with("y", TOP)
            .with("width", place(self.x(until) - self.x(from)))
            .with("height", HEIGHT - TOP - BOTTOM)
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

    fn across_marks(&self) -> Vec<Element> {
        let unit = if self.is_in_minutes() { 60.0 } else { 1.0 };
        let step = match self.across {
            Across::Time => round_up(self.end / unit / TIME_MARKS).max(1.0) * unit,
            Across::Nines => 1.0,
        };
        let mark = |at: f64| {
            Element::new("text")
                .with("class", "time")
                .with("x", place(self.x(at)))
                .with("y", HEIGHT - BOTTOM + 20.0)
                .text(self.name_of(at))
        };
        multiples(step, self.end).into_iter().map(mark).collect()
    }

    fn is_in_minutes(&self) -> bool {
        self.across == Across::Time && self.end > LONGEST_IN_SECONDS
    }

    /// What a place across is called.
    fn name_of(&self, at: f64) -> String {
        match self.across {
            Across::Time if self.is_in_minutes() => format!("{} min", number(at / 60.0)),
            Across::Time => format!("{} s", number(at)),
            // Six digits tell 99.9999 from 100.
            Across::Nines => {
                let percent = format!("{:.4}", 100.0 - 100.0 * power_of_ten(-at));
                format!("{} %", percent.trim_end_matches('0').trim_end_matches('.'))
            }
        }
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
    fn places_across_are_named() {
        let named = |across, end, at| Axes { across, scale: Scale::Linear, end, low: 0.0, high: 1.0 }.name_of(at);
        assert_eq!(named(Across::Time, 60.0, 30.0), "30 s");
        assert_eq!(named(Across::Time, 3_600.0, 600.0), "10 min");
        let nines = [0.0, 1.0, 2.0, 3.0, 4.0].map(|nines| named(Across::Nines, 4.0, nines));
        assert_eq!(nines, ["0 %", "90 %", "99 %", "99.9 %", "99.99 %"]);
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
            unit: "ms".to_owned(),
            across: Across::Time,
            scale: Scale::Logarithmic,
            marked: vec![(0.0, 1.0, "warmup")],
            lines: vec![line],
        };
        let svg = chart.draw("clearing").to_string();
        assert_eq!(svg.matches("<polyline").count(), 2, "{svg}");
        assert!(svg.contains("3 s: p99 200") && svg.contains("warmup"), "{svg}");
    }
}
