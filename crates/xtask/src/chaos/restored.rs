//! The database is lost, and comes back from a backup that was made while everything went on.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result};

use super::place::DIRECT;
use super::stage::{PATIENCE, Stage};

/// Backup, more letters, the end of the database, restore; then what came after the backup is sent
/// again, as the operator's guide says. What the backup holds must be there before that.
pub(super) fn backup(stage: &mut Stage<'_>) -> Result<()> {
    let mut missing = 0;
    while stage.goes_on() {
        let load = stage.flow()?;
        let mut worker = stage.worker(None)?;
        worker.at_work(PATIENCE)?;
        stage.sleep(500..4_000);
        // What was recorded before the backup began must be in it.
        let before = recorded(stage)?;
        let place = format!("backup-{}", stage.faults);
        stage.place.run(&["backup", &place, "--config", DIRECT])?;
        stage.sleep(500..4_000);
        worker.kill()?;
        stage.end_flow(load)?;
        let lost = recorded(stage)?;
        stage.campaign.postgres.drop_database(stage.database())?;
        stage.campaign.postgres.create_database(stage.database())?;
        stage.faults += 1;

        let made = std::fs::read_dir(stage.place.dir.join(&place))?;
        let made = made.last().context("the backup made a folder")??.path();
        stage.place.run(&["restore", &made.to_string_lossy(), "--config", DIRECT])?;
        let restored = recorded(stage)?;
        let gone = before.difference(&restored).count();
        if gone > 0 {
            stage.broken.push(format!("{gone} letters of before the backup are not in it"));
        }
        missing += lost.difference(&restored).count();
        let mut worker = stage.worker(None)?;
        worker.connected(PATIENCE)?;
        stage.sender()?.again(&restored)?;
        worker.delivers_again(PATIENCE)?;
        worker.terminate(Duration::from_secs(10))?;
    }
    stage.notes.push(format!(
        "{missing} letters recorded after the backups were gone with the database, and sent again"
    ));
    Ok(())
}

/// The ids of the letters that the store knows.
fn recorded(stage: &Stage<'_>) -> Result<BTreeSet<String>> {
    Ok(stage.place.states()?.into_iter().map(|(id, _)| id).collect())
}
