//! Letters in: beside the routing, or alone with `postbud run intake`.

use std::sync::Arc;

use anyhow::Context;
use postbud_intake::{Acceptor, Forward, Intake};
use postbud_pipeline::ports::Queue;
use postbud_pipeline::{Stop, stop_pair};
use postbud_queue::{ForeignOptions, ForeignQueue};
use postbud_store::SqlStore;
use tracing::info;

use super::stop_on_signal;
use crate::config::{Config, Foreign};
use crate::exit::{self, Failure};
use crate::monitoring::{self, Beside};
use crate::{outlets, wiring};

/// The deadline of each exchange with a foreign broker.
const DEADLINE_MS: u32 = 10_000;

/// Opens the configured adapters. Before anything else begins, so that an address in use or a
/// certificate that cannot be read ends the program at once and not in the middle of work.
pub(crate) async fn open(config: &Config) -> anyhow::Result<Option<Intake>> {
    let Some(config) = config.intake.clone() else {
        return Ok(None);
    };
    let mut intake = Intake::open(config.options).await.map_err(|error| {
        let error = format!("{:#}", anyhow::Error::new(error));
        Failure::new(exit::FAILED, format!("{error}; look at [intake]"))
    })?;
    for foreign in &config.queues {
        let source =
            ForeignQueue::new(foreign_options(foreign)).context("look at [[intake.queue]]")?;
        let name = format!("{} {}", foreign.url, foreign.queue);
        intake = intake.with_foreign(Forward::new(Arc::new(source), &name, foreign.kind));
    }
    Ok(Some(intake))
}

/// A queue of somebody else's, with the certificates that it needs.
fn foreign_options(foreign: &Foreign) -> ForeignOptions {
    ForeignOptions {
        url: foreign.url.expose().to_owned(),
        // The configuration has put it into the address.
        password: None,
        queue: foreign.queue.clone(),
        prefetch: foreign.prefetch,
        call_deadline_ms: DEADLINE_MS,
        certificates: outlets::files(&foreign.certificates),
        token_file: foreign.token_file.clone(),
    }
}

/// Takes letters until `stop`.
pub(crate) async fn serve(
    intake: Option<Intake>,
    config: &Config,
    store: &SqlStore,
    queue: Arc<dyn Queue>,
    stop: &Stop,
) {
    let Some(intake) = intake else { return };
    for activity in intake.activities() {
        let reading = activity.reading();
        info!(adapter = reading.kind, name = %reading.name, "letters come in");
    }
    let acceptor = Acceptor::new(queue, Arc::new(store.clone()), config.limits.clone());
    intake.run(&acceptor, stop).await;
}

/// The adapters and nothing else, until told to stop.
pub(crate) async fn alone(config: &Config) -> anyhow::Result<()> {
    let Some(intake) = open(config).await? else {
        let what = "this configuration has no way for letters to come in; add the section [intake]";
        return Err(Failure::new(exit::CONFIGURATION, what).into());
    };
    let monitoring = monitoring::open(config).await?;
    let monitoring = monitoring.map(|monitoring| monitoring.with_adapters(intake.activities()));
    let store = wiring::store(config).await?;
    let queue = wiring::queue(config, &store).await?;
    info!(store = %config.store, queue = %config.queue.kind, "postbud runs");
    let (stopper, stop) = stop_pair();
    tokio::spawn(stop_on_signal(Arc::new(stopper)));
    let spans = wiring::spans(config, "intake")?;
    let traced = wiring::traced(Arc::clone(&queue), spans.as_ref());
    let monitored = async {
        if let Some(monitoring) = monitoring {
            let beside =
                Beside { queue: Some(Arc::clone(&queue)), classifier: None, scanner: None };
            monitoring.run(config, &store, beside, &stop).await;
        }
    };
    tokio::join!(serve(Some(intake), config, &store, traced, &stop), monitored);
    wiring::finish(spans).await;
    queue.shutdown().await.context("the queue did not close in order; nothing is lost")?;
    info!("no more letters come in");
    Ok(())
}
