//! `postbud run`: routes letters until it is told to stop.

mod delivery;
mod intake;

use std::sync::Arc;

use anyhow::Context;
use postbud_intake::Intake;
use postbud_pipeline::ports::{Classifier, Queue, Store, Trial};
use postbud_pipeline::{LetterMemory, Router, Steps, Stopper, stop_pair};
use postbud_store::SqlStore;
use postbud_trace::Spans;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{info, warn};

use crate::classifier::configured;
use crate::cli::{RunArgs, RunPart};
use crate::commands::{desk, retention, retrain};
use crate::config::Config;
use crate::guard::Guard;
use crate::monitoring::{self, Beside, Monitoring};
use crate::restrictions::Restricted;
use crate::trial::TrialProcess;
use crate::{clock, documents, scanner, switches, telemetry, wiring};

/// Runs the production form.
pub(crate) async fn run(args: &RunArgs) -> anyhow::Result<()> {
    let mut config = wiring::load(&args.config)?;
    config.metrics = args.metrics.or(config.metrics);
    telemetry::start(config.log.format, config.log.level.as_str());
    // A router alone leaves the rest to others.
    let everything = match args.part {
        Some(RunPart::Desk) => return desk::alone(&config, &args.config).await,
        Some(RunPart::Intake) => return intake::alone(&config).await,
        Some(RunPart::Delivery) => return delivery::alone(&config).await,
        Some(RunPart::Router) => false,
        None => true,
    };
    let classifier = configured(&config)?;
    let ways_in = if everything { intake::open(&config).await? } else { None };
    let door = if everything { desk::door(&config).await? } else { None };
    let adapters = ways_in.as_ref().map(Intake::activities).unwrap_or_default();
    let monitoring = monitoring::open(&config).await?;
    let monitoring = monitoring.map(|monitoring| monitoring.with_adapters(adapters));
    let store = wiring::store(&config).await?;
    let queue = wiring::queue(&config, &store).await?;
    let spans = wiring::spans(&config, if everything { "all" } else { "router" })?;
    let metrics = monitoring.as_ref().map(Monitoring::metrics);
    let guard = Guard::new(&config, Arc::new(store.clone()), classifier, metrics.clone());
    guard.look().await;
    info!(store = %config.store, queue = %config.queue.kind, "postbud runs");
    let (stopper, stop) = stop_pair();
    tokio::spawn(stop_on_signal(Arc::new(stopper)));
    let retraining = async {
        retrain::by_schedule(&config, &args.config, &store, &stop).await;
        Ok(())
    };
    let deadline = wiring::router_options(&config).steps_deadline;
    let trial: Arc<dyn Trial> = Arc::new(TrialProcess::new(args.config.clone(), deadline));
    let part =
        Routing { trial: Some(trial), monitoring, spans: spans.clone(), delivers: everything };
    let routing = tried(&config, guard.guarded(), store.clone(), Arc::clone(&queue), part, &stop);
    let guarding = async {
        guard.watch(&stop).await;
        Ok(())
    };
    let watching = async {
        clock::watch(&config, &store, metrics.as_deref(), &stop).await;
        Ok(())
    };
    let removing = async {
        retention::by_day(&config, &store, &stop).await;
        Ok(())
    };
    let deciding = async {
        desk::serve(door, &config, Some(&args.config), &store, &stop).await;
        Ok(())
    };
    let coming_in = async {
        let queue = wiring::traced(Arc::clone(&queue), spans.as_ref());
        intake::serve(ways_in, &config, &store, queue, &stop).await;
        Ok(())
    };
    tokio::try_join!(routing, guarding, watching, retraining, removing, deciding, coming_in)?;
    wiring::finish(spans).await;
    queue.shutdown().await.context("the queue did not close in order; nothing is lost")?;
    info!("postbud has finished what it held and leaves");
    Ok(())
}

/// Router and dispatcher side by side, until `stop`.
pub(crate) async fn route(
    config: &Config,
    classifier: Arc<dyn Classifier>,
    store: SqlStore,
    queue: Arc<dyn Queue>,
    stop: &postbud_pipeline::Stop,
) -> anyhow::Result<()> {
    let part = Routing { trial: None, monitoring: None, spans: None, delivers: true };
    tried(config, classifier, store, queue, part, stop).await
}

/// What the routing has beside it.
struct Routing {
    /// Where letters that came back unsettled are tried apart first.
    trial: Option<Arc<dyn Trial>>,
    /// What counts.
    monitoring: Option<Monitoring>,
    /// What traces.
    spans: Option<Arc<Spans>>,
    /// Or does another process deliver?
    delivers: bool,
}

/// As [`route`], with what [`Routing`] says.
async fn tried(
    config: &Config,
    classifier: Arc<dyn Classifier>,
    store: SqlStore,
    queue: Arc<dyn Queue>,
    part: Routing,
    stop: &postbud_pipeline::Stop,
) -> anyhow::Result<()> {
    let Routing { trial, monitoring, spans, delivers } = part;
    let watchers = Watchers { monitoring: monitoring.as_ref(), spans: spans.as_ref() };
    let parts = Parts::new(config, classifier, &store, queue, watchers);
    let restricted = Restricted::read(config, &store).await?;
    let steps = Arc::new(parts.steps.with_restrictions(Arc::clone(&restricted) as _));
    switches::read(&store, &steps).await?;
    let mut router = Router::new(
        parts.queue,
        Arc::clone(&parts.store),
        Arc::clone(&steps),
        wiring::router_options(config),
    );
    // One large letter at a time, whichever of the two has it.
    let memory = LetterMemory::default();
    router = router.with_memory(memory.clone());
    if let Some(trial) = trial {
        router = router.with_trial(trial);
    }
    let dispatcher =
        delivers.then(|| delivery::dispatcher(config, parts.store, watchers)).transpose()?;
    let dispatcher = dispatcher.map(|dispatcher| dispatcher.with_memory(memory));
    let delivering = async {
        if let Some(dispatcher) = &dispatcher {
            dispatcher.run(stop).await;
        }
    };
    let watch = switches::watch(store.clone(), steps, stop);
    let (queue, classifier) = parts.bare;
    let monitored = async {
        if let Some(monitoring) = monitoring {
            let scanner = scanner::scanner(config);
            let beside = Beside { queue: Some(queue), classifier: Some(classifier), scanner };
            monitoring.run(config, &store, beside, stop).await;
        }
    };
    let watch = async { tokio::join!(watch, restricted.watch(&store, stop)) };
    tokio::join!(router.run(stop), delivering, watch, monitored);
    Ok(())
}

/// Who looks on in front of the ports.
#[derive(Clone, Copy)]
struct Watchers<'a> {
    monitoring: Option<&'a Monitoring>,
    spans: Option<&'a Arc<Spans>>,
}

/// What the router works with, counted when there is monitoring.
struct Parts {
    queue: Arc<dyn Queue>,
    store: Arc<dyn Store>,
    steps: Steps,
    /// Queue and model without the counting.
    bare: (Arc<dyn Queue>, Arc<dyn Classifier>),
}

impl Parts {
    fn new(
        config: &Config,
        classifier: Arc<dyn Classifier>,
        store: &SqlStore,
        queue: Arc<dyn Queue>,
        watchers: Watchers<'_>,
    ) -> Self {
        let store = delivery::watched(store, watchers);
        let bare = (Arc::clone(&queue), Arc::clone(&classifier));
        let documents = documents::readers(config);
        match watchers.monitoring {
            None => {
                let steps = wiring::steps(config, classifier, documents);
                Self { queue, store, steps, bare }
            }
            Some(monitoring) => Self {
                queue: monitoring.queue(queue),
                store,
                steps: monitoring.steps(wiring::steps(
                    config,
                    monitoring.classifier(classifier),
                    documents,
                )),
                bare,
            },
        }
    }
}

/// The first SIGTERM or SIGINT asks to stop; the second leaves at once, which loses nothing but
/// makes the queue hand out again what was being worked on.
pub(crate) async fn stop_on_signal(stopper: Arc<Stopper>) {
    let (Ok(mut term), Ok(mut int)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        warn!("signals cannot be watched: only kill -9 will end this process");
        return std::future::pending().await;
    };
    let mut asked = false;
    loop {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        if asked {
            std::process::exit(130);
        }
        asked = true;
        info!("asked to stop: taking no more letters, finishing those in hand");
        stopper.stop();
    }
}
