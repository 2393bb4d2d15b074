//! Which messages of this node's batches are still to be delivered.

use std::collections::{BTreeMap, HashSet};

use switch::MessageId;

/// Messages that have no rows of their own, each with the number of its batch. Both numbers rise together.
#[derive(Default)]
pub(super) struct Unsettled(BTreeMap<MessageId, i64>);

/// What a batch changes about them, once it is durable.
pub(super) struct Settlement {
    /// The batch's number.
    pub(super) number: i64,
    /// Its messages.
    pub(super) added: Vec<MessageId>,
    /// Messages of earlier batches that it notes as delivered.
    pub(super) delivered: HashSet<MessageId>,
    /// The batches up to this one are settled then.
    pub(super) settled: i64,
}

impl Unsettled {
    /// Whether the message has no row of its own. Batches up to `settled` have none of these.
    pub(super) fn holds(&self, message: MessageId, settled: i64) -> bool {
        self.0.get(&message).is_some_and(|number| *number > settled)
    }

    /// What follows from a batch, of which `settled` were settled before it.
    pub(super) fn settle(
        &self,
        number: i64,
        added: Vec<MessageId>,
        delivered: HashSet<MessageId>,
        settled: i64,
    ) -> Settlement {
        let is_open = |(id, batch): &(&MessageId, &i64)| **batch > settled && !delivered.contains(id);
        let first_open = self.0.iter().find(is_open).map(|(_, batch)| *batch);
        let first_open = first_open.or_else(|| (!added.is_empty()).then_some(number));
        Settlement { number, added, delivered, settled: first_open.map_or(number, |open| open - 1) }
    }

    /// Takes over what a batch has changed, now that it is durable.
    pub(super) fn apply(&mut self, settlement: Settlement) {
        let Settlement { number, added, delivered, settled } = settlement;
        self.0.retain(|id, batch| *batch > settled && !delivered.contains(id));
        self.0.extend(added.into_iter().map(|id| (id, number)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(numbers: &[i64]) -> Vec<MessageId> {
        numbers.iter().copied().map(MessageId).collect()
    }

    fn set(numbers: &[i64]) -> HashSet<MessageId> {
        ids(numbers).into_iter().collect()
    }

    #[test]
    fn batches_are_settled_up_to_the_first_with_an_open_message() {
        let mut unsettled = Unsettled::default();
        let mut batch = |number, added: &[i64], delivered: &[i64], before| {
            let settlement = unsettled.settle(number, ids(added), set(delivered), before);
            let settled = settlement.settled;
            unsettled.apply(settlement);
            settled
        };
        assert_eq!(batch(1, &[], &[], 0), 1);
        assert_eq!(batch(2, &[1, 2], &[], 1), 1);
        assert_eq!(batch(3, &[3], &[2], 1), 1, "1 of batch 2 is open");
        assert_eq!(batch(4, &[], &[3], 1), 1);
        assert_eq!(batch(5, &[], &[1], 1), 5);
        assert_eq!(batch(6, &[4], &[], 5), 5);
        assert_eq!(batch(7, &[5], &[4], 5), 6);
        // Somebody has given them rows of their own.
        assert_eq!(batch(8, &[], &[], 7), 8);
    }

    #[test]
    fn what_has_a_row_of_its_own_is_not_held() {
        let mut unsettled = Unsettled::default();
        unsettled.apply(unsettled.settle(3, ids(&[7]), set(&[]), 2));
        assert!(unsettled.holds(MessageId(7), 2));
        assert!(!unsettled.holds(MessageId(7), 3), "its batch was unpacked");
        assert!(!unsettled.holds(MessageId(6), 2), "of an earlier life of the node");
    }
}
