//! Retraining on a schedule, beside the router.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use postbud_pipeline::Stop;
use postbud_pipeline::ports::{RetrainRow, Retrains as _, Timestamp};
use postbud_store::SqlStore;
use tracing::{error, info, warn};

use super::schedule::due;
use super::supervise::{self, Ended, Order};
use crate::config::Config;

/// Clocks are set and machines sleep: it is looked at this often whether it is time.
const LOOK: Duration = Duration::from_secs(60);
/// Who asks for a retraining that nobody asked for.
pub(super) const SCHEDULE: &str = "schedule";

/// Retrains whenever the schedule says so, until `stop`. Returns at once without a schedule.
pub(crate) async fn by_schedule(config: &Config, file: &Path, store: &SqlStore, stop: &Stop) {
    let Some(schedule) = config.retrain.schedule else {
        return;
    };
    let begun = Timestamp::now();
    let mut failed_at = None;
    while !stop.is_set() {
        match last(store).await {
            Ok(last) => {
                let before = [last, failed_at].into_iter().flatten().max();
                // Without any before it, the first is due after this process began.
                let from = before.unwrap_or(begun);
                let now = Timestamp::now();
                if due(schedule, Some(from), now).is_some_and(|due| due <= now) {
                    failed_at = Some(now);
                    once(config, file, store, stop).await;
                }
            }
            Err(error) => warn!(%error, "the store cannot say when the last retraining was"),
        }
        if stop.sleep(LOOK).await {
            return;
        }
    }
}

async fn last(store: &SqlStore) -> Result<Option<Timestamp>, postbud_pipeline::ports::StoreError> {
    Ok(store.retrains(1).await?.first().map(|row| row.started_at))
}

async fn once(config: &Config, file: &Path, store: &SqlStore, stop: &Stop) {
    let mut args: Vec<OsString> = vec!["--by".into(), SCHEDULE.into()];
    args.extend(["--config".into(), file.into()]);
    if config.retrain.promote {
        args.push("--promote".into());
    }
    let order = Order {
        id: uuid::Uuid::new_v4().to_string(),
        by: SCHEDULE.to_owned(),
        args,
        retrain: &config.retrain,
        prints: false,
    };
    info!(retraining = order.id, "retraining begins");
    match supervise::run(&order, store, Some(stop)).await {
        Ok(Ended::Exit(code)) => told(store, &order.id, code).await,
        Ok(Ended::Died(outcome, what)) => {
            error!(retraining = order.id, outcome = outcome.as_str(), what, "retraining failed");
        }
        Ok(Ended::Stopped) => {}
        Err(error) => {
            error!(retraining = order.id, error = format!("{error:#}"), "retraining failed");
        }
    }
}

/// One line with what the process has written into the store.
async fn told(store: &SqlStore, id: &str, code: u8) {
    let rows = store.retrains(20).await.unwrap_or_default();
    match rows.into_iter().find(|row| row.id == id) {
        Some(RetrainRow { outcome, version, detail, .. }) if code == 0 => info!(
            retraining = id,
            outcome = outcome.as_str(),
            version = version.as_deref().unwrap_or("none"),
            detail,
            "retraining is done"
        ),
        Some(row) => error!(
            retraining = id,
            outcome = row.outcome.as_str(),
            what = row.detail,
            "retraining failed"
        ),
        // Another one was at it: it says so in its own log.
        None => info!(retraining = id, code, "no retraining was done"),
    }
}
