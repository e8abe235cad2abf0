//! The worker dies: by signal 9 at random moments, at every fault point, and in order.

use std::time::Duration;

use anyhow::{Result, ensure};
use rand::Rng;

use super::stage::{PATIENCE, Stage};

/// What is demanded after a restart.
const BACK_AT_WORK: Duration = Duration::from_secs(5);
const GONE: Duration = Duration::from_secs(10);

/// `kill -9` at random moments while letters flow.
pub(super) fn killed(stage: &mut Stage<'_>) -> Result<()> {
    killed_beside(stage, |_| {})
}

/// The same, with another fault before each.
pub(super) fn killed_beside(
    stage: &mut Stage<'_>,
    mut beside: impl FnMut(&mut Stage<'_>),
) -> Result<()> {
    let load = stage.flow()?;
    let mut worker = stage.worker(None)?;
    worker.at_work(PATIENCE)?;
    while stage.goes_on() {
        beside(stage);
        stage.sleep(50..1_500);
        worker.kill()?;
        stage.faults += 1;
        worker = stage.worker(None)?;
        let back = worker.at_work(PATIENCE)?;
        stage.recovered(back, BACK_AT_WORK);
    }
    worker.kill()?;
    stage.end_flow(load)
}

/// Where the binary can be made to die: read from the source that defines it, so that a new point
/// is visited without being named here.
fn points() -> Result<Vec<&'static str>> {
    let source = include_str!("../../../postbud-pipeline/src/fault.rs");
    let list = source.split_once("pub const POINTS").and_then(|(_, rest)| rest.split_once("];"));
    let points: Vec<&str> =
        list.map_or("", |(list, _)| list).split('"').skip(1).step_by(2).collect();
    ensure!(points.len() >= 12, "the list of fault points was not found");
    Ok(points)
}

/// Aborts at every fault point, at one of its first passages.
pub(super) fn aborts(stage: &mut Stage<'_>) -> Result<()> {
    let points = points()?;
    let load = stage.flow()?;
    let mut missed = Vec::new();
    loop {
        for point in &points {
            let passage = stage.random.random_range(1..=5);
            let mut worker = stage.worker(Some(&format!("{point}=abort@{passage}")))?;
            match worker.wait(Duration::from_secs(20))? {
                Some(status) => {
                    ensure!(!status.success(), "the worker left in order at {point}");
                    stage.faults += 1;
                }
                None => {
                    missed.push(format!("{point}@{passage}"));
                    worker.kill()?;
                }
            }
            // As a supervisor does; then the next point may be met.
            let mut worker = stage.worker(None)?;
            let back = worker.at_work(PATIENCE)?;
            stage.recovered(back, BACK_AT_WORK);
            // Every death spends one of the twenty deliveries that the broker grants to each
            // letter that the worker had fetched: it needs the time to be done with them.
            stage.sleep(1_000..1_500);
            worker.terminate(GONE)?;
        }
        if !stage.goes_on() {
            break;
        }
    }
    stage.notes.push(format!("{} points", points.len()));
    if !missed.is_empty() {
        stage.broken.push(format!("not visited: {}", missed.join(", ")));
    }
    stage.end_flow(load)
}

/// SIGTERM under load.
pub(super) fn sigterm(stage: &mut Stage<'_>) -> Result<()> {
    let load = stage.flow()?;
    let mut longest = Duration::ZERO;
    while stage.goes_on() {
        let mut worker = stage.worker(None)?;
        worker.at_work(PATIENCE)?;
        stage.sleep(0..800);
        longest = longest.max(worker.terminate(GONE)?);
        stage.faults += 1;
    }
    stage.notes.push(format!("gone after at most {:.1} s", longest.as_secs_f64()));
    stage.end_flow(load)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fault_points_are_found() {
        let points = points().unwrap();
        assert!(points.contains(&"after-receive") && points.contains(&"after-outbox-mark"));
    }
}
