//! How a payment is shown.

use participant::{Ending, Leg, PaymentResult};
use serde::Serialize;

use crate::{
    exit::{Exit, Failure},
    printer,
};

/// A payment in the form that scripts read.
#[derive(Debug, Serialize)]
pub(crate) struct Payment {
    transfer_id: String,
    state: Ending,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<participant::PaymentError>,
    legs: Vec<Leg>,
    total_ms: f64,
    /// From the start of the process until the hub was ready; only where this command started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    startup_ms: Option<f64>,
    /// Memory of the hub with its simulators; where they run on this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    resident_bytes: Option<u64>,
}

impl Payment {
    pub(crate) fn new(result: PaymentResult, startup_ms: Option<f64>, resident_bytes: Option<u64>) -> Payment {
        Payment {
            transfer_id: result.transfer_id.to_string(),
            state: result.state,
            error: result.error,
            legs: result.legs,
            total_ms: milliseconds(result.total),
            startup_ms,
            resident_bytes,
        }
    }

    /// A committed payment is a success; everything else is not.
    pub(crate) fn verdict(&self) -> Result<(), Failure> {
        let exit = match self.state {
            Ending::Committed => return Ok(()),
            Ending::TimedOut => Exit::TimedOut,
            Ending::Aborted | Ending::Failed => Exit::Failed,
        };
        let what = match &self.error {
            Some(error) => format!(
                "the payment was not committed: {} in {}: {}",
                error.code.as_deref().unwrap_or("no code"),
                error.phase,
                error.description
            ),
            None => format!("the payment was not committed; it is {}", state(self.state)),
        };
        Err(Failure::failed(what).exit(exit))
    }

    /// The payment as a table, a row a leg.
    pub(crate) fn to_table(&self) -> String {
        let rows = self.legs.iter().enumerate().map(|(index, leg)| row(index + 1, leg)).collect();
        let legs =
            printer::table(&["", "phase", "from", "", "to", "message", "status", "at ms", "took ms"], rows, &[0, 7, 8]);
        format!("{legs}\n\n{}", self.summary())
    }

    /// The payment in a line.
    pub(crate) fn summary(&self) -> String {
        let state = match self.state {
            Ending::Committed => printer::green(state(self.state)),
            other => printer::red(state(other)),
        };
        let mut facts = vec![format!("{:.1} ms", self.total_ms)];
        facts.extend(self.startup_ms.map(|startup| format!("started in {startup:.0} ms")));
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        facts.extend(self.resident_bytes.map(|bytes| format!("{:.1} MB of memory", bytes as f64 / 1e6)));
        format!("transfer {} {state} · {}", self.transfer_id, facts.join(" · "))
    }
}

/// One leg, as it happens.
pub(crate) fn line(leg: &Leg) -> String {
    format!(
        "{:>9.1} ms  {:<9}  {} → {}  {} {}",
        millis(leg),
        leg.phase.as_str(),
        leg.from,
        leg.to,
        leg.method,
        leg.path
    )
}

fn row(number: usize, leg: &Leg) -> Vec<String> {
    vec![
        number.to_string(),
        leg.phase.as_str().to_owned(),
        leg.from.clone(),
        "→".to_owned(),
        leg.to.clone(),
        format!("{} {}", leg.method, leg.path),
        leg.status.map_or_else(|| "–".to_owned(), |status| status.to_string()),
        format!("{:.1}", millis(leg)),
        format!("{:.1}", milliseconds(leg.duration)),
    ]
}

fn millis(leg: &Leg) -> f64 {
    milliseconds(leg.at)
}

fn state(ending: Ending) -> &'static str {
    match ending {
        Ending::Committed => "COMMITTED",
        Ending::Aborted => "ABORTED",
        Ending::Failed => "FAILED",
        Ending::TimedOut => "TIMED_OUT",
    }
}

/// Milliseconds with three decimals.
fn milliseconds(duration: std::time::Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1_000.0
}
