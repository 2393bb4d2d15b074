//! The load: payers that keep dozens of transfers going, and payees that answer them. They live in this process, so
//! they outlive the hub and resend what it has not accepted.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::book::{Book, Which, now};
use super::hub::Hub;
use super::message::Message;
use super::plan::{Extra, FSPS, Fsp, Plan};
use crate::faults::random::Random;
use crate::http::{Callback, Catcher, Taking};

/// Payers, each of which begins some transfers at once, so that the hub has batches of many commands.
const PAYERS: usize = 12;
const BEGUN_AT_ONCE: std::ops::Range<u64> = 1..11;
/// Transfers that a payer has open at the most; most of them wait for their expiration.
const OPEN_PER_PAYER: usize = 40;
/// A payer's longest pause before it begins more: it keeps the load at some hundreds a second, so that the hub shares
/// two cores with its FSPs.
const LONGEST_PAUSE_MS: u64 = 180;
/// How late an FSP takes a callback.
const LATE_TAKING_MS: u64 = 30;
/// How soon something is sent once more.
const EXTRA_WITHIN_MS: u64 = 50;
/// From the end of the load until each of its messages is accepted and each payer knows the end: longer than the
/// longest time that a silent payee's transfer has, with the hub's sweep.
const SETTLED_WITHIN: Duration = Duration::from_secs(30);

/// The FSPs at work.
pub(super) struct Load {
    workers: JoinSet<()>,
    /// The payees; they end when this is dropped.
    _listeners: JoinSet<()>,
    stop: watch::Sender<bool>,
    /// Answers of payees that are not accepted yet.
    answering: watch::Receiver<usize>,
}

/// A callback address for each FSP. Some callbacks are taken late or refused the first time, so that kills find many that
/// are under way, or that wait for another attempt.
pub(super) async fn listen(random: &mut Random) -> Result<Vec<(Fsp, Catcher)>> {
    let mut catchers = Vec::new();
    for fsp in FSPS {
        let moody = Mutex::new((random.branch(), HashSet::new()));
        let manner = move |callback: &Callback| {
            let (random, refused) = &mut *moody.lock().unwrap_or_else(PoisonError::into_inner);
            match random.choose(&[(Taking::AtOnce, 70), (Taking::After(Duration::ZERO), 20), (Taking::Refused, 10)]) {
                Taking::AtOnce => Taking::AtOnce,
                // Twice would make the hub pause until a transfer with a short life is over.
                Taking::Refused if refused.insert(callback.body.clone()) => Taking::Refused,
                _ => Taking::After(Duration::from_millis(random.within(0..LATE_TAKING_MS))),
            }
        };
        catchers.push((fsp, Catcher::listen_with(manner).await?));
    }
    Ok(catchers)
}

impl Load {
    pub(super) fn start(hub: &Hub, book: &Book, catchers: Vec<(Fsp, Catcher)>, random: &mut Random) -> Self {
        let (stop, stopping) = watch::channel(false);
        let (answers, answering) = watch::channel(0);
        let (mut workers, mut listeners) = (JoinSet::new(), JoinSet::new());
        for (fsp, catcher) in catchers {
            let payee = Payee { fsp, hub: hub.clone(), book: book.clone(), answers: answers.clone() };
            listeners.spawn(payee.listen(catcher));
        }
        for _ in 0..PAYERS {
            let payer = Payer { hub: hub.clone(), book: book.clone() };
            workers.spawn(payer.work(random.branch(), stopping.clone()));
        }
        Self { workers, _listeners: listeners, stop, answering }
    }

    /// Begins no more transfers, and waits until those under way have ended for everybody. What is not over in time is
    /// left as it is, for the checks to find.
    pub(super) async fn settle(&mut self) -> Result<()> {
        self.stop.send_replace(true);
        let settled = async {
            while self.workers.join_next().await.is_some() {}
            // The receivers' other ends live as long as the listeners.
            let _ = self.answering.wait_for(|open| *open == 0).await;
        };
        let in_time = tokio::time::timeout(SETTLED_WITHIN, settled).await.is_ok();
        let (payers, answers) = (self.workers.len(), *self.answering.borrow());
        self.workers.shutdown().await;
        ensure!(in_time, "after {} s {payers} payers and {answers} answers still wait", SETTLED_WITHIN.as_secs());
        Ok(())
    }

    /// Whether no payee is about to answer.
    pub(super) fn is_idle(&self) -> bool {
        *self.answering.borrow() == 0
    }
}

#[derive(Clone)]
struct Payer {
    hub: Hub,
    book: Book,
}

impl Payer {
    async fn work(self, mut random: Random, stopping: watch::Receiver<bool>) {
        let mut open = JoinSet::new();
        while !*stopping.borrow() {
            pause(random.within(0..LONGEST_PAUSE_MS)).await;
            for _ in 0..random.within(BEGUN_AT_ONCE) {
                let plan = Plan::draw(&mut random, now());
                open.spawn(self.clone().pay(plan, random.within(0..EXTRA_WITHIN_MS)));
            }
            while open.len() > OPEN_PER_PAYER {
                open.join_next().await;
            }
            while open.try_join_next().is_some() {}
        }
        open.join_all().await;
    }

    async fn pay(self, plan: Plan, extra_after_ms: u64) {
        let (id, prepare) = (plan.id, Message::prepare(&plan));
        self.book.open(plan.clone());
        if !self.hub.send(&self.book, id, Which::Prepare, &prepare).await {
            return;
        }
        pause(extra_after_ms).await;
        match plan.extra {
            Extra::RepeatPrepare => drop(self.hub.send(&self.book, id, Which::Prepare, &prepare).await),
            Extra::AlterPrepare => {
                let altered = Message::altered_prepare(&plan);
                self.hub.send(&self.book, id, Which::Altered, &altered).await;
            }
            _ => {}
        }
        self.book.wait_until(id, |record| !record.payer_told.is_empty()).await;
    }
}

#[derive(Clone)]
struct Payee {
    fsp: Fsp,
    hub: Hub,
    book: Book,
    answers: watch::Sender<usize>,
}

impl Payee {
    /// Takes what comes, as payer and as payee, and answers each prepare, repeated ones as the first.
    async fn listen(self, mut catcher: Catcher) {
        while let Some(callback) = catcher.any().await {
            if let Some(plan) = self.book.receive(self.fsp, &callback) {
                self.answers.send_modify(|open| *open += 1);
                tokio::spawn(self.clone().answer(plan));
            }
        }
    }

    async fn answer(self, plan: Plan) {
        if let Some(answer) = Message::answer(&plan) {
            pause(plan.pause_ms(now())).await;
            if self.hub.send(&self.book, plan.id, Which::Answer, &answer).await {
                self.say_more(&plan, &answer).await;
            }
        }
        self.answers.send_modify(|open| *open -= 1);
    }

    async fn say_more(&self, plan: &Plan, answer: &Message) {
        match plan.extra {
            Extra::RepeatAnswer => drop(self.hub.send(&self.book, plan.id, Which::Answer, answer).await),
            Extra::ContradictAnswer => {
                let contradiction = Message::contradiction(plan);
                self.hub.send(&self.book, plan.id, Which::Contradiction, &contradiction).await;
            }
            _ => {}
        }
    }
}

async fn pause(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}
