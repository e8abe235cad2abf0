//! The broker and the database die by signal 9 and come back.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::stage::{PATIENCE, Stage};
use super::worker::Worker;

/// What is demanded once the server answers again.
const RECONNECTS: Duration = Duration::from_secs(10);
/// The share of one processor that a worker may use while a server is away.
const BUSY: f64 = 0.2;

/// `kill -9` of RabbitMQ.
pub(super) fn broker(stage: &mut Stage<'_>) -> Result<()> {
    away(
        stage,
        |stage| stage.campaign.rabbit.kill_dash_nine(),
        |stage| stage.campaign.rabbit.restart(),
    )
}

/// `kill -9` of PostgreSQL.
pub(super) fn database(stage: &mut Stage<'_>) -> Result<()> {
    away(
        stage,
        |stage| stage.campaign.postgres.kill_dash_nine(),
        |stage| stage.campaign.postgres.restart(),
    )
}

fn away(
    stage: &mut Stage<'_>,
    kill: impl Fn(&mut Stage<'_>) -> Result<()>,
    restart: impl Fn(&mut Stage<'_>) -> Result<()>,
) -> Result<()> {
    let load = stage.flow()?;
    let mut worker = stage.worker(None)?;
    worker.at_work(PATIENCE)?;
    let mut busiest = 0.0_f64;
    while stage.goes_on() {
        stage.sleep(200..1_500);
        kill(stage)?;
        stage.faults += 1;
        // What is in hand may be finished; then there is nothing to do.
        thread::sleep(Duration::from_millis(500));
        busiest = busiest.max(share(&worker, Duration::from_secs(2))?);
        restart(stage)?;
        let back = worker.delivers_again(PATIENCE)?;
        stage.recovered(back, RECONNECTS);
    }
    stage.notes.push(format!("{:.0} % of a processor while away", busiest * 100.0));
    if busiest > BUSY {
        stage.broken.push("the worker is busy while a server is away".to_owned());
    }
    worker.kill()?;
    stage.end_flow(load)
}

/// The share of one processor that the worker uses for a while.
fn share(worker: &Worker, time: Duration) -> Result<f64> {
    let (before, begun) = (worker.cpu()?, Instant::now());
    thread::sleep(time);
    let used = worker.cpu()?.saturating_sub(before);
    Ok(used.as_secs_f64() / begun.elapsed().as_secs_f64())
}
