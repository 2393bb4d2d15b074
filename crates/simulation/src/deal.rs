//! What the world knows of one transfer: who means what, before anything is sent.

use bytes::Bytes;
use fspiop::{Fulfilment, Identifier, Money, Timestamp, TransferId, TransferState};
use participant::{Behaviour, IdentifierSource, Payment, PaymentIdentifiers};

use crate::{random::Random, scenario::Scenario, timeline::START, wire};

/// A transfer between two FSPs.
#[derive(Debug)]
pub(crate) struct Deal {
    pub(crate) id: TransferId,
    pub(crate) payer: usize,
    pub(crate) payee: usize,
    pub(crate) money: Money,
    /// Time from the first request to its expiration; not positive for a request that is late from the beginning.
    pub(crate) life_ms: i64,
    pub(crate) fulfilment: Fulfilment,
    /// What the payee, or another FSP in its place, sends when the payee is asked.
    pub(crate) answers: Vec<PlannedAnswer>,
    /// Whether the payee answers again when it is asked again.
    pub(crate) answers_again: bool,
    /// One of many that are sent at the same moment: the network treats them alike.
    pub(crate) burst: bool,
    /// Contents of POST /transfers that were sent, the first one first.
    pub(crate) bodies: Vec<Bytes>,
    /// For a payment from the lookup on: both sides are those of the crate `participant`.
    pub(crate) journey: Option<Journey>,
    /// Whether the payee was asked.
    pub(crate) asked: bool,
}

/// A payment from the lookup on.
#[derive(Debug)]
pub(crate) struct Journey {
    pub(crate) identifiers: PaymentIdentifiers,
    pub(crate) timeout_ms: u32,
    /// How the payee answers to the transfer.
    pub(crate) behaviour: Behaviour,
    /// The payer's side, once it has begun.
    pub(crate) payment: Option<Payment>,
}

/// An answer that is sent once its transfer has been seen.
#[derive(Debug)]
pub(crate) struct PlannedAnswer {
    pub(crate) by: usize,
    pub(crate) when: When,
    pub(crate) what: Answer,
    pub(crate) copies: usize,
    /// Whether the payee says when it completed the transfer.
    pub(crate) dated: bool,
    /// What was sent: a repeated answer is the same one.
    pub(crate) body: Option<Bytes>,
}

impl PlannedAnswer {
    fn new(random: &mut Random, by: usize, what: Answer, when: When) -> PlannedAnswer {
        let copies = if random.chance(15) { 2 + random.below(2) } else { 1 };
        PlannedAnswer { by, when, what, copies, dated: random.chance(30), body: None }
    }
}

/// When an answer is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    /// So long after the request has come.
    After(i64),
    /// So long after the expiration.
    Expiration(i64),
    /// So long after the first sweep that finds the transfer expired. The network does not touch it.
    Sweep(i64),
}

/// What an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Commit,
    Reserve,
    Reject,
    Error,
    WrongFulfilment,
    NoFulfilment,
}

impl Answer {
    /// The body, with the end of the path.
    pub(crate) fn body(self, fulfilment: Fulfilment, completed: Option<Timestamp>) -> Bytes {
        let wrong = Fulfilment::from_bytes(fulfilment.as_bytes().map(|byte| !byte));
        match self {
            Answer::Commit => wire::answer_body(TransferState::Committed, Some(fulfilment), completed),
            Answer::Reserve => wire::answer_body(TransferState::Reserved, Some(fulfilment), completed),
            Answer::Reject => wire::answer_body(TransferState::Aborted, None, completed),
            Answer::Error => wire::error_body(),
            Answer::WrongFulfilment => wire::answer_body(TransferState::Committed, Some(wrong), completed),
            Answer::NoFulfilment => wire::answer_body(TransferState::Committed, None, completed),
        }
    }
}

impl Deal {
    /// A deal between two FSPs, with everything that its payee will do.
    pub(crate) fn draw(random: &mut Random, scenario: &Scenario, payer: usize, money: Money) -> Deal {
        let payee = other_than(random, scenario.fsps, &[payer]);
        Deal {
            id: TransferId(Identifier::from_ulid_bits(random.bits())),
            payer,
            payee,
            money,
            life_ms: if random.chance(3) { random.between(-500, 0) } else { random.between(300, 9_000) },
            fulfilment: Fulfilment::from_bytes(random.bytes()),
            answers: draw_answers(random, scenario, payer, payee),
            answers_again: random.chance(50),
            burst: false,
            bodies: Vec::new(),
            journey: None,
            asked: false,
        }
    }
}

/// Any FSP but these; one of these if there is no other.
pub(crate) fn other_than(random: &mut Random, fsps: usize, not: &[usize]) -> usize {
    let others: Vec<usize> = (0..fsps).filter(|fsp| !not.contains(fsp)).collect();
    if others.is_empty() { not[0] } else { random.pick(&others) }
}

impl Deal {
    /// A deal that begins with a lookup.
    pub(crate) fn draw_journey(random: &mut Random, scenario: &Scenario, payer: usize, money: Money) -> Deal {
        let identifiers = IdentifierSource::new(random.next()).next_payment(START);
        let mut behaviour = Behaviour { delay_ms: random.next() % 300, ..Behaviour::default() };
        match random.below(20) {
            0 => behaviour.silent = true,
            1 => behaviour.error = Some("5001".to_owned()),
            2 => behaviour.reject = true,
            3 => behaviour.wrong_fulfilment = true,
            4 => behaviour.delay_ms = 8_000,
            5..9 => behaviour.reserve = true,
            9..11 => behaviour.copies = 3,
            _ => {}
        }
        let timeout_ms = u32::try_from(random.between(3_000, 20_000)).expect("small and positive");
        let journey = Journey { identifiers, timeout_ms, behaviour, payment: None };
        let deal = Deal::draw(random, scenario, payer, money);
        Deal { id: identifiers.transfer, answers: Vec::new(), journey: Some(journey), ..deal }
    }
}

fn draw_answers(random: &mut Random, scenario: &Scenario, payer: usize, payee: usize) -> Vec<PlannedAnswer> {
    let soon = When::After(random.between(0, 300));
    let answers = match random.below(100) {
        0..40 => vec![(Answer::Commit, soon)],
        40..50 => vec![(Answer::Reserve, soon)],
        50..58 => vec![(Answer::Reject, soon)],
        58..66 => vec![(Answer::Error, soon)],
        66..72 => vec![(Answer::WrongFulfilment, soon)],
        72..74 => vec![(Answer::NoFulfilment, soon)],
        74..80 => Vec::new(),
        80..84 => vec![(any(random), When::Expiration(random.between(0, 2_000)))],
        84..94 => races(random),
        _ => contradictions(random),
    };
    let mut planned: Vec<_> =
        answers.into_iter().map(|(what, when)| PlannedAnswer::new(random, payee, what, when)).collect();
    let stranger = other_than(random, scenario.fsps, &[payer, payee]);
    if stranger != payer && random.chance(8) {
        let (what, when) = (any(random), When::After(random.between(0, 100)));
        planned.push(PlannedAnswer::new(random, stranger, what, when));
    }
    planned
}

fn any(random: &mut Random) -> Answer {
    random.pick(&[Answer::Commit, Answer::Reserve, Answer::Reject, Answer::Error])
}

/// Several copies around the expiration, and around the sweep that follows it.
fn races(random: &mut Random) -> Vec<(Answer, When)> {
    let what = any(random);
    let when = |random: &mut Random| match random.below(2) {
        0 => When::Expiration(random.between(-3, 3)),
        _ => When::Sweep(random.between(-3, 3)),
    };
    (0..4).map(|_| (what, when(random))).collect()
}

fn contradictions(random: &mut Random) -> Vec<(Answer, When)> {
    (0..3).map(|_| (any(random), When::After(random.between(0, 100)))).collect()
}
