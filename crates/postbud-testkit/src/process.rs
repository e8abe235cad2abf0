//! A server process that does not outlive us.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, Uid};

use crate::find::program;

const POLL: Duration = Duration::from_millis(20);

/// What to run.
pub(crate) struct Task<'a> {
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<String>,
    pub(crate) envs: Vec<(String, String)>,
    /// Run as this user when we are root: PostgreSQL refuses to run as root.
    pub(crate) user: Option<&'a str>,
}

impl Task<'_> {
    /// The command. Linux kills the process when the thread that started it ends (`setpriv` sets
    /// that up; doing it ourselves would take unsafe code).
    pub(crate) fn command(&self, dies_with_us: bool) -> Command {
        let user = self.user.filter(|_| Uid::effective().is_root());
        let mut command = match program("setpriv") {
            Some(setpriv) if dies_with_us || user.is_some() => {
                let mut command = Command::new(setpriv);
                if let Some(user) = user {
                    command.args(["--reuid", user, "--regid", user, "--init-groups"]);
                }
                if dies_with_us {
                    command.args(["--pdeathsig", "KILL"]);
                }
                command.arg("--").arg(&self.program);
                command
            }
            _ => Command::new(&self.program),
        };
        command.args(&self.args).envs(self.envs.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null());
        command
    }
}

/// A running process with its own group.
pub(crate) struct Process {
    child: Child,
    /// Dropping it ends the thread that the process is tied to.
    _tie: Sender<()>,
}

impl Process {
    /// Starts it, with everything it prints appended to `log`.
    pub(crate) fn spawn(task: &Task<'_>, dir: &Path, log: &Path) -> Result<Self> {
        let mut command = task.command(true);
        let open = || File::options().create(true).append(true).open(log);
        command.current_dir(dir).stdout(open()?).stderr(open()?).process_group(0);
        let (tie, tied) = mpsc::channel::<()>();
        let (started, start) = mpsc::channel();
        thread::Builder::new().name("keeps a server".into()).spawn(move || {
            // Whoever waits for the answer is gone only if it panicked.
            let _ = started.send(command.spawn());
            let _ = tied.recv();
        })?;
        let child = start.recv()?.with_context(|| format!("start {}", task.program.display()))?;
        Ok(Self { child, _tie: tie })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Has it ended, and how?
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Sends a signal to the whole group, unless it has ended.
    pub(crate) fn signal(&mut self, signal: Signal) -> Result<()> {
        if self.ended()?.is_none() {
            killpg(Pid::from_raw(self.child.id().try_into()?), signal)?;
        }
        Ok(())
    }

    /// Sends a signal and waits for the end; what has not ended by then is killed.
    pub(crate) fn stop(&mut self, signal: Signal, patience: Duration) -> Result<()> {
        self.signal(signal)?;
        let deadline = Instant::now() + patience;
        while self.ended()?.is_none() {
            if Instant::now() > deadline {
                self.signal(Signal::SIGKILL)?;
                self.child.wait()?;
            }
            thread::sleep(POLL);
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nobody is left to tell about a failure.
        let _ = self.signal(Signal::SIGCONT);
        let _ = self.signal(Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

/// A server that ended while starting.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: String,
    pub(crate) log: String,
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the server ended while starting ({}); its log ends:\n{}", self.status, self.log)
    }
}

impl std::error::Error for Ended {}

/// Waits until `ready` says so, or the process ends, or time is up.
pub(crate) fn wait_until_ready(
    process: &mut Process,
    log: &Path,
    patience: Duration,
    mut ready: impl FnMut() -> bool,
) -> Result<()> {
    let deadline = Instant::now() + patience;
    while !ready() {
        if let Some(status) = process.ended()? {
            return Err(Ended { status: status.to_string(), log: tail(log) }.into());
        }
        if Instant::now() > deadline {
            bail!("the server did not answer within {patience:?}; its log ends:\n{}", tail(log));
        }
        thread::sleep(POLL);
    }
    Ok(())
}

/// Runs a helper program to its end.
pub(crate) fn run(command: &mut Command, patience: Duration) -> Result<String> {
    let what = command.get_program().to_string_lossy().into_owned();
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .with_context(|| format!("start {what}"))?;
    let group = Pid::from_raw(child.id().try_into()?);
    let (finished, finish) = mpsc::channel::<()>();
    let watchdog = thread::spawn(move || {
        if finish.recv_timeout(patience) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = killpg(group, Signal::SIGKILL);
        }
    });
    let output = child.wait_with_output();
    drop(finished);
    watchdog.join().map_err(|_| anyhow!("the watchdog of {what} panicked"))?;
    let output = output?;
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if !output.status.success() {
        bail!("{what} failed ({}):\n{out}{err}", output.status);
    }
    Ok(out.into_owned())
}

/// The last lines of a log.
pub(crate) fn tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}
