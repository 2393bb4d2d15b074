//! An FSP's message to the hub and the hub's HTTP answer, with repetitions: [`exchange`].

use std::time::Duration;

use fspiop::FspId;
use http::StatusCode;
use tokio::time::Instant;

use crate::leg::{HUB, Leg, Phase};
use crate::message::Request;
use crate::socket::hub_client::{Answer, SendError};
use crate::socket::simulator::Shared;
use crate::socket::watch::{Seen, Watch};

/// How long to wait before a message is sent for the second time; twice as long before each further time.
const FIRST_BACKOFF: Duration = Duration::from_millis(100);

/// Sends a message of `from` to the hub, again if the hub cannot be reached or is busy (503): messages are idempotent
/// (FSPIOP 1.1, section 3.2.5). Each attempt is a leg of the payment that is watched.
pub(crate) async fn exchange(
    shared: &Shared,
    from: &FspId,
    phase: Phase,
    request: &Request,
    watch: Option<&Watch>,
) -> Result<Answer, SendError> {
    if let Some(watch) = watch {
        watch.depart();
    }
    let signed = shared.signer(from).map(|signer| request.signed(signer));
    let request = signed.as_ref().unwrap_or(request);
    let mut backoff = FIRST_BACKOFF;
    let mut attempt = 1;
    loop {
        let sent = Instant::now();
        let at = watch.map(|watch| watch.begin(sent));
        let result = shared.hub().send(request).await;
        let is_last = attempt >= shared.limits().attempts || !is_worth_repeating(&result);
        if let (Some(watch), Some(at)) = (watch, at) {
            if is_last {
                watch.settle();
            }
            let status = result.as_ref().ok().map(|answer| answer.status);
            let (method, path) = (request.method.to_string(), request.path.clone());
            let (from, to) = (from.to_string(), HUB.to_owned());
            let duration = sent.elapsed();
            watch.tell(Seen::Leg(Leg { phase, from, to, method, path, status, at, duration }));
        }
        if is_last {
            return result;
        }
        tokio::time::sleep(backoff).await;
        backoff *= 2;
        attempt += 1;
    }
}

fn is_worth_repeating(result: &Result<Answer, SendError>) -> bool {
    match result {
        Ok(answer) => answer.status == StatusCode::SERVICE_UNAVAILABLE.as_u16(),
        Err(_) => true,
    }
}
