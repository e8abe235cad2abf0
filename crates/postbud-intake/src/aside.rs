//! Letters that could not be had while others could: each is tried again after a pause of its own, and
//! comes after those that never failed. So none of them keeps another waiting.

use std::collections::HashMap;
use std::fmt::Display;
use std::hash::Hash;
use std::time::Duration;

use postbud_pipeline::RetryPolicy;
use tokio::time::Instant;

/// So many letters in a row that cannot be had: something is wrong with the other side, not with each
/// of them.
pub(crate) const IN_A_ROW: usize = 3;
/// So many are remembered. Beyond that something is wrong that no list of letters can tell.
const MOST: usize = 20_000;
/// The pauses of one letter.
const PAUSES: RetryPolicy = RetryPolicy {
    attempts: u32::MAX,
    first: Duration::from_secs(30),
    longest: Duration::from_secs(600),
};

/// A letter that could not be had.
struct Stuck {
    failed: u32,
    next: Instant,
    /// How many letters had been taken when it first failed.
    taken: u64,
}

/// What could not be had, by what the other side calls it.
pub(crate) struct Aside<K> {
    pauses: RetryPolicy,
    stuck: HashMap<K, Stuck>,
    taken: u64,
}

impl<K: Copy + Eq + Hash + Display> Aside<K> {
    /// Nothing is set aside. `None` for the usual pauses, 30 seconds to 10 minutes.
    pub(crate) fn new(pauses: Option<RetryPolicy>) -> Self {
        Self { pauses: pauses.unwrap_or(PAUSES), stuck: HashMap::new(), taken: 0 }
    }

    /// Those that never failed first, in their order; what failed most often last.
    pub(crate) fn order(&self, keys: &mut [K]) {
        keys.sort_by_key(|key| self.stuck.get(key).map_or(0, |stuck| stuck.failed));
    }

    /// May it be tried now?
    pub(crate) fn is_due(&self, key: K) -> bool {
        self.stuck.get(&key).is_none_or(|stuck| stuck.next <= Instant::now())
    }

    /// It could not be had and pauses for a while; returns how often it has failed.
    pub(crate) fn set(&mut self, key: K) -> u32 {
        let failed = self.blame(key);
        if let Some(stuck) = self.stuck.get_mut(&key) {
            stuck.next = Instant::now() + self.pauses.pause_for_ever(&key.to_string(), failed);
        }
        failed
    }

    /// It was in hand when everything went wrong, which may be for its sake: next time it comes after
    /// the others, without a pause.
    pub(crate) fn blame(&mut self, key: K) -> u32 {
        if self.stuck.len() >= MOST && !self.stuck.contains_key(&key) {
            return 1;
        }
        let new = Stuck { failed: 0, next: Instant::now(), taken: self.taken };
        let stuck = self.stuck.entry(key).or_insert(new);
        stuck.failed = stuck.failed.saturating_add(1);
        stuck.failed
    }

    /// It has been taken.
    pub(crate) fn taken(&mut self, key: K) {
        self.stuck.remove(&key);
        self.taken += 1;
    }

    /// Forgets what the other side no longer has.
    pub(crate) fn retain(&mut self, there: impl Fn(&K) -> bool) {
        self.stuck.retain(|key, _| there(key));
    }

    /// How many are set aside.
    pub(crate) fn len(&self) -> usize {
        self.stuck.len()
    }

    /// Is one set aside without another having been taken since? Then the fault may be everybody's.
    pub(crate) fn may_concern_all(&self) -> bool {
        self.stuck.values().any(|stuck| stuck.taken == self.taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_comes_last_and_pauses() {
        let mut aside = Aside::new(None);
        aside.set(1);
        aside.set(1);
        aside.blame(2);
        let mut keys = [1, 2, 3, 4];
        aside.order(&mut keys);
        assert_eq!(keys, [3, 4, 2, 1]);
        assert!(!aside.is_due(1) && aside.is_due(2) && aside.is_due(3));
        assert!(aside.may_concern_all());
        aside.taken(3);
        assert!(!aside.may_concern_all(), "others come");
        aside.retain(|key| *key == 2);
        assert_eq!((aside.len(), aside.is_due(1)), (1, true));
        aside.taken(2);
        assert_eq!(aside.len(), 0);
    }

    #[test]
    fn it_remembers_no_more_than_it_may() {
        let mut aside = Aside::new(None);
        for key in 0..MOST + 10 {
            assert_eq!(aside.set(key), 1);
        }
        assert_eq!((aside.len(), aside.set(0)), (MOST, 2));
        assert!(aside.is_due(MOST + 1));
    }
}
