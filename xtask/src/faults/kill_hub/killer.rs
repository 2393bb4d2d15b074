//! Kills the hub again and again.

use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use fspiop::{Timestamp, TransferId};
use tokio::task::JoinSet;

use super::book::{Book, now};
use super::hub::Hub;
use super::message::Message;
use super::plan::Fsp;
use super::record::SPOT_CHECK;
use super::storage::Storage;
use crate::faults::random::Random;
use crate::hub_process::{HubProcess, Launch};
use crate::outcome::say;

/// How long the hub runs between its readiness and the next kill.
const UPTIME_MS: Range<u64> = 20..1_500;
/// Half of the kills come at any time; the others a moment after so many requests are under way, or after some time
/// without them.
const UNDER_WAY: Range<u64> = 1..12;
const AIM_WITHIN: Duration = Duration::from_millis(200);
const AFTER_AIM_US: Range<u64> = 0..1_500;
/// One kill of so many takes all nodes at once.
const ALL_ONE_IN: u64 = 8;
/// One kill of so many leaves the node dead until the others have taken over what it owed: its claim holds for 5 s.
const ADOPTED_ONE_IN: u64 = 20;
const ADOPTED_AFTER: Duration = Duration::from_millis(6_500);
/// One kill of so many hits the next hub while it starts: up to this long after the process began.
const WHILE_STARTING_ONE_IN: u64 = 6;
const STARTING_MS: Range<u64> = 0..25;
/// Before one kill of so many the database is killed.
const DATABASE_ONE_IN: u64 = 8;
const AFTER_DATABASE_MS: Range<u64> = 0..300;
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
    /// Of those, kills of all nodes at once.
    pub(super) of_all_nodes: usize,
    /// Of those, kills of a node that stayed dead until another took over.
    pub(super) adopted: usize,
    /// Of those, kills with requests under way at whom they hit, and how many requests that were.
    pub(super) under_load: usize,
    pub(super) requests_cut: usize,
    /// From the start of the process until it was ready, for each restart that was let finish.
    pub(super) restarts: Vec<Duration>,
    /// The times in which some nodes, or all, were dead or starting.
    pub(super) losses: Vec<Loss>,
    /// From the start of the database's server until it answered, for each time that it was killed.
    pub(super) database_restarts: Vec<Duration>,
    pub(super) spot_checks: usize,
    /// From the beginning of the load to the last restart, the time included in which there was no hub.
    pub(super) lasted: Duration,
}

/// A time from a kill until all nodes were ready again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loss {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    /// No node was left.
    pub(super) of_all: bool,
}

/// What kills, and whom.
pub(super) struct Killer<'a> {
    pub(super) nodes: &'a [Launch],
    pub(super) storage: &'a mut Storage,
    pub(super) kill_database: bool,
    pub(super) hub: &'a Hub,
    pub(super) book: &'a Book,
    pub(super) random: Random,
    pub(super) kills: Kills,
}

/// The nodes' processes, in the order of their launches; absent while dead.
type Running = Vec<Option<HubProcess>>;

impl Killer<'_> {
    /// Kills so often, and leaves nodes that are all ready.
    pub(super) async fn kill(&mut self, running: Vec<HubProcess>, times: usize) -> Result<Vec<HubProcess>> {
        let started = Instant::now();
        let mut running: Running = running.into_iter().map(Some).collect();
        while self.kills.all < times {
            self.strike(&mut running, times).await?;
        }
        self.kills.lasted = started.elapsed();
        Ok(running.into_iter().flatten().collect())
    }

    /// Kills some nodes, and brings them back.
    async fn strike(&mut self, running: &mut Running, times: usize) -> Result<()> {
        let victims = self.choose();
        self.pause(UPTIME_MS).await;
        let database_is_dead =
            self.kill_database && self.random.one_in(DATABASE_ONE_IN) && self.kill_database().await?;
        if self.random.one_in(2) {
            self.aim(victims[0]).await;
        }
        let endangered = self.book.last_accepted(SPOT_CHECKS);
        let from = now();
        self.end(running, &victims).await?;
        if database_is_dead {
            self.restart_database().await?;
        }
        while self.kills.all < times && self.random.one_in(WHILE_STARTING_ONE_IN) {
            self.spawn(running, &victims)?;
            self.pause(STARTING_MS).await;
            self.end(running, &victims).await.context("while it started")?;
            self.kills.while_starting += 1;
        }
        if victims.len() < running.len() && self.random.one_in(ADOPTED_ONE_IN) {
            tokio::time::sleep(ADOPTED_AFTER).await;
            self.kills.adopted += 1;
        }
        self.spawn(running, &victims)?;
        self.ready(running, &victims).await?;
        let of_all = victims.len() == running.len() || database_is_dead;
        self.kills.losses.push(Loss { from, until: now(), of_all });
        self.ask_for(endangered);
        Ok(())
    }

    /// Kills the database; whether it is still dead: one time of two the hub rides over it, the other it is killed as well.
    async fn kill_database(&mut self) -> Result<bool> {
        self.hub.database_is_away();
        self.storage.kill().await?;
        self.pause(AFTER_DATABASE_MS).await;
        if self.random.one_in(2) {
            return Ok(true);
        }
        self.restart_database().await?;
        self.pause(UPTIME_MS).await;
        Ok(false)
    }

    async fn restart_database(&mut self) -> Result<()> {
        self.kills.database_restarts.push(self.storage.restart().await?);
        self.hub.database_is_back();
        Ok(())
    }

    /// One node, or all.
    fn choose(&mut self) -> Vec<usize> {
        let count = self.nodes.len();
        if count > 1 && self.random.one_in(ALL_ONE_IN) {
            self.kills.of_all_nodes += 1;
            return (0..count).collect();
        }
        vec![usize::try_from(self.random.within(0..count as u64)).unwrap_or_default()]
    }

    async fn end(&mut self, running: &mut Running, victims: &[usize]) -> Result<()> {
        let under_way: usize = victims.iter().map(|node| *self.hub.under_way(*node).borrow()).sum();
        for node in victims {
            let process = running[*node].take().context("a dead node is not killed")?;
            process.kill().await?;
        }
        self.kills.all += 1;
        self.kills.under_load += usize::from(under_way > 0);
        self.kills.requests_cut += under_way;
        if self.kills.all.is_multiple_of(PROGRESS) {
            say(&format!("killed {} times", self.kills.all));
        }
        Ok(())
    }

    fn spawn(&self, running: &mut Running, victims: &[usize]) -> Result<()> {
        for node in victims {
            running[*node] = Some(self.nodes[*node].spawn()?);
        }
        Ok(())
    }

    /// Waits for all of them at the same time.
    async fn ready(&mut self, running: &mut Running, victims: &[usize]) -> Result<()> {
        let mut starting = JoinSet::new();
        for node in victims {
            let mut process = running[*node].take().context("it was just started")?;
            let node = *node;
            starting.spawn(async move { anyhow::Ok((node, process.ready().await?, process)) });
        }
        while let Some(ready) = starting.join_next().await {
            let (node, took, process) = ready??;
            self.kills.restarts.push(took);
            running[node] = Some(process);
        }
        Ok(())
    }

    fn ask_for(&mut self, endangered: Vec<(TransferId, Fsp)>) {
        for (id, payer) in endangered {
            self.kills.spot_checks += 1;
            let (hub, question) = (self.hub.clone(), Message::question(id, payer, SPOT_CHECK));
            // A question is not kept: killed again, the hub owes no answer.
            tokio::spawn(async move { hub.try_send(&question).await });
        }
    }

    /// Waits until some requests are under way, and then for a part of the time that the hub needs for them.
    async fn aim(&mut self, node: usize) {
        let wanted = usize::try_from(self.random.within(UNDER_WAY)).unwrap_or(usize::MAX);
        let mut under_way = self.hub.under_way(node);
        let _ = tokio::time::timeout(AIM_WITHIN, under_way.wait_for(|now| *now >= wanted)).await;
        let until = Instant::now() + Duration::from_micros(self.random.within(AFTER_AIM_US));
        // Timers are too coarse for this, and meanwhile the FSPs go on.
        while Instant::now() < until {
            tokio::task::yield_now().await;
        }
    }

    async fn pause(&mut self, range: Range<u64>) {
        tokio::time::sleep(Duration::from_millis(self.random.within(range))).await;
    }
}
