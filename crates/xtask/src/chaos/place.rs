//! One scenario's installation: its folder, its configurations, and what the binary says of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context, Result, bail};
use postbud_testkit::SmtpServer;
use postbud_testkit::judge::{Arrival, Counts};
use serde_json::Value;

/// Where the servers are, as one configuration sees them.
pub(crate) struct Addresses {
    pub(crate) amqp_port: u16,
    pub(crate) postgres_port: u16,
}

/// A folder with a configuration for the worker and one for everybody else.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) binary: PathBuf,
    pub(crate) dir: PathBuf,
    /// What starts from now on takes the part of the version with this schema; 0: is the newest.
    pub(crate) schema: Arc<AtomicI64>,
    /// What a worker does wrong on purpose; none.
    pub(crate) mutation: &'static str,
}

/// What the commands use: it reaches the servers directly, whatever the weather is for the worker.
pub(crate) const DIRECT: &str = "direct.toml";
pub(crate) const WORKER: &str = "postbud.toml";

impl Place {
    pub(crate) fn write_config(
        &self,
        file: &str,
        name: &str,
        at: &Addresses,
        smtp_port: u16,
    ) -> Result<()> {
        let Addresses { amqp_port, postgres_port } = at;
        let text = format!(
            r#"
[store]
url = "postgres://postbud@127.0.0.1:{postgres_port}/{name}"
[queue]
url = "amqp://guest:guest@127.0.0.1:{amqp_port}"
prefix = "{name}"
retry_delay_seconds = 1
[model]
path = "models"
[delivery]
domain = "klitkobing.example"
attempts = 100
first_retry_seconds = 1
longest_retry_seconds = 2
[delivery.smtp]
host = "127.0.0.1"
port = {smtp_port}
tls = "none"
from = "postbud@klitkobing.example"
timeout_seconds = 2
{MAILBOXES}"#
        );
        fs::write(self.dir.join(file), text).context("write a configuration")
    }

    /// A command of the binary, with an environment in which nothing is inherited by chance.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.current_dir(&self.dir).args(args).stdin(Stdio::null());
        for name in ["LANG", "LC_ALL", "LC_MESSAGES", "POSTBUD_LOG", "POSTBUD_FAULT"] {
            command.env_remove(name);
        }
        command.env("POSTBUD_SCHEMA", self.schema_text());
        command
    }

    /// The schema for the environment; no text is no limit.
    pub(crate) fn schema_text(&self) -> String {
        match self.schema.load(Ordering::Relaxed) {
            0 => String::new(),
            schema => schema.to_string(),
        }
    }

    /// Sends the files in a folder. An error: nobody knows which of them arrived.
    pub(crate) fn send(&self, folder: &Path) -> Result<()> {
        let folder = folder.to_string_lossy();
        self.json(&["send", &folder, "--config", DIRECT, "--json"]).map(drop)
    }

    pub(crate) fn json(&self, args: &[&str]) -> Result<Value> {
        serde_json::from_slice(&self.run(args)?).context("read what the binary said")
    }

    /// Runs a command to its end; what it said.
    pub(crate) fn run(&self, args: &[&str]) -> Result<Vec<u8>> {
        let output = self.command(args).output().context("start the binary")?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("postbud {} ({}): {said}", args.join(" "), output.status);
        }
        Ok(output.stdout)
    }

    /// What the store counts.
    pub(crate) fn counts(&self) -> Result<Counts> {
        let list = self.json(&["letters", "--limit", "1", "--config", DIRECT, "--json"])?;
        let count = |name: &str| list["tally"][name].as_u64().unwrap_or(u64::MAX);
        Ok(Counts {
            received: count("received"),
            routed: count("routed"),
            delivered: count("delivered"),
            review: count("review"),
            quarantined: count("quarantined"),
        })
    }

    /// What is in the queue: waiting, now or for the next attempt, and dead.
    pub(crate) fn queued(&self) -> Result<(u64, u64)> {
        let depth = self.json(&["queue", "depth", "--config", DIRECT, "--json"])?;
        let count = |name: &str| depth[name].as_u64().unwrap_or(u64::MAX / 4);
        Ok((count("waiting") + count("retrying"), count("dead")))
    }

    /// The dead letters: id, attempts, reason.
    pub(crate) fn dead(&self) -> Result<Vec<(String, u64, String)>> {
        let args = ["queue", "dead", "--limit", "10000", "--config", DIRECT, "--json"];
        let list = self.json(&args)?;
        let rows = list["dead"].as_array().context("a list of dead letters")?;
        let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let attempts = |row: &Value| row["attempts"].as_u64().unwrap_or(u64::MAX);
        Ok(rows.iter().map(|row| (text(row, "id"), attempts(row), text(row, "reason"))).collect())
    }

    /// Every letter with its state.
    pub(crate) fn states(&self) -> Result<Vec<(String, String)>> {
        const PAGE: usize = 10_000;
        let mut states = Vec::new();
        loop {
            let (page, offset) = (PAGE.to_string(), states.len().to_string());
            let args = ["letters", "--limit", &page, "--offset", &offset, "--config", DIRECT];
            let list = self.json(&[&args[..], &["--json"]].concat())?;
            let rows = list["letters"].as_array().context("a list of letters")?;
            for row in rows {
                let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
                states.push((text("letter"), text("state")));
            }
            if rows.len() < PAGE {
                return Ok(states);
            }
        }
    }

    /// How many letters lie in the Maildir.
    pub(crate) fn in_maildir(&self) -> usize {
        fs::read_dir(self.maildir()).map_or(0, Iterator::count)
    }

    fn maildir(&self) -> PathBuf {
        self.dir.join("mailboxes/affald/new")
    }

    /// What lies in the mailboxes.
    pub(crate) fn arrivals(&self, smtp: &SmtpServer) -> Result<Vec<Arrival>> {
        let mut arrivals = Vec::new();
        let folder = self.maildir();
        if folder.is_dir() {
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                arrivals.push(Arrival {
                    mailbox: "affald".to_owned(),
                    key: entry.file_name().to_string_lossy().into_owned(),
                    data: fs::read(entry.path())?,
                    by_mail: false,
                });
            }
        }
        for mail in smtp.mails() {
            arrivals.push(Arrival {
                mailbox: "vej-park".to_owned(),
                key: header(&mail.data, "X-Postbud-Delivery: ").unwrap_or_default(),
                data: mail.data,
                by_mail: true,
            });
        }
        Ok(arrivals)
    }
}

fn header(data: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(data);
    text.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned())
}

const MAILBOXES: &str = r#"
[[mailbox]]
id = "affald"
name = "Affald og Genbrug"
description = "Tømning, storskrald"
deliver = "maildir:mailboxes/affald"

[[mailbox]]
id = "vej-park"
name = "Vej, Park og Trafik"
description = "Veje og parker"
deliver = "smtp:park@klitkobing.example"

[[rule]]
name = "Storskrald"
to = "affald"
when = { words = ["storskrald"] }

[[rule]]
name = "Parkering"
to = "vej-park"
when = { words = ["parkering"] }
"#;
