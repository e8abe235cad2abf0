//! The process that becomes another program: limits itself for good, then lets that program take its
//! place. The limits stay.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use crate::sandbox;

/// What to become, and within which limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// Address space, in bytes.
    pub memory_bytes: u64,
    /// Processor time, in seconds.
    pub cpu_seconds: u64,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
}

impl Launch {
    /// The exit code that says that the program was not started.
    pub const NOT_STARTED: i32 = 125;

    /// The arguments that a launcher is given behind its own: memory in bytes, processor time in
    /// seconds, the program, its arguments.
    #[must_use]
    pub fn to_args(&self) -> Vec<OsString> {
        let limits = [self.memory_bytes, self.cpu_seconds].map(|n| n.to_string().into());
        let program = self.program.clone().into_os_string();
        limits.into_iter().chain([program]).chain(self.args.iter().cloned()).collect()
    }

    /// Reads what [`to_args`](Self::to_args) wrote; `None` when it is something else.
    #[must_use]
    pub fn from_args(args: &[OsString]) -> Option<Self> {
        let [memory, cpu, program, args @ ..] = args else { return None };
        Some(Self {
            memory_bytes: memory.to_str()?.parse().ok()?,
            cpu_seconds: cpu.to_str()?.parse().ok()?,
            program: PathBuf::from(program),
            args: args.to_vec(),
        })
    }
}

/// Limits this process and becomes the program. Returns only when that was not possible. To be
/// called before the process starts any thread.
#[must_use]
pub fn launch(launch: &Launch) -> io::Error {
    sandbox::enter_for(&launch.program, launch.memory_bytes, launch.cpu_seconds);
    Command::new(&launch.program).args(&launch.args).exec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_come_through() {
        let given = Launch {
            memory_bytes: 1 << 30,
            cpu_seconds: 8,
            program: "/usr/bin/tesseract".into(),
            args: ["--psm", "1"].map(OsString::from).to_vec(),
        };
        assert_eq!(Launch::from_args(&given.to_args()), Some(given));
        for bad in [&["1", "2"][..], &["-1", "2", "/bin/sh"], &["x", "y", "z"], &[]] {
            let args: Vec<OsString> = bad.iter().map(OsString::from).collect();
            assert_eq!(Launch::from_args(&args), None);
        }
    }
}
