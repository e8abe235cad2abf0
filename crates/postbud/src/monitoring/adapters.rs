//! The ways in, as Prometheus sees them: the adapters' own figures, one series a kind.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use postbud_intake::{Activity, Reading};
use postbud_metrics::{Metrics, inventory as i};
use postbud_pipeline::Stop;
use postbud_pipeline::ports::Timestamp;

/// How often the adapters are looked at.
const EVERY: Duration = Duration::from_secs(2);

/// The figures of all adapters of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Kind {
    accepted: u64,
    refused: u64,
    failures: u64,
    waiting: u64,
    troubled: u64,
    lag_seconds: f64,
}

/// Notes what the adapters do, until `stop`.
pub(super) async fn watch(metrics: &Metrics, adapters: &[Arc<Activity>], stop: &Stop) {
    let begun = Timestamp::now();
    let mut before = BTreeMap::new();
    while !adapters.is_empty() {
        let readings: Vec<Reading> = adapters.iter().map(|adapter| adapter.reading()).collect();
        let kinds = by_kind(&readings, begun, Timestamp::now());
        for (kind, now) in &kinds {
            note(metrics, kind, before.get(kind).copied().unwrap_or_default(), *now);
        }
        before = kinds;
        if stop.sleep(EVERY).await {
            return;
        }
    }
}

fn by_kind(readings: &[Reading], begun: Timestamp, now: Timestamp) -> BTreeMap<&'static str, Kind> {
    let mut kinds: BTreeMap<&'static str, Kind> = BTreeMap::new();
    for reading in readings {
        let kind = kinds.entry(reading.kind).or_default();
        kind.accepted += reading.accepted;
        kind.refused += reading.refused;
        kind.failures += reading.failures;
        kind.waiting += reading.waiting;
        if reading.trouble.is_some() {
            let since = reading.last_success.unwrap_or(begun).max(begun);
            let lag = now.0.saturating_sub(since.0).max(0) as f64 / 1_000.0;
            kind.troubled += 1;
            kind.lag_seconds = kind.lag_seconds.max(lag);
        }
    }
    kinds
}

fn note(metrics: &Metrics, kind: &str, before: Kind, now: Kind) {
    let more = |now: u64, before: u64| now.saturating_sub(before);
    metrics.count(&i::INTAKE_LETTERS, &[kind, "accepted"], more(now.accepted, before.accepted));
    metrics.count(&i::INTAKE_LETTERS, &[kind, "refused"], more(now.refused, before.refused));
    metrics.count(&i::INTAKE_FAILURES, &[kind], more(now.failures, before.failures));
    metrics.set(&i::INTAKE_WAITING, &[kind], now.waiting as f64);
    metrics.set(&i::INTAKE_TROUBLE, &[kind], now.troubled as f64);
    metrics.set(&i::INTAKE_LAG, &[kind], now.lag_seconds);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(kind: &'static str, last: Option<i64>, trouble: Option<&'static str>) -> Reading {
        let last_success = last.map(Timestamp);
        let name = "in".to_owned();
        Reading {
            kind,
            name,
            accepted: 3,
            refused: 1,
            failures: 2,
            waiting: 4,
            last_success,
            trouble,
        }
    }

    #[test]
    fn adapters_of_a_kind_add_up_and_the_worst_one_counts() {
        let (begun, now) = (Timestamp(10_000), Timestamp(100_000));
        let readings = [
            reading("folder", Some(90_000), Some("disk")),
            reading("folder", Some(40_000), Some("disk")),
            reading("folder", None, None),
            reading("imap", None, Some("away")),
            reading("smtp", Some(5_000), None),
        ];
        let kinds = by_kind(&readings, begun, now);
        let folder = kinds["folder"];
        assert_eq!((folder.accepted, folder.refused, folder.failures), (9, 3, 6));
        assert_eq!((folder.waiting, folder.troubled, folder.lag_seconds), (12, 2, 60.0));
        assert_eq!(kinds["imap"].lag_seconds, 90.0, "since the start where it never worked");
        assert_eq!((kinds["smtp"].troubled, kinds["smtp"].lag_seconds), (0, 0.0));
        // A clock that was set back makes no negative lag.
        assert_eq!(by_kind(&readings, begun, Timestamp(0))["folder"].lag_seconds, 0.0);
    }
}
