//! `cargo xtask simulate`: the seeded simulator, one result a seed.

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::Result;
use tokio::sync::mpsc;

use crate::outcome::{Count, Row, finish, say, seconds};

/// A line of progress each so many seeds.
const PROGRESS: u64 = 100;

/// The seeded simulator: seeds S to S+N-1, one result each.
#[derive(clap::Args)]
#[command(before_help = "Example: cargo xtask simulate --seeds 1000")]
pub(crate) struct Arguments {
    /// How many seeds.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// The first seed.
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
}

pub(crate) async fn command(arguments: Arguments) -> Result<ExitCode> {
    if arguments.seed.checked_add(arguments.seeds - 1).is_none() {
        say(&format!(
            "--seed {} --seeds {}: the last seed would be over {}",
            arguments.seed,
            arguments.seeds,
            u64::MAX
        ));
        return Ok(ExitCode::from(2));
    }
    let row = run(arguments.seed, arguments.seeds).await;
    let total = row.count;
    Ok(finish(&[row], total))
}

/// Runs `seeds` seeds from `first` on, on all cores.
pub(crate) async fn run(first: u64, seeds: u64) -> Row {
    all(first, seeds, one).await
}

/// What one seed violated, if anything.
fn one(seed: u64) -> Result<(), String> {
    simulation::run(seed).map(|_report| ()).map_err(|violation| violation.to_string())
}

async fn all(first: u64, seeds: u64, one: fn(u64) -> Result<(), String>) -> Row {
    let started = Instant::now();
    let next = Arc::new(AtomicU64::new(0));
    let (sender, mut results) = mpsc::unbounded_channel();
    // Plain threads: the runtime goes on to hear signals, and ending the process ends them.
    for _ in 0..std::thread::available_parallelism().map_or(1, NonZero::get) {
        let (next, sender) = (Arc::clone(&next), sender.clone());
        std::thread::spawn(move || work(first, seeds, &next, one, &sender));
    }
    drop(sender);
    let mut count = Count::default();
    while let Some((seed, result)) = results.recv().await {
        count += Count::one(result.is_ok());
        if let Err(what) = result {
            say(&format!("seed {seed}: {what}\n  replay: cargo xtask simulate --seeds 1 --seed {seed}"));
        }
        let done = count.passed + count.failed;
        if done.is_multiple_of(PROGRESS) {
            say(&format!("{done} of {seeds} seeds, {} failed, {}", count.failed, seconds(started.elapsed())));
        }
    }
    Row::said("simulation", count, started.elapsed())
}

fn work(
    first: u64,
    seeds: u64,
    next: &AtomicU64,
    one: fn(u64) -> Result<(), String>,
    results: &mpsc::UnboundedSender<(u64, Result<(), String>)>,
) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= seeds {
            return;
        }
        let seed = first + number;
        let result = catch_unwind(AssertUnwindSafe(|| one(seed))).unwrap_or_else(|_| Err("panicked".to_owned()));
        if results.send((seed, result)).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_seed_has_one_result() {
        let row = all(5, 200, |seed| if seed == 100 { Err("I1".into()) } else { Ok(()) }).await;
        assert_eq!(row.count, Count { passed: 199, failed: 1, ..Count::default() });
    }

    #[tokio::test]
    async fn a_panic_is_a_failure() {
        let row = all(u64::MAX - 1, 2, |seed| {
            assert!(seed != u64::MAX - 1, "planted");
            Ok(())
        })
        .await;
        assert_eq!(row.count, Count { passed: 1, failed: 1, ..Count::default() });
    }
}
