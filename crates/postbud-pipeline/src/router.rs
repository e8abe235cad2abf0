//! The router: takes letters from the queue, decides, records, and only then acknowledges.
//!
//! Several lanes do the same side by side, so that one reads and classifies while another waits
//! for its commit. A lane works on batches: one transaction, one acknowledgement.

mod suspects;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use tracing::{error, info, warn};

use crate::fault;
use crate::patience::{Progress, finished};
use crate::ports::{
    Body, Entry, Queue, Received, Recorded, Settlement, Store, StoreError, Timestamp, Token, Trial,
};
use crate::retry::RetryPolicy;
use crate::steps::Steps;
use crate::stop::Stop;

/// So many letters that take long are looked at beside the lanes at once.
const BESIDE: usize = 2;

/// How the router works.
#[derive(Debug, Clone, Copy)]
pub struct RouterOptions {
    /// How many lanes work side by side.
    pub lanes: usize,
    /// The most letters in one batch.
    pub batch: usize,
    /// The most raw bytes in one batch; a larger letter is a batch of its own.
    pub batch_bytes: usize,
    /// A letter that came back unsettled this often may be the one that kills the process. Where
    /// there is no [`Trial`], or it cannot say, such a letter is processed alone, so that no
    /// neighbour is drawn in. With one, every letter that came back is tried first, once is enough.
    pub alone_after_returns: u32,
    /// After a letter was found that ends the process which reads it, every letter is tried first
    /// for so long.
    pub watchful: Duration,
    /// How long reading and deciding may take for one small letter; larger ones have more, see
    /// [`time_for`](crate::time_for).
    pub steps_deadline: Duration,
    /// The pauses while the store or the queue is away.
    pub away: RetryPolicy,
}

impl Default for RouterOptions {
    fn default() -> Self {
        Self {
            lanes: 2,
            batch: 64,
            batch_bytes: 16 << 20,
            alone_after_returns: 2,
            watchful: Duration::from_secs(600),
            steps_deadline: Duration::from_secs(30),
            away: RetryPolicy::AWAY,
        }
    }
}

/// Takes letters from a queue to a store.
pub struct Router {
    queue: Arc<dyn Queue>,
    store: Arc<dyn Store>,
    steps: Arc<Steps>,
    trial: Option<Arc<dyn Trial>>,
    watch: suspects::Watch,
    options: RouterOptions,
}

/// Messages with their raw bytes.
type Raws = Vec<(Token, String, Bytes)>;

/// A message of a batch with what is known about it so far.
struct Item {
    token: Token,
    id: String,
    entry: Entry,
}

impl Router {
    /// A router over these parts.
    #[must_use]
    pub fn new(
        queue: Arc<dyn Queue>,
        store: Arc<dyn Store>,
        steps: Arc<Steps>,
        options: RouterOptions,
    ) -> Self {
        Self { queue, store, steps, trial: None, watch: suspects::Watch::default(), options }
    }

    /// The same, and letters that came back unsettled are tried in there first.
    #[must_use]
    pub fn with_trial(self, trial: Arc<dyn Trial>) -> Self {
        Self { trial: Some(trial), ..self }
    }

    /// Works until it is asked to stop, then finishes what it holds.
    pub async fn run(&self, stop: &Stop) {
        let lanes = join_all((0..self.options.lanes.max(1)).map(|_| self.lane(stop)));
        let beside = join_all((0..BESIDE).map(|_| self.beside(stop)));
        tokio::join!(lanes, beside);
        self.give_back().await;
    }

    async fn lane(&self, stop: &Stop) {
        let mut failed = 0;
        while !stop.is_set() {
            let received = tokio::select! {
                received = self.queue.receive(self.options.batch, Duration::from_secs(1)) => received,
                () = stop.wait() => break,
            };
            match received {
                Ok(messages) => {
                    if failed > 0 {
                        info!("the queue answers again");
                        failed = 0;
                    }
                    self.batch(messages, stop).await;
                }
                Err(error) => {
                    failed += 1;
                    warn!(error = %error, source = source(&error), failed, "the queue does not answer");
                    stop.sleep(self.options.away.pause_for_ever("queue", failed)).await;
                }
            }
        }
    }

    /// Processes what was received at once, in groups that fit the limits.
    async fn batch(&self, messages: Vec<Received>, stop: &Stop) {
        let mut group = Vec::new();
        let mut returned = Vec::new();
        let mut bytes = 0;
        for message in messages {
            fault::point("after-receive", &message.id);
            let size = match &message.body {
                Ok(Body::Inline(raw)) => raw.len(),
                Ok(Body::Stored(_)) => self.options.batch_bytes,
                Err(_) => 0,
            };
            if self.is_suspect(&message) {
                returned.push(message);
                continue;
            }
            if bytes + size > self.options.batch_bytes && !group.is_empty() {
                self.group(std::mem::take(&mut group), stop).await;
                bytes = 0;
            }
            bytes += size;
            group.push(message);
        }
        if !group.is_empty() {
            self.group(group, stop).await;
        }
        self.suspects(returned, stop).await;
    }

    async fn group(&self, messages: Vec<Received>, stop: &Stop) {
        let mut settlements = Vec::with_capacity(messages.len());
        let mut raws = Vec::with_capacity(messages.len());
        for message in messages {
            match self.load(&message, stop).await {
                Ok(raw) => raws.push((message.token, message.id, raw)),
                Err(settlement) => settlements.push((message.token, settlement)),
            }
        }
        self.go_on(raws, settlements, stop).await;
    }

    /// Reads, decides, records and settles.
    async fn go_on(&self, raws: Raws, mut settlements: Vec<(Token, Settlement)>, stop: &Stop) {
        let items = self.process(raws, &mut settlements).await;
        self.record(items, stop, &mut settlements).await;
        self.settle(settlements).await;
    }

    /// The raw bytes of a message, or what becomes of a message without any.
    async fn load(&self, message: &Received, stop: &Stop) -> Result<Bytes, Settlement> {
        let id = match &message.body {
            Ok(Body::Inline(raw)) => return Ok(raw.clone()),
            Ok(Body::Stored(id)) => id,
            Err(reason) => {
                return Err(Settlement::Retry { reason: reason.clone() });
            }
        };
        let found =
            self.when_available(stop, "reading a stored letter", || self.store.raw(id)).await;
        match found {
            Some(Ok(Some(raw))) => Ok(raw),
            Some(Ok(None)) => {
                Err(Settlement::Retry { reason: format!("the store has no raw bytes {}", id.0) })
            }
            Some(Err(error)) => Err(Settlement::Retry { reason: error.to_string() }),
            None => Err(Settlement::Release),
        }
    }

    /// The pure steps, away from the async threads. A letter that makes them panic is alone in it.
    async fn process(&self, raws: Raws, settlements: &mut Vec<(Token, Settlement)>) -> Vec<Item> {
        let steps = Arc::clone(&self.steps);
        let now = Timestamp::now();
        let tokens: Vec<Token> = raws.iter().map(|(token, ..)| *token).collect();
        let letters: Vec<(String, usize)> =
            raws.iter().map(|(_, id, raw)| (id.clone(), raw.len())).collect();
        let progress = Progress::default();
        let steps_done = progress.clone();
        let work = move || -> Vec<(Token, Result<Item, Settlement>)> {
            raws.into_iter()
                .map(|(token, id, raw)| {
                    let entry = steps.entry_caught(raw, now);
                    let item = entry
                        .map(|entry| Item { token, id, entry })
                        .map_err(|reason| Settlement::Retry { reason });
                    steps_done.step();
                    (token, item)
                })
                .collect()
        };
        let work = tokio::task::spawn_blocking(work);
        let deadline = self.options.steps_deadline;
        let Some(done) = finished(work, &progress, &letters, deadline).await else {
            // Only a runtime that shuts down gets here: give everything back.
            settlements.extend(tokens.into_iter().map(|token| (token, Settlement::Release)));
            return Vec::new();
        };
        let mut items = Vec::with_capacity(done.len());
        for (token, outcome) in done {
            match outcome {
                Ok(item) => items.push(item),
                Err(settlement) => settlements.push((token, settlement)),
            }
        }
        items
    }

    /// Records the batch in one transaction. When one letter spoils it, each gets its own.
    async fn record(
        &self,
        items: Vec<Item>,
        stop: &Stop,
        settlements: &mut Vec<(Token, Settlement)>,
    ) {
        let (heads, entries): (Vec<(Token, String)>, Vec<Entry>) =
            items.into_iter().map(|item| ((item.token, item.id), item.entry)).unzip();
        if entries.is_empty() {
            return;
        }
        match self.record_entries(&entries, stop).await {
            Some(Ok(())) => {
                settlements.extend(heads.into_iter().map(|(token, _)| (token, Settlement::Done)));
            }
            Some(Err(_)) if entries.len() > 1 => {
                for ((token, id), entry) in heads.into_iter().zip(&entries) {
                    let outcome = self.record_entries(std::slice::from_ref(entry), stop).await;
                    settlements.push((token, after_recording(&id, outcome)));
                }
            }
            outcome => {
                for (token, id) in heads {
                    let outcome = match &outcome {
                        Some(Err(error)) => Some(Err(error.to_string())),
                        _ => None,
                    };
                    settlements.push((token, after_text(&id, outcome)));
                }
            }
        }
    }

    /// `None` when asked to stop before the store answered: nothing was recorded.
    async fn record_entries(
        &self,
        entries: &[Entry],
        stop: &Stop,
    ) -> Option<Result<(), StoreError>> {
        let first = entries.first().map_or("", |entry| entry.letter.as_str());
        fault::point("before-commit", first);
        let recorded =
            self.when_available(stop, "recording letters", || self.store.record(entries)).await?;
        fault::point("after-commit", first);
        Some(recorded.map(|recorded| report(entries, &recorded)))
    }

    /// Repeats a call to the store while it is away. `None`: asked to stop meanwhile.
    async fn when_available<T, F, C>(
        &self,
        stop: &Stop,
        what: &str,
        call: C,
    ) -> Option<Result<T, StoreError>>
    where
        F: Future<Output = Result<T, StoreError>>,
        C: Fn() -> F,
    {
        let mut failed = 0;
        loop {
            match call().await {
                Err(error @ (StoreError::Unavailable { .. } | StoreError::Incompatible { .. })) => {
                    failed += 1;
                    error!(error = %error, source = source(&error), failed, "{what} must wait");
                    let pause = self.options.away.pause_for_ever("store", failed);
                    if stop.sleep(pause).await {
                        return None;
                    }
                }
                answer => {
                    if failed > 0 {
                        info!("the store answers again");
                    }
                    return Some(answer);
                }
            }
        }
    }

    async fn settle(&self, settlements: Vec<(Token, Settlement)>) {
        if settlements.is_empty() {
            return;
        }
        fault::point("before-ack", "");
        let count = settlements.len();
        if let Err(error) = self.queue.settle(settlements).await {
            // Nothing is lost: what was recorded comes again and is recognised.
            warn!(error = %error, source = source(&error), count, "messages could not be settled");
        }
        fault::point("after-ack", "");
    }
}

fn after_recording(id: &str, outcome: Option<Result<(), StoreError>>) -> Settlement {
    after_text(id, outcome.map(|result| result.map_err(|error| error.to_string())))
}

fn after_text(id: &str, outcome: Option<Result<(), String>>) -> Settlement {
    match outcome {
        Some(Ok(())) => Settlement::Done,
        Some(Err(reason)) => {
            warn!(message = id, reason, "a letter cannot be recorded");
            Settlement::Retry { reason }
        }
        None => Settlement::Release,
    }
}

fn report(entries: &[Entry], recorded: &[Recorded]) {
    for (entry, recorded) in entries.iter().zip(recorded) {
        match recorded {
            Recorded::New => {}
            Recorded::Known => info!(letter = %entry.letter, "received again, already recorded"),
            Recorded::Clash => error!(
                letter = %entry.letter,
                raw = %entry.raw_id.0,
                "another letter has this id: quarantined, a person must look"
            ),
        }
    }
}

/// The cause below an error, for logs.
fn source(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(String::new, ToString::to_string)
}
