//! An installation of Postbud in a folder of its own, driven through its binary.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::outputs;

/// How long a test waits for something that must happen before it says that it did not.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

/// What `postbud run` logs when it has begun.
const RUNS: &str = "postbud runs";

/// A folder with a configuration.
pub(crate) struct Installation {
    dir: TempDir,
}

/// What a finished command said.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The one JSON document on standard output.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {}\n{}", self.out, self.err))
    }
}

/// A command of the binary in `dir`, with an environment in which nothing is inherited by chance.
pub(crate) fn postbud(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postbud"));
    command.current_dir(dir).args(args).stdin(Stdio::null());
    for name in ["LANG", "LC_ALL", "LC_MESSAGES", "POSTBUD_LOG", "POSTBUD_FAULT"] {
        command.env_remove(name);
    }
    command
}

impl Installation {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// A folder with this postbud.toml.
    pub(crate) fn with(config: &str) -> Self {
        let this = Self::empty();
        this.write("postbud.toml", config);
        this
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Runs a command to its end.
    pub(crate) fn say(&self, args: &[&str]) -> Said {
        let output = postbud(self.dir.path(), args).output().unwrap();
        outputs::of_command(args, &output.stdout, &output.stderr);
        Said::of(&output)
    }

    /// Runs a command that must succeed, and returns its JSON.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let said = self.say(&[args, &["--json"]].concat());
        assert_eq!(said.code, 0, "{args:?}: {}{}", said.out, said.err);
        said.json()
    }

    /// Starts `postbud run`; `fault` goes to `POSTBUD_FAULT`.
    pub(crate) fn run(&self, fault: Option<&str>) -> Running {
        let mut command = postbud(self.dir.path(), &["run"]);
        if let Some(fault) = fault {
            command.env("POSTBUD_FAULT", fault);
        }
        self.start(command)
    }

    /// The same, by a command of the test's own.
    pub(crate) fn start(&self, mut command: Command) -> Running {
        let child = command.stdout(self.append("out")).stderr(self.append("log")).spawn().unwrap();
        let mut running = Running { child, log: self.path("log") };
        let already = running.log().matches(RUNS).count();
        wait_until("the start of postbud run", || {
            let ended = running.child.try_wait().unwrap();
            assert!(ended.is_none(), "postbud run ended at once: {}", running.log());
            running.log().matches(RUNS).count() > already
        });
        running
    }

    /// A file for what a process says, behind what others said.
    pub(crate) fn append(&self, name: &str) -> fs::File {
        fs::File::options().create(true).append(true).open(self.path(name)).unwrap()
    }

    /// Counts the letters in a state.
    pub(crate) fn count(&self, state: &str) -> usize {
        let list = self.json(&["letters", "--state", state, "--limit", "10000"]);
        list["letters"].as_array().unwrap().len()
    }

    /// Waits until so many letters are in a state.
    pub(crate) fn wait_for(&self, state: &str, count: usize) {
        wait_until(&format!("{count} letters {state}"), || self.count(state) == count);
    }

    /// The files in a Maildir's `new`, by name.
    pub(crate) fn maildir(&self, mailbox: &str) -> Vec<(String, Vec<u8>)> {
        let Ok(entries) = fs::read_dir(self.path(&format!("mailboxes/{mailbox}/new"))) else {
            return Vec::new();
        };
        let mut files: Vec<_> = entries
            .map(|entry| {
                let entry = entry.unwrap();
                let name = entry.file_name().into_string().unwrap();
                (name, fs::read(entry.path()).unwrap())
            })
            .collect();
        files.sort();
        files
    }
}

/// Waits until `done` says so.
pub(crate) fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain for: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        outputs::of_installation(self.dir.path());
    }
}

/// A running `postbud run`.
pub(crate) struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        let mut text = String::new();
        fs::File::open(&self.log).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    /// The number of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a text in the log.
    pub(crate) fn wait_for_log(&self, text: &str) {
        wait_until(&format!("{text:?} in the log"), || self.log().contains(text));
    }

    /// `kill -9`.
    #[cfg(feature = "fault-points")]
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks to stop and returns the exit code.
    pub(crate) fn terminate(mut self) -> i32 {
        let id = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        nix::sys::signal::kill(id, nix::sys::signal::SIGTERM).unwrap();
        let mut code = None;
        wait_until("the end after SIGTERM", || {
            code = self.child.try_wait().unwrap();
            code.is_some()
        });
        code.and_then(|status| status.code()).unwrap_or(-1)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Killed and waited for already, or a test that failed: nothing may stay behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
