//! The messages of payers and payees, made as cheaply as they can be: [`Stationery`].
//!
//! What repeats is made once: names, media types, terms. What a message says of its own payment is serialised from the
//! protocol's types each time.

use std::{
    sync::{Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use fspiop::{
    Amount, AmountType, ApiVersion, Condition, Currency, FspId, Fulfilment, Identifier, Money, PartyId, PartyIdType,
    QuoteId, Resource, Timestamp, TransactionId, TransferId, TransferState, content_type,
    headers::{FSPIOP_DESTINATION, FSPIOP_HTTP_METHOD, FSPIOP_SIGNATURE, FSPIOP_SOURCE, FSPIOP_URI, TRACEPARENT},
    write::{
        Party, PartyBody, PartyIdInfo, QuoteAnswerBody, QuoteRequestBody, TransactionType, TransferFulfilBody,
        TransferPrepareBody, to_body,
    },
};
use http::{HeaderMap, HeaderValue, Method, Request, header};
use http_body_util::Full;
use identity::{SignedMessage, Signer};
use participant::{Phase, Secret, Terms, Trace, fulfil};
use serde::Serialize;

use crate::{
    plan::{PAYMENT_TIMEOUT, Plan},
    random::Random,
    skew::Pair,
};

/// How much every payment moves, so that the ledger's positions count payments.
pub(crate) const AMOUNT: &str = "1";
/// Packets with their conditions and fulfilments, which payments share: making one costs more than everything else. So many
/// in all, for all currencies together.
const TERMS: usize = 1024;
/// Customers of each payee.
const PARTIES_PER_PAYEE: u32 = 10;
/// How long the shared quotes hold: a day, longer than any run.
const QUOTE_VALIDITY_MS: i64 = 86_400_000;
/// The version in which both sides speak.
const VERSION: ApiVersion = ApiVersion::V2_0;
/// What all payments are.
const KIND: TransactionType<'static> =
    TransactionType { scenario: "TRANSFER", initiator: "PAYER", initiator_type: "CONSUMER" };

/// A message to the hub.
pub(crate) type Message = Request<Full<Bytes>>;

/// An FSP of the run.
pub(crate) struct Fsp {
    pub(crate) name: FspId,
    value: HeaderValue,
    pub(crate) parties: Vec<PartyId>,
}

/// Terms, as payer and payee use them.
struct Offer {
    packet: String,
    condition: Condition,
    fulfilment: Fulfilment,
    /// The body of `PUT /quotes/{ID}`.
    answer: Bytes,
}

/// What payments in one currency share.
struct CurrencyTerms {
    amount: Money,
    offers: Vec<Offer>,
}

/// The transaction in a packet (Transaction, FSPIOP 1.1, section 7.4.17).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Transaction<'a> {
    transaction_id: TransactionId,
    quote_id: QuoteId,
    payee: Party<'a>,
    payer: Party<'a>,
    amount: Money,
    transaction_type: TransactionType<'a>,
}

/// The current second, as headers say it.
struct Date {
    second: i64,
    value: HeaderValue,
}

/// Makes all messages.
pub(crate) struct Stationery {
    pub(crate) payers: Vec<Fsp>,
    pub(crate) payees: Vec<Fsp>,
    customer: PartyId,
    terms: Vec<CurrencyTerms>,
    /// In the order of the phases.
    media: [HeaderValue; 3],
    host: HeaderValue,
    date: Mutex<Date>,
    /// Signs for all FSPs. One key costs what many cost, and making it takes some hundred milliseconds.
    signer: Option<Signer>,
}

impl Stationery {
    /// The FSPs of a plan, with everything that can be prepared. They sign if there is a signer.
    pub(crate) fn new(plan: &Plan, signer: Option<Signer>) -> Stationery {
        let payers = (1..=plan.payers).map(|number| Fsp::new("benchpayer", number, 0)).collect();
        let payees: Vec<Fsp> =
            (1..=plan.payees).map(|number| Fsp::new("benchpayee", number, PARTIES_PER_PAYEE)).collect();
        let customer = party(8_000_000_000);
        let amount = Amount::parse(AMOUNT).expect("a valid amount");
        let count = TERMS / plan.currencies.len().max(1);
        let terms = plan.currencies.iter().map(|currency| {
            let amount = Money { currency: *currency, amount };
            CurrencyTerms { amount, offers: offers(plan.seed, count, amount, &customer, &payees[0].parties[0]) }
        });
        let terms = terms.collect();
        let media = [Resource::Parties, Resource::Quotes, Resource::Transfers];
        Stationery {
            payers,
            payees,
            customer,
            terms,
            media: media.map(|resource| value(&content_type(resource, VERSION))),
            host: HeaderValue::from_static("hub"),
            date: Mutex::new(Date { second: i64::MIN, value: HeaderValue::from_static("") }),
            signer,
        }
    }

    /// The public half of the key that signs for all FSPs, in PEM.
    pub(crate) fn public_key(&self) -> Option<String> {
        self.signer.as_ref().map(|signer| signer.public_key().to_pem())
    }

    /// The currencies of the payments.
    pub(crate) fn currencies(&self) -> impl Iterator<Item = Currency> {
        self.terms.iter().map(|terms| terms.amount.currency)
    }

    /// A payer's request that begins a phase.
    pub(crate) fn request(&self, id: TransferId, phase: Phase, pair: Pair) -> Message {
        let (payer, payee) = (&self.payers[at(pair.payer)], &self.payees[at(pair.payee)]);
        let now = now();
        let (method, path, body) = match phase {
            Phase::Lookup => (Method::GET, format!("/parties/{}", self.payee_party(id, payee).uri_path()), Vec::new()),
            Phase::Agreement => (Method::POST, "/quotes".to_owned(), self.quote(id, pair, now)),
            Phase::Clearing => (Method::POST, "/transfers".to_owned(), self.prepare(id, pair, now)),
        };
        let mut headers = self.headers(id, phase, payer, now);
        headers.insert(header::ACCEPT, self.media_type(phase).clone());
        if phase != Phase::Lookup {
            headers.insert(FSPIOP_DESTINATION, payee.value.clone());
        }
        self.message(method, &path, headers, body.into())
    }

    /// A payee's answer in a phase.
    pub(crate) fn answer(&self, id: TransferId, phase: Phase, pair: Pair) -> Message {
        let (payer, payee) = (&self.payers[at(pair.payer)], &self.payees[at(pair.payee)]);
        let now = now();
        let (path, body) = match phase {
            Phase::Lookup => {
                let party = self.payee_party(id, payee);
                let info = PartyIdInfo::new(party, Some(&payee.name));
                let body = PartyBody {
                    party: Party {
                        party_id_info: info,
                        name: Some("A Payee"),
                        personal_info: None,
                        supported_currencies: &[],
                    },
                };
                (format!("/parties/{}", party.uri_path()), to_body(&body).into())
            }
            Phase::Agreement => (format!("/quotes/{id}"), self.offer(id, pair).answer.clone()),
            Phase::Clearing => {
                let body = TransferFulfilBody {
                    fulfilment: Some(self.offer(id, pair).fulfilment),
                    completed_timestamp: Some(now),
                    transfer_state: TransferState::Committed,
                    extension_list: None,
                };
                (format!("/transfers/{id}"), to_body(&body).into())
            }
        };
        let mut headers = self.headers(id, phase, payee, now);
        headers.insert(FSPIOP_DESTINATION, payer.value.clone());
        self.message(Method::PUT, &path, headers, body)
    }

    fn message(&self, method: Method, path: &str, mut headers: HeaderMap, body: Bytes) -> Message {
        if let Some(signature) = self.signature(&method, path, &headers, &body) {
            headers.insert(FSPIOP_URI, value(path));
            headers.insert(FSPIOP_HTTP_METHOD, value(method.as_str()));
            headers.insert(FSPIOP_SIGNATURE, value(&signature));
        }
        let mut message = Request::new(Full::new(body));
        *message.method_mut() = method;
        *message.uri_mut() = path.parse().expect("identifiers are valid in paths");
        *message.headers_mut() = headers;
        message
    }

    /// Nothing for questions, which have no body to sign.
    fn signature(&self, method: &Method, path: &str, headers: &HeaderMap, body: &[u8]) -> Option<String> {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        self.signer.as_ref()?.sign(&SignedMessage {
            method: method.as_str(),
            uri: path,
            source: text(FSPIOP_SOURCE)?,
            destination: text(FSPIOP_DESTINATION),
            date: text(header::DATE),
            body,
        })
    }

    fn quote(&self, id: TransferId, pair: Pair, now: Timestamp) -> Vec<u8> {
        let (payer, payee) = (&self.payers[at(pair.payer)], &self.payees[at(pair.payee)]);
        to_body(&QuoteRequestBody {
            quote_id: QuoteId(id.0),
            transaction_id: TransactionId(id.0),
            payee: bare(self.payee_party(id, payee), &payee.name),
            payer: bare(&self.customer, &payer.name),
            amount_type: AmountType::Send,
            amount: self.terms[at(pair.currency)].amount,
            transaction_type: KIND,
            expiration: Some(expiration(now)),
            note: None,
        })
    }

    fn prepare(&self, id: TransferId, pair: Pair, now: Timestamp) -> Vec<u8> {
        let (payer, payee) = (&self.payers[at(pair.payer)], &self.payees[at(pair.payee)]);
        let offer = self.offer(id, pair);
        to_body(&TransferPrepareBody {
            transfer_id: id,
            payee_fsp: &payee.name,
            payer_fsp: &payer.name,
            amount: self.terms[at(pair.currency)].amount,
            ilp_packet: &offer.packet,
            condition: offer.condition,
            expiration: expiration(now),
        })
    }

    /// The headers of a message of `source`.
    fn headers(&self, id: TransferId, phase: Phase, source: &Fsp, now: Timestamp) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(10);
        headers.insert(header::HOST, self.host.clone());
        headers.insert(header::CONTENT_TYPE, self.media_type(phase).clone());
        headers.insert(header::DATE, self.date(now));
        headers.insert(FSPIOP_SOURCE, source.value.clone());
        headers.insert(TRACEPARENT, value(&trace(id).traceparent(1)));
        headers
    }

    fn media_type(&self, phase: Phase) -> &HeaderValue {
        match phase {
            Phase::Lookup => &self.media[0],
            Phase::Agreement => &self.media[1],
            Phase::Clearing => &self.media[2],
        }
    }

    fn date(&self, now: Timestamp) -> HeaderValue {
        let second = now.as_millis().div_euclid(1_000);
        let mut date = self.date.lock().unwrap_or_else(PoisonError::into_inner);
        if date.second != second {
            *date = Date { second, value: value(&now.http_date()) };
        }
        date.value.clone()
    }

    /// The terms of a payment: always the same ones for the same payment.
    fn offer(&self, id: TransferId, pair: Pair) -> &Offer {
        let offers = &self.terms[at(pair.currency)].offers;
        &offers[usize::from(spread(id)) % offers.len()]
    }

    /// The payee's customer who is paid.
    fn payee_party<'a>(&self, id: TransferId, payee: &'a Fsp) -> &'a PartyId {
        &payee.parties[usize::from(spread(id)) % payee.parties.len()]
    }
}

impl Fsp {
    fn new(kind: &str, number: u32, parties: u32) -> Fsp {
        let name = format!("{kind}{number}");
        let first = 7_000_000_000 + u64::from(number) * 1_000;
        Fsp {
            name: FspId::parse(&name).expect("letters and digits"),
            value: value(&name),
            parties: (0..parties).map(|party_number| party(first + u64::from(party_number))).collect(),
        }
    }
}

/// Makes the names of payments. They are new in every run, whatever its seed is: a hub remembers those of earlier runs.
#[derive(Debug)]
pub(crate) struct Names(Random);

impl Names {
    pub(crate) fn new(nonce: u64) -> Names {
        Names(Random::new(nonce))
    }

    /// A UUID of version 4: as most FSPs have them, and the hardest for an index, since no two are neighbours.
    pub(crate) fn next(&mut self) -> TransferId {
        TransferId(uuid(&mut self.0))
    }
}

fn uuid(random: &mut Random) -> Identifier {
    let bits = (u128::from(random.next()) << 64) | u128::from(random.next());
    let version = (bits & !(0xF << 76)) | (0x4 << 76);
    let bits = (version & !(0x3 << 62)) | (0x2 << 62);
    // The first byte says that it is a UUID.
    let mut bytes = [0; Identifier::LENGTH];
    bytes[1..].copy_from_slice(&bits.to_be_bytes());
    Identifier::from_bytes(&bytes).expect("a UUID of version 4")
}

/// The trace of a payment has the same 128 bits as its name, so that answers to lookups, which name only a party, find it.
fn trace(id: TransferId) -> Trace {
    let mut bits = [0; 16];
    bits.copy_from_slice(&id.0.to_bytes()[1..]);
    Trace(u128::from_be_bytes(bits))
}

/// The payment of a trace.
pub(crate) fn traced(traceparent: &str) -> Option<TransferId> {
    let mut bytes = [0; Identifier::LENGTH];
    bytes[1..].copy_from_slice(&Trace::parse(traceparent)?.0.to_be_bytes());
    Identifier::from_bytes(&bytes).map(TransferId)
}

fn offers(seed: u64, count: usize, amount: Money, payer: &PartyId, payee: &PartyId) -> Vec<Offer> {
    let secret = Secret::new("of all payees of a bench");
    let mut random = Random::new(seed);
    let expiration = now().plus_millis(QUOTE_VALIDITY_MS);
    let payer_fsp = FspId::parse("benchpayer1").expect("letters and digits");
    let payee_fsp = FspId::parse("benchpayee1").expect("letters and digits");
    let offer = |_| {
        let id = uuid(&mut random);
        let transaction = to_body(&Transaction {
            transaction_id: TransactionId(id),
            quote_id: QuoteId(id),
            payee: bare(payee, &payee_fsp),
            payer: bare(payer, &payer_fsp),
            amount,
            transaction_type: KIND,
        });
        let Terms { packet, condition } = Terms::new(&secret, &transaction, amount, expiration);
        let answer = to_body(&QuoteAnswerBody {
            transfer_amount: amount,
            payee_receive_amount: None,
            payee_fsp_fee: None,
            payee_fsp_commission: None,
            expiration,
            ilp_packet: &packet,
            condition,
        });
        Offer { packet, condition, fulfilment: fulfil(&secret, &transaction), answer: answer.into() }
    };
    (0..count).map(offer).collect()
}

fn bare<'a>(party: &'a PartyId, fsp: &'a FspId) -> Party<'a> {
    Party {
        party_id_info: PartyIdInfo::new(party, Some(fsp)),
        name: None,
        personal_info: None,
        supported_currencies: &[],
    }
}

fn party(number: u64) -> PartyId {
    PartyId::new(PartyIdType::Msisdn, &number.to_string(), None).expect("digits are a telephone number")
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("names, dates and media types are visible ASCII")
}

fn expiration(now: Timestamp) -> Timestamp {
    now.plus_millis(i64::try_from(PAYMENT_TIMEOUT.as_millis()).unwrap_or(i64::MAX))
}

fn spread(id: TransferId) -> u16 {
    let bytes = id.0.to_bytes();
    u16::from_be_bytes([bytes[15], bytes[16]])
}

fn at(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The wall clock, for headers and bodies; durations are measured with another one.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use fspiop::{TransferFulfil, TransferPrepare, check_request};

    use super::*;
    use crate::plan::tests::plan;

    const PAIR: Pair = Pair { payer: 0, payee: 0, currency: 0 };

    #[test]
    fn messages_keep_the_protocols_rules() {
        let stationery = Stationery::new(&plan(), None);
        let id = Names::new(1).next();
        for phase in [Phase::Lookup, Phase::Agreement, Phase::Clearing] {
            for message in [stationery.request(id, phase, PAIR), stationery.answer(id, phase, PAIR)] {
                let read = check_request(message.method(), phase.resource(), message.headers()).unwrap();
                let payer = *message.method() != Method::PUT;
                assert_eq!(read.source.as_str(), if payer { "benchpayer1" } else { "benchpayee1" });
                let traceparent = message.headers()[TRACEPARENT].to_str().unwrap();
                assert_eq!(traced(traceparent), Some(id));
            }
        }
    }

    #[test]
    fn messages_with_a_body_are_signed_if_they_are_to_be() {
        let stationery = Stationery::new(&plan(), Some(Signer::generate().unwrap().0));
        let key = identity::PublicKey::from_pem(&stationery.public_key().unwrap()).unwrap();
        let id = Names::new(1).next();
        let headers = stationery.headers(id, Phase::Clearing, &stationery.payers[0], now());
        let body = stationery.prepare(id, PAIR, now());
        let prepare = stationery.message(Method::POST, "/transfers", headers, body.clone().into());
        let header = |name: http::HeaderName| prepare.headers().get(name).map(|value| value.to_str().unwrap());
        let signed = SignedMessage {
            method: "POST",
            uri: header(FSPIOP_URI).unwrap(),
            source: "benchpayer1",
            destination: None,
            date: header(header::DATE),
            body: &body,
        };
        assert_eq!(identity::verify(header(FSPIOP_SIGNATURE).unwrap(), &signed, [&key]), Ok(()));
        assert_eq!((header(FSPIOP_URI), header(FSPIOP_HTTP_METHOD)), (Some("/transfers"), Some("POST")));
        let question = stationery.request(id, Phase::Lookup, PAIR);
        assert!(question.headers().get(FSPIOP_SIGNATURE).is_none());
        for phase in [Phase::Lookup, Phase::Agreement, Phase::Clearing] {
            assert!(stationery.answer(id, phase, PAIR).headers().contains_key(FSPIOP_SIGNATURE), "{phase}");
        }
    }

    #[test]
    fn what_the_payee_answers_fulfils_what_the_payer_asks() {
        let currencies = vec![Currency::parse("USD").unwrap(), Currency::parse("KES").unwrap()];
        let stationery = Stationery::new(&Plan { currencies, ..plan() }, None);
        let mut names = Names::new(2);
        for number in 0..50 {
            let (id, pair) = (names.next(), Pair { currency: number % 2, ..PAIR });
            let prepare = stationery.prepare(id, pair, now());
            let prepare = TransferPrepare::read(&prepare).unwrap();
            assert_eq!(prepare.amount.currency.as_str(), ["USD", "KES"][at(pair.currency)]);
            assert_eq!((prepare.transfer_id, prepare.amount.amount.to_string().as_str()), (id, AMOUNT));
            let offer = stationery.offer(id, pair);
            assert_eq!(offer.fulfilment.condition(), prepare.condition);
            let answer = fspiop::QuoteAnswer::read(&offer.answer).unwrap();
            assert_eq!(
                (answer.condition, answer.transfer_amount.currency),
                (prepare.condition, prepare.amount.currency)
            );
            let fulfil = TransferFulfilBody {
                extension_list: None,
                fulfilment: Some(offer.fulfilment),
                completed_timestamp: Some(now()),
                transfer_state: TransferState::Committed,
            };
            assert_eq!(TransferFulfil::read(&to_body(&fulfil)).unwrap().fulfilment, Some(offer.fulfilment));
        }
    }

    #[test]
    fn names_are_new_in_every_run() {
        let (mut one, mut other) = (Names::new(1), Names::new(2));
        let mut all: Vec<TransferId> = (0..1_000).flat_map(|_| [one.next(), other.next()]).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 2_000);
    }
}
