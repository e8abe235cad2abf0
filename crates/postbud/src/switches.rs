//! Keeps the router informed of what was switched off at the desk.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use postbud_pipeline::ports::Desk as _;
use postbud_pipeline::{Steps, Stop};
use postbud_store::SqlStore;
use tracing::{info, warn};

/// How often the switches are read. The promise is five seconds.
const EVERY: Duration = Duration::from_secs(2);

/// Reads the switches. Before the first letter: what was off before a restart is off after it.
pub(crate) async fn read(store: &SqlStore, steps: &Steps) -> anyhow::Result<()> {
    let switches = store.switches().await.context("what is switched off cannot be read")?;
    steps.switch(switches);
    Ok(())
}

/// Reads them again and again until `stop`. While the store is away they stay as they were: no
/// letter can be decided then, because no decision can be recorded.
pub(crate) async fn watch(store: SqlStore, steps: Arc<Steps>, stop: &Stop) {
    let mut last = store.switches().await.ok();
    while !stop.sleep(EVERY).await {
        match store.switches().await {
            Ok(switches) => {
                steps.switch(switches.clone());
                if last.as_ref() != Some(&switches) {
                    let (all_off, off) = (switches.all_off, switches.off.len());
                    info!(all_off, off, "switches for automatic routing have changed");
                }
                last = Some(switches);
            }
            Err(error) => warn!(%error, "the switches cannot be read; they stay as they were"),
        }
    }
}
