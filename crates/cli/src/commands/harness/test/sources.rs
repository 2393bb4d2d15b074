//! Tests of the sources: of functions, and of services with their real stores.

use harness::{
    cargo_tests::{self, CargoTests},
    results::{Level, Outcome, TestResult},
};

use super::line;
use crate::{arguments::Global, exit::Failure, printer};

pub(super) struct Tests(CargoTests);

impl Tests {
    pub(super) fn choose(level: Level, services: &[String], only: Option<&str>) -> Result<Tests, Failure> {
        let root = cargo_tests::checkout()?;
        let tests = CargoTests { root, level, services: services.to_vec(), only: only.map(str::to_owned) };
        tests.check()?;
        Ok(Tests(tests))
    }

    pub(super) async fn run(&self, global: &Global) -> Result<Vec<TestResult>, Failure> {
        let mut results = Vec::new();
        for program in self.0.build().await? {
            let of_program = self.0.run(&program).await?;
            if !global.no_progress && !of_program.is_empty() {
                said(program.name(), &of_program);
            }
            results.extend(of_program);
        }
        Ok(results)
    }
}

/// What failed, and how many did not.
fn said(program: &str, results: &[TestResult]) {
    let failed: Vec<&TestResult> = results.iter().filter(|result| result.outcome == Outcome::Failed).collect();
    let mark = if failed.is_empty() { printer::green("✓") } else { printer::red("✗") };
    anstream::eprintln!("{mark} {program}: {} tests, {} failed", results.len(), failed.len());
    for result in failed {
        anstream::eprintln!("{}", line(result));
    }
}
