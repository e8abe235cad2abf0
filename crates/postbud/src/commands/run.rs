//! `postbud run`: routes letters until it is told to stop.

mod intake;

use std::sync::Arc;

use anyhow::Context;
use postbud_intake::Intake;
use postbud_pipeline::ports::{Classifier, Queue, Store, Target, Trial};
use postbud_pipeline::{Dispatcher, Router, Steps, Stopper, stop_pair};
use postbud_store::SqlStore;
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
use crate::{clock, switches, telemetry, wiring};

/// Runs the production form.
pub(crate) async fn run(args: &RunArgs) -> anyhow::Result<()> {
    let mut config = wiring::load(&args.config)?;
    config.metrics = args.metrics.or(config.metrics);
    telemetry::start(config.log.format, config.log.level.as_str());
    if args.part == Some(RunPart::Desk) {
        return desk::alone(&config, &args.config).await;
    }
    if args.part == Some(RunPart::Intake) {
        return intake::alone(&config).await;
    }
    let classifier = configured(&config)?;
    // A router alone leaves the rest to others.
    let everything = args.part.is_none();
    let ways_in = if everything { intake::open(&config).await? } else { None };
    let door = if everything { desk::door(&config).await? } else { None };
    let adapters = ways_in.as_ref().map(Intake::activities).unwrap_or_default();
    let monitoring = monitoring::open(&config).await?;
    let monitoring = monitoring.map(|monitoring| monitoring.with_adapters(adapters));
    let store = wiring::store(&config).await?;
    let queue = wiring::queue(&config, &store).await?;
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
    let (trial, kept) = (Some(trial), (store.clone(), Arc::clone(&queue)));
    let routing = tried(&config, guard.guarded(), kept.0, kept.1, trial, monitoring, &stop);
    let guarding = async {
        guard.watch(&stop).await;
        Ok(())
    };
    let watching = async {
        clock::watch(&store, metrics, &stop).await;
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
        intake::serve(ways_in, &config, &store, Arc::clone(&queue), &stop).await;
        Ok(())
    };
    tokio::try_join!(routing, guarding, watching, retraining, removing, deciding, coming_in)?;
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
    tried(config, classifier, store, queue, None, None, stop).await
}

/// As [`route`], and letters that came back unsettled are tried apart first.
async fn tried(
    config: &Config,
    classifier: Arc<dyn Classifier>,
    store: SqlStore,
    queue: Arc<dyn Queue>,
    trial: Option<Arc<dyn Trial>>,
    monitoring: Option<Monitoring>,
    stop: &postbud_pipeline::Stop,
) -> anyhow::Result<()> {
    let parts = Parts::new(config, classifier, &store, queue, monitoring.as_ref())?;
    let restricted = Restricted::read(config, &store).await?;
    let steps = Arc::new(parts.steps.with_restrictions(Arc::clone(&restricted) as _));
    switches::read(&store, &steps).await?;
    let mut router = Router::new(
        parts.queue,
        Arc::clone(&parts.store),
        Arc::clone(&steps),
        wiring::router_options(config),
    );
    if let Some(trial) = trial {
        router = router.with_trial(trial);
    }
    let dispatcher = Dispatcher::new(parts.store, parts.target, wiring::dispatcher_options(config))
        .with_terms(wiring::terms(config));
    let watch = switches::watch(store.clone(), steps, stop);
    let (queue, classifier) = parts.bare;
    let monitored = async {
        if let Some(monitoring) = monitoring {
            let beside = Beside { queue: Some(queue), classifier: Some(classifier) };
            monitoring.run(config, &store, beside, stop).await;
        }
    };
    let watch = async { tokio::join!(watch, restricted.watch(&store, stop)) };
    tokio::join!(router.run(stop), dispatcher.run(stop), watch, monitored);
    Ok(())
}

/// What router and dispatcher work with, counted when there is monitoring.
struct Parts {
    queue: Arc<dyn Queue>,
    store: Arc<dyn Store>,
    target: Arc<dyn Target>,
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
        monitoring: Option<&Monitoring>,
    ) -> anyhow::Result<Self> {
        let store: Arc<dyn Store> = Arc::new(store.clone());
        let target: Arc<dyn Target> = Arc::new(wiring::deliverer(config)?);
        let bare = (Arc::clone(&queue), Arc::clone(&classifier));
        Ok(match monitoring {
            None => Self { queue, store, target, steps: wiring::steps(config, classifier), bare },
            Some(monitoring) => Self {
                queue: monitoring.queue(queue),
                store: monitoring.store(store),
                target: monitoring.target(target),
                steps: monitoring.steps(wiring::steps(config, monitoring.classifier(classifier))),
                bare,
            },
        })
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
