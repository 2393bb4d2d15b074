//! Who pays whom: [`Skew`], [`Pairs`].

use crate::{plan::Plan, random::Random};

/// Of ten payments, how many fall to the hot payer, or to the hot pair.
const HOT_OF_TEN: u32 = 9;

/// How unevenly payments are spread over FSPs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Skew {
    /// Each payer pays each payee equally often.
    #[default]
    Uniform,
    /// Nine of ten payments come from the first payer, to all payees alike.
    HotPayer,
    /// Nine of ten payments go from the first payer to the first payee.
    HotPair,
}

impl Skew {
    /// All of them.
    pub const ALL: [Skew; 3] = [Skew::Uniform, Skew::HotPayer, Skew::HotPair];

    /// The name on the command line and in results.
    pub const fn as_str(self) -> &'static str {
        match self {
            Skew::Uniform => "uniform",
            Skew::HotPayer => "hot-payer",
            Skew::HotPair => "hot-pair",
        }
    }
}

/// The numbers of a payer, of a payee, and of the currency between them, each from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) payer: u32,
    pub(crate) payee: u32,
    pub(crate) currency: u32,
}

/// Draws payers and payees.
#[derive(Clone, Debug)]
pub(crate) struct Pairs {
    random: Random,
    payers: u32,
    payees: u32,
    currencies: u32,
    skew: Skew,
}

impl Pairs {
    pub(crate) fn new(plan: &Plan) -> Pairs {
        // Another stream of numbers than that of the schedule, which has the same seed.
        let random = Random::new(plan.seed ^ 0x5BF0_3635_DE4B_1A77);
        let currencies = u32::try_from(plan.currencies.len()).unwrap_or(u32::MAX);
        Pairs { random, payers: plan.payers, payees: plan.payees, currencies, skew: plan.skew }
    }

    pub(crate) fn next(&mut self) -> Pair {
        let hot = self.skew != Skew::Uniform && self.random.below(10) < HOT_OF_TEN;
        let payer = if hot { 0 } else { self.random.below(self.payers) };
        let payee = if hot && self.skew == Skew::HotPair { 0 } else { self.random.below(self.payees) };
        Pair { payer, payee, currency: self.random.below(self.currencies) }
    }
}

#[cfg(test)]
mod tests {
    use fspiop::Currency;

    use super::*;
    use crate::plan::tests::plan;

    /// Shares of the first payer and of the pair of the firsts, in percent.
    #[track_caller]
    fn check(skew: Skew, expect: (u32, u32)) {
        const DRAWS: u32 = 40_000;
        let currencies = vec![Currency::parse("USD").unwrap(), Currency::parse("KES").unwrap()];
        let mut pairs = Pairs::new(&Plan { payers: 4, payees: 5, skew, seed: 11, currencies, ..plan() });
        let drawn: Vec<Pair> = (0..DRAWS).map(|_| pairs.next()).collect();
        assert!(drawn.iter().all(|pair| pair.payer < 4 && pair.payee < 5));
        let percent = |is: &dyn Fn(&Pair) -> bool| {
            let count = u32::try_from(drawn.iter().filter(|pair| is(pair)).count()).unwrap();
            (count * 100 + DRAWS / 2) / DRAWS
        };
        assert!(percent(&|pair| pair.currency == 0).abs_diff(50) <= 1);
        let found = (percent(&|pair| pair.payer == 0), percent(&|pair| (pair.payer, pair.payee) == (0, 0)));
        assert!(found.0.abs_diff(expect.0) <= 1 && found.1.abs_diff(expect.1) <= 1, "{skew:?}: {found:?}");
    }

    #[test]
    fn shares_of_the_hot_ones() {
        check(Skew::Uniform, (25, 5));
        // 90 % and a quarter of the rest.
        check(Skew::HotPayer, (93, 19));
        check(Skew::HotPair, (93, 91));
    }
}
