//! What the FSPs know of a transfer: the evidence that the hub is judged by.

use std::collections::BTreeMap;

use fspiop::{ErrorCallback, Timestamp, TransferFulfil, TransferPatch, TransferState};
use hyper::Method;

use super::message::PAYEE_FAILED;
use super::plan::{Answer, Plan};
use crate::http::Callback;

/// How a transfer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    Committed,
    Aborted,
}

/// What a callback says about a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum News {
    Ended(End),
    Reserved,
    /// An error, by its code.
    Error(Box<str>),
    Unreadable,
}

impl News {
    pub(super) fn read(callback: &Callback) -> Self {
        if callback.path.ends_with("/error") {
            return ErrorCallback::read(&callback.body).map_or(Self::Unreadable, |error| Self::Error(error.code));
        }
        let state = if callback.method == Method::PATCH.as_str() {
            TransferPatch::read(&callback.body).map(|patch| patch.state)
        } else {
            TransferFulfil::read(&callback.body).map(|fulfil| fulfil.state)
        };
        match state {
            Ok(TransferState::Committed) => Self::Ended(End::Committed),
            Ok(TransferState::Aborted) => Self::Ended(End::Aborted),
            Ok(TransferState::Reserved) => Self::Reserved,
            Ok(TransferState::Received) | Err(_) => Self::Unreadable,
        }
    }
}

/// A message that an FSP sends until the hub accepts it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sent {
    pub(super) attempts: u32,
    /// Just before the first attempt.
    pub(super) first_at: Option<Timestamp>,
    /// Just after the acceptance.
    pub(super) accepted_at: Option<Timestamp>,
}

impl Sent {
    pub(super) fn begins(&mut self, now: Timestamp) {
        self.attempts += 1;
        self.first_at.get_or_insert(now);
    }

    pub(super) fn is_accepted(&self) -> bool {
        self.accepted_at.is_some()
    }

    /// Surely accepted before that moment.
    pub(super) fn accepted_before(&self, moment: Timestamp) -> bool {
        self.accepted_at.is_some_and(|at| at < moment)
    }
}

/// What an FSP was told about the end, and how often.
pub(super) type Told = BTreeMap<End, u32>;

/// A transfer as its FSPs have seen it.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) plan: Plan,
    pub(super) prepare: Sent,
    /// How often the prepare has reached the payee.
    pub(super) asked: u32,
    pub(super) answer: Sent,
    /// Another prepare with the same id, and another answer, after the first was accepted.
    pub(super) altered: Sent,
    pub(super) contradicted: Sent,
    pub(super) payer_told: Told,
    pub(super) payee_told: Told,
    /// Errors that tell an FSP that its message has changed nothing.
    pub(super) payer_refused: u32,
    pub(super) payee_refused: u32,
    /// How often the payer was told that its prepare exceeds its net debit cap.
    pub(super) over_cap: u32,
    /// Answers to the payer's questions during the run, and to the one after it.
    pub(super) said: Vec<News>,
    pub(super) said_at_the_end: Option<News>,
    /// What must not happen to anybody.
    pub(super) surprises: Vec<String>,
}

/// Marks questions during the run, and those after it.
pub(super) const SPOT_CHECK: &str = "00-5b07c4ec000000000000000000000001-0000000000000001-01";
pub(super) const FINAL_CHECK: &str = "00-f1a1c4ec000000000000000000000001-0000000000000001-01";

const TRANSFER_EXPIRED: &str = "3303";
const MODIFIED_REQUEST: &str = "3106";
/// Upstream's "payer limit error".
const OVER_CAP: &str = "4200";
/// Of an answer to a transfer that has ended without one.
const NOT_RESERVED: &str = "3100";

impl Record {
    pub(super) fn new(plan: Plan) -> Self {
        Self {
            plan,
            prepare: Sent::default(),
            asked: 0,
            answer: Sent::default(),
            altered: Sent::default(),
            contradicted: Sent::default(),
            payer_told: Told::new(),
            payee_told: Told::new(),
            payer_refused: 0,
            payee_refused: 0,
            over_cap: 0,
            said: Vec::new(),
            said_at_the_end: None,
            surprises: Vec::new(),
        }
    }

    /// The payer has been told something.
    pub(super) fn tell_payer(&mut self, news: News, trace: &str) {
        match (trace, news) {
            (SPOT_CHECK, news) => self.said.push(news),
            (FINAL_CHECK, news) => self.said_at_the_end = Some(news),
            (_, News::Ended(end)) => *self.payer_told.entry(end).or_default() += 1,
            (_, News::Error(code)) if &*code == MODIFIED_REQUEST => self.payer_refused += 1,
            (_, News::Error(code)) => {
                self.over_cap += u32::from(&*code == OVER_CAP);
                *self.payer_told.entry(End::Aborted).or_default() += 1;
            }
            (_, news) => self.surprises.push(format!("the payer was told {news:?}")),
        }
    }

    /// The payee has been told something.
    pub(super) fn tell_payee(&mut self, news: News) {
        match news {
            News::Ended(end) => *self.payee_told.entry(end).or_default() += 1,
            News::Error(code) if &*code == TRANSFER_EXPIRED => *self.payee_told.entry(End::Aborted).or_default() += 1,
            // Whoever repeats its refusal hears that it stands.
            News::Error(code) if &*code == PAYEE_FAILED && self.plan.answer == Answer::Fail => {
                *self.payee_told.entry(End::Aborted).or_default() += 1;
            }
            News::Error(code) if [MODIFIED_REQUEST, NOT_RESERVED].contains(&&*code) => self.payee_refused += 1,
            news => self.surprises.push(format!("the payee was told {news:?}")),
        }
    }

    /// The end that the payer was told, if it was told one and no other.
    pub(super) fn end(&self) -> Option<End> {
        let mut ends = self.payer_told.keys();
        ends.next().copied().filter(|_| ends.next().is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::random::Random;

    fn callback(method: &str, path: &str, body: &str) -> Callback {
        Callback {
            method: method.into(),
            path: path.into(),
            source: "Hub".into(),
            trace: String::new(),
            body: body.to_owned().into(),
        }
    }

    #[test]
    fn callbacks_are_read() {
        let error = r#"{"errorInformation":{"errorCode":"3303","errorDescription":"x"}}"#;
        let patch = r#"{"completedTimestamp":"2026-11-22T14:00:00.000Z","transferState":"COMMITTED"}"#;
        for (method, path, body, expect) in [
            ("PUT", "/transfers/1", r#"{"transferState":"ABORTED"}"#, News::Ended(End::Aborted)),
            ("PUT", "/transfers/1", r#"{"transferState":"RESERVED"}"#, News::Reserved),
            ("PATCH", "/transfers/1", patch, News::Ended(End::Committed)),
            ("PUT", "/transfers/1/error", error, News::Error("3303".into())),
            ("PUT", "/transfers/1", "{}", News::Unreadable),
        ] {
            assert_eq!(News::read(&callback(method, path, body)), expect, "{method} {path} {body}");
        }
    }

    #[test]
    fn two_ends_are_none() {
        let mut record = Record::new(Plan::draw(&mut Random::new(1), Timestamp::from_millis(0)));
        assert_eq!(record.end(), None);
        record.tell_payer(News::Error(MODIFIED_REQUEST.into()), "");
        record.tell_payer(News::Ended(End::Aborted), SPOT_CHECK);
        assert_eq!((record.end(), record.payer_refused, record.said.len()), (None, 1, 1));
        record.tell_payer(News::Error(TRANSFER_EXPIRED.into()), "");
        record.tell_payer(News::Ended(End::Aborted), "");
        assert_eq!(record.end(), Some(End::Aborted));
        record.tell_payer(News::Ended(End::Committed), "");
        assert_eq!(record.end(), None);
        record.tell_payer(News::Reserved, "");
        assert_eq!(record.surprises.len(), 1);
    }
}
