//! Runs one payment over the wire: [`Running`].

use std::sync::Arc;
use std::time::Duration;

use fspiop::{Money, PartyId, PartyIdType};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::Instant;

use crate::leg::{Leg, Phase};
use crate::message::Request;
use crate::payment::{Ending, Order, Payment};
use crate::profile::{Party, Profile};
use crate::socket::clock;
use crate::socket::exchange::exchange;
use crate::socket::simulator::Shared;
use crate::socket::watch::{Seen, Watch};
use crate::transfer::{Event, PaymentResult, TransferRequest};

/// How long to wait, after a payment has ended, for the legs that are still under way: the answer to the payee's last
/// message, and the PATCH to the payee. They take milliseconds, unless one is lost.
const LAST_LEGS_TIMEOUT: Duration = Duration::from_secs(2);
/// How many events can wait to be read: more than a payment has, so that none is lost.
const EVENTS: usize = 512;

/// Why a payment does not begin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayError {
    /// The payer's FSP is none of the simulated ones.
    #[error("no simulated FSP is called '{name}'; there are {known}")]
    UnknownFsp {
        /// The name that was asked for.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// The note is empty or too long.
    #[error("a note has 1 to 128 characters, not {0}")]
    Note(usize),
    /// The timeout is out of its limits.
    #[error("timeoutMs must be 1 to 600000, not {0}")]
    Timeout(u32),
    /// As many payments are running as may.
    #[error("{0} payments are running, and more are not allowed at once")]
    TooMany(usize),
}

/// A payment that was begun; it runs on if this is dropped.
#[derive(Debug)]
pub struct Running {
    events: mpsc::Receiver<Event>,
}

impl Running {
    /// The next event; `None` after the result.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// Waits for the end of the payment; `None` only if the simulator was stopped before it.
    pub async fn result(mut self) -> Option<PaymentResult> {
        while let Some(event) = self.next().await {
            if let Event::Result(result) = event {
                return Some(result);
            }
        }
        None
    }
}

/// Begins a payment.
pub(crate) fn pay(shared: &Arc<Shared>, request: TransferRequest) -> Result<Running, PayError> {
    let order = order(shared, request)?;
    let permit = shared.payment_permit().ok_or_else(|| PayError::TooMany(shared.limits().payments))?;
    let (events, receiver) = mpsc::channel(EVENTS);
    tokio::spawn(run(Arc::clone(shared), order, events, permit));
    Ok(Running { events: receiver })
}

fn order(shared: &Shared, request: TransferRequest) -> Result<Order, PayError> {
    let notes = request.note.as_ref().map(|note| note.chars().count());
    if let Some(count) = notes.filter(|count| !(1..=TransferRequest::MAX_NOTE_CHARACTERS).contains(count)) {
        return Err(PayError::Note(count));
    }
    let timeout_ms = request.timeout_ms.unwrap_or(TransferRequest::DEFAULT_TIMEOUT_MS);
    if !(1..=TransferRequest::MAX_TIMEOUT_MS).contains(&timeout_ms) {
        return Err(PayError::Timeout(timeout_ms));
    }
    let payer = shared.with_fsp(&request.from, |fsp| (payer(fsp.profile()), fsp.profile().version));
    let (payer, version) = payer
        .ok_or_else(|| PayError::UnknownFsp { name: request.from.to_string(), known: shared.names().to_string() })?;
    let amount = Money { currency: request.currency, amount: request.amount };
    Ok(Order { from: request.from, payer, to: request.to, amount, note: request.note, timeout_ms, version })
}

/// The first party of an FSP; of one without parties, the FSP itself.
fn payer(profile: &Profile) -> Party {
    profile.parties.first().cloned().unwrap_or_else(|| {
        let name = profile.name.to_string();
        let id = PartyId::new(PartyIdType::Business, &name, None).expect("names of FSPs are valid identifiers");
        Party { id, name, date_of_birth: None }
    })
}

/// A payment under way.
struct Run {
    shared: Arc<Shared>,
    payment: Payment,
    watch: Arc<Watch>,
    events: mpsc::Sender<Event>,
    /// When the last message came.
    latest: Instant,
}

async fn run(shared: Arc<Shared>, order: Order, events: mpsc::Sender<Event>, permit: OwnedSemaphorePermit) {
    let timeout = Duration::from_millis(u64::from(order.timeout_ms));
    let now = clock::now();
    let identifiers = shared.next_payment(now);
    let (payer, payee) = (order.from.clone(), order.to.clone());
    let (payment, first) = Payment::new(identifiers, order, now);
    let owner = Arc::clone(&shared);
    let (registration, mut seen) = owner.watches().register(payer, payee, identifiers);
    let watch = Arc::clone(registration.watch());
    let started = watch.started();
    let mut run = Run { shared, payment, watch, events, latest: started };
    run.send(Phase::Lookup, first);
    let deadline = started + timeout;
    while run.payment.ending().is_none() {
        match tokio::time::timeout_at(deadline, seen.recv()).await {
            Ok(Some(seen)) => run.take(seen),
            Ok(None) | Err(_) => {
                run.latest = Instant::now();
                run.payment.expire(run.payment.deadline());
            }
        }
    }
    let total = run.latest - started;
    let last_legs = Instant::now() + LAST_LEGS_TIMEOUT;
    while run.expects_legs()
        && let Ok(Some(seen)) = tokio::time::timeout_at(last_legs, seen.recv()).await
    {
        run.take(seen);
    }
    drop(registration);
    while let Ok(seen) = seen.try_recv() {
        run.take(seen);
    }
    run.finish(total);
    drop(permit);
}

impl Run {
    fn take(&mut self, seen: Seen) {
        match seen {
            Seen::Leg(leg) => self.record(leg),
            Seen::Callback(message, at) => {
                self.latest = at;
                if let Some(next) = self.payment.receive(clock::now(), &message)
                    && let Some(phase) = self.payment.phase()
                {
                    self.send(phase, next);
                }
            }
            Seen::Answered(phase, status, body) => {
                self.latest = Instant::now();
                self.payment.answered(phase, status, &body);
            }
            Seen::Unanswered(phase, reason) => {
                self.latest = Instant::now();
                self.payment.unanswered(phase, &reason);
            }
        }
    }

    fn record(&mut self, leg: Leg) {
        self.payment.record(leg.clone());
        // Nobody need be listening.
        let _ = self.events.try_send(Event::Leg(leg));
    }

    /// Sends a request of the payer; its callback may come before its HTTP answer.
    fn send(&self, phase: Phase, request: Request) {
        let (shared, watch) = (Arc::clone(&self.shared), Arc::clone(&self.watch));
        tokio::spawn(async move {
            let answer = exchange(&shared, watch.payer(), phase, &request, Some(&*watch)).await;
            watch.tell(match answer {
                Ok(answer) => Seen::Answered(phase, answer.status, answer.body),
                Err(error) => Seen::Unanswered(phase, error.to_string()),
            });
        });
    }

    fn expects_legs(&self) -> bool {
        let is_committed = matches!(self.payment.ending(), Some((Ending::Committed, _)));
        !self.watch.is_idle() || (is_committed && self.watch.awaits_patch())
    }

    fn finish(self, total: Duration) {
        let identifiers = self.payment.identifiers();
        let (state, error) = match self.payment.ending() {
            Some((ending, error)) => (ending, error.cloned()),
            None => return,
        };
        let result = PaymentResult {
            transfer_id: identifiers.transfer,
            quote_id: identifiers.quote,
            state,
            error,
            total,
            legs: self.payment.into_legs(),
        };
        // Nobody need be listening.
        let _ = self.events.try_send(Event::Result(result));
    }
}
