//! Finds the payment that a message belongs to: [`Watches`], [`Watch`].
//!
//! Payer and payee are in one process, so that all legs of a payment can be seen. A message belongs to a payment by the
//! identifier of the quote or the transfer, else by its trace, else, in a lookup, by its party.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use fspiop::{FspId, PartyId, QuoteId, TransferId};
use http::Method;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::identifier_source::PaymentIdentifiers;
use crate::leg::{Leg, Phase};
use crate::message::{Request, Topic, Trace};

/// How much a payment can fall behind: more than the legs and callbacks of a payment whose callbacks are all repeated.
const QUEUE: usize = 256;

/// What a payment is told.
#[derive(Debug)]
pub(crate) enum Seen {
    /// A message crossed the wire.
    Leg(Leg),
    /// The hub has sent this to the payer's FSP, at this moment.
    Callback(Request, Instant),
    /// The hub has answered the payer's request of this phase.
    Answered(Phase, u16, Bytes),
    /// The payer's request of this phase got no answer.
    Unanswered(Phase, String),
}

/// A running payment, as those see it who handle its messages.
#[derive(Debug)]
pub(crate) struct Watch {
    payer: FspId,
    started: Instant,
    /// When the latest leg was sent or received, in microseconds since `started`.
    latest_us: AtomicU64,
    in_flight: AtomicU32,
    awaits_patch: AtomicBool,
    /// The lookup messages without a trace that were taken for this payment: GET and PUT, one bit each.
    claimed: AtomicU8,
    seen: mpsc::Sender<Seen>,
}

impl Watch {
    pub(crate) fn payer(&self) -> &FspId {
        &self.payer
    }

    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// Tells the payment something. A payment that has fallen far behind misses it, as it may on a network.
    pub(crate) fn tell(&self, seen: Seen) {
        if self.seen.try_send(seen).is_err() {
            tracing::debug!("a payment has ended or is overwhelmed by its messages");
        }
    }

    /// An FSP is about to send a message, possibly several times.
    pub(crate) fn depart(&self) {
        self.in_flight.fetch_add(1, Ordering::AcqRel);
    }

    /// The message that departed has its answer, or will get none.
    pub(crate) fn settle(&self) {
        self.in_flight.fetch_sub(1, Ordering::AcqRel);
    }

    /// An FSP sends a message at this moment, which is returned as since the start of the payment.
    pub(crate) fn begin(&self, sent: Instant) -> Duration {
        let at = sent.saturating_duration_since(self.started);
        self.latest_us.store(micros(at), Ordering::Relaxed);
        at
    }

    /// A message of the hub came at `received`; returns when that was since the start of the payment, and how long
    /// after the previous leg.
    pub(crate) fn arrive(&self, received: Instant) -> (Duration, Duration) {
        let at = received.saturating_duration_since(self.started);
        let previous = self.latest_us.swap(micros(at), Ordering::Relaxed);
        (at, Duration::from_micros(micros(at).saturating_sub(previous).max(1)))
    }

    /// The payee's FSP has left the transfer RESERVED, so that a PATCH is to come; or it came.
    pub(crate) fn set_awaits_patch(&self, awaits: bool) {
        self.awaits_patch.store(awaits, Ordering::Release);
    }

    pub(crate) fn awaits_patch(&self) -> bool {
        self.awaits_patch.load(Ordering::Acquire)
    }

    /// No message of the payment is on its way to the hub.
    pub(crate) fn is_idle(&self) -> bool {
        self.in_flight.load(Ordering::Acquire) == 0
    }

    /// Takes the payment's turn for a lookup message without a trace; false if it already had one of this kind.
    fn claim(&self, method: &Method) -> bool {
        let bit = if *method == Method::GET { 1 } else { 2 };
        self.claimed.fetch_or(bit, Ordering::AcqRel) & bit == 0
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// The running payments.
#[derive(Debug, Default)]
pub(crate) struct Watches(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    by_trace: HashMap<Trace, Arc<Watch>>,
    by_quote: HashMap<QuoteId, Arc<Watch>>,
    by_transfer: HashMap<TransferId, Arc<Watch>>,
    /// The oldest first.
    by_party: HashMap<PartyId, Vec<Arc<Watch>>>,
}

/// Keeps a payment among the running ones until it is dropped.
#[derive(Debug)]
pub(crate) struct Registration<'a> {
    watches: &'a Watches,
    watch: Arc<Watch>,
    identifiers: PaymentIdentifiers,
    party: PartyId,
}

impl Watches {
    /// Registers a payment that starts now; what is seen of it comes through the receiver.
    pub(crate) fn register(
        &self,
        payer: FspId,
        party: PartyId,
        identifiers: PaymentIdentifiers,
    ) -> (Registration<'_>, mpsc::Receiver<Seen>) {
        let (seen, receiver) = mpsc::channel(QUEUE);
        let watch = Arc::new(Watch {
            payer,
            started: Instant::now(),
            latest_us: AtomicU64::new(0),
            in_flight: AtomicU32::new(0),
            awaits_patch: AtomicBool::new(false),
            claimed: AtomicU8::new(0),
            seen,
        });
        let mut tables = self.lock();
        tables.by_trace.insert(identifiers.trace, Arc::clone(&watch));
        tables.by_quote.insert(identifiers.quote, Arc::clone(&watch));
        tables.by_transfer.insert(identifiers.transfer, Arc::clone(&watch));
        tables.by_party.entry(party.clone()).or_default().push(Arc::clone(&watch));
        drop(tables);
        (Registration { watches: self, watch, identifiers, party }, receiver)
    }

    /// The payment that a message of the hub belongs to.
    pub(crate) fn find(&self, topic: &Topic, message: &Request) -> Option<Arc<Watch>> {
        let trace = message.trace();
        let tables = self.lock();
        let by_topic = match topic {
            Topic::Party(_) => None,
            Topic::Quote(quote) => tables.by_quote.get(quote),
            Topic::Transfer(transfer) => tables.by_transfer.get(transfer),
        };
        let found = by_topic.or_else(|| tables.by_trace.get(&trace?));
        found.or_else(|| tables.of_party(topic, &message.method, trace)).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    /// The oldest payment to the party that has not yet seen such a message, if the message has no trace.
    fn of_party(&self, topic: &Topic, method: &Method, trace: Option<Trace>) -> Option<&Arc<Watch>> {
        match topic {
            Topic::Party(party) if trace.is_none() => {
                self.by_party.get(party)?.iter().find(|watch| watch.claim(method))
            }
            _ => None,
        }
    }
}

impl Registration<'_> {
    pub(crate) fn watch(&self) -> &Arc<Watch> {
        &self.watch
    }
}

impl Drop for Registration<'_> {
    fn drop(&mut self) {
        let mut tables = self.watches.lock();
        tables.by_trace.remove(&self.identifiers.trace);
        tables.by_quote.remove(&self.identifiers.quote);
        tables.by_transfer.remove(&self.identifiers.transfer);
        if let Some(watches) = tables.by_party.get_mut(&self.party) {
            watches.retain(|watch| !Arc::ptr_eq(watch, &self.watch));
            if watches.is_empty() {
                tables.by_party.remove(&self.party);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use fspiop::Timestamp;
    use http::HeaderMap;

    use super::*;
    use crate::identifier_source::IdentifierSource;

    fn lookup(method: Method, trace: Option<Trace>) -> Request {
        let mut headers = HeaderMap::new();
        if let Some(trace) = trace {
            headers.insert("traceparent", trace.traceparent(1).parse().unwrap());
        }
        Request { method, path: String::new(), headers, body: Bytes::new() }
    }

    #[tokio::test]
    async fn messages_find_their_payments() {
        let watches = Watches::default();
        let mut source = IdentifierSource::new(1);
        let mut identifiers = || source.next_payment(Timestamp::from_millis(0));
        let (first_ids, second_ids) = (identifiers(), identifiers());
        let fsp = FspId::parse("payerfsp").unwrap();
        let party = PartyId::parse("MSISDN/1").unwrap();
        let (first, _first_seen) = watches.register(fsp.clone(), party.clone(), first_ids);
        let (second, _second_seen) = watches.register(fsp, party.clone(), second_ids);
        let check = |topic: &Topic, message: &Request, expect: Option<&Registration<'_>>| {
            let found = watches.find(topic, message);
            let same = match (&found, expect) {
                (Some(found), Some(expect)) => Arc::ptr_eq(found, &expect.watch),
                (None, None) => true,
                _ => false,
            };
            assert!(same, "{topic:?} {message:?}");
        };
        let lookups = Topic::Party(party);
        check(&lookups, &lookup(Method::PUT, Some(second_ids.trace)), Some(&second));
        check(&lookups, &lookup(Method::PUT, Some(Trace(1))), None);
        check(&lookups, &lookup(Method::PUT, None), Some(&first));
        check(&lookups, &lookup(Method::PUT, None), Some(&second));
        check(&lookups, &lookup(Method::PUT, None), None);
        check(&lookups, &lookup(Method::GET, None), Some(&first));
        check(&Topic::Quote(second_ids.quote), &lookup(Method::PUT, None), Some(&second));
        check(&Topic::Transfer(first_ids.transfer), &lookup(Method::PUT, Some(second_ids.trace)), Some(&first));
        drop(first);
        check(&Topic::Transfer(first_ids.transfer), &lookup(Method::PUT, None), None);
    }
}
