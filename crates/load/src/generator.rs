//! Begins payments when they are due, whatever becomes of those before.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{book::Payment, plan::Plan, schedule::Schedule, skew::Pairs, stationery::Names, traffic::Traffic};

/// How often a pause is interrupted to see whether the run was broken off.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A thread of its own: the runtime's timers are a millisecond coarse, and busy when it is.
pub(crate) struct Generator {
    thread: Option<thread::JoinHandle<()>>,
    stop: Arc<AtomicBool>,
}

impl Generator {
    /// Starts it: the schedule of the plan begins at `start`.
    pub(crate) fn start(plan: Plan, traffic: Arc<Traffic>, start: Instant, names: Names) -> std::io::Result<Generator> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let run = move || generate(&plan, &traffic, start, names, &stopped);
        let thread = thread::Builder::new().name("schedule".to_owned()).spawn(run)?;
        Ok(Generator { thread: Some(thread), stop })
    }

    /// Whether all payments have been begun.
    pub(crate) fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(thread::JoinHandle::is_finished)
    }
}

impl Drop for Generator {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It holds no results.
            let _ = thread.join();
        }
    }
}

fn generate(plan: &Plan, traffic: &Arc<Traffic>, start: Instant, mut names: Names, stop: &AtomicBool) {
    let Some(first) = plan.phases.first() else { return };
    let mut pairs = Pairs::new(plan.seed, plan.payers, plan.payees, plan.skew);
    for due in Schedule::new(plan.seed, plan.rate, plan.warmup + plan.duration) {
        let at = start + due;
        while let Some(pause) = at.checked_duration_since(Instant::now()).filter(|pause| !pause.is_zero()) {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            thread::sleep(pause.min(LOOK_EVERY));
        }
        if stop.load(Ordering::Relaxed) {
            return;
        }
        traffic.begin(names.next(), first, Payment::new(pairs.next(), first, at, due >= plan.warmup));
    }
}
