//! Chance with a seed.

use std::ops::Range;

/// SplitMix64 (Steele, Lea, Flood 2014): the same seed gives the same numbers.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A generator of its own, for something that runs beside this one.
    pub(super) fn branch(&mut self) -> Self {
        Self(self.next())
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// A number of the range, each as likely as the others; the range is not empty.
    pub(super) fn within(&mut self, range: Range<u64>) -> u64 {
        let wide = u128::from(self.next()) * u128::from(range.end - range.start);
        range.start + u64::try_from(wide >> 64).expect("the upper half of a product of 64 bits each")
    }

    /// True once in `times`, on average.
    pub(super) fn one_in(&mut self, times: u64) -> bool {
        self.within(0..times) == 0
    }

    /// One of these, each as often as its share says; the shares are not all zero.
    pub(super) fn choose<T: Copy>(&mut self, choices: &[(T, u64)]) -> T {
        let mut drawn = self.within(0..choices.iter().map(|(_, share)| share).sum());
        for (choice, share) in choices {
            if drawn < *share {
                return *choice;
            }
            drawn -= share;
        }
        unreachable!("what was drawn is less than the sum of the shares")
    }

    pub(super) fn bytes(&mut self) -> [u8; 32] {
        let words = [self.next(), self.next(), self.next(), self.next()];
        std::array::from_fn(|at| words[at / 8].to_be_bytes()[at % 8])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let numbers = |seed| {
            let mut random = Random::new(seed);
            [random.next(), random.within(0..1_000), random.branch().next()]
        };
        assert_eq!(numbers(7), numbers(7));
        assert_ne!(numbers(7), numbers(8));
    }

    #[test]
    fn numbers_stay_in_their_range_and_choices_keep_their_shares() {
        let mut random = Random::new(1);
        assert!((0..1000).all(|_| (5..9).contains(&random.within(5..9))));
        let yes = (0..10_000).filter(|_| random.choose(&[(true, 30), (false, 70)])).count();
        assert!((2_800..3_200).contains(&yes), "{yes}");
        assert_eq!(random.choose(&[('a', 0), ('b', 1)]), 'b');
    }
}
