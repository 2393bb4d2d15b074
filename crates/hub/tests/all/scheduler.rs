//! The scheduler of deliveries under random programs: nothing is lost, nothing overtaken, bounds are kept.

use std::collections::{BTreeMap, HashMap, HashSet};

use bytes::Bytes;
use fspiop::{FspId, Timestamp};
use hub::delivery::{Attempted, Dispatch, Finished, Scheduler, SchedulerSettings};
use proptest::prelude::*;
use switch::{DeliveryResult, EndpointType, Headers, Message, MessageId, Method, Subject};

const FSPS: [&str; 2] = ["slowfsp", "quickfsp"];
const IN_FLIGHT: usize = 2;
const WAITING: usize = 4;

/// A step of a program.
#[derive(Clone, Debug)]
enum Step {
    /// A batch is committed with a message for this FSP about this subject; the delivery is told later.
    Commit(usize, u8),
    /// The same, but nobody knows whether the batch was committed: all that is told is that.
    CommitInDoubt(usize, u8),
    /// The delivery is told of what was committed.
    Publish,
    /// An answer to a question is to be sent, which no store holds.
    Offer(usize),
    /// One of the attempts under way ends.
    End(usize, bool),
    /// The store is read, to its end or not.
    TakeOver(bool, Amid),
    /// What was delivered is noted in the store.
    Note,
    Advance(i64),
}

/// What happens while the store is being read.
#[derive(Clone, Debug)]
struct Amid {
    /// Before which page; beyond the last one, after it.
    page: usize,
    /// Which attempts succeed.
    ends: Vec<usize>,
    /// What is committed, and told.
    commits: Vec<(usize, u8)>,
}

fn amid() -> impl Strategy<Value = Amid> {
    let ends = prop::collection::vec(any::<usize>(), 0..3);
    let commits = prop::collection::vec((0..FSPS.len(), 0_u8..3), 0..3);
    (0_usize..6, ends, commits).prop_map(|(page, ends, commits)| Amid { page, ends, commits })
}

fn step() -> impl Strategy<Value = Step> {
    let fsp = 0..FSPS.len();
    prop_oneof![
        6 => (fsp.clone(), 0_u8..3).prop_map(|(fsp, subject)| Step::Commit(fsp, subject)),
        1 => (fsp.clone(), 0_u8..3).prop_map(|(fsp, subject)| Step::CommitInDoubt(fsp, subject)),
        6 => Just(Step::Publish),
        1 => fsp.prop_map(Step::Offer),
        6 => (any::<usize>(), prop::bool::weighted(0.7)).prop_map(|(which, taken)| Step::End(which, taken)),
        2 => (prop::bool::weighted(0.7), amid()).prop_map(|(complete, amid)| Step::TakeOver(complete, amid)),
        2 => Just(Step::Note),
        2 => (0_i64..300).prop_map(Step::Advance),
    ]
}

/// A scheduler with a store, a network and a clock that the test owns.
struct World {
    scheduler: Scheduler,
    now: Timestamp,
    next: i64,
    store: BTreeMap<MessageId, Message>,
    /// Committed messages that the delivery was not told of yet.
    unpublished: Vec<Message>,
    under_way: Vec<Dispatch>,
    /// Delivered messages that the store does not know of yet.
    unnoted: Vec<switch::Delivery>,
    delivered: HashMap<(FspId, Subject), Vec<i64>>,
    seen: HashSet<MessageId>,
}

impl World {
    fn new() -> World {
        let settings = SchedulerSettings {
            in_flight_per_fsp: IN_FLIGHT,
            waiting_per_fsp: WAITING,
            ..SchedulerSettings::default()
        };
        World {
            scheduler: Scheduler::new(settings),
            now: Timestamp::from_millis(0),
            next: 1,
            store: BTreeMap::new(),
            unpublished: Vec::new(),
            under_way: Vec::new(),
            unnoted: Vec::new(),
            delivered: HashMap::new(),
            seen: HashSet::new(),
        }
    }

    fn message(&self, id: MessageId, fsp: usize, subject: u8) -> Message {
        Message {
            id,
            recipient: FspId::parse(FSPS[fsp]).unwrap(),
            endpoint: EndpointType::TransferPut,
            method: Method::Put,
            path: "/transfers/1".into(),
            headers: Headers::new(),
            body: Bytes::new(),
            subject: Subject::Other(subject.to_string().into()),
            created_at: self.now,
            give_up_at: Timestamp::from_millis(i64::MAX),
        }
    }

    fn run(&mut self, step: &Step) {
        match step {
            Step::Commit(fsp, subject) => {
                let message = self.commit(*fsp, *subject);
                self.unpublished.push(message);
            }
            Step::CommitInDoubt(fsp, subject) => {
                // What was committed before is told before.
                self.publish();
                self.commit(*fsp, *subject);
                self.scheduler.in_doubt();
            }
            Step::Publish => self.publish(),
            Step::Offer(fsp) => drop(self.scheduler.offer(self.message(MessageId::TRANSIENT, *fsp, 9))),
            Step::End(which, taken) => self.end_one(*which, *taken),
            Step::TakeOver(complete, amid) => self.take_over(*complete, amid),
            Step::Note => {
                // A batch is told of before the next one is written, and a note is a batch.
                self.publish();
                for delivery in &self.unnoted {
                    self.store.remove(&delivery.message);
                }
                self.scheduler.forget(&self.unnoted);
                self.unnoted.clear();
            }
            Step::Advance(millis) => self.now = self.now.plus_millis(*millis),
        }
        self.dispatch();
    }

    fn commit(&mut self, fsp: usize, subject: u8) -> Message {
        let message = self.message(MessageId(self.next), fsp, subject);
        self.next += 1;
        self.store.insert(message.id, message.clone());
        message
    }

    fn publish(&mut self) {
        for message in std::mem::take(&mut self.unpublished) {
            assert!(self.scheduler.offer(message), "a durable message is never dropped");
        }
    }

    fn end_one(&mut self, which: usize, taken: bool) {
        if !self.under_way.is_empty() {
            let dispatch = self.under_way.swap_remove(which % self.under_way.len());
            self.end(dispatch, taken);
        }
    }

    /// Reads the store page by page, as it is when each page's turn comes.
    fn take_over(&mut self, complete: bool, amid: &Amid) {
        self.scheduler.begin_refill();
        let (mut after, last) = (MessageId(0), self.store.len() / 4);
        for page in 0.. {
            if page == amid.page {
                self.go_on(amid);
            }
            let read: Vec<_> = self.store.range(MessageId(after.0 + 1)..).take(2).map(|(_, one)| one.clone()).collect();
            let Some(message) = read.last() else {
                if page < amid.page {
                    self.go_on(amid);
                }
                break;
            };
            after = message.id;
            self.scheduler.refill(read);
            if !complete && page == last {
                break;
            }
        }
        self.scheduler.end_refill(complete);
    }

    fn go_on(&mut self, amid: &Amid) {
        amid.ends.iter().for_each(|which| self.end_one(*which, true));
        for (fsp, subject) in &amid.commits {
            let message = self.commit(*fsp, *subject);
            self.unpublished.push(message);
        }
        self.publish();
    }

    fn dispatch(&mut self) {
        while let Some(dispatch) = self.scheduler.next(self.now) {
            self.under_way.push(dispatch);
        }
        for fsp in FSPS {
            let to: Vec<_> =
                self.under_way.iter().filter(|dispatch| dispatch.message.recipient.as_str() == fsp).collect();
            assert!(to.len() <= IN_FLIGHT, "{} attempts to {fsp} at once", to.len());
            let durable = to.iter().filter(|dispatch| dispatch.message.id.is_durable());
            let subjects: Vec<_> = durable.map(|dispatch| &dispatch.message.subject).collect();
            let different: HashSet<_> = subjects.iter().collect();
            assert_eq!(different.len(), subjects.len(), "two messages about one thing at once");
        }
        for (fsp, waiting) in self.scheduler.lengths() {
            assert!(waiting <= WAITING, "{waiting} messages are held for {fsp}");
        }
    }

    fn end(&mut self, dispatch: Dispatch, taken: bool) {
        let attempted = if taken { Attempted::Taken } else { Attempted::Failed("down".to_owned()) };
        let done = self.scheduler.finish(dispatch.token, attempted, self.now);
        let done = done.filter(|done| !matches!(done.result, DeliveryResult::Failing { .. }));
        assert_eq!(done.is_some(), taken);
        if let Some(Finished { message, attempts, result }) = done
            && message.id.is_durable()
        {
            assert_eq!(result, DeliveryResult::Delivered);
            assert_eq!(attempts, dispatch.earlier_attempts + 1);
            assert!(self.seen.insert(message.id), "{:?} is delivered twice", message.id);
            let about = (message.recipient.clone(), message.subject.clone());
            self.delivered.entry(about).or_default().push(message.id.0);
            self.unnoted.push(switch::Delivery { message: message.id, attempts, at: self.now, result });
        }
    }

    /// Everybody is up from now on: whatever is left must come.
    fn finish(&mut self) {
        for _ in 0..1_000 {
            self.run(&Step::Note);
            if self.store.is_empty() && self.scheduler.is_empty() {
                return;
            }
            if self.scheduler.wants_more() {
                self.take_over(true, &Amid { page: 0, ends: Vec::new(), commits: Vec::new() });
            }
            self.now = self.scheduler.next_wake().unwrap_or(self.now).max(self.now);
            self.dispatch();
            for dispatch in std::mem::take(&mut self.under_way) {
                self.end(dispatch, true);
            }
        }
        panic!("{} messages never come: {:?}", self.store.len(), self.store.keys());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_message_comes_once_and_in_order(steps in prop::collection::vec(step(), 1..80)) {
        let mut world = World::new();
        steps.iter().for_each(|step| world.run(step));
        world.finish();
        prop_assert_eq!(world.seen.len() as i64, world.next - 1, "each message that was committed");
        for (about, order) in &world.delivered {
            prop_assert!(order.is_sorted(), "{:?}: {:?}", about, order);
        }
    }
}
