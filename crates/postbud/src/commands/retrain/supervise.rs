//! A retraining as a process of its own: started, watched, ended when it takes too long, and
//! told of in the store when it could not do so itself.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context;
use indicatif::ProgressBar;
use nix::sys::signal::Signal;
use postbud_pipeline::Stop;
use postbud_pipeline::ports::{RetrainOutcome, RetrainRow, Retrains as _, Timestamp};
use postbud_store::SqlStore;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, ChildStderr, Command};

use super::progress;
use crate::config::Retrain;

/// So much of what the process says last is looked at.
const LAST_LINES: usize = 50;
/// The longest line of it, in bytes.
const LINE_BYTES: u64 = 4_096;
/// What libraries say when there is no memory left.
const NO_MEMORY: [&str; 4] = [
    "memory allocation of",
    "out of memory",
    "Cannot allocate memory",
    "Resource temporarily unavailable",
];

/// A retraining to be done.
pub(super) struct Order<'a> {
    /// Its name.
    pub(super) id: String,
    /// Who asks for it.
    pub(super) by: String,
    /// Arguments behind `retrain --worker ID`.
    pub(super) args: Vec<OsString>,
    /// Its limits.
    pub(super) retrain: &'a Retrain,
    /// Does it print its report on our standard output?
    pub(super) prints: bool,
}

/// How it ended.
pub(super) enum Ended {
    /// By itself, with this exit code. It has told the rest.
    Exit(u8),
    /// By its limits, or by a signal; what happened and what to do.
    Died(RetrainOutcome, String),
    /// We were asked to stop.
    Stopped,
}

/// Starts the process and waits for its end.
pub(super) async fn run(
    order: &Order<'_>,
    store: &SqlStore,
    stop: Option<&Stop>,
) -> anyhow::Result<Ended> {
    run_shown(order, store, stop, None).await
}

/// The same, with a bar that shows how far it has come.
pub(super) async fn run_shown(
    order: &Order<'_>,
    store: &SqlStore,
    stop: Option<&Stop>,
    bar: Option<ProgressBar>,
) -> anyhow::Result<Ended> {
    let started_at = Timestamp::now();
    let child = start(order, bar.is_some());
    let mut child = child.context("the process that retrains could not be started")?;
    let errors = child.stderr.take();
    let forward = tokio::spawn(last_lines(errors, bar));
    let ended = tokio::select! {
        status = child.wait() => status.map(Some),
        () = tokio::time::sleep(order.retrain.time) => Ok(None),
        () = asked_to_stop(stop) => {
            child.kill().await?;
            note(order, store, started_at, RetrainOutcome::Failed, "Postbud was asked to stop").await?;
            return Ok(Ended::Stopped);
        }
    };
    let status = ended.context("the process that retrains cannot be watched")?;
    if status.is_none() {
        child.kill().await?;
    }
    // The pipe ends with the process; a grandchild that would keep it open does not exist.
    let said = tokio::time::timeout(Duration::from_secs(5), forward).await;
    let said = said.ok().and_then(Result::ok).unwrap_or_default();
    let Some((outcome, what)) = judge(status, &said, order.retrain) else {
        let code = status.and_then(|status| status.code()).unwrap_or(1);
        return Ok(Ended::Exit(u8::try_from(code).unwrap_or(1)));
    };
    note(order, store, started_at, outcome, &what).await?;
    Ok(Ended::Died(outcome, what))
}

fn start(order: &Order<'_>, progress: bool) -> std::io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .arg("retrain")
        .arg("--worker")
        .arg(&order.id)
        .args(progress.then_some("--progress"))
        .args(&order.args)
        .stdin(Stdio::null())
        .stdout(if order.prints { Stdio::inherit() } else { Stdio::null() })
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
}

async fn asked_to_stop(stop: Option<&Stop>) {
    match stop {
        Some(stop) => stop.wait().await,
        None => std::future::pending().await,
    }
}

/// Passes on what the process says on standard error and keeps the end of it.
async fn last_lines(errors: Option<ChildStderr>, bar: Option<ProgressBar>) -> Vec<String> {
    let mut last = std::collections::VecDeque::new();
    let Some(errors) = errors else {
        return Vec::new();
    };
    let mut reader = BufReader::new(errors);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut reader).take(LINE_BYTES).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => break,
            Ok(_) => {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                if progress::shown(&text, bar.as_ref()) {
                    continue;
                }
                match &bar {
                    Some(bar) => bar.suspend(|| eprintln!("{text}")),
                    None => eprintln!("{text}"),
                }
                if last.len() == LAST_LINES {
                    last.pop_front();
                }
                last.push_back(text);
            }
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    last.into()
}

/// What killed it; `None` when it ended by itself and has told why.
fn judge(
    status: Option<ExitStatus>,
    said: &[String],
    retrain: &Retrain,
) -> Option<(RetrainOutcome, String)> {
    let memory = retrain.memory >> 20;
    let too_little = || {
        let what = format!(
            "it needed more memory than the {memory} MiB it may use; nothing was changed. \
             Raise memory in [retrain], or train on fewer letters"
        );
        Some((RetrainOutcome::OutOfMemory, what))
    };
    let too_long = |which: &str| {
        let what = format!(
            "it took longer than the {} s it may take{which}; nothing was changed. \
             Raise time in [retrain]",
            retrain.time.as_secs()
        );
        Some((RetrainOutcome::OutOfTime, what))
    };
    let Some(status) = status else {
        return too_long("");
    };
    let no_memory = said.iter().any(|line| NO_MEMORY.iter().any(|sign| line.contains(sign)));
    if no_memory && !status.success() {
        return too_little();
    }
    let signal = status.signal()?;
    if signal == Signal::SIGXCPU as i32 {
        return too_long(" on every core");
    }
    let name = Signal::try_from(signal).map_or_else(|_| signal.to_string(), |s| s.to_string());
    let hint = match Signal::try_from(signal) {
        Ok(Signal::SIGKILL) => ": by somebody, or because the machine had no memory left",
        _ => "",
    };
    let what = format!("it was ended by {name}{hint}; nothing was changed");
    Some((RetrainOutcome::Failed, what))
}

/// Writes what it could not write itself, and lets the next one in.
async fn note(
    order: &Order<'_>,
    store: &SqlStore,
    started_at: Timestamp,
    outcome: RetrainOutcome,
    what: &str,
) -> anyhow::Result<()> {
    let row = RetrainRow {
        id: order.id.clone(),
        started_at,
        ended_at: Some(Timestamp::now()),
        outcome,
        by: order.by.clone(),
        version: None,
        figures: None,
        detail: what.to_owned(),
    };
    store.retrain_ends(&row).await?;
    store.release_retrain_lease(&order.id).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    fn judged(status: Option<i32>, said: &str) -> Option<(RetrainOutcome, String)> {
        let (config, _) = config::from_str(&config::template(), std::path::Path::new("")).unwrap();
        judge(status.map(ExitStatus::from_raw), &[said.to_owned()], &config.retrain)
    }

    #[test]
    fn what_killed_it_is_told_with_what_to_raise() {
        let outcome = |status, said| judged(status, said).map(|(outcome, _)| outcome);
        let memory = Some(RetrainOutcome::OutOfMemory);
        assert_eq!(outcome(Some(6), "memory allocation of 12 bytes failed"), memory);
        assert_eq!(outcome(Some(3 << 8), "because: out of memory"), memory);
        assert_eq!(outcome(None, ""), Some(RetrainOutcome::OutOfTime));
        assert_eq!(outcome(Some(Signal::SIGXCPU as i32), ""), Some(RetrainOutcome::OutOfTime));
        assert_eq!(outcome(Some(9), ""), Some(RetrainOutcome::Failed));
        assert_eq!(outcome(Some(1 << 8), "an ordinary error"), None, "it has told that itself");
        assert_eq!(outcome(Some(0), "out of memory"), None);
        assert!(judged(None, "").unwrap().1.contains("time in [retrain]"));
        assert!(judged(Some(9), "").unwrap().1.contains("SIGKILL"));
    }
}
