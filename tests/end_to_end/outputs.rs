//! What every process of the tests said, kept for the search for marks of personal data that
//! `cargo xtask test` makes when all is over. Nothing is kept when nobody asked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use postbud_testkit::marks;

use crate::support::postbud;

/// These show letters to whoever asks; everything else that is said on standard output is searched.
const SHOW_LETTERS: [&str; 5] = ["letters", "classify", "explain", "person", "labels"];

/// A test that makes a process say what it may not leaves a file of this name.
pub(crate) const NOT_SEARCHED: &str = "not-searched";

/// A queue that is away must not keep a test.
const PATIENCE: Duration = Duration::from_secs(5);

static NEXT: AtomicU32 = AtomicU32::new(0);

fn folder() -> Option<&'static Path> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let named = || std::env::var_os(marks::OUTPUTS).filter(|name| !name.is_empty());
    FOLDER.get_or_init(|| named().map(PathBuf::from)).as_deref()
}

/// A name that no other output has.
pub(crate) fn name(what: &str) -> String {
    format!("{}-{:05}-{what}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Keeps this under a name of its own, or over what was kept under it before.
pub(crate) fn keep(name: &str, said: &[u8]) {
    if let Some(folder) = folder().filter(|_| !said.is_empty()) {
        fs::write(folder.join(name), said).unwrap();
    }
}

/// Keeps what a command said.
pub(crate) fn of_command(args: &[&str], out: &[u8], err: &[u8]) {
    let command = args.first().copied().unwrap_or("demo");
    let name = name(command);
    keep(&format!("{name}.err"), err);
    if !SHOW_LETTERS.contains(&command) {
        keep(&format!("{name}.out"), out);
    }
}

/// Keeps what the processes of an installation said, and the reasons of its dead letters if its
/// queue still answers.
pub(crate) fn of_installation(dir: &Path) {
    let Ok(log) = fs::read(dir.join("log")) else { return };
    if folder().is_none() || dir.join(NOT_SEARCHED).exists() {
        return;
    }
    let name = name("run");
    keep(&format!("{name}.err"), &log);
    keep(&format!("{name}.out"), &fs::read(dir.join("out")).unwrap_or_default());
    if dir.join("postbud.toml").is_file() && !std::thread::panicking() {
        dead_letters(dir, &name);
    }
}

fn dead_letters(dir: &Path, name: &str) {
    let dead = fs::File::create(dir.join("dead-letters")).unwrap();
    let mut command: Command = postbud(dir, &["queue", "dead", "--json"]);
    let mut child = command.stdout(dead).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    keep(&format!("{name}.dead"), &fs::read(dir.join("dead-letters")).unwrap());
}
