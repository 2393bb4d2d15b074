//! Messages of the FSPs to the hub, with their bytes fixed: what is sent again is the same.

use anyhow::Result;
use bytes::Bytes;
use fspiop::write::{ErrorBody, TransferFulfilBody, TransferPrepareBody, to_body};
use fspiop::{
    Amount, ApiVersion, Currency, FspId, Fulfilment, Money, Resource, TransferId, TransferState, content_type,
};
use http_body_util::Full;
use hyper::{Method, Request, StatusCode};

use super::plan::{Answer, Fsp, Plan};
use crate::http::date;

/// The currency of all transfers.
pub(super) const CURRENCY: &str = "USD";
/// Nobody unpacks it.
const PACKET: &str = "AYIBgQ";
/// The error of a payee that fails: "Payee FSP rejected transaction".
pub(super) const PAYEE_FAILED: &str = "5104";

/// A message to the hub.
#[derive(Clone, Debug)]
pub(super) struct Message {
    method: Method,
    path: String,
    source: Fsp,
    destination: Option<Fsp>,
    trace: Option<&'static str>,
    pub(super) body: Bytes,
    /// The status by which the hub accepts it.
    pub(super) accepted: StatusCode,
}

impl Message {
    /// The payer asks for the transfer.
    pub(super) fn prepare(plan: &Plan) -> Self {
        Self::prepare_of(plan, plan.amount)
    }

    /// The same id for another amount.
    pub(super) fn altered_prepare(plan: &Plan) -> Self {
        Self::prepare_of(plan, Amount::from_units(plan.amount.units() + 1))
    }

    fn prepare_of(plan: &Plan, amount: Amount) -> Self {
        let currency = Currency::parse(CURRENCY).expect("a currency");
        let body = TransferPrepareBody {
            transfer_id: plan.id,
            payee_fsp: &fsp_id(plan.payee),
            payer_fsp: &fsp_id(plan.payer),
            amount: Money { currency, amount },
            ilp_packet: PACKET,
            condition: plan.fulfilment.condition(),
            expiration: plan.expiration,
        };
        let (method, path) = (Method::POST, "/transfers".to_owned());
        Self::new(method, path, plan.payer, Some(plan.payee), to_body(&body), StatusCode::ACCEPTED)
    }

    /// What the payee says to a prepare; `None` from one that is silent.
    pub(super) fn answer(plan: &Plan) -> Option<Self> {
        let wrong = Fulfilment::from_bytes(plan.fulfilment.as_bytes().map(|byte| !byte));
        match plan.answer {
            Answer::Silent => None,
            Answer::Commit | Answer::Late => Some(Self::state(plan, TransferState::Committed, Some(plan.fulfilment))),
            Answer::Reserve => Some(Self::state(plan, TransferState::Reserved, Some(plan.fulfilment))),
            Answer::WrongFulfilment => Some(Self::state(plan, TransferState::Committed, Some(wrong))),
            Answer::Reject => Some(Self::state(plan, TransferState::Aborted, None)),
            Answer::Fail => Some(Self::failure(plan)),
        }
    }

    /// The opposite of what the payee has said before.
    pub(super) fn contradiction(plan: &Plan) -> Self {
        match plan.answer {
            Answer::Commit | Answer::Late | Answer::Reserve => Self::state(plan, TransferState::Aborted, None),
            _ => Self::state(plan, TransferState::Committed, Some(plan.fulfilment)),
        }
    }

    /// The payer asks what became of the transfer. The answer has the same trace.
    pub(super) fn question(id: TransferId, payer: Fsp, trace: &'static str) -> Self {
        let path = format!("/transfers/{id}");
        let question = Self::new(Method::GET, path, payer, None, Vec::new(), StatusCode::ACCEPTED);
        Self { trace: Some(trace), ..question }
    }

    fn state(plan: &Plan, transfer_state: TransferState, fulfilment: Option<Fulfilment>) -> Self {
        let body = TransferFulfilBody { fulfilment, completed_timestamp: None, transfer_state, extension_list: None };
        Self::to_payer(plan, format!("/transfers/{}", plan.id), to_body(&body))
    }

    fn failure(plan: &Plan) -> Self {
        let body = to_body(&ErrorBody::new(PAYEE_FAILED, "the payee's FSP can't", []));
        Self::to_payer(plan, format!("/transfers/{}/error", plan.id), body)
    }

    fn to_payer(plan: &Plan, path: String, body: Vec<u8>) -> Self {
        Self::new(Method::PUT, path, plan.payee, Some(plan.payer), body, StatusCode::OK)
    }

    fn new(
        method: Method,
        path: String,
        source: Fsp,
        destination: Option<Fsp>,
        body: Vec<u8>,
        accepted: StatusCode,
    ) -> Self {
        Self { method, path, source, destination, trace: None, body: body.into(), accepted }
    }

    /// The HTTP request; `base` is where the hub takes FSPIOP.
    pub(super) fn request(&self, base: &str) -> Result<Request<Full<Bytes>>> {
        let media = content_type(Resource::Transfers, ApiVersion::V1_1);
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(format!("{base}{}", self.path))
            .header("content-type", &media)
            .header("date", date())
            .header("fspiop-source", self.source.0);
        if self.method != Method::PUT {
            request = request.header("accept", &media);
        }
        if let Some(destination) = self.destination {
            request = request.header("fspiop-destination", destination.0);
        }
        if let Some(trace) = self.trace {
            request = request.header("traceparent", trace);
        }
        Ok(request.body(Full::new(self.body.clone()))?)
    }
}

fn fsp_id(fsp: Fsp) -> FspId {
    FspId::parse(fsp.0).expect("a name of letters")
}

#[cfg(test)]
mod tests {
    use fspiop::{Timestamp, TransferFulfil, TransferPrepare};

    use super::*;
    use crate::faults::random::Random;

    #[test]
    fn messages_are_what_the_plan_says() {
        let mut random = Random::new(2);
        for _ in 0..200 {
            let plan = Plan::draw(&mut random, Timestamp::from_millis(1_700_000_000_000));
            let (first, altered) = (Message::prepare(&plan), Message::altered_prepare(&plan));
            let read = TransferPrepare::read(&first.body).unwrap();
            assert_eq!((read.amount.amount, read.expiration), (plan.amount, plan.expiration));
            assert_ne!(TransferPrepare::read(&altered.body).unwrap().amount, read.amount);
            let Some(answer) = Message::answer(&plan) else { continue };
            if plan.answer != Answer::Fail {
                let state = TransferFulfil::read(&answer.body).unwrap().state;
                assert_ne!(
                    state == TransferState::Aborted,
                    matches!(plan.answer, Answer::Commit | Answer::Reserve | Answer::Late | Answer::WrongFulfilment)
                );
            }
            assert_ne!(answer.body, Message::contradiction(&plan).body);
            assert!(answer.request("http://127.0.0.1:1").is_ok());
        }
    }
}
