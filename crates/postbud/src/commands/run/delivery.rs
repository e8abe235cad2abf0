//! Delivering alone: `postbud run delivery` brings what is decided to its mailboxes.

use std::sync::Arc;

use postbud_pipeline::ports::{Store, Target};
use postbud_pipeline::{Dispatcher, stop_pair};
use postbud_store::SqlStore;
use postbud_trace::{TracedStore, TracedTarget};
use tracing::info;

use super::{Watchers, stop_on_signal};
use crate::config::Config;
use crate::monitoring::{self, Beside, Monitoring};
use crate::{clock, wiring};

/// What brings letters to their mailboxes, counted and traced where that is wanted.
pub(super) fn dispatcher(
    config: &Config,
    store: Arc<dyn Store>,
    watchers: Watchers<'_>,
) -> anyhow::Result<Dispatcher> {
    let target: Arc<dyn Target> = Arc::new(wiring::deliverer(config)?);
    let target = match watchers.monitoring {
        Some(monitoring) => monitoring.target(target),
        None => target,
    };
    let target = match watchers.spans {
        Some(spans) => Arc::new(TracedTarget::new(target, Arc::clone(spans))),
        None => target,
    };
    let dispatcher = Dispatcher::new(store, target, wiring::dispatcher_options(config));
    Ok(dispatcher.with_terms(wiring::terms(config)))
}

/// The store, counted and traced where that is wanted.
pub(super) fn watched(store: &SqlStore, watchers: Watchers<'_>) -> Arc<dyn Store> {
    let store: Arc<dyn Store> = Arc::new(store.clone());
    let store = match watchers.monitoring {
        Some(monitoring) => monitoring.store(store),
        None => store,
    };
    match watchers.spans {
        Some(spans) => Arc::new(TracedStore::new(store, Arc::clone(spans))),
        None => store,
    }
}

/// Delivers and does nothing else, until told to stop.
pub(super) async fn alone(config: &Config) -> anyhow::Result<()> {
    let monitoring = monitoring::open(config).await?;
    let store = wiring::store(config).await?;
    let spans = wiring::spans(config, "delivery")?;
    let watchers = Watchers { monitoring: monitoring.as_ref(), spans: spans.as_ref() };
    let dispatcher = dispatcher(config, watched(&store, watchers), watchers)?;
    let metrics = monitoring.as_ref().map(Monitoring::metrics);
    info!(store = %config.store, "postbud runs");
    let (stopper, stop) = stop_pair();
    tokio::spawn(stop_on_signal(Arc::new(stopper)));
    let monitored = async {
        if let Some(monitoring) = monitoring {
            monitoring.run(config, &store, Beside::default(), &stop).await;
        }
    };
    tokio::join!(
        dispatcher.run(&stop),
        clock::watch(config, &store, metrics.as_deref(), &stop),
        monitored
    );
    wiring::finish(spans).await;
    info!("postbud has finished what it held and delivers no more");
    Ok(())
}
