//! Disks that are full: the broker's alarm, and a database that cannot write.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use postbud_testkit::SmallDisk;

use super::stage::{PATIENCE, Stage};

/// What is demanded when there is room again.
const RECOVERS: Duration = Duration::from_secs(15);
const MEGABYTES: u32 = 512;
/// The letters themselves fill the disk too. Beyond this share the database could not even sort a
/// long list any more, which it does on that disk: the scenario would prove nothing.
const OWN_SHARE: f64 = 0.5;

/// The broker runs out of disk: it takes no messages until that is over.
pub(super) fn broker(stage: &mut Stage<'_>) -> Result<()> {
    let load = stage.flow()?;
    let mut worker = stage.worker(None)?;
    worker.at_work(PATIENCE)?;
    while stage.goes_on() {
        stage.sleep(300..1_000);
        stage.campaign.rabbit.control(&["set_disk_free_limit", "900000GB"])?;
        stage.faults += 1;
        stage.sleep(2_000..6_000);
        let before = load.sent();
        thread::sleep(Duration::from_secs(2));
        if load.sent() > before {
            stage.broken.push("the broker took letters under its alarm".to_owned());
        }
        stage.campaign.rabbit.control(&["set_disk_free_limit", "50MB"])?;
        let back = worker.delivers_again(PATIENCE)?;
        stage.recovered(back, RECOVERS);
    }
    worker.terminate(Duration::from_secs(10))?;
    stage.end_flow(load)
}

/// The disk under the database is full: nothing is acknowledged until there is room.
pub(super) fn database(stage: &mut Stage<'_>) -> Result<()> {
    let disk = match SmallDisk::mount(MEGABYTES) {
        Ok(disk) => disk,
        Err(error) => {
            println!("skipped: database-full needs root and a file system of its own: {error:#}");
            stage.notes.push("skipped: needs root".to_owned());
            return Ok(());
        }
    };
    stage.campaign.postgres.move_to_disk(stage.database(), &disk)?;
    let load = stage.flow()?;
    let mut worker = stage.worker(None)?;
    worker.at_work(PATIENCE)?;
    while stage.goes_on() {
        if disk.used()? > OWN_SHARE {
            stage.notes.push("ended when the letters had half of the disk".to_owned());
            break;
        }
        stage.sleep(300..1_000);
        disk.fill()?;
        stage.faults += 1;
        // Pages that the database has already are still used: wait until it says so.
        let begun = Instant::now();
        while !worker.says("must wait")? && begun.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(100));
        }
        if begun.elapsed() >= PATIENCE {
            stage.broken.push("the worker does not say that the store is full".to_owned());
        }
        stage.sleep(1_000..4_000);
        disk.free()?;
        worker.forget();
        let back = worker.delivers_again(PATIENCE)?;
        stage.recovered(back, RECOVERS);
    }
    worker.terminate(Duration::from_secs(10))?;
    stage.end_flow(load)?;
    // Until the judge has read everything.
    stage.disk = Some(disk);
    Ok(())
}
