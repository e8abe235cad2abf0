//! One document, measured in a process that does nothing else.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use postbud_extract::{Budget, Program, Reader, Tools};
use postbud_letter::AttachedText;
use serde::{Deserialize, Serialize};

use super::made::{letter, peak_kib_of_children};
use super::{LAUNCH, MEASURE, WORKER};

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// The worker.
    Worker,
    /// One that is ready and then sleeps for ever.
    Sleeper,
    /// One that is ready and then computes for ever.
    Spinner,
    /// Nobody: there is no such program.
    Nobody,
}

impl By {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Worker, "worker"),
        (Self::Sleeper, "sleeper"),
        (Self::Spinner, "spinner"),
        (Self::Nobody, "nobody"),
    ];

    fn program(self) -> Program {
        let shell = |script: &str| Program {
            path: "/bin/sh".into(),
            args: ["-c", script].map(OsString::from).to_vec(),
        };
        let hello = r#"{"sandbox":{"limits":"full","landlock":"full","seccomp":"full"}}"#;
        let greet = format!("printf '\\000\\000\\000\\{:03o}%s' '{hello}'", hello.len());
        match self {
            Self::Worker => Program::own(vec![WORKER.into()]),
            Self::Sleeper => shell(&format!("{greet}; exec sleep 600")),
            Self::Spinner => shell(&format!("{greet}; while :; do :; done")),
            Self::Nobody => Program { path: "/nowhere/postbud".into(), args: Vec::new() },
        }
    }
}

/// What it took.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// How often it was read.
    pub(crate) times: u32,
    /// Seconds on the wall, in all.
    pub(crate) wall: f64,
    /// The longest of them.
    pub(crate) longest: f64,
    /// Seconds of processor time, in all: the reader's, and of whoever asked it.
    pub(crate) processor: f64,
    /// The most memory that a reader, or a program it needed, had at once, in KiB.
    pub(crate) peak_kib: i64,
    /// How it ended: a trouble, or what was read.
    pub(crate) ended: String,
}

/// Measures a document for about so long, at least once; the error says how the process ended that
/// stands for the router.
pub(crate) fn document(file: &Path, by: By, time: Duration) -> Result<Measured, String> {
    let by = By::ALL.iter().find(|(one, _)| *one == by).map_or("", |(_, name)| name);
    let output = Command::new(std::env::current_exe().unwrap())
        .arg(MEASURE)
        .arg(file)
        .arg(by)
        .arg(time.as_millis().to_string())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    if !output.status.success() {
        return Err(output.status.to_string());
    }
    Ok(serde_json::from_slice(&output.stdout).unwrap())
}

/// Measures here, and says it on standard output.
pub(crate) fn here(args: &[OsString]) -> std::io::Result<()> {
    let text = |at: usize| args[at].to_str().unwrap();
    let by = By::ALL.iter().find(|(_, name)| *name == text(1)).unwrap().0;
    let time = Duration::from_millis(text(2).parse().unwrap());
    let usual = Budget { workers: 1, ..Budget::default() };
    // What is measured in processor time must not be cut off because the machine is busy.
    let budget = if time.is_zero() { usual } else { patient(usual) };
    let launcher = Program::own(vec![LAUNCH.into()]);
    let tools = Tools::find(&budget.ocr_language);
    let reader = Reader::new(by.program(), budget).unwrap().with_tools(launcher, tools);
    // Before the document is there: what a process is started from counts as its memory.
    let _ = reader.warm();
    let document = std::fs::read(text(0))?;
    let mut letter = letter(vec![document]);
    let (before, begun) = (processor(UsageWho::RUSAGE_SELF), Instant::now());
    let (mut times, mut longest) = (0, 0_f64);
    while times == 0 || begun.elapsed() < time {
        let started = Instant::now();
        reader.attach(&mut letter);
        longest = longest.max(started.elapsed().as_secs_f64());
        times += 1;
    }
    let wall = begun.elapsed().as_secs_f64();
    let own = processor(UsageWho::RUSAGE_SELF) - before;
    // Waits for the worker.
    drop(reader);
    let measured = Measured {
        times,
        wall,
        longest,
        processor: own + processor(UsageWho::RUSAGE_CHILDREN),
        peak_kib: peak_kib_of_children(),
        ended: ended(letter.attached.first()),
    };
    println!("{}", serde_json::to_string(&measured)?);
    Ok(())
}

fn patient(budget: Budget) -> Budget {
    let document_time = Duration::from_secs(180);
    Budget { document_time, letter_time: document_time, ..budget }
}

fn processor(of: UsageWho) -> f64 {
    let usage = getrusage(of).unwrap();
    let seconds =
        |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    seconds(usage.user_time()) + seconds(usage.system_time())
}

fn ended(read: Option<&AttachedText>) -> String {
    let Some(read) = read else { return "not looked at".to_owned() };
    let trouble = read.trouble.and_then(|trouble| serde_json::to_value(trouble).ok());
    let trouble = trouble.as_ref().and_then(serde_json::Value::as_str);
    let cut = if read.cut { ", cut" } else { "" };
    format!("{}{cut}, {} bytes of text", trouble.unwrap_or("read"), read.text.len())
}
