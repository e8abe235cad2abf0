//! What another program may do once its launcher has limited itself.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod made;

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use made::worker;
use postbud_extract::{Budget, Force, Launch, Reader};

/// Lets `program` take the launcher's place, with `input`.
fn run(program: &str, args: &[&str], input: &[u8]) -> Option<Output> {
    let worker = worker()?;
    let launch = Launch {
        memory_bytes: 256 << 20,
        cpu_seconds: 1,
        program: program.into(),
        args: args.iter().map(Into::into).collect(),
    };
    let mut child = Command::new(worker.path)
        .args(launch.to_args())
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // One that is over already does not read.
    let _ = child.stdin.take().unwrap().write_all(input);
    Some(child.wait_with_output().unwrap())
}

fn confined() -> bool {
    let Some(worker) = worker() else { return false };
    let sandbox = Reader::new(worker, Budget::default()).unwrap().warm().unwrap();
    let full = sandbox.landlock == Force::Full && sandbox.seccomp == Force::Full;
    if !full {
        println!("skipped: this kernel has no landlock or no seccomp");
    }
    full
}

#[test]
fn it_reads_its_input_and_no_file() {
    if !confined() {
        return;
    }
    let echoed = run("/usr/bin/cat", &[], b"Brev").unwrap();
    assert_eq!((echoed.status.code(), &echoed.stdout[..]), (Some(0), &b"Brev"[..]));
    let own = std::env::current_exe().unwrap();
    for file in ["/etc/passwd", "/etc/hostname", "/proc/self/environ", own.to_str().unwrap()] {
        let read = run("/usr/bin/cat", &[file], b"").unwrap();
        assert!(!read.status.success() && read.stdout.is_empty(), "{file}");
    }
}

#[test]
fn it_starts_nothing_and_writes_nothing() {
    if !confined() {
        return;
    }
    let dir = std::env::temp_dir().join(format!("postbud-programs-{}", std::process::id()));
    let script =
        format!("echo still here; /usr/bin/true && echo started; echo x > {}", dir.display());
    let shell = run("/usr/bin/dash", &["-c", &script], b"").unwrap();
    assert_eq!(String::from_utf8_lossy(&shell.stdout), "still here\n");
    assert!(!dir.exists());
    // Nor another program than the one it was to be.
    let other = run("/usr/bin/dash", &["-c", "exec /usr/bin/echo replaced"], b"").unwrap();
    assert_eq!(String::from_utf8_lossy(&other.stdout), "");
}

#[test]
fn it_ends_when_its_processor_time_does_and_has_no_more_memory() {
    let endless = run("/usr/bin/dash", &["-c", "while :; do :; done"], b"");
    let Some(endless) = endless else { return };
    assert!(!endless.status.success());
    let much = run("/usr/bin/head", &["-c", "1G", "/dev/zero"], b"").unwrap();
    assert!(much.stdout.is_empty(), "only /dev/null and /dev/urandom");
    let tail = run("/usr/bin/tail", &["-c", "1G"], &vec![b'x'; 300 << 20]).unwrap();
    assert!(!tail.status.success(), "more than its memory");
}

#[test]
fn what_is_not_there_is_said_by_the_code() {
    let Some(none) = run("/nowhere/tesseract", &[], b"") else { return };
    assert_eq!(none.status.code(), Some(Launch::NOT_STARTED));
}
