//! Ends transfers whose time has passed.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use switch::Command;
use tokio::time::MissedTickBehavior;

use crate::{Hub, serve::stopped};

/// How often it is looked. FSPs expect the error callback within seconds of the expiration.
const SWEEP_EVERY: Duration = Duration::from_millis(500);
/// Transfers that one look ends at the most; the next look takes the rest.
const PER_SWEEP: usize = 1_000;

/// Starts the sweep; it ends when `stop` becomes true.
pub(crate) fn start(hub: Arc<Hub>, mut stop: tokio::sync::watch::Receiver<bool>) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(SWEEP_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => sweep(&hub).await,
                () = stopped(&mut stop) => return,
            }
        }
    })
}

async fn sweep(hub: &Hub) {
    match hub.store.due(hub.clock.now(), PER_SWEEP).await {
        Ok(due) => {
            let ended = due.into_iter().map(|id| hub.committer.commit(Command::Expire(id), 0));
            for error in join_all(ended).await.into_iter().filter_map(Result::err) {
                tracing::warn!(%error, "a transfer could not be expired; the next sweep tries again");
            }
        }
        Err(error) => tracing::warn!(%error, "due transfers can't be read"),
    }
}
