//! Asks again and again how queue, store, model and malware scanner are, and what the store counts.
//!
//! A scrape only reads what was found last, so that Prometheus gets its answer at once while
//! everything is away, and so that ten scrapers cost the database no more than one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use postbud_decide::{Mailbox, MailboxId, Tier, workdays};
use postbud_pipeline::Stop;
use postbud_pipeline::ports::{
    Classifier, Measured, Measures, ModelState, Queue, Scanner, ServingModel, Timestamp,
    WaitingGroup,
};
use tokio::time::timeout;
use tracing::{info, warn};

use crate::health::{Health, Part, PartState};
use crate::inventory as i;
use crate::metrics::Metrics;

/// The blind sample counts for so many days.
pub const BLIND_DAYS: i64 = 90;
/// A request for access is due soon when its deadline is so many working days away.
const DUE_SOON_WORKING_DAYS: u32 = 2;

/// How often to ask.
#[derive(Debug, Clone, Copy)]
pub struct SamplerOptions {
    /// Between two questions whether the parts answer.
    pub probe: Duration,
    /// Between two countings of the store.
    pub sample: Duration,
    /// A part that has not answered by then is down.
    pub deadline: Duration,
}

impl Default for SamplerOptions {
    fn default() -> Self {
        Self {
            probe: Duration::from_secs(2),
            sample: Duration::from_secs(15),
            deadline: Duration::from_secs(3),
        }
    }
}

/// What is asked, each part bare: questions are no letters.
pub struct Parts {
    /// The queue, where the process works with it.
    pub queue: Option<Arc<dyn Queue>>,
    /// The store.
    pub store: Arc<dyn Measures>,
    /// The model, where the process decides.
    pub classifier: Option<Arc<dyn Classifier>>,
    /// The malware scanner, where the process decides and there is one.
    pub scanner: Option<Arc<dyn Scanner>>,
}

impl Parts {
    /// Which parts there are.
    #[must_use]
    pub fn names(&self) -> Vec<Part> {
        let there = |part: &Part| match part {
            Part::Queue => self.queue.is_some(),
            Part::Store => true,
            Part::Model => self.classifier.is_some(),
            Part::Scanner => self.scanner.is_some(),
        };
        Part::ALL.into_iter().filter(there).collect()
    }
}

/// Asks, and notes what it hears.
pub struct Sampler {
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    parts: Parts,
    tiers: BTreeMap<MailboxId, Tier>,
    options: SamplerOptions,
}

impl Sampler {
    /// A sampler of these parts. Nothing is said of parts that the process does not have.
    #[must_use]
    pub fn new(
        metrics: Arc<Metrics>,
        health: Arc<Health>,
        parts: Parts,
        mailboxes: &[Mailbox],
        options: SamplerOptions,
    ) -> Self {
        let tiers = mailboxes.iter().map(|mailbox| (mailbox.id.clone(), mailbox.tier)).collect();
        let there = parts.names();
        for part in Part::ALL.iter().filter(|part| !there.contains(part)) {
            metrics.leave_out(&i::UP, &[part.as_str()]);
            metrics.leave_out(&i::PROBE_SECONDS, &[part.as_str()]);
        }
        Self { metrics, health, parts, tiers, options }
    }

    /// Asks until `stop`; hands every counting to `more`, which knows what this crate does not.
    pub async fn run(&self, stop: &Stop, more: impl Fn(&Metrics, &Measured)) {
        let mut counted: Option<Instant> = None;
        loop {
            self.probe().await;
            if counted.is_none_or(|at| at.elapsed() >= self.options.sample) {
                if let Some(measured) = self.sample().await {
                    more(&self.metrics, &measured);
                }
                counted = Some(Instant::now());
            }
            if stop.sleep(self.options.probe).await {
                return;
            }
        }
    }

    /// Asks every part whether it answers.
    pub async fn probe(&self) {
        let queue = async {
            let Some(queue) = &self.parts.queue else { return };
            self.ask(Part::Queue, self.depth(queue.as_ref())).await;
        };
        let store = async {
            self.parts.store.ping().await.map_err(|error| error.to_string())?;
            Ok("answers".to_owned())
        };
        let scanner = async {
            let Some(scanner) = &self.parts.scanner else { return };
            self.ask(Part::Scanner, state(Arc::clone(scanner))).await;
        };
        tokio::join!(queue, self.ask(Part::Store, store), scanner);
        let Some(classifier) = &self.parts.classifier else { return };
        let state = classifier.state();
        self.ask(Part::Model, async { model_says(state.as_ref()) }).await;
        if let Some(state) = &state {
            self.note_models(state);
        }
    }

    async fn depth(&self, queue: &dyn Queue) -> Result<String, String> {
        let depth = queue.depth().await.map_err(|error| error.to_string())?;
        let depths = [("waiting", depth.waiting), ("retrying", depth.retrying)];
        for (place, count) in depths.into_iter().chain([("dead", depth.dead)]) {
            self.metrics.set(&i::QUEUE, &[place], count as f64);
        }
        Ok("answers".to_owned())
    }

    async fn ask(&self, part: Part, question: impl Future<Output = Result<String, String>>) {
        let begun = Instant::now();
        let answer = timeout(self.options.deadline, question).await;
        let seconds = begun.elapsed().as_secs_f64();
        let (up, says) = match answer {
            Ok(Ok(says)) => (true, says),
            Ok(Err(why)) => (false, why),
            Err(_) => (false, format!("no answer within {:?}", self.options.deadline)),
        };
        self.metrics.set(&i::UP, &[part.as_str()], if up { 1.0 } else { 0.0 });
        self.metrics.set(&i::PROBE_SECONDS, &[part.as_str()], seconds);
        let part_name = part.as_str();
        match (self.health.note(part, PartState { up, says: says.clone() }), up) {
            (true, true) => info!(part = part_name, "a part answers"),
            (true, false) => warn!(part = part_name, says, "a part does not answer: not ready"),
            (false, _) => {}
        }
    }

    fn note_models(&self, state: &ModelState) {
        self.metrics.forget(&i::MODEL);
        let roles = [
            ("champion", &state.champion, state.refused.is_some()),
            ("challenger", &state.challenger, state.challenger_refused.is_some()),
        ];
        for (role, model, refused) in roles {
            if let Some(model) = model {
                self.metrics.set(&i::MODEL, &[role, &model.model.0], 1.0);
            }
            let since = model.as_ref().map_or(0.0, |model| seconds(model.since));
            let mailboxes = |model: &ServingModel| model.automatic_mailboxes as f64;
            let mailboxes = model.as_ref().map_or(0.0, mailboxes);
            self.metrics.set(&i::MODEL_SINCE, &[role], since);
            self.metrics.set(&i::MODEL_MAILBOXES, &[role], mailboxes);
            self.metrics.set(&i::MODEL_REFUSED, &[role], if refused { 1.0 } else { 0.0 });
        }
    }

    /// Counts what is in the store; `None` when it is away, and what was found last stays.
    pub async fn sample(&self) -> Option<Measured> {
        let now = Timestamp::now();
        let since = now.plus_ms(-BLIND_DAYS * 86_400_000);
        // Counting may take longer than a sign of life; the store has its own deadline.
        let measured = match self.parts.store.measure(since).await {
            Ok(measured) => measured,
            Err(error) => {
                warn!(%error, "the store cannot be counted; the gauges stay as they were");
                return None;
            }
        };
        self.note(&measured, now);
        Some(measured)
    }

    fn note(&self, measured: &Measured, now: Timestamp) {
        let metrics = &self.metrics;
        let tally = measured.tally;
        metrics.set(&i::RECEIVED_LETTERS, &[], tally.received as f64);
        let states = [
            ("routed", tally.routed),
            ("delivered", tally.delivered),
            ("review", tally.review),
            ("quarantined", tally.quarantined),
        ];
        for (state, count) in states {
            metrics.set(&i::LETTERS, &[state], count as f64);
        }
        for tier in i::TIERS {
            let of_tier = measured.waiting.iter().filter(|group| self.tier(group) == *tier);
            let letters: u64 = of_tier.clone().map(|group| group.letters).sum();
            let oldest = of_tier.map(|group| group.oldest).min();
            metrics.set(&i::WAITING, &[tier], letters as f64);
            metrics.set(&i::WAITING_AGE, &[tier], age(oldest, now));
        }
        let requests = &measured.access_requests;
        let due = requests.iter().filter(|received| is_due_soon(**received, now)).count();
        metrics.set(&i::ACCESS_WAITING, &[], requests.len() as f64);
        metrics.set(&i::ACCESS_DUE, &[], due as f64);
        metrics.set(&i::OUTBOX, &[], measured.outbox.pending as f64);
        metrics.set(&i::OUTBOX_RETRYING, &[], measured.outbox.retrying as f64);
        metrics.set(&i::OUTBOX_AGE, &[], age(measured.outbox.oldest, now));
        metrics.set(&i::AUTOMATIC, &[], measured.figures.automatic as f64);
        metrics.set(&i::PEOPLE, &[], measured.figures.decided as f64);
        metrics.set(&i::CORRECTED, &[], measured.figures.corrected as f64);
        for source in postbud_pipeline::ports::LabelSource::ALL {
            let found = measured.labels.iter().find(|(found, _)| *found == source);
            let count = found.map_or(0, |(_, count)| *count);
            metrics.set(&i::LABELS, &[source.as_str()], count as f64);
        }
        metrics.set(&i::BLIND_LETTERS, &[], measured.blind.letters as f64);
        metrics.set(&i::BLIND_ERRORS, &[], measured.blind.errors as f64);
        metrics.set(&i::SAMPLED, &[], seconds(now));
    }

    /// What is first in line counts as must-not-miss, whatever its first suggestion is.
    fn tier(&self, group: &WaitingGroup) -> &'static str {
        let tier = group.mailbox.as_ref().and_then(|mailbox| self.tiers.get(mailbox));
        match tier {
            _ if group.urgent => "must-not-miss",
            Some(Tier::MustNotMiss) => "must-not-miss",
            Some(Tier::NeverAutomatic) => "never-automatic",
            Some(Tier::Ordinary) | None => "ordinary",
        }
    }
}

/// A classifier that is always the same says nothing of itself. One that has no model lets people
/// decide, which is work as it should be; one whose only model was refused is not.
/// Asks away from the async threads; it takes no longer than the scanner's own patience.
async fn state(scanner: Arc<dyn Scanner>) -> Result<String, String> {
    let asked = tokio::task::spawn_blocking(move || scanner.state()).await;
    asked.unwrap_or_else(|_| Err("it could not be asked".to_owned()))
}

fn model_says(state: Option<&ModelState>) -> Result<String, String> {
    let Some(state) = state else {
        return Ok("decides".to_owned());
    };
    match (&state.champion, &state.refused) {
        (Some(model), None) => Ok(format!("{} decides", model.model.0)),
        (Some(model), Some(refused)) => {
            Ok(format!("{} decides; {} was refused", model.model.0, refused.name))
        }
        (None, None) => Ok("no model yet: people decide".to_owned()),
        (None, Some(refused)) => Err(format!("{} was refused: {}", refused.name, refused.why)),
    }
}

fn seconds(at: Timestamp) -> f64 {
    at.0 as f64 / 1_000.0
}

/// Seconds since then; a clock that was set back makes no negative age.
/// Does the deadline of a request for access pass within two working days?
fn is_due_soon(received: Timestamp, now: Timestamp) -> bool {
    let soon = workdays::day_of(now.0)
        .and_then(|today| workdays::working_day_after(today, DUE_SOON_WORKING_DAYS))
        .and_then(workdays::end_of);
    matches!((postbud_decide::due_at(received.0), soon), (Some(due), Some(soon)) if due <= soon)
}

fn age(oldest: Option<Timestamp>, now: Timestamp) -> f64 {
    oldest.map_or(0.0, |oldest| (seconds(now) - seconds(oldest)).max(0.0))
}
