//! Running tests against a hub that is deployed, whatever runs it.

use std::{collections::BTreeMap, time::Instant};

use fspiop::{Amount, Currency, FspId};
use http::Method;
use operations::Failure;
use participant::{PaymentResult, Script, control::Client};
use provisioning::HttpClient;
use serde::Deserialize;

use super::{Expectation, TestCase};
use crate::results::{Level, TestResult};

/// Where a hub and its simulated FSPs are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// The control API of the simulated FSPs, like `http://127.0.0.1:9101`.
    pub simulators: String,
    /// The ledger admin API, like `http://127.0.0.1:3001`.
    pub ledger_admin: String,
}

/// Runs a test. What is not as expected stands in its result.
///
/// # Errors
/// The hub or its FSPs can't be asked, so that nothing is known of the test.
pub async fn run(deployment: &Deployment, file: &str, test: &TestCase) -> Result<TestResult, Failure> {
    let world = World { deployment, http: HttpClient::new() };
    let started = Instant::now();
    let before = world.positions(test).await?;
    let scripts = world.put_scripts(&test.fsps).await?;
    let paid = world.pay(test).await;
    // Whatever became of the payments, the FSPs are given back as they were.
    world.put_scripts(&scripts).await?;
    let paid = paid?;
    let after = world.positions(test).await?;
    let mut failures: Vec<String> =
        paid.iter().enumerate().flat_map(|(index, result)| differences(test, index, result)).collect();
    failures.extend(movements(&test.expect, &before, &after));
    Ok(TestResult {
        transfers: paid.iter().map(|result| result.transfer_id.to_string()).collect(),
        duration_ms: Some((started.elapsed().as_secs_f64() * 1_000_000.0).round() / 1_000.0),
        ..TestResult::judged(Level::EndToEnd, file, &test.name, failures)
    })
}

/// How the FSPs behave now that tests tell how to behave, for whoever breaks the tests off: [`give_back`].
///
/// # Errors
/// The FSPs can't be asked.
pub async fn scripts<'a>(
    deployment: &Deployment,
    tests: impl Iterator<Item = &'a TestCase>,
) -> Result<BTreeMap<FspId, Script>, Failure> {
    let world = World { deployment, http: HttpClient::new() };
    let mut scripts = BTreeMap::new();
    for fsp in tests.flat_map(|test| test.fsps.keys()) {
        scripts.insert(fsp.clone(), world.script(fsp).await?);
    }
    Ok(scripts)
}

/// Lets the FSPs behave as they did.
///
/// # Errors
/// The FSPs can't be told.
pub async fn give_back(deployment: &Deployment, scripts: &BTreeMap<FspId, Script>) -> Result<(), Failure> {
    World { deployment, http: HttpClient::new() }.put_scripts(scripts).await.map(drop)
}

/// Why an FSP could not be asked or told how to behave.
fn no_script(fsp: &FspId, error: &provisioning::HttpError) -> Failure {
    Failure::failed(format!("the script of {fsp}: {error}"))
        .hint("mojaloop harness status; a test can only tell simulated FSPs how to behave")
}

struct World<'a> {
    deployment: &'a Deployment,
    http: HttpClient,
}

#[derive(Deserialize)]
struct Position {
    #[serde(deserialize_with = "Amount::from_json")]
    value: Amount,
}

impl World<'_> {
    async fn pay(&self, test: &TestCase) -> Result<Vec<PaymentResult>, Failure> {
        let client = Client::new();
        let mut results = Vec::new();
        for _ in 0..test.times {
            let paid = client.transfer(&self.deployment.simulators, &test.pay, |_| {}).await;
            results.push(paid.map_err(|error| Failure::failed(format!("{}: {error}", test.name)))?);
        }
        Ok(results)
    }

    /// Gives FSPs scripts; returns those that they had.
    async fn put_scripts(&self, scripts: &BTreeMap<FspId, Script>) -> Result<BTreeMap<FspId, Script>, Failure> {
        let mut before = BTreeMap::new();
        for (fsp, script) in scripts {
            before.insert(fsp.clone(), self.script(fsp).await?);
            let told = self.http.send_json(Method::PUT, &self.script_url(fsp), script).await;
            told.map_err(|error| no_script(fsp, &error))?;
        }
        Ok(before)
    }

    async fn script(&self, fsp: &FspId) -> Result<Script, Failure> {
        self.http.get(&self.script_url(fsp)).await.map_err(|error| no_script(fsp, &error))
    }

    fn script_url(&self, fsp: &FspId) -> String {
        format!("{}/fsps/{fsp}/script", self.deployment.simulators)
    }

    /// The positions that the test expects something of.
    async fn positions(&self, test: &TestCase) -> Result<BTreeMap<FspId, Amount>, Failure> {
        let mut positions = BTreeMap::new();
        for fsp in test.expect.moved.keys() {
            positions.insert(fsp.clone(), self.position(fsp, test.pay.currency).await?);
        }
        Ok(positions)
    }

    async fn position(&self, fsp: &FspId, currency: Currency) -> Result<Amount, Failure> {
        let url = format!("{}/participants/{fsp}/positions?currency={currency}", self.deployment.ledger_admin);
        let position = self.http.get::<Position>(&url).await;
        position.map(|position| position.value).map_err(|error| {
            Failure::failed(format!("the position of {fsp} in {currency}: {error}"))
                .hint("`moved` names participants of the hub, and `pay` a currency that they have")
        })
    }
}

/// What is different about one payment.
fn differences(test: &TestCase, index: usize, result: &PaymentResult) -> Vec<String> {
    let Expectation { state, error, phase, legs, moved: _ } = &test.expect;
    let mut found = Vec::new();
    let mut compare = |what: &str, found_it: String, expected: String| {
        if found_it != expected {
            let which = if test.times > 1 { format!("payment {}: ", index + 1) } else { String::new() };
            found.push(format!("{which}{what}: found {found_it}, expected {expected}"));
        }
    };
    let told = result.error.as_ref();
    let none = || "none".to_owned();
    let said = told.map(|error| format!(" ({}: {})", error.phase, error.description)).unwrap_or_default();
    if result.state != *state {
        compare("state", format!("{}{said}", word(result.state)), word(*state));
    }
    if let Some(code) = error {
        compare("error", told.and_then(|error| error.code.clone()).unwrap_or_else(none), code.clone());
    }
    if let Some(phase) = phase {
        compare("phase", told.map_or_else(none, |error| error.phase.to_string()), phase.to_string());
    }
    if let Some(legs) = legs {
        compare("legs", result.legs.len().to_string(), legs.to_string());
    }
    found
}

fn movements(
    expect: &Expectation,
    before: &BTreeMap<FspId, Amount>,
    after: &BTreeMap<FspId, Amount>,
) -> impl Iterator<Item = String> {
    expect.moved.iter().filter_map(|(fsp, expected)| {
        let moved = after.get(fsp)?.checked_sub(*before.get(fsp)?)?;
        (moved != *expected).then(|| format!("moved.{fsp}: found {moved}, expected {expected}"))
    })
}

fn word(ending: participant::Ending) -> String {
    serde_json::to_value(ending).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
