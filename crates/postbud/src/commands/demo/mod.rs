//! `postbud demo`: the main job in one process, on the letters of a fictitious municipality.

mod desk;
mod prepare;
mod report;

use std::io::{IsTerminal, stderr, stdout};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use indicatif::ProgressBar;
use postbud_pipeline::ports::{Queue, Store};
use postbud_pipeline::{Stop, Stopper, stop_pair};
use postbud_store::SqlStore;

use crate::classifier::configured;
use crate::cli::DemoArgs;
use crate::commands::desk::serve;
use crate::commands::run;
use crate::commands::send::Sender;
use crate::config::{self, LogFormat};
use crate::{output, telemetry, wiring};

use prepare::DemoLetter;

/// When nothing has moved for so long, the demo says what still waits instead of waiting with it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the demo to its table, and on until Ctrl-C on a terminal.
pub(crate) async fn run(args: &DemoArgs) -> anyhow::Result<()> {
    telemetry::start(LogFormat::Text, "warn");
    let once = args.once || args.output.json || !stdout().is_terminal() || !stderr().is_terminal();
    let continued = prepare::folder(&args.data, args.fresh)?;
    let config = config::demo(&args.data);
    let classifier = configured(&config)?;
    let store = wiring::store(&config).await?;
    let queue = wiring::queue(&config, &store).await?;
    let letters = prepare::letters(&config.limits)?;
    let new = publish(&letters, &store, &queue, &config).await?;

    let desk = if once { None } else { desk::open(&store).await? };
    let guest = desk.as_ref().map(|desk| desk.guest.clone());
    let (stopper, stop) = stop_pair();
    let stopper = Arc::new(stopper);
    let work = run::route(&config, classifier, store.clone(), Arc::clone(&queue), &stop);
    let watch = async {
        let seconds = watch(&store, new as u64, &stop).await;
        let promise = (config.promise.target_error, config.promise.confidence);
        let run = report::Run { promise, new, seconds, continued, data: args.data.clone() };
        let report = report::Report::of(&letters, &store, &run).await;
        let outcome = report.and_then(|report| report.print(args, once, guest.as_ref()));
        if once || outcome.is_err() {
            stopper.stop();
        } else {
            stop_on_interrupt(&stopper, &stop).await;
        }
        outcome
    };
    let deciding = serve(desk.map(|desk| desk.door), &config, None, &store, &stop);
    let (worked, watched, ()) = tokio::join!(work, watch, deciding);
    worked?;
    watched?;
    queue.shutdown().await.context("the queue did not close in order; nothing is lost")
}

/// Puts the letters that the store has not seen on the queue; returns how many.
async fn publish(
    letters: &[DemoLetter],
    store: &SqlStore,
    queue: &Arc<dyn Queue>,
    config: &config::Config,
) -> anyhow::Result<usize> {
    let (limits, queue) = (config.limits.clone(), Arc::clone(queue));
    let mut sender = Sender { store: store.clone(), queue, limits, group: Vec::new() };
    let mut new = 0;
    for letter in letters {
        if store.letter(&letter.id).await?.is_none() {
            sender.add(letter.raw.clone()).await?;
            new += 1;
        }
    }
    sender.flush().await?;
    Ok(new)
}

/// Draws the bar until every new letter is where it belongs; returns how long it took in seconds.
async fn watch(store: &SqlStore, new: u64, stop: &Stop) -> f64 {
    let begun = Instant::now();
    let before = store.tally().await.map_or(0, |tally| tally.received);
    let bar = if new > 0 { output::bar("routing", new) } else { ProgressBar::hidden() };
    let (mut last, mut moved) = (None, Instant::now());
    while !stop.is_set() {
        if let Ok(tally) = store.tally().await {
            bar.set_position(tally.received.saturating_sub(before).saturating_sub(tally.routed));
            if tally.received >= before + new && tally.routed == 0 {
                break;
            }
            if last != Some(tally) {
                (last, moved) = (Some(tally), Instant::now());
            }
        }
        if moved.elapsed() > PATIENCE {
            break;
        }
        stop.sleep(Duration::from_millis(20)).await;
    }
    bar.finish_and_clear();
    begun.elapsed().as_secs_f64()
}

/// Waits for Ctrl-C or SIGTERM, then stops the workers.
async fn stop_on_interrupt(stopper: &Arc<Stopper>, stop: &Stop) {
    let stopper = Arc::clone(stopper);
    tokio::spawn(run::stop_on_signal(stopper));
    stop.wait().await;
}
