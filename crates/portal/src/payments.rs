//! Puts messages together that belong to one payment.
//!
//! Quotes and transfers name each other: by the transaction in the quote's body, and in the ILP packet of its terms and of the
//! transfer. Lookups name neither. A lookup belongs to the payment with whose trace it shares an id; else to the first quote
//! after it that the same FSP asks for the same party. One that nobody went on with is shown as a payment of its own.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use crate::{HUB, Message, Moment, Phase, reading::Reading};

/// Messages of one payment, and what they say of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Payment {
    /// The id of its transfer; else of its quote, of its transaction, or `message-N` after its first message.
    pub id: String,
    /// In the order in which they began.
    pub messages: Vec<Arc<Message>>,
    /// What they say.
    pub reading: Reading,
}

impl Payment {
    fn of(mut messages: Vec<Arc<Message>>) -> Payment {
        messages.sort_by_key(|message| message.time);
        let id = [Name::Transfer, Name::Quote, Name::Transaction].iter().find_map(|kind| {
            messages
                .iter()
                .find_map(|message| names(message).find(|(named, _)| named == kind))
                .map(|(_, id)| id.to_owned())
        });
        let first = messages.first().map_or(0, |message| message.number);
        let reading = Reading::of(&messages);
        Payment { id: id.unwrap_or_else(|| format!("message-{first}")), messages, reading }
    }

    /// Whether this is one of the ids by which it is known: its own, of a transfer, a quote or a transaction.
    pub fn is_called(&self, id: &str) -> bool {
        self.id == id || self.messages.iter().any(|message| names(message).any(|(_, named)| named == id))
    }

    /// When it began.
    pub fn began(&self) -> Option<Moment> {
        self.messages.first().map(|message| message.time)
    }
}

/// The payments among these messages, the newest first. Messages that are part of none are left out.
pub fn of(messages: &[Arc<Message>]) -> Vec<Payment> {
    let mut messages = messages.to_vec();
    messages.sort_by_key(|message| message.time);
    let (mut agreed, mut lookups) = (Agreed::default(), Lookups::default());
    for message in messages {
        match message.phase {
            _ if names(&message).next().is_some() => agreed.add(message),
            Some(Phase::Lookup) => lookups.add(message),
            _ => {}
        }
    }
    let alone = lookups.join(&mut agreed.groups);
    let groups = agreed.groups.into_iter().chain(alone).filter(|group| !group.is_empty());
    let mut payments: Vec<Payment> = groups.map(Payment::of).collect();
    payments.sort_by_key(|payment| std::cmp::Reverse(payment.began()));
    payments
}

/// Whose id it is: the same text may be a quote's and another payment's transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Name {
    Transfer,
    Quote,
    Transaction,
}

fn names(message: &Message) -> impl Iterator<Item = (Name, &str)> {
    let about = &message.about;
    let all = [
        (Name::Transfer, &about.transfer_id),
        (Name::Quote, &about.quote_id),
        (Name::Transaction, &about.transaction_id),
    ];
    all.into_iter().filter_map(|(name, id)| Some((name, id.as_deref()?)))
}

/// Messages that share an id, directly or through others.
#[derive(Default)]
struct Agreed {
    groups: Vec<Vec<Arc<Message>>>,
    places: HashMap<(Name, String), usize>,
}

impl Agreed {
    fn add(&mut self, message: Arc<Message>) {
        let names: Vec<(Name, String)> = names(&message).map(|(name, id)| (name, id.to_owned())).collect();
        let place = names.iter().filter_map(|name| self.places.get(name)).min().copied();
        let place = place.unwrap_or_else(|| {
            self.groups.push(Vec::new());
            self.groups.len() - 1
        });
        for name in names {
            match self.places.insert(name, place) {
                Some(other) if other != place => self.unite(place, other),
                _ => {}
            }
        }
        self.groups[place].push(message);
    }

    /// Two that turn out to be one: an empty group stays behind.
    fn unite(&mut self, place: usize, other: usize) {
        let moved = std::mem::take(&mut self.groups[other]);
        self.groups[place].extend(moved);
        self.places.values_mut().filter(|known| **known == other).for_each(|known| *known = place);
    }
}

/// Who asks, and for whom.
type Question = (String, String);

/// Lookups: each begins with a question to the hub, and ends with the last message about it.
#[derive(Default)]
struct Lookups {
    all: Vec<Vec<Arc<Message>>>,
    last: HashMap<Question, usize>,
}

impl Lookups {
    fn add(&mut self, message: Arc<Message>) {
        let Some(question) = question(&message) else { return };
        let begins = message.method == "GET" && message.to == HUB;
        let place = match self.last.get(&question) {
            Some(place) if !begins => *place,
            _ => {
                self.all.push(Vec::new());
                self.last.insert(question, self.all.len() - 1);
                self.all.len() - 1
            }
        };
        self.all[place].push(message);
    }

    /// Adds each to the payment that it belongs to; those of none are returned.
    fn join(self, payments: &mut [Vec<Arc<Message>>]) -> Vec<Vec<Arc<Message>>> {
        let by_trace = payments_by_trace(payments);
        let (mut joined, mut left) = (Vec::new(), BTreeMap::new());
        for lookup in self.all {
            match payment_of_trace(&lookup, &by_trace, payments) {
                Some(payment) => joined.push((payment, lookup)),
                None => drop(left.insert(lookup[0].time, lookup)),
            }
        }
        let with_trace: Vec<usize> = joined.iter().map(|(payment, _)| *payment).collect();
        let mut quotes: Vec<(Moment, usize, Question)> = (0..payments.len())
            .filter(|place| !with_trace.contains(place))
            .filter_map(|place| first_quote(&payments[place]).map(|(time, question)| (time, place, question)))
            .collect();
        quotes.sort();
        for (time, place, asked) in quotes {
            let before = left.range(..time).rev().find(|(_, lookup)| question(&lookup[0]).as_ref() == Some(&asked));
            if let Some(lookup) = before.map(|(began, _)| *began).and_then(|began| left.remove(&began)) {
                joined.push((place, lookup));
            }
        }
        joined.into_iter().for_each(|(place, lookup)| payments[place].extend(lookup));
        left.into_values().collect()
    }
}

/// Who asks for which party: an answer names its asker as its destination.
fn question(message: &Message) -> Option<Question> {
    let asker = match (message.method.as_str(), message.to.as_str()) {
        ("GET", HUB) => Some(message.from.as_str()),
        ("GET", _) => message.header("fspiop-source"),
        (_, HUB) => message.header("fspiop-destination"),
        (_, fsp) => Some(fsp),
    };
    Some((asker?.to_owned(), message.about.party.clone()?))
}

/// When the terms were asked for, by whom, and for which payee.
fn first_quote(messages: &[Arc<Message>]) -> Option<(Moment, Question)> {
    let quote = messages.iter().filter(|message| message.to == HUB && message.is("POST", "quotes"));
    let quote = quote.min_by_key(|message| message.time)?;
    Some((quote.time, (quote.from.clone(), quote.about.party.clone()?)))
}

fn payments_by_trace(payments: &[Vec<Arc<Message>>]) -> HashMap<&str, Vec<usize>> {
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, messages) in payments.iter().enumerate() {
        for trace in messages.iter().filter_map(|message| message.about.trace_id.as_deref()) {
            let known = places.entry(trace).or_default();
            if known.last() != Some(&place) {
                known.push(place);
            }
        }
    }
    places
}

/// The payment that shares a trace with a lookup: of several, the first that began after it.
fn payment_of_trace(
    lookup: &[Arc<Message>],
    by_trace: &HashMap<&str, Vec<usize>>,
    payments: &[Vec<Arc<Message>>],
) -> Option<usize> {
    let began = lookup.first()?.time;
    let traces = lookup.iter().filter_map(|message| message.about.trace_id.as_deref());
    let places = traces.filter_map(|trace| by_trace.get(trace)).flatten().copied();
    let start = |place: usize| payments[place].iter().map(|message| message.time).min();
    places
        .filter_map(|place| Some((start(place)?, place)))
        .filter(|(start, _)| *start > began)
        .min()
        .map(|(_, place)| place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        State,
        tests::{agreement_and_clearing, lookup, message, payment, shared},
    };

    /// The payments that messages make, with how many messages each has; whatever order they come in.
    #[track_caller]
    fn check(mut messages: Vec<Message>, expect: &[(&str, usize)]) -> Vec<Payment> {
        let payments = of(&shared(messages.clone()));
        let found: Vec<_> = payments.iter().map(|payment| (payment.id.as_str(), payment.messages.len())).collect();
        assert_eq!(found, expect);
        messages.sort_by_key(|message| message.time.as_micros() % 7);
        assert_eq!(of(&shared(messages)), payments, "in another order");
        payments
    }

    #[test]
    fn a_payment_is_lookup_quote_and_transfer() {
        for trace in [None, Some("trace")] {
            let payments = check(payment(0, "alice", "bob", "1", trace), &[("t1", 12)]);
            for id in ["t1", "q1", "x1"] {
                assert!(payments[0].is_called(id), "{id}");
            }
            assert!(!payments[0].is_called("t2"));
            let expect = Reading {
                payer: Some("alice".to_owned()),
                payee: Some("bob".to_owned()),
                amount: Some("10.5 USD".to_owned()),
                state: State::Committed,
                reason: None,
                total_ms: 11.5,
            };
            assert_eq!(payments[0].reading, expect);
        }
    }

    #[test]
    fn payments_that_overlap_are_told_apart() {
        let two = |first, second| {
            [payment(0, "alice", "bob", "1", first), payment(500, "carol", "bob", "2", second)].concat()
        };
        check(two(None, None), &[("t2", 12), ("t1", 12)]);
        check(two(Some("a"), Some("b")), &[("t2", 12), ("t1", 12)]);
        // Both look for the same party: each quote takes the last lookup before it that no other has.
        let again = [payment(0, "alice", "bob", "1", None), payment(20_000, "alice", "bob", "2", None)].concat();
        check(again, &[("t2", 12), ("t1", 12)]);
    }

    #[test]
    fn a_trace_goes_before_the_party() {
        let messages = [
            lookup(0, "alice", "bob", "MSISDN/1", Some("a")),
            lookup(100, "alice", "bob", "MSISDN/2", None),
            agreement_and_clearing(10_000, "alice", "bob", "1", Some("a")),
        ];
        let payments = check(messages.concat(), &[("message-100", 4), ("t1", 12)]);
        assert_eq!(payments[1].messages[0].about.party.as_deref(), Some("MSISDN/1"));
    }

    #[test]
    fn what_nobody_went_on_with_stands_alone() {
        let payments = check(lookup(7, "alice", "bob", "MSISDN/9", None), &[("message-7", 4)]);
        assert_eq!(payments[0].reading.state, State::UnderWay);
        assert_eq!(payments[0].reading.payer.as_deref(), Some("alice"));
        // A lookup after the quote is not this payment's.
        let late =
            [agreement_and_clearing(0, "alice", "bob", "1", None), lookup(20_000, "alice", "bob", "MSISDN/1", None)];
        check(late.concat(), &[("message-20000", 4), ("t1", 8)]);
        check(vec![message(1, "alice", HUB, "POST", "/participants")], &[]);
    }

    /// How a payment stands whose last message is this one.
    #[track_caller]
    fn check_state(keep: usize, last: Option<(&str, &str, &str, &str, u16)>, expect: State) {
        let mut messages = payment(0, "alice", "bob", "1", None);
        messages.truncate(keep);
        if let Some((from, method, path, body, status)) = last {
            let mut end = message(50_000, from, if from == HUB { "alice" } else { HUB }, method, path);
            end.body = body.to_owned();
            end.status = Some(status);
            end.about.transfer_id = Some("t1".to_owned());
            messages.push(end);
        }
        let payments = of(&shared(messages));
        assert_eq!(payments[0].reading.state, expect, "{keep} {last:?}");
    }

    #[test]
    fn what_went_wrong_says_why() {
        let mut messages = payment(0, "alice", "bob", "1", None);
        messages.truncate(10);
        let mut end = message(50_000, HUB, "alice", "PUT", "/transfers/t1/error");
        end.body = r#"{"errorInformation":{"errorCode":"4200","errorDescription":"Payer limit error"}}"#.to_owned();
        end.about.transfer_id = Some("t1".to_owned());
        messages.push(end);
        let reason = |messages: &[Message]| of(&shared(messages.to_vec()))[0].reading.reason.clone();
        assert_eq!(reason(&messages).as_deref(), Some("4200 Payer limit error"));
        messages[10].body.clear();
        assert_eq!(reason(&messages), None);
        messages[10].error = Some("nobody listens".to_owned());
        assert_eq!(reason(&messages).as_deref(), Some("nobody listens"));
    }

    #[test]
    fn states_are_those_that_the_hub_tells() {
        check_state(11, None, State::UnderWay);
        check_state(12, None, State::Committed);
        check_state(11, Some((HUB, "PUT", "/transfers/t1/error", "{}", 200)), State::Aborted);
        check_state(11, Some((HUB, "PATCH", "/transfers/t1", r#"{"transferState":"ABORTED"}"#, 200)), State::Aborted);
        check_state(9, Some(("alice", "POST", "/transfers", "{}", 400)), State::Failed);
        check_state(12, Some(("alice", "POST", "/transfers", "{}", 400)), State::Committed);
        check_state(9, Some((HUB, "PUT", "/quotes/q1/error", "{}", 200)), State::Failed);
    }
}
