//! A million letters are in the database already: the worker's memory must not know.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::stage::{PATIENCE, Stage};

const LETTERS: u64 = 1_000_000;
/// Copied at once.
const GROUP: u64 = 10_000;
/// Letters that the others are copies of.
const PATTERNS: u64 = 10;
/// What is demanded of the worker, in bytes.
const MEMORY: u64 = 256 << 20;

/// Copies letters that went their way until there are so many, then lets more flow.
pub(super) fn million(stage: &mut Stage<'_>) -> Result<()> {
    let share = stage.until.saturating_duration_since(Instant::now());
    let worker = stage.worker(None)?;
    stage.sender()?.send(100)?;
    let begun = Instant::now();
    while stage.place.counts()?.delivered < PATTERNS {
        ensure!(begun.elapsed() < PATIENCE, "the letters to copy are not delivered");
        thread::sleep(Duration::from_millis(100));
    }
    worker.terminate(Duration::from_secs(10))?;
    for group in 0..LETTERS / GROUP {
        copy(stage, group)?;
    }
    let load = stage.flow()?;
    let mut worker = stage.worker(None)?;
    worker.at_work(PATIENCE)?;
    thread::sleep(share);
    let peak = worker.peak_memory()?;
    let sent = load.sent();
    worker.terminate(Duration::from_secs(10))?;
    stage.end_flow(load)?;
    // The judge would count them as letters that nobody sent.
    for group in 0..LETTERS / GROUP {
        let sql = format!("DELETE FROM letters WHERE id LIKE 'made-{group}-%'");
        stage.campaign.postgres.query(stage.database(), &sql)?;
    }
    stage.notes.push(format!(
        "{LETTERS} letters there before; {} MiB at most while {sent} more came",
        peak >> 20
    ));
    if peak > MEMORY {
        stage.broken.push(format!("the worker used {} MiB", peak >> 20));
    }
    Ok(())
}

/// Copies letters with all that belongs to them, under names that tell the copies.
fn copy(stage: &Stage<'_>, group: u64) -> Result<()> {
    let copies = GROUP / PATTERNS;
    let of = |table: &str, column: &str| {
        format!(
            "INSERT INTO {table} SELECT copy.* FROM pattern
             JOIN {table} AS t ON t.{column} = pattern.id
             CROSS JOIN generate_series(1, {copies}) AS made(number)
             CROSS JOIN LATERAL jsonb_populate_record(t, jsonb_build_object(
                 '{column}', 'made-{group}-' || pattern.place || '-' || made.number)) AS copy;"
        )
    };
    let sql = format!(
        "CREATE TEMP TABLE pattern AS
         SELECT id, ROW_NUMBER() OVER () AS place FROM letters
         WHERE state IN ('delivered', 'review') AND id NOT LIKE 'made-%'
         ORDER BY id LIMIT {PATTERNS};
         {} {} {} {}",
        of("letters", "id"),
        of("decisions", "letter"),
        of("outbox", "letter"),
        of("events", "letter"),
    );
    stage.campaign.postgres.query(stage.database(), &sql).map(drop)
}
