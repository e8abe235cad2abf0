//! The worker: `postbud run` of one installation, watched through its log.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use postbud_testkit::Program;

use super::place::{Place, WORKER};

const POLL: Duration = Duration::from_millis(20);

/// A running worker.
pub(crate) struct Worker {
    program: Program,
    log: PathBuf,
    started: Instant,
    /// Where its own part of the log begins.
    from: u64,
}

impl Worker {
    /// Starts it; `fault` goes to `POSTBUD_FAULT`.
    pub(crate) fn start(place: &Place, fault: Option<&str>) -> Result<Self> {
        let log = place.dir.join("log");
        let from = log.metadata().map_or(0, |data| data.len());
        let schema = place.schema_text();
        let envs = [
            ("POSTBUD_FAULT", fault.unwrap_or_default()),
            ("POSTBUD_MUTATION", place.mutation),
            ("POSTBUD_SCHEMA", &schema),
        ];
        let args = ["run", "--config", WORKER];
        let program = Program::start(&place.binary, &args, &envs, &place.dir, &log)?;
        Ok(Self { program, log, started: Instant::now(), from })
    }

    /// Starts it with its metrics at this address.
    pub(crate) fn measured(place: &Place, at: SocketAddr) -> Result<Self> {
        let log = place.dir.join("log");
        let from = log.metadata().map_or(0, |data| data.len());
        let schema = place.schema_text();
        let envs = [("POSTBUD_FAULT", ""), ("POSTBUD_SCHEMA", schema.as_str())];
        let at = at.to_string();
        let args = ["run", "--config", WORKER, "--metrics", &at];
        let program = Program::start(&place.binary, &args, &envs, &place.dir, &log)?;
        Ok(Self { program, log, started: Instant::now(), from })
    }

    /// Starts it as a supervisor with limits does: at most so many bytes of memory, and so many
    /// seconds for reading one letter. Needs `prlimit` of util-linux.
    pub(crate) fn limited(place: &Place, fault: &str, bytes: u64, seconds: u64) -> Result<Self> {
        let log = place.dir.join("log");
        let from = log.metadata().map_or(0, |data| data.len());
        let seconds = seconds.to_string();
        let envs = [("POSTBUD_FAULT", fault), ("POSTBUD_STEPS_SECONDS", seconds.as_str())];
        let data = format!("--data={bytes}");
        let binary = place.binary.to_string_lossy();
        let args = [&data, "--core=0", "--", &binary, "run", "--config", WORKER];
        let program = Program::start(Path::new("prlimit"), &args, &envs, &place.dir, &log)?;
        Ok(Self { program, log, started: Instant::now(), from })
    }

    /// Has it logged this text since it was started, or since [`forget`](Self::forget)?
    pub(crate) fn says(&self, text: &str) -> Result<bool> {
        Ok(self.log_from(self.from)?.contains(text))
    }

    /// What it logged until now does not count any more.
    pub(crate) fn forget(&mut self) {
        self.from = self.log.metadata().map_or(0, |data| data.len());
    }

    /// Has it ended by itself?
    pub(crate) fn ended(&mut self) -> Result<bool> {
        Ok(self.program.ended()?.is_some())
    }

    /// Waits until it has delivered a letter since it was started; how long that took.
    pub(crate) fn at_work(&mut self, patience: Duration) -> Result<Duration> {
        let started = self.started;
        self.delivers(self.from, started, patience)
    }

    /// Waits until it delivers a letter from now on; how long that took.
    pub(crate) fn delivers_again(&mut self, patience: Duration) -> Result<Duration> {
        let from = self.log.metadata().map_or(0, |data| data.len());
        self.delivers(from, Instant::now(), patience)
    }

    fn delivers(&mut self, from: u64, since: Instant, patience: Duration) -> Result<Duration> {
        loop {
            let log = self.log_from(from)?;
            if log.lines().any(|line| line.contains("delivered") && !line.contains("not delivered"))
            {
                return Ok(since.elapsed());
            }
            if let Some(status) = self.program.ended()? {
                bail!("the worker ended by itself ({status}): {}", last_lines(&log));
            }
            if since.elapsed() > patience {
                bail!("the worker delivered nothing within {patience:?}: {}", last_lines(&log));
            }
            thread::sleep(POLL);
        }
    }

    fn log_from(&self, from: u64) -> Result<String> {
        let mut file = File::open(&self.log).context("open the worker's log")?;
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Waits until it is connected; before that, a SIGTERM simply ends it.
    pub(crate) fn connected(&mut self, patience: Duration) -> Result<()> {
        let begun = Instant::now();
        while !self.log_from(self.from)?.contains("connected to the broker") {
            if begun.elapsed() > patience {
                bail!("the worker did not connect: {}", last_lines(&self.log_from(self.from)?));
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// Waits for its end; `None` when it does not end in time.
    pub(crate) fn wait(&mut self, patience: Duration) -> Result<Option<ExitStatus>> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.program.ended()? {
                return Ok(Some(status));
            }
            if begun.elapsed() > patience {
                return Ok(None);
            }
            thread::sleep(POLL);
        }
    }

    /// `kill -9`.
    pub(crate) fn kill(self) -> Result<()> {
        self.program.kill_dash_nine()
    }

    /// SIGTERM; how long it took to leave. An error when it leaves with one, or not in time.
    pub(crate) fn terminate(mut self, patience: Duration) -> Result<Duration> {
        let begun = Instant::now();
        self.program.ask_to_stop()?;
        match self.wait(patience)? {
            Some(status) if status.success() => Ok(begun.elapsed()),
            Some(status) => {
                bail!("after SIGTERM: {status}: {}", last_lines(&self.log_from(self.from)?));
            }
            None => bail!("not gone {patience:?} after SIGTERM"),
        }
    }

    /// The most memory it has had so far, in bytes.
    pub(crate) fn peak_memory(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.program.pid()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        Ok(kibibytes.context("read the most memory it had")? << 10)
    }

    /// The processor time it has used so far.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.program.pid()))?;
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        // User and system time, the 14th and 15th field, in hundredths of a second.
        let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<u64>().ok());
        let sum = ticks(11).zip(ticks(12)).map(|(user, system)| user + system);
        Ok(Duration::from_millis(sum.context("read the processor time")? * 10))
    }
}

fn last_lines(log: &str) -> String {
    let lines: Vec<&str> = log.lines().rev().take(5).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}
