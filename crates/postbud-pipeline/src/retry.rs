//! When to try again: the one retry policy of the house.

use std::time::Duration;

use sha2::{Digest, Sha256};

/// Exponential backoff with a bounded, reproducible jitter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How many attempts are made in all, the first included; at least 1.
    pub attempts: u32,
    /// The pause after the first failure.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
}

impl RetryPolicy {
    /// For a store or a queue that is away: tried for ever, never with a long pause.
    pub const AWAY: Self = Self {
        attempts: u32::MAX,
        first: Duration::from_millis(200),
        longest: Duration::from_secs(5),
    };

    /// The pause after `failed` failed attempts (1, 2, …) of the item called `key`, or `None` when
    /// no attempt is left.
    ///
    /// The pause doubles each time up to the longest and is then shortened by up to a quarter. The
    /// share comes from a hash of key and attempt, so that many items that failed together do not
    /// come back together, and a test can say what to expect.
    #[must_use]
    pub fn pause(&self, key: &str, failed: u32) -> Option<Duration> {
        if failed >= self.attempts {
            return None;
        }
        Some(jittered(self.first, self.longest, key, failed))
    }

    /// The pause before the next try of something that is tried for ever, such as a database that
    /// is away.
    #[must_use]
    pub fn pause_for_ever(&self, key: &str, failed: u32) -> Duration {
        jittered(self.first, self.longest, key, failed)
    }
}

fn jittered(first: Duration, longest: Duration, key: &str, failed: u32) -> Duration {
    let factor = 2u32.saturating_pow(failed.saturating_sub(1).min(30));
    let full = first.saturating_mul(factor).min(longest);
    let mut hash = Sha256::new();
    hash.update(key.as_bytes());
    hash.update(failed.to_be_bytes());
    let share = f64::from(hash.finalize()[0]) / 255.0;
    full.mul_f64(1.0 - share / 4.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const POLICY: RetryPolicy = RetryPolicy {
        attempts: 5,
        first: Duration::from_secs(10),
        longest: Duration::from_secs(60),
    };

    #[test]
    fn the_last_attempt_has_no_pause_after_it() {
        assert!(POLICY.pause("a", 4).is_some());
        assert_eq!(POLICY.pause("a", 5), None);
        assert_eq!(POLICY.pause("a", u32::MAX), None);
    }

    #[test]
    fn items_that_fail_together_come_back_apart() {
        let pauses: std::collections::BTreeSet<_> =
            (0..50).map(|n| POLICY.pause(&format!("item-{n}"), 2)).collect();
        assert!(pauses.len() > 10);
    }

    proptest! {
        #[test]
        fn pauses_stay_within_their_bounds(key in ".{0,20}", failed in 1u32..u32::MAX) {
            let pause = POLICY.pause_for_ever(&key, failed);
            let full = POLICY.first.saturating_mul(2u32.saturating_pow((failed - 1).min(30)));
            let full = full.min(POLICY.longest);
            prop_assert!(pause <= full);
            prop_assert!(pause >= full.mul_f64(0.74));
            prop_assert_eq!(pause, POLICY.pause_for_ever(&key, failed));
        }
    }
}
