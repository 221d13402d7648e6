//! A map that forgets its oldest entries.
//!
//! Not here: what is remembered (`desk`, `poll`).
//! Invariant: never more entries than its capacity; looking up does not change the order of forgetting.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// Remembers the newest entries, by when they were first put in.
#[derive(Debug)]
pub(super) struct Bounded<K, V> {
    entries: HashMap<K, V>,
    order: VecDeque<K>,
    capacity: usize,
}

impl<K: Clone + Eq + Hash, V> Bounded<K, V> {
    /// Remembers so many entries, at least one.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            entries: HashMap::new(),
            order: VecDeque::new(),
            capacity: capacity.max(1),
        }
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key)
    }

    /// Puts an entry in, or another value to a key that is there.
    pub(super) fn put(&mut self, key: K, value: V) {
        if self.entries.insert(key.clone(), value).is_some() {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut kept = Bounded::new(2);
        for key in [1, 2, 1, 3] {
            kept.put(key, key * 10);
        }
        assert_eq!(
            [kept.get(&1), kept.get(&2), kept.get(&3)],
            [None, Some(&20), Some(&30)]
        );
        assert_eq!(kept.order.len(), kept.entries.len());
    }
}
