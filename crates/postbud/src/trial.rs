//! A process of its own that reads letters which may do harm, as the router sees it.
//!
//! It is started when the first such letter comes, with limits on memory and processor time, and
//! ends when there was none for a while. What passes between the two: see
//! [`commands::trial`](crate::commands::trial).

use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use nix::sys::signal::Signal;
use postbud_pipeline::ports::{Trial, Verdict};
use postbud_pipeline::time_for;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use tracing::{info, warn};

/// Loading a model takes its time on a busy machine.
const START: Duration = Duration::from_secs(60);
/// So long after the last letter it is not needed any more.
const IDLE: Duration = Duration::from_secs(30);
/// More than the process allows itself, so that the sharper limit speaks first.
const GRACE: Duration = Duration::from_secs(2);

/// A process that is ready for a letter.
struct Running {
    child: Child,
    to: ChildStdin,
    from: ChildStdout,
    used: Instant,
}

/// Tries letters in another process.
pub(crate) struct TrialProcess {
    config: PathBuf,
    /// For a small letter.
    deadline: Duration,
    running: Arc<Mutex<Option<Running>>>,
}

impl TrialProcess {
    /// Starts nothing yet.
    pub(crate) fn new(config: PathBuf, deadline: Duration) -> Self {
        Self { config, deadline, running: Arc::default() }
    }

    async fn start(&self) -> anyhow::Result<Running> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("trial")
            .arg("--config")
            .arg(&self.config)
            .arg("--milliseconds")
            .arg(self.deadline.as_millis().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true);
        // A fault at a numbered passage is meant for this process, not for that one.
        if let Ok(plan) = std::env::var("POSTBUD_FAULT") {
            let lasting: Vec<&str> = plan.split(',').filter(|entry| !entry.contains('@')).collect();
            command.env("POSTBUD_FAULT", lasting.join(","));
        }
        let mut child = command.spawn()?;
        let to = child.stdin.take().context("it has no input")?;
        let from = child.stdout.take().context("it has no output")?;
        let mut running = Running { child, to, from, used: Instant::now() };
        let mut ready = [0];
        timeout(START, running.from.read_exact(&mut ready))
            .await
            .context("it was not ready in time")?
            .context("it ended before it was ready")?;
        Ok(running)
    }

    /// Ends the process when nothing came for a while.
    fn end_when_idle(&self, used: Instant) {
        let running = Arc::clone(&self.running);
        tokio::spawn(async move {
            tokio::time::sleep(IDLE).await;
            let mut running = running.lock().await;
            if running.as_ref().is_some_and(|running| running.used == used) {
                *running = None;
            }
        });
    }
}

impl Running {
    /// Hands a letter over and waits for the answer; `None` when there is none in time or at all.
    async fn ask(&mut self, raw: &Bytes, deadline: Duration) -> Option<()> {
        let length = (raw.len() as u64).to_le_bytes();
        let mut answer = [0];
        let talk = async {
            self.to.write_all(&length).await?;
            self.to.write_all(raw).await?;
            self.to.flush().await?;
            self.from.read_exact(&mut answer).await
        };
        timeout(deadline, talk).await.ok()?.ok().map(drop)
    }

    /// What became of a process that did not answer.
    async fn obituary(mut self) -> String {
        // It may be ending just now.
        match timeout(Duration::from_millis(500), self.child.wait()).await {
            Ok(Ok(status)) => ending(status),
            _ => {
                let killed = self.child.kill().await;
                if let Err(error) = killed {
                    warn!(error = %error, "a process on trial cannot be ended");
                }
                "no end in the time it has".to_owned()
            }
        }
    }
}

fn ending(status: ExitStatus) -> String {
    let Some(number) = status.signal() else {
        return format!("the process left ({status})");
    };
    match Signal::try_from(number) {
        Ok(Signal::SIGXCPU) => "no end in the processor time it has".to_owned(),
        Ok(signal) => format!("the process died by {signal}"),
        Err(_) => format!("the process died by signal {number}"),
    }
}

#[async_trait::async_trait]
impl Trial for TrialProcess {
    async fn attempt(&self, raw: &Bytes) -> Verdict {
        let mut slot = self.running.lock().await;
        let mut running = match slot.take() {
            Some(running) => running,
            None => match self.start().await {
                Ok(running) => {
                    info!("letters that came back are tried in a process of their own first");
                    running
                }
                Err(error) => {
                    warn!(error = format!("{error:#}"), "no process to try letters in");
                    return Verdict::Untried;
                }
            },
        };
        let deadline = time_for(self.deadline, raw.len()) + GRACE;
        if running.ask(raw, deadline).await.is_none() {
            return Verdict::Deadly { how: running.obituary().await };
        }
        let used = Instant::now();
        running.used = used;
        *slot = Some(running);
        self.end_when_idle(used);
        Verdict::Harmless
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_process_ended_is_told_in_words() {
        let told = |raw| ending(ExitStatus::from_raw(raw));
        assert_eq!(told(Signal::SIGSEGV as i32), "the process died by SIGSEGV");
        assert_eq!(told(Signal::SIGXCPU as i32), "no end in the processor time it has");
        assert!(told(7 << 8).contains('7'));
    }

    #[tokio::test]
    async fn without_a_process_nothing_is_said_about_a_letter() {
        // The test binary knows no command `trial`, so it ends before it is ready.
        let trial = TrialProcess::new(PathBuf::from("nowhere.toml"), Duration::from_secs(1));
        let verdict = trial.attempt(&Bytes::from_static(b"Subject: x\r\n\r\n")).await;
        assert_eq!(verdict, Verdict::Untried);
    }
}
