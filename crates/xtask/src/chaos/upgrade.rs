//! A new version takes over from the one before while letters flow.

use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result};

use super::stage::{PATIENCE, Stage};

/// How many workers the installation has.
const WORKERS: usize = 4;
const GONE: Duration = Duration::from_secs(10);
/// What is demanded after a restart.
const BACK_AT_WORK: Duration = Duration::from_secs(5);

/// The schemas of this version, read from the source that lists them.
fn schemas() -> Vec<i64> {
    let source = include_str!("../../../postbud-store/src/migrate.rs");
    let numbers = source.split("\n        version: ").skip(1);
    numbers.filter_map(|rest| rest.split(',').next()?.parse().ok()).collect()
}

/// Four workers with the schema before; the first new one changes the schema under them. They work
/// side by side, then one old after the other leaves or is killed, and a new one takes its place.
/// The part of the version before is played by this one with `POSTBUD_SCHEMA`, which it can while its
/// statements need nothing of the newest schema: tables and columns come in one, and what can be done
/// without, an index say, in the one after.
pub(super) fn schema(stage: &mut Stage<'_>) -> Result<()> {
    let known = schemas();
    let [.., old, new] = known.as_slice() else {
        anyhow::bail!("two schemas are needed for an upgrade: {known:?}");
    };
    stage.place.schema.store(*old, Ordering::Relaxed);
    let load = stage.flow()?;
    let mut workers = Vec::new();
    for _ in 0..WORKERS {
        let mut worker = stage.worker(None)?;
        worker.connected(PATIENCE)?;
        workers.push(worker);
    }
    workers[0].delivers_again(PATIENCE)?;
    stage.sleep(500..2_000);
    let share = stage.until.saturating_duration_since(std::time::Instant::now())
        / u32::try_from(WORKERS + 1)?;
    // From now on everything that starts, the generator too, is of the new version.
    stage.place.schema.store(0, Ordering::Relaxed);
    for number in 0..WORKERS {
        let mut added = stage.worker(None)?;
        added.connected(PATIENCE)?;
        let back = added.delivers_again(PATIENCE)?;
        stage.recovered(back, BACK_AT_WORK);
        // Side by side for a while.
        std::thread::sleep(share);
        let leaving = workers.remove(0);
        if number % 3 == 2 {
            leaving.kill()?;
        } else {
            leaving.terminate(GONE)?;
        }
        stage.faults += 1;
        workers.push(added);
    }
    refuses(stage, *old)?;
    for worker in workers {
        worker.terminate(GONE)?;
    }
    stage.notes.push(format!("schema {old} to {new} under {WORKERS} workers"));
    stage.end_flow(load)
}

/// A binary that is older than the schema must not begin to work.
fn refuses(stage: &mut Stage<'_>, old: i64) -> Result<()> {
    stage.place.schema.store(old, Ordering::Relaxed);
    let late = stage.worker(None);
    stage.place.schema.store(0, Ordering::Relaxed);
    let status = late?.wait(PATIENCE)?.context("a worker older than the schema works on")?;
    if status.code() != Some(3) {
        stage.broken.push(format!("a worker older than the schema: {status}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schemas_are_found() {
        let known = schemas();
        assert!(known.starts_with(&[1, 2, 3]) && known.is_sorted() && known.len() >= 9);
    }
}
