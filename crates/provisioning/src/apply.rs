//! What would change, and changing it.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use fspiop::FspId;
use futures_util::{StreamExt, stream};
use identity::Signer;
use operations::{Change, Condition, Done, Exit, Failure, Plan, Progress};
use serde::Deserialize;

use crate::{
    Apis, HttpClient, Scheme,
    difference::{Difference, Stage, differences},
    failure::Api,
    seen::{AT_A_TIME, Reader},
};

/// The keys of participants.
pub type Signers = BTreeMap<FspId, Arc<Signer>>;

#[derive(Deserialize)]
struct Health {
    status: String,
}

/// What would have to change in a hub for it to be as the scheme says; empty if nothing. `origin` says where a path of the
/// definition, such as `participants[0].currencies.USD.netDebitCap`, was written.
///
/// # Errors
/// If the hub can't be asked, or has something that contradicts the scheme and can't be changed.
pub async fn plan(apis: &Apis, scheme: &Scheme, origin: &(dyn Fn(&str) -> String + Sync)) -> Result<Plan, Failure> {
    let client = HttpClient::new();
    let seen = Reader { client: &client, signers: &Signers::new(), apis }.read(scheme).await?;
    Ok(differences(scheme, &seen)?.into_iter().map(|difference| change(difference, origin)).collect())
}

/// Brings a hub to what the scheme says, and tells what was changed, with paths of the scheme as origins. It may be dropped
/// or killed anywhere and run again, also while another one is under way.
///
/// # Errors
/// Those of [`plan`], and if the hub refuses a change; with [`Exit::Partial`] if others were made before.
pub async fn apply(apis: &Apis, scheme: &Scheme, progress: &dyn Progress) -> Result<Plan, Failure> {
    apply_signed(apis, scheme, &Signers::new(), progress).await
}

/// The same for a hub that checks signatures: what is said in the name of a participant is signed with its key.
///
/// # Errors
/// Those of [`apply`].
pub async fn apply_signed(
    apis: &Apis,
    scheme: &Scheme,
    signers: &Signers,
    progress: &dyn Progress,
) -> Result<Plan, Failure> {
    let client = HttpClient::new();
    let hub = Reader { client: &client, signers, apis };
    let differences = differences(scheme, &hub.read(scheme).await?)?;
    let mut made = Vec::new();
    for stage in Stage::ALL {
        let of_stage: Vec<_> = differences.iter().filter(|difference| difference.stage == stage).collect();
        if of_stage.is_empty() {
            continue;
        }
        let started = Instant::now();
        progress.begins(stage.name());
        let before = made.len();
        let result = run(hub, scheme, &of_stage, &mut made).await;
        result.map_err(|failure| if made.is_empty() { failure } else { failure.exit(Exit::Partial) })?;
        let done = Done::changed(format!("{} changed", made.len() - before));
        progress.ended(stage.name(), &done, started.elapsed());
    }
    Ok(made.into_iter().map(|difference| change(difference, &str::to_owned)).collect())
}

/// Makes differences disappear, and notes those that it made disappear itself. All requests are awaited even if one fails,
/// so that the hub is left alone when this returns.
async fn run(
    hub: Reader<'_>,
    scheme: &Scheme,
    wanted: &[&Difference],
    made: &mut Vec<Difference>,
) -> Result<(), Failure> {
    let runs: Vec<_> = wanted.iter().map(|difference| difference.action.run(hub)).collect();
    let results: Vec<_> = stream::iter(runs).buffered(AT_A_TIME).collect().await;
    let mut failed = Vec::new();
    for (difference, result) in wanted.iter().copied().zip(results) {
        match result {
            Ok(()) => made.push(difference.clone()),
            Err(failure) => failed.push((difference, failure)),
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    // A request of a run that was killed may have reached the hub after this run had looked; it refuses the second one.
    let still = hub.read(scheme).await.and_then(|seen| differences(scheme, &seen));
    let is_left = |difference: &Difference| match &still {
        Ok(still) => still.iter().any(|other| other.is_about_same(difference)),
        Err(_) => true,
    };
    failed.into_iter().find(|(difference, _)| is_left(difference)).map_or(Ok(()), |(_, failure)| Err(failure))
}

/// Whether all APIs of a hub answer and say that they are well; made for `operations::wait_until`.
///
/// # Errors
/// If a URL is none: waiting would not help.
pub async fn readiness(apis: &Apis) -> Result<Condition<()>, Failure> {
    let client = HttpClient::new();
    for api in [Api::Ledger, Api::Oracles, Api::Fspiop] {
        match client.get::<Health>(&format!("{}/health", api.of(apis))).await {
            Ok(health) if health.status == "OK" => {}
            Ok(health) => return Ok(Condition::NotYet(format!("{} says {}", api.name(), health.status))),
            Err(error @ crate::HttpError::Url(_)) => return Err(api.failed(apis, "GET /health", &error)),
            Err(error) => return Ok(Condition::NotYet(format!("{} at {}: {error}", api.name(), api.of(apis)))),
        }
    }
    Ok(Condition::Met(()))
}

fn change(difference: Difference, origin: &(dyn Fn(&str) -> String + Sync)) -> Change {
    let Difference { resource, field, before, after, risk, path, .. } = difference;
    Change { resource, field, before, after, risk, origin: origin(&path) }
}
