//! `postbud run`: routes letters until it is told to stop.

use std::sync::Arc;

use anyhow::Context;
use postbud_pipeline::ports::{Classifier, Queue};
use postbud_pipeline::{Dispatcher, Router, Stopper, stop_pair};
use postbud_store::SqlStore;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{info, warn};

use crate::classifier::configured;
use crate::cli::{RunArgs, RunPart};
use crate::commands::{desk, retrain};
use crate::config::Config;
use crate::{switches, telemetry, wiring};

/// Runs the production form.
pub(crate) async fn run(args: &RunArgs) -> anyhow::Result<()> {
    let config = wiring::load(&args.config)?;
    telemetry::start(config.log.format, config.log.level.as_str());
    if args.part == Some(RunPart::Desk) {
        return desk::alone(&config).await;
    }
    let classifier = configured(&config)?;
    let door = desk::door(&config).await?;
    let store = wiring::store(&config).await?;
    let queue = wiring::queue(&config, &store).await?;
    info!(store = %config.store, queue = %config.queue.kind, "postbud runs");
    let (stopper, stop) = stop_pair();
    tokio::spawn(stop_on_signal(Arc::new(stopper)));
    let retraining = async {
        retrain::by_schedule(&config, &args.config, &store, &stop).await;
        Ok(())
    };
    let routing = route(&config, classifier, store.clone(), Arc::clone(&queue), &stop);
    let deciding = async {
        desk::serve(door, &config, &store, &stop).await;
        Ok(())
    };
    tokio::try_join!(routing, retraining, deciding)?;
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
    let deliverer = Arc::new(wiring::deliverer(config)?);
    let steps = Arc::new(wiring::steps(config, classifier));
    switches::read(&store, &steps).await?;
    let desk = store.clone();
    let store = Arc::new(store);
    let router = Router::new(
        queue,
        Arc::clone(&store) as _,
        Arc::clone(&steps),
        wiring::router_options(config),
    );
    let dispatcher = Dispatcher::new(store, deliverer, wiring::dispatcher_options(config));
    let watch = switches::watch(desk, steps, stop);
    tokio::join!(router.run(stop), dispatcher.run(stop), watch);
    Ok(())
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
