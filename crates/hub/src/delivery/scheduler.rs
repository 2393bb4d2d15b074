//! Which message to send when. Pure: time comes in, and what is sent is somebody else's business, so that the seeded
//! simulation runs this very code.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque, hash_map::Entry},
    sync::Arc,
    time::Duration,
};

use fspiop::{FspId, Timestamp};
use switch::{Delivery, DeliveryResult, Message, MessageId, Method, Subject};

/// The store is told of failures from this attempt on: by then a second has passed, and the pauses are long enough that
/// telling costs little.
const NOTED_FROM: u32 = 4;

/// Attempts at a final state that its recipient declines (4xx). With pauses that double from 0.1 s on the last one comes
/// after 25 s: a gateway that is being restarted or a key that is being changed has come to itself by then. Trying on for
/// the day that a final state has would fill an FSP's room in memory with what it will never take, and keep from it what it
/// would (100 a second that are declined fill half of it in 25 s).
const DECLINED_ATTEMPTS: u32 = 9;
/// Requests under way to one FSP at the same time. One that answers in 50 ms gets 1280 callbacks a second.
const IN_FLIGHT_PER_FSP: usize = 64;
/// Messages held in memory for one FSP. At 4 KB each, 20 MB for an FSP that is down.
const WAITING_PER_FSP: usize = 5_000;
/// Bytes of the bodies of these messages: bodies may have 5 MiB.
const WAITING_BYTES_PER_FSP: usize = 32 << 20;
/// Pause after the first failed attempt, in milliseconds.
const FIRST_PAUSE_MS: i64 = 100;
/// The longest pause between two attempts, in milliseconds: an FSP that is back waits no longer.
const LONGEST_PAUSE_MS: i64 = 30_000;
/// How long an FSP may take to answer a callback, in milliseconds. It has only to say that it has the message.
const ANSWER_TIMEOUT_MS: u64 = 10_000;

/// Bounds of the delivery.
#[derive(Clone, Copy, Debug)]
pub struct SchedulerSettings {
    /// Requests under way to one FSP at the same time.
    pub in_flight_per_fsp: usize,
    /// Messages held in memory for one FSP; what comes beyond stays in the store until there is room.
    pub waiting_per_fsp: usize,
    /// Bytes of the bodies of these messages. One message always finds room.
    pub waiting_bytes_per_fsp: usize,
    /// Pause after the first failed attempt; it doubles with each further one.
    pub first_pause_ms: i64,
    /// The longest pause between two attempts.
    pub longest_pause_ms: i64,
    /// How long an FSP may take to answer. It has only to say that it has the message.
    pub answer_timeout_ms: u64,
}

impl SchedulerSettings {
    /// How long an FSP may take to answer.
    pub fn answer_timeout(self) -> Duration {
        Duration::from_millis(self.answer_timeout_ms)
    }

    /// The longest pause after this many failed attempts: it doubles from one to the next.
    pub fn pause_after_ms(self, attempts: u32) -> i64 {
        let doublings = attempts.saturating_sub(1).min(32);
        let doubled = self.first_pause_ms.saturating_mul(1_i64.checked_shl(doublings).unwrap_or(i64::MAX));
        doubled.min(self.longest_pause_ms)
    }
}

impl Default for SchedulerSettings {
    fn default() -> SchedulerSettings {
        SchedulerSettings {
            in_flight_per_fsp: IN_FLIGHT_PER_FSP,
            waiting_per_fsp: WAITING_PER_FSP,
            waiting_bytes_per_fsp: WAITING_BYTES_PER_FSP,
            first_pause_ms: FIRST_PAUSE_MS,
            longest_pause_ms: LONGEST_PAUSE_MS,
            answer_timeout_ms: ANSWER_TIMEOUT_MS,
        }
    }
}

/// A message to be sent now.
#[derive(Clone, Debug)]
pub struct Dispatch {
    /// Names this attempt towards the scheduler.
    pub token: u64,
    /// The message.
    pub message: Arc<Message>,
    /// How many attempts came before.
    pub earlier_attempts: u32,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempted {
    /// The recipient took the message.
    Taken,
    /// It can't be sent, however often that is tried.
    Refused(String),
    /// The recipient answered that it will not take it. A final state is tried a few times more: money has moved, and the
    /// recipient must hear of it.
    Declined(String),
    /// It may succeed later.
    Failed(String),
}

impl Attempted {
    /// Why the recipient did not take the message.
    pub(crate) fn trouble(&self) -> Option<String> {
        match self {
            Attempted::Taken => None,
            Attempted::Refused(why) | Attempted::Declined(why) | Attempted::Failed(why) => Some(why.clone()),
        }
    }
}

/// What is to be noted of a message after an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The message.
    pub message: Arc<Message>,
    /// How often it was sent.
    pub attempts: u32,
    /// What became of it. One that is failing is tried on.
    pub result: DeliveryResult,
}

/// Decides what is sent when.
#[derive(Debug, Default)]
pub struct Scheduler {
    settings: SchedulerSettings,
    lanes: HashMap<FspId, Lane>,
    under_way: HashMap<u64, Attempt>,
    paused: BTreeMap<(Timestamp, u64), Attempt>,
    outgoing: VecDeque<Dispatch>,
    /// Durable messages that are in memory, or done with and not yet noted in the store.
    held: HashSet<MessageId>,
    /// The store may hold messages that nobody here knows, and new ones must not overtake them: at the start, after a batch
    /// whose fate is unknown, and when a take-over broke off.
    unread: bool,
    next_token: u64,
}

/// Everything for one FSP.
#[derive(Debug, Default)]
struct Lane {
    in_flight: usize,
    size: usize,
    bytes: usize,
    waiting: VecDeque<Attempt>,
    /// Later messages about a subject of which an earlier one is not done with.
    behind: HashMap<Subject, VecDeque<Attempt>>,
    /// Messages were left in the store; until they are fetched, new ones must not overtake them.
    spilled: bool,
    /// The same has happened since the current take-over began.
    spilled_again: bool,
    /// The current take-over found no room for one message, so it must pass over all later ones.
    full: bool,
}

#[derive(Clone, Debug)]
struct Attempt {
    message: Arc<Message>,
    earlier: u32,
}

impl Lane {
    fn is_full(&self, settings: SchedulerSettings) -> bool {
        self.size >= settings.waiting_per_fsp || self.bytes >= settings.waiting_bytes_per_fsp
    }
}

/// What becomes of a transfer, said to one whose money it is. A notification by PATCH is none: an FSP that does not know
/// them declines each of them, and has said itself what became of the transfer.
fn is_final_state(message: &Message) -> bool {
    message.method == Method::Put && matches!(message.subject, Subject::Transfer(_))
}

impl Scheduler {
    /// A scheduler without work.
    pub fn new(settings: SchedulerSettings) -> Scheduler {
        Scheduler { settings, ..Scheduler::default() }
    }

    /// Takes a message over. A durable one that finds no room stays in the store, see [`Scheduler::wants_more`]; a
    /// transient one is dropped, and `false` returned. A message that is held already is not taken twice.
    pub fn offer(&mut self, message: Message) -> bool {
        let durable = message.id.is_durable();
        if durable && self.held.contains(&message.id) {
            return true;
        }
        let lane = self.lanes.entry(message.recipient.clone()).or_default();
        if lane.is_full(self.settings) || (durable && (lane.spilled || self.unread)) {
            lane.spilled |= durable;
            lane.spilled_again |= durable;
            return durable;
        }
        self.admit(message);
        true
    }

    /// The store may hold messages that nobody here was told of; until a take-over has read it, durable messages stay there.
    pub fn in_doubt(&mut self) {
        self.unread = true;
    }

    /// Begins to take over what a store still holds. To be called before the store is read, so that what is committed while
    /// it is read is not forgotten.
    pub fn begin_refill(&mut self) {
        for lane in self.lanes.values_mut() {
            lane.spilled_again = false;
            lane.full = false;
        }
    }

    /// Takes over a page of what the store holds, oldest first.
    pub fn refill(&mut self, messages: Vec<Message>) {
        for message in messages {
            if self.held.contains(&message.id) {
                continue;
            }
            let lane = self.lanes.entry(message.recipient.clone()).or_default();
            if lane.full || lane.is_full(self.settings) {
                lane.full = true;
            } else {
                self.admit(message);
            }
        }
    }

    /// Ends a take-over; `complete` says that the store was read to its end.
    pub fn end_refill(&mut self, complete: bool) {
        self.unread = !complete;
        for lane in self.lanes.values_mut() {
            lane.spilled = lane.full || lane.spilled_again || (lane.spilled && !complete);
        }
    }

    /// Whether the store may hold messages that are not here, and there is room for them.
    pub fn wants_more(&self) -> bool {
        self.unread || self.lanes.values().any(|lane| lane.spilled && !lane.is_full(self.settings))
    }

    /// The next message to send now, if there is one.
    pub fn next(&mut self, now: Timestamp) -> Option<Dispatch> {
        while let Some(entry) = self.paused.first_entry().filter(|entry| entry.key().0 <= now) {
            let attempt = entry.remove();
            let fsp = attempt.message.recipient.clone();
            self.lane(&fsp).waiting.push_back(attempt);
            self.fill(&fsp);
        }
        self.outgoing.pop_front()
    }

    /// When [`Scheduler::next`] may have something, if nothing else happens before.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.paused.keys().next().map(|(at, _)| *at)
    }

    /// Notes how an attempt ended. Returned is what the store is to be told: of a message that is done with, and of one
    /// that fails for longer.
    pub fn finish(&mut self, token: u64, attempted: Attempted, now: Timestamp) -> Option<Finished> {
        let attempt = self.under_way.remove(&token)?;
        let message = attempt.message.clone();
        let attempts = attempt.earlier + 1;
        self.lane(&message.recipient).in_flight -= 1;
        let reason = match attempted {
            Attempted::Taken => return Some(self.done(message, attempts, None)),
            Attempted::Refused(reason) => return Some(self.done(message, attempts, Some((reason, false)))),
            Attempted::Declined(reason) if !is_final_state(&message) || attempts >= DECLINED_ATTEMPTS => {
                return Some(self.done(message, attempts, Some((reason, true))));
            }
            Attempted::Declined(reason) | Attempted::Failed(reason) => reason,
        };
        let again_at = now.plus_millis(self.pause_ms(attempt.earlier, token));
        if again_at > message.give_up_at {
            return Some(self.done(message, attempts, Some((reason, false))));
        }
        self.paused.insert((again_at, token), Attempt { message: message.clone(), earlier: attempts });
        self.fill(&message.recipient);
        let result = DeliveryResult::Failing { reason: reason.into() };
        (attempts >= NOTED_FROM).then_some(Finished { message, attempts, result })
    }

    /// Notes that the store knows what became of these messages, so that it will not bring them back.
    pub fn forget(&mut self, noted: &[Delivery]) {
        for delivery in noted.iter().filter(|delivery| !matches!(delivery.result, DeliveryResult::Failing { .. })) {
            self.held.remove(&delivery.message);
        }
    }

    /// Messages held in memory.
    pub fn len(&self) -> usize {
        self.lanes.values().map(|lane| lane.size).sum()
    }

    /// Whether no message is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many messages wait for each FSP, those under way included.
    pub fn lengths(&self) -> impl Iterator<Item = (&FspId, usize)> {
        self.lanes.iter().map(|(fsp, lane)| (fsp, lane.size))
    }

    fn admit(&mut self, message: Message) {
        let fsp = message.recipient.clone();
        if message.id.is_durable() {
            self.held.insert(message.id);
        }
        let attempt = Attempt { message: Arc::new(message), earlier: 0 };
        let lane = self.lane(&fsp);
        lane.size += 1;
        lane.bytes += attempt.message.body.len();
        if attempt.message.id.is_durable() {
            match lane.behind.entry(attempt.message.subject.clone()) {
                Entry::Occupied(mut behind) => behind.get_mut().push_back(attempt),
                Entry::Vacant(first) => {
                    first.insert(VecDeque::new());
                    lane.waiting.push_back(attempt);
                }
            }
        } else {
            lane.waiting.push_back(attempt);
        }
        self.fill(&fsp);
    }

    /// Starts as many attempts for an FSP as its bound allows.
    fn fill(&mut self, fsp: &FspId) {
        let Some(lane) = self.lanes.get_mut(fsp) else { return };
        while lane.in_flight < self.settings.in_flight_per_fsp
            && let Some(attempt) = lane.waiting.pop_front()
        {
            lane.in_flight += 1;
            let token = self.next_token;
            self.next_token += 1;
            let dispatch = Dispatch { token, message: attempt.message.clone(), earlier_attempts: attempt.earlier };
            self.outgoing.push_back(dispatch);
            self.under_way.insert(token, attempt);
        }
    }

    /// `gave_up` says why it was given up, and whether its recipient refused it.
    fn done(&mut self, message: Arc<Message>, attempts: u32, gave_up: Option<(String, bool)>) -> Finished {
        let ordered = message.id.is_durable();
        let lane = self.lane(&message.recipient);
        lane.size -= 1;
        lane.bytes -= message.body.len();
        if ordered {
            match lane.behind.get_mut(&message.subject).and_then(VecDeque::pop_front) {
                Some(next) => lane.waiting.push_back(next),
                None => drop(lane.behind.remove(&message.subject)),
            }
        }
        self.fill(&message.recipient);
        let result = match gave_up {
            None => DeliveryResult::Delivered,
            Some((reason, refused)) => {
                let message = Box::new(message.as_ref().clone());
                DeliveryResult::GaveUp { message, refused, reason: reason.into() }
            }
        };
        Finished { message, attempts, result }
    }

    fn lane(&mut self, fsp: &FspId) -> &mut Lane {
        self.lanes.entry(fsp.clone()).or_default()
    }

    /// A quarter of the pause depends on the token, so that what failed together does not come back together.
    fn pause_ms(&self, earlier: u32, token: u64) -> i64 {
        let full = self.settings.pause_after_ms(earlier.saturating_add(1));
        let spread = i64::try_from(token.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56).expect("eight bits fit");
        full - full / 4 * spread / 256
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use switch::{EndpointType, Headers};

    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_000_000);

    fn message(id: i64, fsp: &str, subject: &str) -> Message {
        Message {
            id: MessageId(id),
            recipient: FspId::parse(fsp).unwrap(),
            endpoint: EndpointType::TransferPut,
            method: Method::Put,
            path: "/transfers/1".into(),
            headers: Headers::new(),
            body: Bytes::new(),
            subject: Subject::Other(subject.into()),
            created_at: START,
            give_up_at: START.plus_millis(10_000),
        }
    }

    fn scheduler(in_flight_per_fsp: usize, waiting_per_fsp: usize) -> Scheduler {
        Scheduler::new(SchedulerSettings { in_flight_per_fsp, waiting_per_fsp, ..SchedulerSettings::default() })
    }

    fn sent(scheduler: &mut Scheduler, now: Timestamp) -> Vec<(u64, i64)> {
        std::iter::from_fn(|| scheduler.next(now)).map(|dispatch| (dispatch.token, dispatch.message.id.0)).collect()
    }

    #[test]
    fn one_subject_is_delivered_in_order_and_others_do_not_wait() {
        let mut scheduler = scheduler(8, 8);
        for (id, subject) in [(1, "a"), (2, "a"), (3, "b")] {
            assert!(scheduler.offer(message(id, "fsp", subject)));
        }
        assert_eq!(sent(&mut scheduler, START), [(0, 1), (1, 3)]);
        assert!(scheduler.finish(0, Attempted::Failed("refused".into()), START).is_none());
        assert_eq!(sent(&mut scheduler, START), []);
        let later = scheduler.next_wake().unwrap();
        assert_eq!(sent(&mut scheduler, later), [(2, 1)]);
        assert!(scheduler.finish(2, Attempted::Taken, later).is_some());
        assert_eq!(sent(&mut scheduler, later), [(3, 2)]);
    }

    #[test]
    fn large_messages_fill_a_lane_sooner() {
        let settings = SchedulerSettings { waiting_bytes_per_fsp: 100, ..SchedulerSettings::default() };
        let mut scheduler = Scheduler::new(settings);
        let large = |id| Message { body: Bytes::from(vec![b'x'; 90]), ..message(id, "fsp", &id.to_string()) };
        assert!(scheduler.offer(large(0)) && scheduler.offer(large(0)), "one always finds room, beyond the bound, too");
        assert!(!scheduler.offer(large(0)), "a question is dropped");
        assert!(scheduler.offer(large(7)), "a durable one stays in the store");
        assert_eq!(scheduler.len(), 2);
        assert!(scheduler.offer(message(8, "other", "x")), "others have room of their own");
        assert_eq!(scheduler.len(), 3);
        for (token, _) in sent(&mut scheduler, START) {
            scheduler.finish(token, Attempted::Taken, START);
        }
        assert!(scheduler.wants_more());
    }

    #[test]
    fn an_fsp_that_hangs_does_not_hold_up_another() {
        let mut scheduler = scheduler(1, 100);
        for id in 1..=10 {
            scheduler.offer(message(id, "slow", &id.to_string()));
        }
        scheduler.offer(message(11, "quick", "x"));
        assert_eq!(sent(&mut scheduler, START), [(0, 1), (1, 11)]);
    }

    #[test]
    fn what_finds_no_room_stays_in_the_store_and_is_not_overtaken() {
        let mut scheduler = scheduler(1, 2);
        for id in 1..=3 {
            assert!(scheduler.offer(message(id, "fsp", "a")));
        }
        assert!(!scheduler.offer(message(0, "fsp", "question")));
        assert!(!scheduler.wants_more(), "there is no room yet");
        assert_eq!(sent(&mut scheduler, START), [(0, 1)]);
        scheduler.finish(0, Attempted::Taken, START);
        assert!(scheduler.wants_more());
        assert!(scheduler.offer(message(4, "fsp", "a")), "a new message must queue behind those left in the store");
        assert_eq!(scheduler.len(), 1);
        scheduler.begin_refill();
        scheduler.refill(vec![message(2, "fsp", "a"), message(3, "fsp", "a"), message(4, "fsp", "a")]);
        scheduler.end_refill(true);
        let mut order = Vec::new();
        while let Some(dispatch) = scheduler.next(START) {
            order.push(dispatch.message.id.0);
            scheduler.finish(dispatch.token, Attempted::Taken, START);
        }
        assert_eq!(order, [2, 3]);
        assert!(scheduler.wants_more(), "message 4 found no room");
        scheduler.begin_refill();
        scheduler.refill(vec![message(4, "fsp", "a")]);
        scheduler.end_refill(true);
        assert_eq!(sent(&mut scheduler, START).len(), 1);
    }

    #[test]
    fn what_a_broken_take_over_did_not_reach_is_fetched_later_and_not_overtaken() {
        let mut scheduler = scheduler(8, 8);
        scheduler.begin_refill();
        scheduler.refill(vec![message(1, "fsp", "a")]);
        scheduler.end_refill(false);
        assert!(scheduler.wants_more(), "nobody knows what the store holds beyond message 1");
        assert!(
            scheduler.offer(message(3, "fsp", "b")),
            "message 2 may be about the same, so message 3 stays in the store"
        );
        assert_eq!(sent(&mut scheduler, START), [(0, 1)]);
        scheduler.begin_refill();
        scheduler.refill(vec![message(1, "fsp", "a"), message(2, "fsp", "b"), message(3, "fsp", "b")]);
        scheduler.end_refill(true);
        assert!(!scheduler.wants_more());
        assert_eq!(sent(&mut scheduler, START), [(1, 2)]);
    }

    #[test]
    fn a_message_is_given_up_when_its_time_is_over() {
        let mut scheduler = scheduler(1, 1);
        scheduler.offer(message(1, "fsp", "a"));
        let mut now = START;
        let result = loop {
            let Some(dispatch) = scheduler.next(now) else {
                now = scheduler.next_wake().unwrap();
                continue;
            };
            let finished = scheduler.finish(dispatch.token, Attempted::Failed("down".into()), now);
            match finished.map(|finished| finished.result) {
                Some(DeliveryResult::Failing { .. }) | None => {}
                Some(result) => break result,
            }
        };
        assert!(matches!(result, DeliveryResult::GaveUp { reason, .. } if &*reason == "down"));
        assert!(now <= START.plus_millis(10_000) && now > START.plus_millis(3_000), "{now}");
        assert!(scheduler.is_empty());
    }
}
