//! A program under test: started, killed, asked to stop, and gone when it is dropped.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use anyhow::Result;
use nix::sys::signal::Signal;

use crate::process::{Process, Task};

/// A running program. Everything it prints is appended to its log.
pub struct Program {
    process: Process,
}

impl Program {
    /// Starts it in `dir`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(
        program: &Path,
        args: &[&str],
        envs: &[(&str, &str)],
        dir: &Path,
        log: &Path,
    ) -> Result<Self> {
        let task = Task {
            program: PathBuf::from(program),
            args: args.iter().map(ToString::to_string).collect(),
            envs: envs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            user: None,
        };
        Ok(Self { process: Process::spawn(&task, dir, log)? })
    }

    /// The number of the process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Has it ended, and how?
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.process.ended()
    }

    /// Signal 9, and waits until it is gone.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn kill_dash_nine(mut self) -> Result<()> {
        self.process.stop(Signal::SIGKILL, std::time::Duration::from_secs(5))
    }

    /// SIGTERM; does not wait.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn ask_to_stop(&mut self) -> Result<()> {
        self.process.signal(Signal::SIGTERM)
    }
}
