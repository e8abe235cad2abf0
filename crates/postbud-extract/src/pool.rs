//! The workers that are kept warm, and who gets which.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use postbud_letter::DocumentTrouble;
use tracing::{info, warn};

use crate::budget::Budget;
use crate::keeper::Keeper;
use crate::message::{Answer, Found, Task};
use crate::outside::{Outside, Tools, Work};
use crate::process::{HELLO, Outcome, Process, unread};
use crate::read::REST_BYTES;
use crate::sandbox::Sandbox;

/// A document is handed to another worker when somebody has asked the first to end; so often in all.
const ATTEMPTS: u32 = 2;

/// How a worker is started: a program that calls [`worker::run`](crate::worker::run).
#[derive(Debug, Clone)]
pub struct Program {
    /// The program.
    pub path: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
}

impl Program {
    /// This very program with these arguments, also when its file was replaced meanwhile.
    #[must_use]
    pub fn own(args: Vec<OsString>) -> Self {
        Self { path: PathBuf::from("/proc/self/exe"), args }
    }
}

/// No documents can be read here.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The thread that watches the workers could not be started.
    #[error("the thread that watches the readers of documents could not be started")]
    Keeper(#[source] std::io::Error),
    /// The first worker could not be started.
    #[error("a process that reads documents could not be started")]
    Worker(#[source] std::io::Error),
}

/// How a document is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// By a worker alone, and not at all where the time is not enough.
    Glance,
    /// By whoever can read it, as far as the time goes.
    Whole,
}

/// Reads documents. Shared by everybody who has some; whoever finds all workers busy waits, no
/// longer than its document's time.
pub struct Reader {
    program: Program,
    pub(crate) budget: Budget,
    keeper: Keeper,
    state: Mutex<State>,
    freed: Condvar,
    outside: Option<Outside>,
    left_off: AtomicBool,
}

/// What an attempt came to.
enum Attempt {
    Found(Found),
    /// A glance was not enough.
    MoreNeeded,
    /// Somebody asked the worker to end: the document is not to blame.
    Interrupted,
}

#[derive(Default)]
struct State {
    idle: Vec<Process>,
    /// Idle and busy ones together.
    alive: usize,
    /// No start was possible lately, and has been said.
    failing: bool,
}

impl Reader {
    /// A reader that starts its workers as they are needed.
    ///
    /// # Errors
    /// [`StartError::Keeper`].
    pub fn new(program: Program, budget: Budget) -> Result<Self, StartError> {
        let keeper = Keeper::start().map_err(StartError::Keeper)?;
        let state = Mutex::new(State::default());
        let (freed, left_off) = (Condvar::new(), AtomicBool::new(false));
        Ok(Self { program, budget, keeper, state, freed, outside: None, left_off })
    }

    /// The same, and what the workers cannot read is read with `tools`. Each of them is started by
    /// `launcher`, a program that hands what it is given behind its own arguments to
    /// [`Launch::from_args`](crate::Launch::from_args) and calls [`launch`](crate::launch()).
    #[must_use]
    pub fn with_tools(self, launcher: Program, tools: Tools) -> Self {
        Self { outside: Some(Outside::new(launcher, tools)), ..self }
    }

    /// Starts a worker ahead of the first document, and says what is in force in it.
    ///
    /// # Errors
    /// [`StartError::Worker`]. The reader can be used all the same and tries again with each
    /// document, since letters must go on.
    pub fn warm(&self) -> Result<Sandbox, StartError> {
        let process = Process::start(&self.program, &self.keeper).map_err(StartError::Worker)?;
        let sandbox = process.sandbox;
        let mut state = self.lock();
        if state.alive < self.budget.workers.max(1) {
            state.alive += 1;
            state.idle.push(process);
        }
        Ok(sandbox)
    }

    /// Ends every worker and every program that reads, for good. What is being read comes back as
    /// unread, and so does everything after it.
    pub fn leave_off(&self) {
        self.left_off.store(true, Ordering::SeqCst);
        self.keeper.end_all();
        // Under the lock, so that nobody who is about to wait misses it.
        let state = self.lock();
        self.freed.notify_all();
        drop(state);
    }

    fn is_left_off(&self) -> bool {
        self.left_off.load(Ordering::SeqCst)
    }

    /// The text of one document, in at most `time`. `None`: a glance was not enough.
    pub(crate) fn document(&self, bytes: &[u8], time: Duration, look: Look) -> Option<Found> {
        if bytes.len() as u64 > self.budget.document_bytes {
            return Some(unread(bytes, DocumentTrouble::TooLarge));
        }
        let deadline = Instant::now() + time;
        for _ in 0..ATTEMPTS {
            match self.attempt(bytes, deadline, look) {
                Ok(Attempt::Found(found)) => return Some(found),
                Ok(Attempt::Interrupted) => {}
                Ok(Attempt::MoreNeeded) => return None,
                Err(DocumentTrouble::TookTooLong) if look == Look::Glance => return None,
                Err(trouble) => return Some(unread(bytes, trouble)),
            }
        }
        Some(unread(bytes, DocumentTrouble::ReaderDied))
    }

    /// One attempt to read a document.
    fn attempt(
        &self,
        bytes: &[u8],
        deadline: Instant,
        look: Look,
    ) -> Result<Attempt, DocumentTrouble> {
        let mut process = self.take(deadline)?;
        let task = Task::from(&self.budget);
        let outcome = process.read(bytes, &task, deadline, &self.keeper);
        let mut process = Some(process);
        let attempt = match outcome {
            Outcome::Answered(answer) if look == Look::Glance && self.needs_others(&answer) => {
                Attempt::MoreNeeded
            }
            Outcome::Answered(answer) => {
                Attempt::Found(self.complete(answer, bytes, &mut process, deadline))
            }
            Outcome::Died(trouble) => {
                process = None;
                let late = trouble == DocumentTrouble::TookTooLong && look == Look::Glance;
                if late { Attempt::MoreNeeded } else { Attempt::Found(unread(bytes, trouble)) }
            }
            Outcome::Interrupted => {
                process = None;
                Attempt::Interrupted
            }
        };
        let worn = |process: &Process| process.documents >= self.budget.documents_per_worker;
        self.give_back(process.filter(|process| !worn(process)));
        Ok(attempt)
    }

    /// Is something left that other programs may read?
    fn needs_others(&self, answer: &Answer) -> bool {
        self.outside.is_some() && !answer.rests.is_empty()
    }

    /// What the worker left is read by others. It is not given back meanwhile: no more documents are
    /// read at once than the budget allows, whoever reads them, and pages that were drawn are its to
    /// make ready.
    fn complete(
        &self,
        answer: Answer,
        bytes: &[u8],
        process: &mut Option<Process>,
        deadline: Instant,
    ) -> Found {
        let Answer { mut found, rests } = answer;
        if rests.is_empty() {
            return found;
        }
        let Some(outside) = &self.outside else {
            found.trouble = found.trouble.or(Some(DocumentTrouble::NoReader));
            return found;
        };
        let task = Task { document_bytes: REST_BYTES, ..Task::from(&self.budget) };
        let mut look = |picture: &[u8]| {
            let worker = process.as_mut().ok_or(DocumentTrouble::ReaderDied)?;
            match worker.read(picture, &task, deadline, &self.keeper) {
                Outcome::Answered(answer) => Ok(answer),
                Outcome::Died(trouble) => {
                    *process = None;
                    Err(trouble)
                }
                Outcome::Interrupted => {
                    *process = None;
                    Err(DocumentTrouble::ReaderDied)
                }
            }
        };
        let work = Work { document: bytes, budget: &self.budget, keeper: &self.keeper, deadline };
        outside.complete(&mut found, &rests, &work, &mut look);
        found
    }

    /// Sees to it that a worker is there. Without one, the reading will say so.
    pub(crate) fn be_ready(&self) {
        if let Ok(process) = self.take(Instant::now() + HELLO) {
            self.give_back(Some(process));
        }
    }

    /// An idle worker, a new one, or the next to become free.
    fn take(&self, deadline: Instant) -> Result<Process, DocumentTrouble> {
        let mut state = self.lock();
        loop {
            if self.is_left_off() {
                return Err(DocumentTrouble::BudgetUsedUp);
            }
            if let Some(process) = state.idle.pop() {
                return Ok(process);
            }
            if state.alive < self.budget.workers.max(1) {
                state.alive += 1;
                drop(state);
                return self.start_one();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(DocumentTrouble::TookTooLong);
            }
            let waited = self.freed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn start_one(&self) -> Result<Process, DocumentTrouble> {
        let started = Process::start(&self.program, &self.keeper);
        let mut state = self.lock();
        match started {
            Ok(process) => {
                if state.failing {
                    info!("documents are read again");
                    state.failing = false;
                }
                Ok(process)
            }
            Err(error) => {
                state.alive -= 1;
                if !state.failing && !self.is_left_off() {
                    warn!(error = %error, "no process that reads documents can be started: letters are decided on the rest");
                    state.failing = true;
                }
                drop(state);
                self.freed.notify_one();
                Err(DocumentTrouble::NoReader)
            }
        }
    }

    fn give_back(&self, process: Option<Process>) {
        let mut state = self.lock();
        match process {
            Some(process) => state.idle.push(process),
            None => state.alive -= 1,
        }
        drop(state);
        self.freed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that panics happens under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("budget", &self.budget).finish_non_exhaustive()
    }
}
