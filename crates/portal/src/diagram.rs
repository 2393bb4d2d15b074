//! Where everything of a sequence diagram stands: a lifeline for each end, bands for phases, an arrow for each message. What is
//! drawn of it, and how, the template says.

use std::sync::Arc;

use serde::Serialize;

use crate::{
    HUB, Message,
    reading::after_ms,
    shown::{brief, milliseconds, phase, status},
};

/// The height of the lifelines' heads, with room around them.
const NAMES_HEIGHT: i32 = 56;
/// The height of a band's name.
const BAND_NAME_HEIGHT: i32 = 26;
/// How far an arrow's head reaches back, and to each side of its line.
const ARROW_HEAD: (i32, i32) = (9, 5);

/// How wide a diagram is, and what fits into it.
pub(crate) struct Size {
    /// The class that the style sheet knows it by.
    class: &'static str,
    width: i32,
    /// Where the first lifeline is, and how far from the other edge the last one.
    edges: (i32, i32),
    /// From one arrow to the next.
    row: i32,
    /// How many letters a label may have, and a name above a lifeline.
    letters: (usize, usize),
    /// Whether labels stand at the edge of the diagram, across lifelines, or in the middle of their arrows.
    at_edge: bool,
}

/// For a desk.
pub(crate) const WIDE: Size =
    Size { class: "wide", width: 960, edges: (190, 110), row: 54, letters: (40, 20), at_edge: false };
/// For a phone: as large as its letters must be to be read there.
pub(crate) const NARROW: Size =
    Size { class: "narrow", width: 360, edges: (52, 52), row: 56, letters: (44, 13), at_edge: true };

/// A diagram.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Diagram {
    class: &'static str,
    width: i32,
    height: i32,
    lifelines: Vec<Lifeline>,
    bands: Vec<Band>,
    arrows: Vec<Arrow>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Lifeline {
    x: i32,
    name: String,
    brief: String,
    is_hub: bool,
}

#[derive(Debug, PartialEq, Serialize)]
struct Band {
    y: i32,
    height: i32,
    phase: &'static str,
}

#[derive(Debug, PartialEq, Serialize)]
struct Arrow {
    /// The number of its message.
    number: u64,
    x1: i32,
    x2: i32,
    y: i32,
    head: String,
    label: Label,
    /// Method and path, shortened.
    what: String,
    /// Status and time.
    result: String,
    /// How long after the first message it began.
    after: String,
    /// All of it, for whoever can't see where it stands.
    title: String,
    phase: &'static str,
    is_bad: bool,
}

#[derive(Debug, PartialEq, Serialize)]
struct Label {
    x: i32,
    anchor: &'static str,
}

/// Draws messages, which are in the order in which they began.
pub(crate) fn draw(messages: &[Arc<Message>], size: &Size) -> Diagram {
    let ends = ends(messages);
    let place = |index: usize| place(index, ends.len(), size);
    let x = |name: &str| place(ends.iter().position(|end| *end == name).unwrap_or_default());
    let (mut bands, mut arrows, mut y) = (Vec::<Band>::new(), Vec::new(), NAMES_HEIGHT);
    let mut last = None;
    for message in messages {
        if last != Some(message.phase) {
            last = Some(message.phase);
            bands.push(Band { y, height: BAND_NAME_HEIGHT, phase: phase(message.phase) });
            y += BAND_NAME_HEIGHT;
        }
        y += size.row;
        if let Some(band) = bands.last_mut() {
            band.height += size.row;
        }
        let ends = (x(&message.from), x(&message.to));
        arrows.push(arrow(message, &messages[0], ends, y - size.row / 2, size));
    }
    let lifelines = ends.iter().enumerate().map(|(index, name)| Lifeline {
        x: place(index),
        name: (*name).to_owned(),
        brief: brief(name, size.letters.1),
        is_hub: *name == HUB,
    });
    Diagram { class: size.class, width: size.width, height: y + 12, lifelines: lifelines.collect(), bands, arrows }
}

/// Who takes part: the first FSP, the hub, and then the others as they come.
fn ends(messages: &[Arc<Message>]) -> Vec<&str> {
    let mut ends: Vec<&str> = Vec::new();
    for message in messages {
        for end in [message.from.as_str(), &message.to] {
            if end != HUB && !ends.contains(&end) {
                ends.push(end);
            }
        }
    }
    ends.insert(ends.len().min(1), HUB);
    ends
}

fn place(index: usize, count: usize, size: &Size) -> i32 {
    let (first, last) = (size.edges.0, size.width - size.edges.1);
    let steps = i32::try_from(count.saturating_sub(1).max(1)).unwrap_or(1);
    first + (last - first) * i32::try_from(index).unwrap_or(0) / steps
}

fn arrow(message: &Message, first: &Message, (from, to): (i32, i32), y: i32, size: &Size) -> Arrow {
    let (back, side) = ARROW_HEAD;
    let back = if to > from { to - back } else { to + back };
    let what = format!("{} {}", message.method, message.path);
    let result = format!("{} · {}", status(message), milliseconds(message.duration_ms));
    Arrow {
        number: message.number,
        x1: from,
        x2: to,
        y,
        head: format!("{to},{y} {back},{} {back},{}", y - side, y + side),
        label: label(from, to, size),
        title: format!("{} → {}: {what}, {result}", message.from, message.to),
        what: brief(&crate::shown::short_ids(&what), size.letters.0),
        result,
        after: format!("+{:.0} ms", after_ms(first, message)),
        phase: phase(message.phase),
        is_bad: message.is_bad(),
    }
}

fn label(from: i32, to: i32, size: &Size) -> Label {
    match (size.at_edge, from + to < size.width) {
        (false, _) => Label { x: i32::midpoint(from, to), anchor: "middle" },
        (true, true) => Label { x: 8, anchor: "start" },
        (true, false) => Label { x: size.width - 8, anchor: "end" },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{message, payment, shared};

    #[test]
    fn a_payment_has_three_lifelines_three_bands_and_twelve_arrows() {
        let messages = shared(payment(1_000, "alice", "bob", "1", None));
        for (size, places) in [(&WIDE, [190, 520, 850]), (&NARROW, [52, 180, 308])] {
            let diagram = draw(&messages, size);
            let lines: Vec<_> = diagram.lifelines.iter().map(|line| (line.name.as_str(), line.x)).collect();
            assert_eq!(lines, [("alice", places[0]), ("hub", places[1]), ("bob", places[2])]);
            let bands: Vec<_> = diagram.bands.iter().map(|band| band.phase).collect();
            assert_eq!(bands, ["lookup", "agreement", "clearing"]);
            assert_eq!(diagram.arrows.len(), 12);
            let row = size.row;
            // Bands follow each other without gaps, and each holds its four arrows.
            for (index, band) in diagram.bands.iter().enumerate() {
                let height = BAND_NAME_HEIGHT + 4 * row;
                assert_eq!((band.y, band.height), (NAMES_HEIGHT + height * i32::try_from(index).unwrap(), height));
                let inside = diagram.arrows.iter().filter(|arrow| arrow.y > band.y && arrow.y < band.y + band.height);
                assert_eq!(inside.count(), 4);
            }
        }
    }

    /// From where to where a message goes, with how it is labelled.
    #[track_caller]
    fn check(message: Message, ends: (i32, i32), what: &str, result: &str, is_bad: bool) {
        let start = |from, to| crate::tests::message(1, from, to, "GET", "/parties/MSISDN/1");
        let all = shared(vec![start("alice", HUB), start(HUB, "bob"), message]);
        let arrow = draw(&all, &WIDE).arrows.pop().unwrap();
        assert_eq!((arrow.x1, arrow.x2), ends);
        assert_eq!((arrow.what.as_str(), arrow.result.as_str(), arrow.is_bad), (what, result, is_bad));
    }

    #[test]
    fn arrows_say_what_was_sent_and_how_it_ended() {
        let id = "b51ec534-ee48-4575-b6a9-ead2955b8069";
        let path = format!("/transfers/{id}");
        check(message(2, HUB, "bob", "PUT", &path), (520, 850), "PUT /transfers/b51ec534…", "200 · 0.5 ms", false);
        check(message(2, "bob", HUB, "PUT", &path), (850, 520), "PUT /transfers/b51ec534…", "200 · 0.5 ms", false);
        let error = message(2, HUB, "alice", "PUT", &format!("{path}/error"));
        check(error, (520, 190), "PUT /transfers/b51ec534…/error", "200 · 0.5 ms", true);
        let mut unanswered = message(2, HUB, "bob", "POST", "/quotes");
        unanswered.status = None;
        check(unanswered, (520, 850), "POST /quotes", "no answer · 0.5 ms", true);
    }

    #[test]
    fn whoever_else_takes_part_stands_at_the_right() {
        let all = [
            message(1, "alice", HUB, "GET", "/parties/MSISDN/1"),
            message(2, HUB, "bob", "GET", "/parties/MSISDN/1"),
            message(3, HUB, "carol", "GET", "/parties/MSISDN/1"),
        ];
        let shared = shared(all.to_vec());
        assert_eq!(ends(&shared), ["alice", "hub", "bob", "carol"]);
        assert_eq!(ends(&shared[..0]), ["hub"]);
        assert_eq!(draw(&shared, &WIDE).lifelines.last().map(|line| line.x), Some(850));
    }
}
