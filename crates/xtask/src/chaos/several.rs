//! Several workers share one installation.

use std::time::Duration;

use anyhow::Result;

use super::stage::{PATIENCE, Stage};

const WORKERS: usize = 4;
const GONE: Duration = Duration::from_secs(10);
/// What is demanded after a restart.
const BACK_AT_WORK: Duration = Duration::from_secs(5);

/// Four workers; one after the other is asked to leave, or killed, and replaced.
pub(super) fn rolling(stage: &mut Stage<'_>) -> Result<()> {
    let load = stage.flow()?;
    let mut workers = Vec::new();
    for _ in 0..WORKERS {
        let mut worker = stage.worker(None)?;
        worker.connected(PATIENCE)?;
        workers.push(worker);
    }
    let (mut rounds, mut longest) = (0, Duration::ZERO);
    while stage.goes_on() {
        for number in 0..WORKERS {
            let old = workers.remove(0);
            // Every third one dies instead of leaving.
            if (rounds * WORKERS + number) % 3 == 2 {
                old.kill()?;
            } else {
                longest = longest.max(old.terminate(GONE)?);
            }
            stage.faults += 1;
            let mut new = stage.worker(None)?;
            new.connected(PATIENCE)?;
            // All write into one log: this is any worker's next delivery.
            let back = new.delivers_again(PATIENCE)?;
            stage.recovered(back, BACK_AT_WORK);
            workers.push(new);
        }
        rounds += 1;
    }
    stage
        .notes
        .push(format!("{WORKERS} workers; gone after at most {:.1} s", longest.as_secs_f64()));
    for worker in workers {
        worker.terminate(GONE)?;
    }
    stage.end_flow(load)
}
