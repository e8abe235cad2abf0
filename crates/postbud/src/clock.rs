//! The clock of the machine against one that only goes forward: says when it jumps, brings the letters near
//! whose moment it has moved away, and keeps a clock far ahead from removing letters as too old.

use std::time::{Duration, Instant};

use postbud_metrics::{Metrics, inventory as i};
use postbud_pipeline::Stop;
use postbud_pipeline::ports::Timestamp;
use postbud_store::SqlStore;
use tracing::{info, warn};

use crate::config::Config;

/// Between two looks at it.
const EVERY: Duration = Duration::from_secs(2);
/// Corrections below this are what keeps a clock right.
const JUMP_MS: i64 = 5_000;
/// Pauses may be this much longer than configured: leases, and clocks of several machines.
const SPARE_MS: i64 = 600_000;
/// From here on nothing is removed for its age.
const FAR_MS: i64 = 3_600_000;
/// A clock that has stayed where it went to for this long is believed.
const BELIEVED: Duration = Duration::from_secs(86_400);

/// A moment by both clocks.
#[derive(Debug, Clone, Copy)]
struct Both {
    wall: Timestamp,
    steady: Instant,
}

impl Both {
    fn now() -> Self {
        Self { wall: Timestamp::now(), steady: Instant::now() }
    }

    /// How far the clock has moved since `earlier` beyond the time that passed.
    fn moved_since(self, earlier: Self) -> i64 {
        let passed = self.steady.saturating_duration_since(earlier.steady).as_millis();
        let passed = i64::try_from(passed).unwrap_or(i64::MAX);
        self.wall.0.saturating_sub(earlier.wall.0).saturating_sub(passed)
    }
}

/// Watches the clock until `stop`.
pub(crate) async fn watch(
    config: &Config,
    store: &SqlStore,
    metrics: Option<&Metrics>,
    stop: &Stop,
) {
    let mut last = Both::now();
    // Nobody saw what the clock did before this process began.
    let mut beyond = Some(longest_pause(config));
    // Set back, and the store has not been told yet.
    let mut back = 0_i64;
    loop {
        let now = Both::now();
        let moved = now.moved_since(last);
        last = now;
        if moved.abs() >= JUMP_MS {
            let (seconds, forward) = (moved / 1_000, moved > 0);
            warn!(
                seconds,
                "the clock has jumped, or the machine slept; letters go on, look at the time service"
            );
            if let Some(metrics) = metrics {
                metrics.count(&i::CLOCK_JUMPS, &[if forward { "forward" } else { "back" }], 1);
            }
            back = back.saturating_add(moved.min(0).saturating_neg());
        }
        if let Some(longest) = beyond
            && let Ok(moved) = store.nothing_beyond(now.wall, longest).await
        {
            beyond = None;
            told(moved);
        }
        if back > 0
            && let Ok(moved) = store.clock_went_back(Timestamp::now(), back).await
        {
            back = 0;
            told(moved);
        }
        if stop.sleep(EVERY).await {
            return;
        }
    }
}

fn told(moved: u64) {
    if moved > 0 {
        info!(moved, "letters that waited for a moment of the old clock are due earlier");
    }
}

/// The longest time that a letter rests by this configuration.
fn longest_pause(config: &Config) -> i64 {
    let special = config.delivery.terms.iter().map(|(_, terms)| terms.retry.longest);
    let longest = special.chain([config.delivery.longest_retry, config.queue.retry_delay]).max();
    let ms = longest.unwrap_or_default().as_millis();
    i64::try_from(ms).unwrap_or(i64::MAX).saturating_add(SPARE_MS)
}

/// Whether the clock may say what is too old.
#[derive(Debug)]
pub(crate) struct Trust {
    believed: Both,
    /// Since when it has been somewhere else, and by how much.
    doubted: Option<(Instant, i64)>,
}

impl Trust {
    /// What the clock says now is believed.
    pub(crate) fn begin() -> Self {
        Self { believed: Both::now(), doubted: None }
    }

    /// Is the clock where it should be by now? It is believed again when it comes back, or has stayed for a day.
    pub(crate) fn holds(&mut self) -> bool {
        self.holds_at(Both::now())
    }

    fn holds_at(&mut self, now: Both) -> bool {
        let moved = now.moved_since(self.believed);
        if moved < FAR_MS {
            self.doubted = None;
            return true;
        }
        match self.doubted {
            Some((since, by)) if (moved - by).abs() < FAR_MS => {
                if now.steady.saturating_duration_since(since) < BELIEVED {
                    return false;
                }
                *self = Self { believed: now, doubted: None };
                true
            }
            _ => {
                warn!(
                    seconds = moved / 1_000,
                    "the clock is ahead of the time that passed: nothing is removed as too old until it is right, or has stayed like this for a day"
                );
                self.doubted = Some((now.steady, moved));
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    /// After so much time, with the clock moved by so much.
    fn later(from: Both, passed_ms: i64, moved_ms: i64) -> Both {
        let passed = Duration::from_millis(u64::try_from(passed_ms).unwrap());
        Both { wall: from.wall.plus_ms(passed_ms + moved_ms), steady: from.steady + passed }
    }

    #[test]
    fn what_passed_is_no_jump() {
        let begin = Both::now();
        assert_eq!(later(begin, 50 * HOUR, 0).moved_since(begin), 0);
        assert_eq!(later(begin, HOUR, -3 * HOUR).moved_since(begin), -3 * HOUR);
        assert_eq!(later(begin, 0, 7 * HOUR).moved_since(begin), 7 * HOUR);
    }

    #[test]
    fn a_clock_far_ahead_removes_nothing_until_it_is_right_or_stays() {
        let begin = Both::now();
        let mut trust = Trust { believed: begin, doubted: None };
        assert!(trust.holds_at(later(begin, 48 * HOUR, 60_000)));
        let year = 8_760 * HOUR;
        assert!(!trust.holds_at(later(begin, 49 * HOUR, year)));
        assert!(!trust.holds_at(later(begin, 60 * HOUR, year)));
        assert!(trust.holds_at(later(begin, 61 * HOUR, 0)), "set right");
        assert!(!trust.holds_at(later(begin, 62 * HOUR, year)));
        assert!(!trust.holds_at(later(begin, 80 * HOUR, 2 * year)), "and on");
        assert!(!trust.holds_at(later(begin, 90 * HOUR, 2 * year)), "a day from the last jump");
        assert!(trust.holds_at(later(begin, 105 * HOUR, 2 * year)), "it stayed");
        assert!(trust.holds_at(later(begin, 106 * HOUR, 2 * year)));
        // Behind, nothing is too old that is not.
        assert!(trust.holds_at(later(begin, 107 * HOUR, -year)));
    }
}
