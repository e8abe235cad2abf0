//! Another program at work: started, watched, listened to, ended.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Instant;

use nix::sys::signal::Signal;
use postbud_letter::DocumentTrouble;

use super::Launch;
use crate::Budget;
use crate::keeper::{Keeper, Watch};
use crate::pool::Program;
use crate::process::pid;

/// What a program says is cut here, in bytes.
const ANSWER_BYTES: u64 = 16 << 20;

/// One program and its arguments.
#[derive(Debug, Clone)]
pub(super) struct Step {
    program: PathBuf,
    args: Vec<OsString>,
}

impl Step {
    pub(super) fn new(program: &Path, args: &[&str]) -> Self {
        let args = args.iter().map(OsString::from).collect();
        Self { program: program.to_owned(), args }
    }
}

/// How programs are run.
pub(super) struct Runner<'a> {
    pub(super) launcher: &'a Program,
    pub(super) budget: &'a Budget,
    pub(super) keeper: &'a Keeper,
    pub(super) deadline: Instant,
}

impl Runner<'_> {
    /// Runs a program on `input`; what it says.
    pub(super) fn run(&self, input: File, step: &Step) -> Result<Vec<u8>, DocumentTrouble> {
        if self.deadline <= Instant::now() {
            return Err(DocumentTrouble::TookTooLong);
        }
        let no_reader = |_: io::Error| DocumentTrouble::NoReader;
        let (running, out) = self.start(step, input).map_err(no_reader)?;
        let mut said = Vec::new();
        out.take(ANSWER_BYTES).read_to_end(&mut said).map_err(no_reader)?;
        running.end().map_or(Ok(said), Err)
    }

    /// Starts a program, which limits itself first.
    fn start(&self, step: &Step, input: File) -> io::Result<(Running, ChildStdout)> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let launch = Launch {
            memory_bytes: self.budget.memory_bytes,
            cpu_seconds: left.as_secs().max(1) + 1,
            program: step.program.clone(),
            args: step.args.clone(),
        };
        let mut child = Command::new(&self.launcher.path)
            .args(&self.launcher.args)
            .args(launch.to_args())
            .env_clear()
            // Threads would be processes; and what is written is UTF-8.
            .envs([("OMP_THREAD_LIMIT", "1"), ("LC_ALL", "C.UTF-8")])
            .stdin(input)
            .stdout(Stdio::piped())
            // What a dying reader says may hold text of the document.
            .stderr(Stdio::null())
            // A stop of our whole group must not leave a picture unread.
            .process_group(0)
            .spawn()?;
        let out = child.stdout.take();
        let watch = self.keeper.watch(pid(&child), self.deadline);
        let running = Running { child, watch: Some(watch) };
        out.map(|out| (running, out)).ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }
}

/// A program at work. Ended when dropped.
struct Running {
    child: Child,
    watch: Option<Watch>,
}

impl Running {
    /// Waits for its end, which its deadline brings at the latest; what was wrong.
    fn end(mut self) -> Option<DocumentTrouble> {
        let expired = || self.watch.as_ref().is_some_and(Watch::expired);
        // Its output is closed: it is ending, or it closed that and must be ended.
        while !expired() {
            if has_ended(&self.child) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        let late = expired();
        self.watch = None;
        if late {
            return Some(DocumentTrouble::TookTooLong);
        }
        self.child.wait().map_or(Some(DocumentTrouble::ReaderDied), trouble_of)
    }
}

/// Has it ended? It is not waited for yet: its number stays its own while it is watched.
fn has_ended(child: &Child) -> bool {
    use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    !matches!(waitid(Id::Pid(pid(child)), flags), Ok(WaitStatus::StillAlive))
}

impl Drop for Running {
    fn drop(&mut self) {
        self.watch = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn trouble_of(status: ExitStatus) -> Option<DocumentTrouble> {
    if status.success() {
        return None;
    }
    let signal = status.signal().and_then(|signal| Signal::try_from(signal).ok());
    Some(match signal {
        // It did not like what it read, and said so.
        None if status.code() != Some(Launch::NOT_STARTED) => DocumentTrouble::Broken,
        None => DocumentTrouble::NoReader,
        Some(Signal::SIGXCPU | Signal::SIGKILL) => DocumentTrouble::TookTooLong,
        Some(_) => DocumentTrouble::ReaderDied,
    })
}
