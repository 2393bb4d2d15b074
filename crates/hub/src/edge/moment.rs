//! What can be said of a request only by who knows the time and the scheme's rules.

use fspiop::{ErrorCode, FspiopError, Timestamp};
use switch::Command;

use super::Request;

/// How far a payee's clock may be ahead of this node's. A payee that says it will have completed a transfer later than that
/// has not completed it.
const CLOCK_LEAD_MS: i64 = 5_000;

/// Refuses what lies in the future, and says whether participants may pay themselves.
pub(super) fn settle(request: &mut Request, now: Timestamp, on_us_transfers: bool) -> Result<(), FspiopError> {
    let Request::Command(command) = request else { return Ok(()) };
    match command.as_mut() {
        Command::Prepare { prepare, .. } => prepare.may_be_on_us = on_us_transfers,
        Command::Fulfil { fulfil, .. } if fulfil.completed_at.is_some_and(|at| at > now.plus_millis(CLOCK_LEAD_MS)) => {
            let detail = "/requestBody/completedTimestamp must not be in the future";
            return Err(FspiopError::new(ErrorCode::ValidationError, detail));
        }
        _ => {}
    }
    Ok(())
}
