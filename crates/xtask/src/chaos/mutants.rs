//! The judge on trial: a worker that breaks a promise on purpose, which the judge must find.
//!
//! A campaign that finds nothing proves little unless it would have found something.

use std::time::Duration;

use anyhow::{Result, ensure};
use postbud_testkit::judge::Verdict;

use super::stage::{PATIENCE, Stage};

/// What is wrong does not become right by waiting.
const SOON: Duration = Duration::from_secs(6);
const DEATHS: u32 = 3;

/// A promise that is broken on purpose, and what the judge must say then.
#[derive(Clone, Copy)]
pub(crate) struct Mutation {
    /// For `POSTBUD_MUTATION`.
    pub(crate) name: &'static str,
    pub(crate) found: fn(&Verdict) -> bool,
}

const ACK: Mutation =
    Mutation { name: "ack-before-commit", found: |verdict| !verdict.lost.is_empty() };
const KEY: Mutation =
    Mutation { name: "another-key", found: |verdict| !verdict.doubled.is_empty() };
const MARK: Mutation = Mutation {
    name: "drop-outbox-mark",
    found: |verdict| !verdict.misplaced.is_empty() && !verdict.unbalanced.is_empty(),
};

/// Acknowledges before the commit, and dies in between.
pub(super) fn acknowledges_first(stage: &mut Stage<'_>) -> Result<()> {
    dies(stage, ACK, "before-commit")
}

/// Sends under another key each time, and dies before it can note that it has sent.
pub(super) fn forgets_the_key(stage: &mut Stage<'_>) -> Result<()> {
    dies(stage, KEY, "before-outbox-mark")
}

/// Never notes that a letter was sent.
pub(super) fn forgets_the_mark(stage: &mut Stage<'_>) -> Result<()> {
    stage.mutate(MARK, SOON);
    stage.sender()?.send(40)?;
    let mut worker = stage.worker(None)?;
    worker.at_work(PATIENCE)?;
    stage.faults += 1;
    worker.terminate(Duration::from_secs(10)).map(drop)
}

fn dies(stage: &mut Stage<'_>, mutation: Mutation, at: &str) -> Result<()> {
    stage.mutate(mutation, SOON);
    for _ in 0..DEATHS {
        stage.sender()?.send(40)?;
        let mut worker = stage.worker(Some(&format!("{at}=abort")))?;
        let ended = worker.wait(Duration::from_secs(20))?;
        ensure!(ended.is_some_and(|status| !status.success()), "the worker did not die at {at}");
        stage.faults += 1;
    }
    Ok(())
}
