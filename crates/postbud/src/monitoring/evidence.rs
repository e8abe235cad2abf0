//! The promise and what is known about it: the blind sample with its bounds, and the switches.

use std::time::Duration;

use postbud_evaluate::{lower_bound, upper_bound};
use postbud_metrics::{Metrics, inventory as i};
use postbud_pipeline::Stop;
use postbud_pipeline::ports::{BlindSample, Desk as _};
use postbud_store::SqlStore;

use crate::config::Config;

/// Between two looks at the switches.
const SWITCHES: Duration = Duration::from_secs(5);

/// What the configuration promises.
pub(super) fn promise(metrics: &Metrics, config: &Config) {
    metrics.set(&i::TARGET, &[], config.promise.target_error);
    metrics.set(&i::CONFIDENCE, &[], config.promise.confidence);
    blind(metrics, &BlindSample::default(), config.promise.confidence);
}

/// One-sided exact bounds of the error (Clopper and Pearson); without a sample anything is possible.
pub(super) fn blind(metrics: &Metrics, sample: &BlindSample, confidence: f64) {
    let (low, high) = if sample.letters == 0 {
        (0.0, 1.0)
    } else {
        (
            lower_bound(sample.errors, sample.letters, confidence),
            upper_bound(sample.errors, sample.letters, confidence),
        )
    };
    metrics.set(&i::BLIND_LOW, &[], low);
    metrics.set(&i::BLIND_HIGH, &[], high);
}

/// Counts what is switched off, until `stop`.
pub(super) async fn switches(metrics: &Metrics, store: &SqlStore, stop: &Stop) {
    loop {
        // While the store is away they stay as they were, for the router too.
        if let Ok(switches) = store.switches().await {
            metrics.set(&i::SWITCHED_OFF, &[], switches.off.len() as f64);
            metrics.set(&i::ALL_OFF, &[], if switches.all_off { 1.0 } else { 0.0 });
        }
        if stop.sleep(SWITCHES).await {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_hold_the_share_of_errors_between_them() {
        let metrics = Metrics::new(&[]).expect("metrics");
        let read = |name: &str| {
            let text = String::from_utf8(metrics.render().expect("renders")).expect("text");
            let line = text.lines().find(|line| line.starts_with(&format!("{name} ")));
            let value = line.and_then(|line| line.rsplit_once(' ')).expect("a value").1;
            value.parse::<f64>().expect("a number")
        };
        blind(&metrics, &BlindSample::default(), 0.95);
        assert_eq!(read("postbud_blind_sample_error_lower"), 0.0);
        assert_eq!(read("postbud_blind_sample_error_upper"), 1.0);
        blind(&metrics, &BlindSample { letters: 200, errors: 10 }, 0.95);
        let low = read("postbud_blind_sample_error_lower");
        let high = read("postbud_blind_sample_error_upper");
        assert!(low > 0.0 && low < 0.05 && high > 0.05 && high < 0.1, "{low} {high}");
    }
}
