//! What is to happen to a transfer: drawn before it begins, so that a seed repeats it.

use fspiop::{Amount, Fulfilment, Timestamp, TransferId};

use crate::faults::random::Random;

/// The FSPs: each pays all others.
pub(super) const FSPS: [Fsp; 4] = [Fsp("blue"), Fsp("green"), Fsp("red"), Fsp("white")];
/// The FSP whose net debit cap refuses some of its transfers, at any time: it pays more than it is paid.
pub(super) const POOR: Fsp = FSPS[2];
/// How often each FSP pays, in per cent; all are paid by the others equally often.
const PAYS: [(usize, u64); FSPS.len()] = [(0, 23), (1, 23), (2, 31), (3, 23)];
/// Up to 500 in the currency, with four decimals.
const UNITS: std::ops::Range<u64> = 1..5_000_000;
/// Longer than anything takes with some restarts: such a transfer does not expire.
const LONG_MS: u64 = 120_000;
/// A late answer comes at most so much before or after the expiration.
const LATE_AROUND_MS: u64 = 40;

/// An FSP, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Fsp(pub(super) &'static str);

/// What a payee says to a prepare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// COMMITTED, with the fulfilment.
    Commit,
    /// RESERVED, with the fulfilment: the hub is to tell the end by PATCH.
    Reserve,
    /// ABORTED.
    Reject,
    /// `/error`.
    Fail,
    /// COMMITTED, with a fulfilment of something else.
    WrongFulfilment,
    /// Nothing: the transfer expires.
    Silent,
    /// COMMITTED, within milliseconds of the expiration.
    Late,
}

/// What is done beside the necessary, by FSPs that don't trust their own memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extra {
    Nothing,
    /// The payer sends an accepted prepare once more.
    RepeatPrepare,
    /// The payer uses the id of an accepted prepare for another amount.
    AlterPrepare,
    /// The payee sends an accepted answer once more.
    RepeatAnswer,
    /// The payee contradicts its accepted answer.
    ContradictAnswer,
}

/// One transfer.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) id: TransferId,
    pub(super) payer: Fsp,
    pub(super) payee: Fsp,
    pub(super) amount: Amount,
    pub(super) fulfilment: Fulfilment,
    pub(super) expiration: Timestamp,
    pub(super) answer: Answer,
    /// How long the payee thinks, from the receipt of the prepare; a late one, from shortly before the expiration.
    pub(super) thinks_ms: u64,
    pub(super) extra: Extra,
}

impl Plan {
    pub(super) fn draw(random: &mut Random, now: Timestamp) -> Self {
        let payer = random.choose(&PAYS);
        let payee = (payer + random.within(1..FSPS.len() as u64) as usize) % FSPS.len();
        let answer = random.choose(&[
            (Answer::Commit, 57),
            (Answer::Reserve, 10),
            (Answer::Reject, 8),
            (Answer::Fail, 7),
            (Answer::WrongFulfilment, 4),
            (Answer::Silent, 8),
            (Answer::Late, 6),
        ]);
        let extra = random.choose(&[
            (Extra::Nothing, 80),
            (Extra::RepeatPrepare, 6),
            (Extra::AlterPrepare, 4),
            (Extra::RepeatAnswer, 6),
            (Extra::ContradictAnswer, 4),
        ]);
        let (lifetime_ms, thinks_ms) = match answer {
            Answer::Silent => (random.within(500..2_000), 0),
            Answer::Late => (random.within(400..1_000), random.within(0..2 * LATE_AROUND_MS)),
            _ => (LONG_MS, random.within(0..40)),
        };
        Self {
            id: TransferId::parse(&uuid(random)).expect("a UUID in lower case"),
            payer: FSPS[payer],
            payee: FSPS[payee],
            amount: Amount::from_units(random.within(UNITS).into()),
            fulfilment: Fulfilment::from_bytes(random.bytes()),
            expiration: now.plus_millis(lifetime_ms as i64),
            answer,
            thinks_ms,
            extra,
        }
    }

    /// How long the payee waits before it answers.
    pub(super) fn pause_ms(&self, now: Timestamp) -> u64 {
        if self.answer != Answer::Late {
            return self.thinks_ms;
        }
        let until_expiration = u64::try_from(self.expiration.millis_since(now)).unwrap_or(0);
        (until_expiration + self.thinks_ms).saturating_sub(LATE_AROUND_MS)
    }
}

/// A UUID of version 4.
fn uuid(random: &mut Random) -> String {
    let (a, b) = (random.next(), random.next());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        a >> 32,
        a >> 16 & 0xffff,
        a & 0xfff,
        0x8000 | b >> 48 & 0x3fff,
        b & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_drawn_from_the_seed() {
        let now = Timestamp::from_millis(1_000_000);
        let draw = |seed| {
            let mut random = Random::new(seed);
            (0..200).map(|_| Plan::draw(&mut random, now)).collect::<Vec<_>>()
        };
        let plans = draw(3);
        assert_eq!(format!("{plans:?}"), format!("{:?}", draw(3)));
        assert!(
            plans.iter().all(|plan| plan.payer != plan.payee && plan.expiration > now && plan.amount.is_positive())
        );
        let has = |answer| plans.iter().any(|plan| plan.answer == answer);
        assert!(has(Answer::Silent) && has(Answer::Late) && has(Answer::WrongFulfilment));
    }

    #[test]
    fn a_late_answer_comes_around_the_expiration() {
        let mut random = Random::new(5);
        let now = Timestamp::from_millis(0);
        let late = std::iter::repeat_with(|| Plan::draw(&mut random, now)).find(|plan| plan.answer == Answer::Late);
        let plan = late.unwrap();
        let answered = i64::try_from(plan.pause_ms(now)).unwrap();
        assert!((plan.expiration.as_millis() - answered).abs() <= 40);
        assert!(plan.pause_ms(plan.expiration.plus_millis(1_000)) <= 40);
    }
}
