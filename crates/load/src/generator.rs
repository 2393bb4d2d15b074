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
    /// Starts it: the schedule begins `lead` from now. Returned is also the moment at which it does.
    pub(crate) fn start(
        plan: Plan,
        traffic: Arc<Traffic>,
        lead: Duration,
        names: Names,
    ) -> std::io::Result<(Generator, Instant)> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        // Computed before the clock runs.
        let schedule = Schedule::new(plan.seed, &plan.stretches());
        let start = Instant::now() + lead;
        let run = move || generate(&plan, &traffic, schedule, start, names, &stopped);
        let thread = thread::Builder::new().name("schedule".to_owned()).spawn(run)?;
        Ok((Generator { thread: Some(thread), stop }, start))
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

fn generate(
    plan: &Plan,
    traffic: &Arc<Traffic>,
    schedule: Schedule,
    start: Instant,
    mut names: Names,
    stop: &AtomicBool,
) {
    let Some(first) = plan.phases.first() else { return };
    let mut pairs = Pairs::new(plan);
    for due in schedule {
        let at = start + due.at;
        while let Some(pause) = at.checked_duration_since(Instant::now()).filter(|pause| !pause.is_zero()) {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            thread::sleep(pause.min(LOOK_EVERY));
        }
        if stop.load(Ordering::Relaxed) {
            return;
        }
        traffic.begin(names.next(), first, Payment::new(pairs.next(), first, at, due.measured));
    }
}
