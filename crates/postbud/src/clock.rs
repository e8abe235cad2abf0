//! Watches the machine's clock against one that only goes forward, and mends what a clock that was set
//! back leaves waiting.

use std::sync::Arc;
use std::time::{Duration, Instant};

use postbud_metrics::{Metrics, inventory};
use postbud_pipeline::Stop;
use postbud_pipeline::ports::Timestamp;
use postbud_store::SqlStore;
use tracing::{error, warn};

/// How often to look.
const EVERY: Duration = Duration::from_secs(1);
/// A clock that goes back by less is waited for.
const LEAST: Duration = Duration::from_secs(60);

/// Two clocks, read together.
struct Clocks {
    steady: Instant,
    wall: Timestamp,
}

impl Clocks {
    fn now() -> Self {
        Self { steady: Instant::now(), wall: Timestamp::now() }
    }

    /// By how much the machine's clock was set back since `before`.
    fn back_since(&self, before: &Self) -> Duration {
        let passed = self.steady.saturating_duration_since(before.steady).as_millis();
        let expected = before.wall.plus_ms(i64::try_from(passed).unwrap_or(i64::MAX));
        let back = u64::try_from(expected.0.saturating_sub(self.wall.0)).unwrap_or(0);
        Duration::from_millis(back)
    }
}

/// Watches until `stop`.
pub(crate) async fn watch(store: &SqlStore, metrics: Option<Arc<Metrics>>, stop: &Stop) {
    let mut before = Clocks::now();
    while !stop.sleep(EVERY).await {
        let now = Clocks::now();
        let back = now.back_since(&before);
        if back >= LEAST {
            if let Some(metrics) = &metrics {
                metrics.count(&inventory::CLOCK_BACK, &[], 1);
            }
            match store.clock_went_back(back, now.wall).await {
                Ok(moved) => warn!(
                    seconds = back.as_secs(),
                    moved,
                    "the clock of this machine was set back: what was due is brought forward"
                ),
                Err(error) => {
                    // Told again, and tried again, until it is done.
                    error!(%error, seconds = back.as_secs(), "the clock of this machine was set back, and what was due could not be brought forward");
                    continue;
                }
            }
        }
        before = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clock_that_goes_back_is_noticed() {
        let start = Instant::now();
        let at = |seconds: u64, wall: i64| Clocks {
            steady: start + Duration::from_secs(seconds),
            wall: Timestamp(wall * 1_000),
        };
        let back = |wall: i64| at(10, wall).back_since(&at(0, 1_000)).as_secs();
        assert_eq!([back(1_010), back(9_999), back(1_009), back(410)], [0, 0, 1, 600]);
    }
}
