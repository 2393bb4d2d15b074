//! End-to-end tests that users write: payments, how the FSPs behave meanwhile, and what is to come of it.
//!
//! A file has a list of tests. Each makes one payment, or several, through the hub and its simulated FSPs as they are
//! deployed, and compares how the payments ended and how the participants' positions moved.

mod read;
mod run;

use std::collections::BTreeMap;

use fspiop::{Amount, FspId};
use participant::{Ending, Phase, Script, TransferRequest};
use serde::Deserialize;

pub use read::{TestFileError, builtin, read};
pub use run::{Deployment, give_back, run, scripts};

/// The most payments of one test: a load test is what `bench` is for.
const MAX_TIMES: u32 = 1_000;

/// A file of tests.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TestFile {
    /// In the order in which they run.
    pub tests: Vec<TestCase>,
}

/// One test.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TestCase {
    /// What it shows, for people.
    pub name: String,
    /// How simulated FSPs behave meanwhile; afterwards they do what they did before.
    #[serde(default)]
    pub fsps: BTreeMap<FspId, Script>,
    /// The payment to make.
    pub pay: TransferRequest,
    /// How often it is made, one after the other: 1 to 1,000.
    #[serde(default = "once")]
    pub times: u32,
    /// What is to come of it.
    pub expect: Expectation,
}

fn once() -> u32 {
    1
}

/// What is to come of the payments of a test. What is left out may be anything, but for the state.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expectation {
    /// How each payment ends, as its payer sees it.
    pub state: Ending,
    /// The error code of FSPIOP that the payer is told.
    pub error: Option<String>,
    /// The phase in which it goes wrong.
    pub phase: Option<Phase>,
    /// How many messages there are between the FSPs and the hub: 12 of a whole payment.
    pub legs: Option<usize>,
    /// By how much the positions of participants have moved when all payments of the test have ended: `"10"` for somebody who
    /// has paid 10, `"-10"` for somebody who was paid 10.
    #[serde(default)]
    pub moved: BTreeMap<FspId, Amount>,
}
