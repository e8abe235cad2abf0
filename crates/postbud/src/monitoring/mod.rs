//! `/metrics` and `/health` of a process of `postbud run`, whatever its part: takes the address, puts the counting in front of
//! the adapters, and keeps asking how everything is.

mod adapters;
mod evidence;

use std::sync::Arc;

use postbud_intake::Activity;
use postbud_metrics::{
    Health, HttpOptions, MeasuredClassifier, MeasuredQueue, MeasuredStore, MeasuredTarget, Metrics,
    Parts, Sampler, SamplerOptions, serve, stages,
};
use postbud_pipeline::ports::{Classifier, Measures, Queue, Scanner, Store, Target};
use postbud_pipeline::{Steps, Stop};
use postbud_store::SqlStore;
use tokio::net::TcpListener;
use tracing::info;

use crate::config::Config;
use crate::exit::{self, Failure};

/// The monitoring of one process.
pub(crate) struct Monitoring {
    metrics: Arc<Metrics>,
    listener: TcpListener,
    /// The ways in that this process serves.
    adapters: Vec<Arc<Activity>>,
}

/// What a process works with besides the store, each part bare.
#[derive(Default)]
pub(crate) struct Beside {
    /// The queue.
    pub(crate) queue: Option<Arc<dyn Queue>>,
    /// The model.
    pub(crate) classifier: Option<Arc<dyn Classifier>>,
    /// The malware scanner.
    pub(crate) scanner: Option<Arc<dyn Scanner>>,
}

/// Takes the address of `[metrics]`, if there is one. Before anything else begins, so that an
/// address in use ends the program at once and not in the middle of work.
pub(crate) async fn open(config: &Config) -> anyhow::Result<Option<Monitoring>> {
    let Some(listen) = config.metrics else {
        return Ok(None);
    };
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        let what =
            format!("metrics cannot listen on {listen} ({error}); change listen in [metrics]");
        Failure::new(exit::FAILED, what)
    })?;
    let metrics = Arc::new(Metrics::new(&config.settings.mailboxes)?);
    evidence::promise(&metrics, config);
    let address = listener.local_addr().unwrap_or(listen);
    info!(%address, "metrics and health are served");
    Ok(Some(Monitoring { metrics, listener, adapters: Vec::new() }))
}

impl Monitoring {
    /// The numbers, for whoever has more to say.
    pub(crate) fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    /// The same, which also tells of the ways in.
    pub(crate) fn with_adapters(self, adapters: Vec<Arc<Activity>>) -> Self {
        Self { adapters, ..self }
    }

    /// The queue, counted.
    pub(crate) fn queue(&self, queue: Arc<dyn Queue>) -> Arc<dyn Queue> {
        Arc::new(MeasuredQueue::new(queue, Arc::clone(&self.metrics)))
    }

    /// The store, counted.
    pub(crate) fn store(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        Arc::new(MeasuredStore::new(store, Arc::clone(&self.metrics)))
    }

    /// The targets, counted.
    pub(crate) fn target(&self, target: Arc<dyn Target>) -> Arc<dyn Target> {
        Arc::new(MeasuredTarget::new(target, Arc::clone(&self.metrics)))
    }

    /// The model, counted.
    pub(crate) fn classifier(&self, classifier: Arc<dyn Classifier>) -> Arc<dyn Classifier> {
        Arc::new(MeasuredClassifier::new(classifier, Arc::clone(&self.metrics)))
    }

    /// The steps, timed.
    pub(crate) fn steps(&self, steps: Steps) -> Steps {
        steps.with_watcher(stages(Arc::clone(&self.metrics)))
    }

    /// Serves the pages and keeps asking, until `stop`.
    pub(crate) async fn run(self, config: &Config, store: &SqlStore, beside: Beside, stop: &Stop) {
        let measures: Arc<dyn Measures> = Arc::new(store.clone());
        let Beside { queue, classifier, scanner } = beside;
        let parts = Parts { queue, store: measures, classifier, scanner };
        let health = Arc::new(Health::of(&parts.names()));
        let sampler = Sampler::new(
            Arc::clone(&self.metrics),
            Arc::clone(&health),
            parts,
            &config.settings.mailboxes,
            SamplerOptions::default(),
        );
        let confidence = config.promise.confidence;
        let sampling = sampler
            .run(stop, |metrics, measured| evidence::blind(metrics, &measured.blind, confidence));
        let switches = evidence::switches(&self.metrics, store, stop);
        let ways_in = adapters::watch(&self.metrics, &self.adapters, stop);
        let options = HttpOptions::default();
        let serving = serve(self.listener, Arc::clone(&self.metrics), health, options, stop);
        tokio::join!(sampling, switches, ways_in, serving);
    }
}
