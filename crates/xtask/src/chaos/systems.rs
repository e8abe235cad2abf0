//! Mailboxes that are specialist systems: one behind a webhook, one behind a queue on the broker.

use std::collections::BTreeMap;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use postbud_testkit::judge::Arrival;
use postbud_testkit::{WebhookFault, WebhookServer};
use rand::Rng;

use super::place::{Addresses, DIRECT, Place, WORKER};
use super::stage::{PATIENCE, Stage};
use super::worker::Worker;
use super::worker_dies::killed_beside;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// The queue counts as empty when so many looks in a row saw nothing more come out of it.
const QUIET: u32 = 5;
/// So long may reading what is on the queue take.
const READ: Duration = Duration::from_secs(180);

/// The two systems, and what they have got.
pub(crate) struct Systems {
    webhook: WebhookServer,
    queue: String,
    /// A second installation, whose way in is that queue.
    reader: Place,
}

/// `kill -9` of the worker at random moments, and a webhook that answers badly or dies after it has
/// kept a letter.
pub(super) fn systems(stage: &mut Stage<'_>) -> Result<()> {
    let systems = Systems::set(stage)?;
    stage.systems = Some(systems);
    killed_beside(stage, bad_answers)
}

/// The webhook's next three answers.
fn bad_answers(stage: &mut Stage<'_>) {
    for _ in 0..3 {
        let fault = match stage.random.random_range(0..7) {
            0 => WebhookFault::Status(503),
            1 => WebhookFault::Status(429),
            2 => WebhookFault::Garbage,
            3 => WebhookFault::OtherKey,
            4 => WebhookFault::Close,
            5 => WebhookFault::NoHttp,
            _ => WebhookFault::KeepAndClose,
        };
        if let Some(systems) = &stage.systems {
            systems.webhook.fail_once(fault);
        }
        stage.faults += 1;
    }
}

impl Systems {
    fn set(stage: &Stage<'_>) -> Result<Self> {
        let webhook = WebhookServer::start(SECRET.as_bytes())?;
        let queue = format!("{}.vej-park", stage.database());
        for file in [DIRECT, WORKER] {
            let path = stage.place.dir.join(file);
            let text = fs::read_to_string(&path)?
                .replace("maildir:mailboxes/affald", &format!("webhook:{}", webhook.url()))
                .replace("smtp:park@klitkobing.example", &format!("queue:{queue}"));
            let tables = "\n[delivery.webhook]\nsecret_file = \"webhook.secret\"\n\
                          timeout_seconds = 2\n[delivery.queue]\ndeclare = true\n";
            fs::write(path, text + tables)?;
        }
        fs::write(stage.place.dir.join("webhook.secret"), SECRET)?;
        let reader = Self::reader(stage, &queue)?;
        Ok(Self { webhook, queue, reader })
    }

    /// An installation with a queue and a store of its own, and Maildirs.
    fn reader(stage: &Stage<'_>, queue: &str) -> Result<Place> {
        let dir = stage.place.dir.join("reader");
        fs::create_dir(&dir)?;
        let place = Place { dir, ..stage.place.clone() };
        let direct = Addresses {
            amqp_port: stage.campaign.rabbit.port(),
            postgres_port: stage.campaign.postgres.port(),
        };
        let database = format!("{}_reader", stage.database());
        stage.campaign.postgres.create_database(&database)?;
        for file in [DIRECT, WORKER] {
            place.write_config(file, &database, &direct, stage.smtp.port())?;
            let path = place.dir.join(file);
            let text = fs::read_to_string(&path)?
                .replace("smtp:park@klitkobing.example", "maildir:mailboxes/vej-park");
            let way_in = format!(
                "\n[[intake.queue]]\nurl = \"amqp://guest:guest@127.0.0.1:{}\"\nqueue = \"{queue}\"\n",
                direct.amqp_port
            );
            fs::write(path, text + &way_in)?;
        }
        Ok(place)
    }

    /// No more faults.
    pub(crate) fn recover(&self) {
        self.webhook.recover();
    }

    /// What the systems have: the webhook by key, and what a reader of the queue makes of it.
    /// `delivered`: how many letters both should have together.
    pub(crate) fn arrivals(&self, delivered: u64) -> Result<Vec<Arrival>> {
        let posted = self.webhook.originals()?;
        let taken = self.taken_out(delivered.saturating_sub(posted.len() as u64))?;
        let arrival = |mailbox: &str, (key, data)| Arrival {
            mailbox: mailbox.to_owned(),
            key,
            data,
            by_mail: false,
        };
        let posted = posted.into_iter().map(|letter| arrival("affald", letter));
        let taken = taken.into_iter().map(|letter| arrival("vej-park", letter));
        Ok(posted.chain(taken).collect())
    }

    /// Letters on the queue, read by the second installation until it has `count` different ones and
    /// nothing more comes.
    fn taken_out(&self, count: u64) -> Result<BTreeMap<String, Vec<u8>>> {
        let mut worker = Worker::start(&self.reader, None)?;
        worker.connected(PATIENCE)?;
        let begun = Instant::now();
        let mut quiet = 0;
        while quiet < QUIET {
            let counts = self.reader.counts()?;
            let (waiting, _) = self.reader.queued()?;
            let enough = counts.delivered >= count && counts.routed == 0 && waiting == 0;
            quiet = if enough { quiet + 1 } else { 0 };
            if begun.elapsed() > READ {
                bail!("the reader of the queue has {counts:?} of {count}");
            }
            thread::sleep(Duration::from_millis(200));
        }
        worker.terminate(Duration::from_secs(10))?;
        let folder = self.reader.dir.join("mailboxes/vej-park/new");
        let mut letters = BTreeMap::new();
        for entry in
            fs::read_dir(&folder).with_context(|| format!("nothing came out of {}", self.queue))?
        {
            let entry = entry?;
            let key = entry.file_name().to_string_lossy().into_owned();
            letters.insert(key, fs::read(entry.path())?);
        }
        Ok(letters)
    }
}
