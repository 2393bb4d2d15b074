//! Kills the hub again and again.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::book::Book;
use super::hub::Hub;
use super::message::Message;
use super::record::SPOT_CHECK;
use crate::faults::random::Random;
use crate::hub_process::{HubProcess, Launch};
use crate::outcome::say;

/// How long the hub runs between its readiness and the next kill.
const UPTIME_MS: std::ops::Range<u64> = 20..1_500;
/// Half of the kills come at any time; the others a moment after so many requests are under way, or after some time
/// without them.
const UNDER_WAY: std::ops::Range<u64> = 1..12;
const AIM_WITHIN: Duration = Duration::from_millis(200);
const AFTER_AIM_US: std::ops::Range<u64> = 0..1_500;
/// One kill of so many hits the next hub while it starts: up to this long after the process began.
const WHILE_STARTING_ONE_IN: u64 = 6;
const STARTING_MS: std::ops::Range<u64> = 0..25;
/// After each restart the transfers accepted last before the kill are asked for: those that it endangered.
const SPOT_CHECKS: usize = 12;
/// A line of progress each so many kills.
const PROGRESS: usize = 10;

/// What the kills were like.
#[derive(Debug, Default)]
pub(super) struct Kills {
    pub(super) all: usize,
    /// Of those, kills of a hub that was just starting.
    pub(super) while_starting: usize,
    /// Of those, kills with requests under way, and how many requests that were.
    pub(super) under_load: usize,
    pub(super) requests_cut: usize,
    /// From the start of the process until it was ready, for each restart that was let finish.
    pub(super) restarts: Vec<Duration>,
    pub(super) spot_checks: usize,
    /// From the beginning of the load to the last restart, the time included in which there was no hub.
    pub(super) lasted: Duration,
}

/// What kills, and whom.
pub(super) struct Killer<'a> {
    pub(super) launch: &'a Launch,
    pub(super) hub: &'a Hub,
    pub(super) book: &'a Book,
    pub(super) random: Random,
    pub(super) kills: Kills,
}

impl Killer<'_> {
    /// Kills so often, and leaves a hub that is ready.
    pub(super) async fn kill(&mut self, mut running: HubProcess, times: usize) -> Result<HubProcess> {
        let started = Instant::now();
        while self.kills.all < times {
            self.pause(UPTIME_MS).await;
            if self.random.one_in(2) {
                self.aim().await;
            }
            let endangered = self.book.last_accepted(SPOT_CHECKS);
            self.end(running).await?;
            while self.kills.all < times && self.random.one_in(WHILE_STARTING_ONE_IN) {
                let starting = self.launch.spawn()?;
                self.pause(STARTING_MS).await;
                self.end(starting).await.context("while it started")?;
                self.kills.while_starting += 1;
            }
            running = self.launch.spawn()?;
            self.kills.restarts.push(running.ready().await?);
            for (id, payer) in endangered {
                self.kills.spot_checks += 1;
                let (hub, question) = (self.hub.clone(), Message::question(id, payer, SPOT_CHECK));
                // A question is not kept: killed again, the hub owes no answer.
                tokio::spawn(async move { hub.try_send(&question).await });
            }
        }
        self.kills.lasted = started.elapsed();
        Ok(running)
    }

    async fn end(&mut self, hub: HubProcess) -> Result<()> {
        let under_way = *self.hub.under_way().borrow();
        hub.kill().await?;
        self.kills.all += 1;
        self.kills.under_load += usize::from(under_way > 0);
        self.kills.requests_cut += under_way;
        if self.kills.all.is_multiple_of(PROGRESS) {
            say(&format!("killed {} times", self.kills.all));
        }
        Ok(())
    }

    /// Waits until some requests are under way, and then for a part of the time that the hub needs for them.
    async fn aim(&mut self) {
        let wanted = usize::try_from(self.random.within(UNDER_WAY)).unwrap_or(usize::MAX);
        let mut under_way = self.hub.under_way();
        let _ = tokio::time::timeout(AIM_WITHIN, under_way.wait_for(|now| *now >= wanted)).await;
        let until = Instant::now() + Duration::from_micros(self.random.within(AFTER_AIM_US));
        // Timers are too coarse for this, and meanwhile the FSPs go on.
        while Instant::now() < until {
            tokio::task::yield_now().await;
        }
    }

    async fn pause(&mut self, range: std::ops::Range<u64>) {
        tokio::time::sleep(Duration::from_millis(self.random.within(range))).await;
    }
}
