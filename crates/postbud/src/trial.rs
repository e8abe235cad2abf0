//! Processes of their own that read letters which may do harm, as the router sees them.
//!
//! They are started when the first such letter comes, with limits on memory and processor time, and
//! end when there was none for a while. What passes between the two: see
//! [`commands::trial`](crate::commands::trial).

use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use nix::sys::signal::Signal;
use postbud_pipeline::ports::{Look, Trial, Verdict};
use postbud_pipeline::time_for;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::{Instant, timeout};
use tracing::{info, warn};

/// Loading a model takes its time on a busy machine.
const START: Duration = Duration::from_secs(60);
/// So long after its last letter a process is not needed any more.
const IDLE: Duration = Duration::from_secs(30);
/// More than the process allows itself, so that the sharper limit speaks first.
const GRACE: Duration = Duration::from_secs(2);
/// A process that takes what processor time is left gets so many times longer by the clock.
const LEISURE: u32 = 8;
/// A glance at a small letter, in processor time: twenty times what one needs. More for each
/// mebibyte.
const GLANCE: Duration = Duration::from_millis(20);
const GLANCE_PER_MEBIBYTE: Duration = Duration::from_millis(250);
/// By the clock a glance takes so many times as long at most: a busy machine is no fault of a letter.
const BUSY: u32 = 6;
/// How often a glance looks at the processor time.
const LOOK: Duration = Duration::from_millis(5);
/// So many processes are at hand once one was lost, so that the next letter waits for none.
const SPARE: usize = 2;

/// A process that is ready for a letter.
struct Running {
    child: Child,
    to: ChildStdin,
    from: ChildStdout,
    used: Instant,
}

/// Where and how they are started.
struct Recipe {
    config: PathBuf,
    /// For a small letter.
    deadline: Duration,
    /// Those at hand.
    idle: Mutex<Vec<Running>>,
    /// How many more are being started for that.
    starting: AtomicUsize,
}

/// Tries letters in other processes.
#[derive(Clone)]
pub(crate) struct TrialProcess(Arc<Recipe>);

impl TrialProcess {
    /// Starts nothing yet.
    pub(crate) fn new(config: PathBuf, deadline: Duration) -> Self {
        let (idle, starting) = (Mutex::default(), AtomicUsize::new(0));
        Self(Arc::new(Recipe { config, deadline, idle, starting }))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Running>> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn start(&self, look: Look) -> anyhow::Result<Running> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("trial")
            .arg("--config")
            .arg(&self.0.config)
            .arg("--milliseconds")
            .arg(self.0.deadline.as_millis().to_string())
            .args((look == Look::Whole).then_some("--low"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            // A stop of our whole group is not meant for the letter on trial.
            .process_group(0)
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

    /// One that is at hand, or a new one.
    async fn ready(&self, look: Look) -> Option<Running> {
        let at_hand = match look {
            Look::Glance => self.idle().pop(),
            Look::Whole => None,
        };
        if at_hand.is_some() {
            return at_hand;
        }
        match self.start(look).await {
            Ok(running) => {
                info!("letters that may do harm are tried in a process of their own first");
                Some(running)
            }
            Err(error) => {
                warn!(error = format!("{error:#}"), "no process to try letters in");
                None
            }
        }
    }

    /// Starts some in advance, since one was lost: the next letter does not wait for them.
    fn replace(&self) {
        let missing = {
            let idle = self.idle();
            let starting = self.0.starting.load(Ordering::Relaxed);
            let missing = SPARE.saturating_sub(idle.len() + starting);
            // Counted while the list is locked: two letters at once start no more than one does.
            self.0.starting.fetch_add(missing, Ordering::Relaxed);
            missing
        };
        for _ in 0..missing {
            let this = self.clone();
            tokio::spawn(async move {
                let started = this.start(Look::Glance).await;
                if let Ok(running) = started {
                    this.put_back(running);
                }
                this.0.starting.fetch_sub(1, Ordering::Relaxed);
            });
        }
    }

    /// Keeps a process for the next letter, and ends it when none comes for a while.
    fn put_back(&self, mut running: Running) {
        running.used = Instant::now();
        self.idle().push(running);
        let this = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(IDLE).await;
            this.idle().retain(|running| running.used.elapsed() < IDLE);
        });
    }
}

/// What a process said about a letter.
enum Answer {
    Alive,
    /// Nothing, and it will not: its end of the pipe is closed.
    Ended,
    /// Nothing in time.
    None,
}

impl Running {
    /// Hands a letter over and waits for the answer.
    async fn ask(&mut self, raw: &Bytes) -> Answer {
        let length = (raw.len() as u64).to_le_bytes();
        let mut answer = [0];
        let talk = async {
            self.to.write_all(&length).await?;
            self.to.write_all(raw).await?;
            self.to.flush().await?;
            self.from.read_exact(&mut answer).await
        };
        match talk.await {
            Ok(_) => Answer::Alive,
            Err(_) => Answer::Ended,
        }
    }

    /// The same, for as long as a letter may take.
    async fn ask_whole(&mut self, raw: &Bytes, deadline: Duration) -> Answer {
        timeout(deadline, self.ask(raw)).await.unwrap_or(Answer::None)
    }

    /// The same, for as long as a glance lasts.
    async fn ask_briefly(&mut self, raw: &Bytes, glance: Duration) -> Answer {
        let process = self.child.id();
        let (before, end) = (processor_time(process), Instant::now() + glance * BUSY);
        let mut asked = pin!(self.ask(raw));
        loop {
            if let Ok(answer) = timeout(LOOK, &mut asked).await {
                return answer;
            }
            let used = processor_time(process).saturating_sub(before);
            if used >= glance || Instant::now() >= end {
                return Answer::None;
            }
        }
    }

    /// What became of a process that did not answer.
    async fn obituary(mut self) -> Verdict {
        // It may be ending just now.
        let how = match timeout(Duration::from_millis(500), self.child.wait()).await {
            Ok(Ok(status)) => return ending(status),
            _ => {
                let killed = self.child.kill().await;
                if let Err(error) = killed {
                    warn!(error = %error, "a process on trial cannot be ended");
                }
                "no end in the time it has".to_owned()
            }
        };
        Verdict::Deadly { how }
    }
}

fn ending(status: ExitStatus) -> Verdict {
    let how = match status.signal().map(|number| (number, Signal::try_from(number))) {
        None => format!("the process left ({status})"),
        // Nothing that a letter does sends these: a person or a supervisor does.
        Some((_, Ok(Signal::SIGTERM | Signal::SIGINT | Signal::SIGHUP))) => {
            return Verdict::Interrupted;
        }
        Some((_, Ok(Signal::SIGXCPU))) => "no end in the processor time it has".to_owned(),
        Some((_, Ok(signal))) => format!("the process died by {signal}"),
        Some((number, Err(_))) => format!("the process died by signal {number}"),
    };
    Verdict::Deadly { how }
}

#[async_trait::async_trait]
impl Trial for TrialProcess {
    async fn attempt(&self, raw: &Bytes, look: Look) -> Verdict {
        let Some(mut running) = self.ready(look).await else {
            return Verdict::Untried;
        };
        let answer = match look {
            Look::Glance => running.ask_briefly(raw, glance(raw.len())).await,
            Look::Whole => {
                let patience = time_for(self.0.deadline, raw.len()) * LEISURE + GRACE;
                running.ask_whole(raw, patience).await
            }
        };
        match answer {
            Answer::Alive if look == Look::Whole => Verdict::Harmless,
            Answer::Alive => {
                self.put_back(running);
                Verdict::Harmless
            }
            // Dropped, it is killed.
            Answer::None if look == Look::Glance => {
                self.replace();
                Verdict::Slow
            }
            Answer::None | Answer::Ended => {
                if look == Look::Glance {
                    self.replace();
                }
                running.obituary().await
            }
        }
    }
}

/// The processor time that a process has used so far, to a hundredth of a second; nothing where it
/// cannot be read.
fn processor_time(process: Option<u32>) -> Duration {
    let stat = process.and_then(|id| std::fs::read_to_string(format!("/proc/{id}/stat")).ok());
    let stat = stat.unwrap_or_default();
    // User and system time are the 14th and 15th field; the second may hold spaces.
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(11).take(2);
    let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

fn glance(bytes: usize) -> Duration {
    let mebibytes = u32::try_from(bytes >> 20).unwrap_or(u32::MAX);
    GLANCE.saturating_add(GLANCE_PER_MEBIBYTE.saturating_mul(mebibytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_process_ended_is_told_in_words() {
        let told = |raw| match ending(ExitStatus::from_raw(raw)) {
            Verdict::Deadly { how } => how,
            other => panic!("{other:?}"),
        };
        assert_eq!(told(Signal::SIGSEGV as i32), "the process died by SIGSEGV");
        assert_eq!(told(Signal::SIGXCPU as i32), "no end in the processor time it has");
        assert_eq!(told(Signal::SIGKILL as i32), "the process died by SIGKILL");
        assert!(told(7 << 8).contains('7'));
    }

    #[test]
    fn what_a_supervisor_ended_says_nothing_about_the_letter() {
        for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
            assert_eq!(ending(ExitStatus::from_raw(signal as i32)), Verdict::Interrupted);
        }
    }

    #[test]
    fn the_processor_time_of_a_process_grows_with_its_work() {
        let own = Some(std::process::id());
        let before = processor_time(own);
        let begun = Instant::now();
        while processor_time(own) < before + Duration::from_millis(50) {
            assert!(begun.elapsed() < Duration::from_secs(60), "no processor time is counted");
            std::hint::black_box((0..100_000_u64).fold(0, |sum, n| sum ^ n));
        }
        assert_eq!(processor_time(None), Duration::ZERO);
    }

    #[tokio::test]
    async fn without_a_process_nothing_is_said_about_a_letter() {
        // The test binary knows no command `trial`, so it ends before it is ready.
        let trial = TrialProcess::new(PathBuf::from("nowhere.toml"), Duration::from_secs(1));
        for look in [Look::Glance, Look::Whole] {
            let verdict = trial.attempt(&Bytes::from_static(b"Subject: x\r\n\r\n"), look).await;
            assert_eq!(verdict, Verdict::Untried);
        }
    }
}
