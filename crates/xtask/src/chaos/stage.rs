//! What every scenario has: an installation, letters that flow, and the judge at the end.

use std::env;
use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use postbud_testkit::judge::{Counts, Evidence, judge};
use postbud_testkit::oracle::{self, Obligations, Oracle};
use postbud_testkit::{SmallDisk, SmtpServer};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::Campaign;
use super::load::{Load, Sender};
use super::metrics;
use super::mutants::Mutation;
use super::place::{Addresses, DIRECT, Place, WORKER};
use super::systems::Systems;
use super::table::Row;
use super::worker::Worker;

/// How long nothing may come to its end after the faults, while something is still on its way.
const CALM: Duration = Duration::from_secs(180);
/// No fault of a scenario may keep the worker from its work for longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A scenario on its way.
pub(crate) struct Stage<'a> {
    pub(crate) campaign: &'a mut Campaign,
    pub(crate) place: Place,
    pub(crate) smtp: SmtpServer,
    pub(crate) random: ChaCha8Rng,
    pub(crate) faults: u32,
    pub(crate) broken: Vec<String>,
    pub(crate) notes: Vec<String>,
    /// Letters beside those of the generator.
    pub(crate) extra: Obligations,
    pub(crate) may_be_refused: bool,
    /// How many of them must end among the dead letters.
    pub(crate) poisoned: u64,
    /// Where the mailboxes are systems instead of a Maildir and a mail server.
    pub(crate) systems: Option<Systems>,
    /// A disk that must outlast the scenario.
    pub(crate) disk: Option<SmallDisk>,
    /// What the worker does wrong on purpose.
    mutation: Option<Mutation>,
    /// How long nothing may come to its end after the faults.
    calm: Duration,
    /// Faults come until then.
    pub(crate) until: Instant,
    name: &'static str,
    database: String,
    sender: Option<Sender>,
    recoveries: Vec<Duration>,
}

impl<'a> Stage<'a> {
    /// Everything new: database, queues, mailboxes, oracle.
    pub(crate) fn set(
        campaign: &'a mut Campaign,
        number: usize,
        name: &'static str,
        share: Duration,
    ) -> Result<Self> {
        let database = format!("chaos_{number}");
        campaign.postgres.create_database(&database)?;
        let dir = campaign.dir.join(name);
        fs::create_dir(&dir)?;
        let place =
            Place { binary: campaign.binary.clone(), dir, schema: Arc::default(), mutation: "" };
        let smtp = SmtpServer::start()?;
        let direct = Addresses {
            amqp_port: campaign.rabbit.port(),
            postgres_port: campaign.postgres.port(),
        };
        for file in [DIRECT, WORKER] {
            place.write_config(file, &database, &direct, smtp.port())?;
        }
        // Letters of different scenarios differ, and moments too.
        let seed = campaign.seed.wrapping_mul(1_000).wrapping_add(number as u64);
        let mut command = Command::new(env::current_exe()?);
        command.arg("oracle").arg(place.dir.join("oracle"));
        let oracle = Oracle::start(command)?;
        let sender = Sender { place: place.clone(), oracle, seed, next: 0 };
        Ok(Self {
            campaign,
            place,
            smtp,
            random: ChaCha8Rng::seed_from_u64(seed),
            faults: 0,
            broken: Vec::new(),
            notes: Vec::new(),
            extra: Obligations::new(),
            may_be_refused: false,
            poisoned: 0,
            systems: None,
            disk: None,
            mutation: None,
            calm: CALM,
            until: Instant::now() + share,
            name,
            database,
            sender: Some(sender),
            recoveries: Vec::new(),
        })
    }

    /// The name of the scenario's database, which is also the prefix of its queues.
    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    /// The worker reaches its servers through these ports from now on.
    pub(crate) fn through(&self, at: &Addresses) -> Result<()> {
        self.place.write_config(WORKER, &self.database, at, self.smtp.port())
    }

    /// The generator, to be used by hand.
    pub(crate) fn sender(&mut self) -> Result<&mut Sender> {
        self.sender.as_mut().context("the generator is at work")
    }

    /// The seed of the letters, and how many there are.
    pub(crate) fn letters(&mut self) -> Result<(u64, u64)> {
        self.sender().map(|sender| (sender.seed, sender.next))
    }

    /// Letters flow from now on, in the background.
    pub(crate) fn flow(&mut self) -> Result<Load> {
        self.sender.take().map(Load::start).context("letters flow already")
    }

    /// No more letters.
    pub(crate) fn end_flow(&mut self, load: Load) -> Result<()> {
        self.sender = Some(load.end()?);
        Ok(())
    }

    pub(crate) fn worker(&self, fault: Option<&str>) -> Result<Worker> {
        Worker::start(&self.place, fault)
    }

    /// Is there time for another fault? At least one is made.
    pub(crate) fn goes_on(&self) -> bool {
        self.faults == 0 || Instant::now() < self.until
    }

    /// Every worker from now on breaks this promise; what is not done `soon` will not be.
    pub(crate) fn mutate(&mut self, mutation: Mutation, soon: Duration) {
        self.place.mutation = mutation.name;
        (self.mutation, self.calm) = (Some(mutation), soon);
    }

    pub(crate) fn recovered(&mut self, after: Duration, at_most: Duration) {
        self.recoveries.push(after);
        if after > at_most {
            self.broken.push(format!("back at work after {after:.1?}, later than {at_most:?}"));
        }
    }

    pub(crate) fn sleep(&mut self, milliseconds: std::ops::Range<u64>) {
        thread::sleep(Duration::from_millis(self.random.random_range(milliseconds)));
    }

    /// The faults are over: everything must come to its end, and a fresh letter get through.
    pub(crate) fn close(mut self) -> Result<Row> {
        self.smtp.recover();
        if let Some(systems) = &self.systems {
            systems.recover();
        }
        let started = Instant::now();
        let mut worker = self.worker(None)?;
        worker.connected(PATIENCE)?;
        self.sender()?.send(1)?;
        let fresh = self.calm(started);
        match &fresh {
            Ok(after) => {
                self.notes
                    .push(format!("settled {:.1} s after the last start", after.as_secs_f64()));
            }
            Err(error) => self.broken.push(format!("{error:#}")),
        }
        worker.terminate(Duration::from_secs(10))?;
        let obligations = oracle::read(&self.place.dir.join("oracle"))?;
        let letters = obligations.len() as u64 + self.extra.len() as u64;
        let (queued, dead) = self.place.queued()?;
        let known = self.place.dead()?.into_iter().map(|(id, ..)| id).collect();
        let counts = self.place.counts()?;
        let arrivals = match &self.systems {
            Some(systems) => systems.arrivals(counts.delivered)?,
            None => self.place.arrivals(&self.smtp)?,
        };
        let mut evidence = Evidence {
            obligations,
            states: self.place.states()?,
            counts,
            metrics: Some(metrics::counts(&self.place)?),
            arrivals,
            queued: queued + dead.saturating_sub(self.poisoned),
            dead: known,
            may_be_refused: self.may_be_refused,
            fresh_arrived: fresh.is_ok(),
        };
        evidence.obligations.append(&mut self.extra);
        Ok(Row {
            mutation: self.mutation,
            name: self.name,
            faults: self.faults,
            letters,
            verdict: judge(&evidence),
            recovery: self.recoveries.iter().max().copied(),
            broken: self.broken,
            notes: self.notes,
        })
    }

    /// Waits until every confirmed letter was received, nothing is queued and nothing in flight; how
    /// long that took from `begun`.
    fn calm(&mut self, begun: Instant) -> Result<Duration> {
        let confirmed = self.sender()?.next + self.extra.len() as u64 - self.poisoned;
        let (mut last, mut moved) = (Counts::default(), begun);
        loop {
            let counts = self.place.counts()?;
            if counts != last {
                (last, moved) = (counts, Instant::now());
            }
            let (queued, dead) = self.place.queued()?;
            let quiet = queued == 0 && counts.routed == 0;
            if quiet && dead == self.poisoned && counts.received >= confirmed {
                return Ok(begun.elapsed());
            }
            if moved.elapsed() > self.calm || (quiet && dead > self.poisoned) {
                let reasons: Vec<_> = self.place.dead()?.into_iter().take(3).collect();
                bail!(
                    "{queued} queued, {dead} dead letters, {counts:?} of {confirmed}: {reasons:?}"
                );
            }
            thread::sleep(Duration::from_millis(200));
        }
    }
}
