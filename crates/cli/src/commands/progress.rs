//! Progress of long work, on standard error: a line for each step, and on a terminal a live one.

use std::{
    io::Write,
    sync::Mutex,
    time::{Duration, Instant},
};

use operations::{Done, Progress};

use crate::printer;

/// Characters of the live line; a longer one would wrap and could not be taken back.
const LIVE_WIDTH: usize = 100;

/// Tells a person how a command gets on.
pub(crate) struct Steps {
    live: bool,
    quiet: bool,
    running: Mutex<Option<(String, Instant)>>,
}

impl Steps {
    pub(crate) fn new(no_progress: bool) -> Steps {
        Steps { live: printer::is_terminal() && !no_progress, quiet: no_progress, running: Mutex::new(None) }
    }

    /// Replaces the live line on a terminal; says nothing elsewhere.
    pub(crate) fn live(&self, text: &str) {
        if self.live {
            self.rewrite(&text.chars().take(LIVE_WIDTH).collect::<String>());
        }
    }

    fn rewrite(&self, text: &str) {
        let mut err = anstream::stderr().lock();
        // A terminal that has gone away is no reason to stop.
        let _ = write!(err, "\r\u{1b}[2K{text}").and_then(|()| err.flush());
    }

    fn line(&self, text: &str) {
        if self.live {
            self.rewrite("");
        }
        if !self.quiet {
            anstream::eprintln!("{text}");
        }
    }
}

impl Progress for Steps {
    fn begins(&self, step: &str) {
        *self.running.lock().expect("nobody panics with it") = Some((step.to_owned(), Instant::now()));
        if self.live {
            self.rewrite(&format!("  … {step}"));
        }
    }

    fn waits(&self, what: &str) {
        if !self.live {
            return;
        }
        let running = self.running.lock().expect("nobody panics with it");
        let text = match running.as_ref() {
            Some((step, since)) => format!("  … {step}  {what}  ({} s)", since.elapsed().as_secs()),
            None => format!("  … {what}"),
        };
        self.rewrite(&text.replace('\n', " ").chars().take(LIVE_WIDTH).collect::<String>());
    }

    fn ended(&self, step: &str, done: &Done, took: Duration) {
        *self.running.lock().expect("nobody panics with it") = None;
        let (mark, what) = match done {
            Done::Changed(what) => (printer::green("✓"), what),
            Done::Unchanged(what) => ("=".to_owned(), what),
        };
        self.line(&format!("  {mark} {step:<12}  {what}  ({:.1} s)", took.as_secs_f64()));
    }

    fn note(&self, text: &str) {
        self.line(&format!("  {} {text}", printer::bold("!")));
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        if self.live {
            self.rewrite("");
        }
    }
}
