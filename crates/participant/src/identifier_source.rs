//! Identifiers out of a seed: [`IdentifierSource`].

use fspiop::{Identifier, QuoteId, Timestamp, TransferId};

use crate::message::Trace;

/// The identifiers of one payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentIdentifiers {
    /// Names the transfer, and the transaction too.
    pub transfer: TransferId,
    /// Names the quote.
    pub quote: QuoteId,
    /// Names the trace of all messages of the payment.
    pub trace: Trace,
}

/// Makes identifiers out of a seed and the time: the same seed gives the same identifiers.
#[derive(Clone, Debug)]
pub struct IdentifierSource {
    state: u64,
}

impl IdentifierSource {
    /// A source with this seed; production code takes a random one.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The identifiers of the next payment. Those of the transfer and the quote are UUIDs of version 7, which sort by
    /// `now`; FSPIOP 1.x has no other form than UUIDs.
    pub fn next_payment(&mut self, now: Timestamp) -> PaymentIdentifiers {
        PaymentIdentifiers {
            transfer: TransferId(self.uuid(now)),
            quote: QuoteId(self.uuid(now)),
            trace: Trace((u128::from(self.next()) << 64 | u128::from(self.next())).max(1)),
        }
    }

    fn uuid(&mut self, now: Timestamp) -> Identifier {
        let millis = u64::try_from(now.as_millis()).unwrap_or(0);
        let (a, b) = (self.next(), self.next());
        let text = format!(
            "{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}",
            millis >> 16 & 0xffff_ffff,
            millis & 0xffff,
            a & 0xfff,
            0x8000 | b >> 48 & 0x3fff,
            b & 0xffff_ffff_ffff,
        );
        Identifier::parse(&text).expect("a UUID of version 7 in lower case")
    }

    /// SplitMix64 (Steele, Lea, Flood 2014): each state is visited once in 2^64 steps.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn same_seed_same_identifiers() {
        let now = Timestamp::from_millis(1_700_000_000_000);
        let of_seed = |seed| IdentifierSource::new(seed).next_payment(now);
        assert_eq!(of_seed(7), of_seed(7));
        assert_ne!(of_seed(7), of_seed(8));
        assert_eq!(&of_seed(7).transfer.to_string()[..14], "018bcfe5-6800-");
    }

    #[test]
    fn identifiers_differ() {
        let mut source = IdentifierSource::new(0);
        let mut seen = HashSet::new();
        for _ in 0..10_000 {
            let made = source.next_payment(Timestamp::from_millis(0));
            assert!(seen.insert(made.transfer.0) && seen.insert(made.quote.0));
        }
    }
}
