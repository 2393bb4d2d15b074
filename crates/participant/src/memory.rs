//! A bounded memory: [`Memory`].

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// Remembers values by key, at most `limit` of them; the oldest one is forgotten first.
///
/// Nothing iterates over the map, so that the order of its keys, which is random, is never seen.
#[derive(Clone, Debug)]
pub(crate) struct Memory<K, V> {
    limit: usize,
    values: HashMap<K, V>,
    order: VecDeque<K>,
}

impl<K: Copy + Eq + Hash, V: Copy> Memory<K, V> {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, values: HashMap::new(), order: VecDeque::new() }
    }

    /// The value that was remembered first for the key; remembers `value` if there is none.
    pub(crate) fn first(&mut self, key: K, value: V) -> V {
        if let Some(first) = self.values.get(&key) {
            return *first;
        }
        if self.limit == 0 {
            return value;
        }
        if self.order.len() == self.limit
            && let Some(oldest) = self.order.pop_front()
        {
            self.values.remove(&oldest);
        }
        self.order.push_back(key);
        self.values.insert(key, value);
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_first_value_and_forgets_the_oldest_key() {
        let mut memory = Memory::new(2);
        assert_eq!(memory.first('a', 1), 1);
        assert_eq!(memory.first('a', 2), 1);
        assert_eq!(memory.first('b', 3), 3);
        assert_eq!(memory.first('c', 4), 4);
        assert_eq!(memory.first('b', 5), 3);
        assert_eq!(memory.first('a', 6), 6, "forgotten, and remembered anew");
        assert_eq!(Memory::new(0).first('a', 1), 1);
    }
}
