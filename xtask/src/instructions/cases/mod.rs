//! What is counted, one case a line of the baseline. Runs inside valgrind, in a process of its own.

mod decisions;
mod payment;
mod scheme;
mod words;

use std::hint::black_box;
use std::io::Write as _;

use anyhow::{Context, Result};

/// Something that is done again and again at the same price.
pub(super) struct Case {
    /// Its name in the baseline.
    name: &'static str,
    /// How many operations one call of `run` makes.
    operations: u32,
    run: Box<dyn FnMut()>,
}

impl Case {
    fn new(name: &'static str, operations: u32, run: impl FnMut() + 'static) -> Self {
        Self { name, operations, run: Box::new(run) }
    }
}

/// Runs every case twice and says on stdout which, `NAME OPERATIONS` a line. The first run is not counted: it makes what is
/// made once, and asks for memory that the second one finds there.
pub(super) fn run_all() -> Result<()> {
    // The command runs in a runtime, and a case has one of its own: a thread apart, so that they do not meet.
    let all = || {
        for mut case in all()? {
            (case.run)();
            count_instructions(&mut case.run);
            end_of_case(&case)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| scope.spawn(all).join()).map_err(|_| anyhow::anyhow!("a case panicked"))?
}

fn all() -> Result<Vec<Case>> {
    let mut cases = words::cases().context("the words")?;
    cases.extend(decisions::cases()?);
    cases.push(payment::case()?);
    Ok(cases)
}

/// Instructions of the calling thread count while this runs. Its name is known to `callgrind.rs`.
#[inline(never)]
fn count_instructions(run: &mut dyn FnMut()) {
    run();
    // Keeps the call from becoming a jump, which would leave this function before the work is done.
    black_box(());
}

/// Says which case it was. What was counted is written to a file before this runs: its name is known to `callgrind.rs`.
#[inline(never)]
fn end_of_case(case: &Case) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{} {}", case.name, case.operations)?)
}
