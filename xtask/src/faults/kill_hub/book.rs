//! The FSPs' common memory: it outlives the hub, and every message is written down in it as it goes or comes.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use fspiop::{Timestamp, TransferId, TransferPrepare};
use tokio::sync::Notify;

use super::plan::{Fsp, Plan};
use super::record::{News, Record, Sent};
use crate::http::Callback;

/// All records, by transfer.
pub(super) type Records = BTreeMap<TransferId, Record>;

/// What is remembered, shared by all FSPs.
#[derive(Clone, Default)]
pub(super) struct Book(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    records: Records,
    /// Transfers whose prepare was accepted, in that order.
    accepted: Vec<TransferId>,
    /// Payers that wait for the end of a transfer, or for the answer to a question about it.
    waiting: HashMap<TransferId, Arc<Notify>>,
    /// Callbacks about transfers that nobody has asked for, or to somebody whom they do not concern.
    strays: Vec<String>,
}

/// Which of an FSP's messages.
#[derive(Clone, Copy, Debug)]
pub(super) enum Which {
    Prepare,
    Answer,
    Altered,
    Contradiction,
}

impl Which {
    fn of(self, record: &mut Record) -> &mut Sent {
        match self {
            Self::Prepare => &mut record.prepare,
            Self::Answer => &mut record.answer,
            Self::Altered => &mut record.altered,
            Self::Contradiction => &mut record.contradicted,
        }
    }
}

impl Book {
    pub(super) fn open(&self, plan: Plan) {
        self.inner().records.insert(plan.id, Record::new(plan));
    }

    /// A message is about to be sent.
    pub(super) fn begins(&self, id: TransferId, which: Which) {
        self.with(id, |record| which.of(record).begins(now()));
    }

    /// The hub has accepted a message.
    pub(super) fn accepted(&self, id: TransferId, which: Which) {
        let first = self.with(id, |record| {
            let sent = which.of(record);
            let first = !sent.is_accepted();
            sent.accepted_at.get_or_insert_with(now);
            first
        });
        if first == Some(true) && matches!(which, Which::Prepare) {
            self.inner().accepted.push(id);
        }
    }

    /// The hub has answered a message with something that is neither acceptance nor silence.
    pub(super) fn surprised(&self, id: TransferId, what: String) {
        self.with(id, |record| record.surprises.push(what));
    }

    /// A callback has come to an FSP. A prepare is given back, as the plan that the payee is to follow.
    pub(super) fn receive(&self, at: Fsp, callback: &Callback) -> Option<Plan> {
        if callback.method == "POST" {
            return self.receive_prepare(at, callback);
        }
        let id = callback.path.split('/').nth(2).and_then(|id| TransferId::parse(id).ok());
        let mut inner = self.inner();
        let record = id.and_then(|id| inner.records.get_mut(&id));
        match record {
            Some(record) if record.plan.payer == at => {
                record.tell_payer(News::read(callback), &callback.trace);
                let notify = id.and_then(|id| inner.waiting.get(&id));
                notify.into_iter().for_each(|notify| notify.notify_one());
            }
            Some(record) if record.plan.payee == at => record.tell_payee(News::read(callback)),
            _ => inner.strays.push(format!("{} got {} {}", at.0, callback.method, callback.path)),
        }
        None
    }

    fn receive_prepare(&self, at: Fsp, callback: &Callback) -> Option<Plan> {
        let read = TransferPrepare::read(&callback.body).ok();
        let mut inner = self.inner();
        let record = read.as_ref().and_then(|prepare| inner.records.get_mut(&prepare.transfer_id));
        let (Some(prepare), Some(record)) = (&read, record.filter(|record| record.plan.payee == at)) else {
            inner.strays.push(format!("{} got {} {}", at.0, callback.method, callback.path));
            return None;
        };
        let plan = &record.plan;
        let sent = (plan.amount, plan.fulfilment.condition(), plan.expiration);
        if (prepare.amount.amount, prepare.condition, prepare.expiration) != sent {
            record.surprises.push(format!("the payee was asked for {}, not {}", prepare.amount, plan.amount));
        }
        // Both may come again, in their order.
        if record.asked == 0 && !record.payee_told.is_empty() {
            record.surprises.push("the payee was asked after it was told the end".to_owned());
        }
        record.asked += 1;
        Some(record.plan.clone())
    }

    /// Waits until the payer has been told the end, or the condition holds for its record.
    pub(super) async fn wait_until(&self, id: TransferId, condition: impl Fn(&Record) -> bool) {
        let notify = self.inner().waiting.entry(id).or_default().clone();
        while self.with(id, |record| condition(record)) == Some(false) {
            notify.notified().await;
        }
        self.inner().waiting.remove(&id);
    }

    /// The transfers that were accepted last, with their payers: those that a crash endangers.
    pub(super) fn last_accepted(&self, count: usize) -> Vec<(TransferId, Fsp)> {
        let inner = self.inner();
        let last = inner.accepted.iter().rev().take(count);
        last.filter_map(|id| Some((*id, inner.records.get(id)?.plan.payer))).collect()
    }

    /// A copy of everything: the records, and the callbacks that belong to none.
    pub(super) fn copy(&self) -> (Records, Vec<String>) {
        let inner = self.inner();
        (inner.records.clone(), inner.strays.clone())
    }

    fn with<T>(&self, id: TransferId, change: impl FnOnce(&mut Record) -> T) -> Option<T> {
        self.inner().records.get_mut(&id).map(change)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The system's clock, which is the hub's too.
pub(super) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::kill_hub::message::Message;
    use crate::faults::random::Random;

    #[track_caller]
    fn check(order: &[&str], surprises: usize) {
        let plan = Plan::draw(&mut Random::new(1), Timestamp::from_millis(0));
        let (book, path) = (Book::default(), format!("/transfers/{}/error", plan.id));
        book.open(plan.clone());
        for method in order {
            let body = match *method {
                "POST" => Message::prepare(&plan).body,
                _ => r#"{"errorInformation":{"errorCode":"3303","errorDescription":"x"}}"#.into(),
            };
            let (method, source, trace) = ((*method).to_owned(), "Hub".to_owned(), String::new());
            book.receive(plan.payee, &Callback { method, path: path.clone(), source, trace, body });
        }
        assert_eq!(book.copy().0[&plan.id].surprises.len(), surprises, "{order:?}");
    }

    #[test]
    fn a_payee_is_asked_before_it_is_told() {
        check(&["POST", "PUT"], 0);
        check(&["POST", "PUT", "POST", "PUT"], 0);
        check(&["PUT", "POST"], 1);
    }
}
