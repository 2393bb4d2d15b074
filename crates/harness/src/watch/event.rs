//! What happened, for people and for scripts.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use fspiop::Timestamp;
use hub::system_clock;
use serde::Serialize;

/// Names of files that are shown; of more only the number is said.
const FILES_SHOWN: usize = 3;

/// Why something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// The watch began.
    Start,
    /// Source files were saved.
    Source,
    /// The definition was saved.
    Definition,
    /// The hub ended by itself.
    Hub,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// A program that was built serves.
    Replaced,
    /// The definition's change holds.
    Applied,
    /// It was started again.
    Restarted,
    /// There was nothing to do.
    Unchanged,
    /// It went wrong.
    Failed,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// When it was over.
    pub time: Timestamp,
    /// Why.
    pub cause: Cause,
    /// The files that were saved.
    pub files: Vec<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// What was replaced, restarted or changed.
    pub touched: Vec<String>,
    /// How long the build took, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_ms: Option<u64>,
    /// From the last save until it served, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serving_ms: Option<u64>,
    /// More for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    #[serde(skip)]
    saved_at: SystemTime,
}

impl Event {
    pub(super) fn new(cause: Cause, files: Vec<String>, saved_at: SystemTime) -> Event {
        Event {
            time: system_clock().now(),
            cause,
            files,
            outcome: Outcome::Unchanged,
            touched: Vec::new(),
            build_ms: None,
            serving_ms: None,
            message: String::new(),
            saved_at,
        }
    }

    pub(super) fn built_within(&mut self, time: Duration) {
        self.build_ms = Some(milliseconds(time));
    }

    pub(super) fn ends(mut self, outcome: Outcome, message: impl fmt::Display) -> Event {
        (self.outcome, self.message, self.time) = (outcome, message.to_string(), system_clock().now());
        self
    }

    pub(super) fn served_by(mut self, touched: Vec<String>, outcome: Outcome) -> Event {
        self.serving_ms = Some(milliseconds(self.saved_at.elapsed().unwrap_or_default()));
        self.touched = touched;
        self.ends(outcome, "")
    }

    /// The event in a line, but for errors that have more of them.
    pub fn line(&self) -> String {
        let cause = match self.cause {
            Cause::Start => "checkout".to_owned(),
            Cause::Hub => "hub".to_owned(),
            Cause::Source | Cause::Definition => some_of(&self.files),
        };
        let seconds = |milliseconds: u64| format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100);
        let built = self.build_ms.map(|time| format!("built in {}, ", seconds(time))).unwrap_or_default();
        let (touched, message) = (self.touched.join(", "), &self.message);
        match (self.outcome, self.serving_ms) {
            (Outcome::Replaced, Some(time)) => {
                format!("{cause}: {built}{touched} replaced, serving {} after the save", seconds(time))
            }
            (Outcome::Applied, Some(time)) => format!("{cause}: {touched}, in force {} after the save", seconds(time)),
            (Outcome::Failed, _) => format!("{cause}: {message}"),
            _ => format!("{cause}: {built}{message}"),
        }
    }
}

fn some_of(files: &[String]) -> String {
    match files.len() {
        0..=FILES_SHOWN => files.join(", "),
        count => format!("{} and {} more files", files[..FILES_SHOWN].join(", "), count - FILES_SHOWN),
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_a_line() {
        let event =
            |cause| Event::new(cause, ["a.rs", "b.rs", "c.rs", "d.rs"].map(str::to_owned).to_vec(), SystemTime::now());
        let mut built = event(Cause::Source);
        built.built_within(Duration::from_millis(4_290));
        let mut replaced = built.clone().served_by(vec!["hub".to_owned()], Outcome::Replaced);
        replaced.serving_ms = Some(6_051);
        let expect = "a.rs, b.rs, c.rs and 1 more files: built in 4.2 s, hub replaced, serving 6.0 s after the save";
        assert_eq!(replaced.line(), expect);
        let unchanged = built.ends(Outcome::Unchanged, "the hub is not made of it");
        assert!(unchanged.line().ends_with("built in 4.2 s, the hub is not made of it"), "{}", unchanged.line());
        let failed = Event::new(Cause::Definition, vec!["hub.yaml".to_owned()], SystemTime::now());
        assert_eq!(failed.ends(Outcome::Failed, "one problem").line(), "hub.yaml: one problem");
    }
}
