//! The router: takes letters from the queue, decides, records, and only then acknowledges.
//!
//! Several lanes do the same side by side, so that one reads and classifies while another waits
//! for its commit. A lane works on batches: one transaction, one acknowledgement. Letters with
//! documents that somebody reads leave their batch and go on beside the lanes ([`aside`]).

mod aside;
mod load;
mod recording;
mod suspects;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use tracing::{error, info, warn};

use crate::fault;
use crate::memory::{LetterMemory, Room};
use crate::patience::{Progress, finished};
use crate::ports::{
    Body, Entry, Look, Queue, Received, Settlement, Store, StoreError, Timestamp, Token, Trial,
};
use crate::retry::RetryPolicy;
use crate::steps::{Begun, Steps, caught};
use crate::stop::{Stop, stop_pair};

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
    /// How many letters with documents are read at a glance at once, and how many more for longer.
    pub readers: usize,
    /// The most letters that are beside the lanes because of their documents. While there is no room
    /// for another, a lane that has one waits.
    pub aside: usize,
    /// The most bytes of these letters, unpacked documents included; a larger letter goes alone.
    pub aside_bytes: usize,
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
            readers: 2,
            aside: 192,
            aside_bytes: 64 << 20,
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
    aside: aside::Aside,
    memory: LetterMemory,
    options: RouterOptions,
}

/// A message with its raw bytes.
struct Loaded {
    token: Token,
    id: String,
    raw: Bytes,
    room: Room,
}

/// A message of a batch with what is known about it so far.
struct Item {
    token: Token,
    id: String,
    entry: Entry,
    /// Kept until the letter has left the memory.
    room: Room,
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
        let (watch, aside) = (suspects::Watch::default(), aside::Aside::new(&options));
        let memory = LetterMemory::default();
        Self { queue, store, steps, trial: None, watch, aside, memory, options }
    }

    /// The same, and letters that came back unsettled are tried in there first.
    #[must_use]
    pub fn with_trial(self, trial: Arc<dyn Trial>) -> Self {
        Self { trial: Some(trial), ..self }
    }

    /// The same, sharing the memory for large letters with others.
    #[must_use]
    pub fn with_memory(self, memory: LetterMemory) -> Self {
        Self { memory, ..self }
    }

    /// Works until it is asked to stop, then finishes what it holds.
    pub async fn run(&self, stop: &Stop) {
        let lanes = join_all((0..self.options.lanes.max(1)).map(|_| self.lane(stop)));
        let beside = join_all((0..BESIDE).map(|_| self.beside(stop)));
        let readers = (0..self.options.readers.max(1)).flat_map(|_| [Look::Glance, Look::Whole]);
        let readers = join_all(readers.map(|look| self.reader(look, stop)));
        let (gone, readers_gone) = stop_pair();
        let work = async {
            tokio::join!(lanes, beside, readers);
            gone.stop();
        };
        let leave = async {
            stop.wait().await;
            self.steps.leave_off();
        };
        tokio::join!(work, leave, self.recorder(stop, &readers_gone));
        self.give_back_unread().await;
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
            let token = message.token;
            match self.load(message, stop).await {
                Ok(loaded) => raws.push(loaded),
                Err(settlement) => settlements.push((token, settlement)),
            }
        }
        self.go_on(raws, settlements, stop).await;
    }

    /// Reads, decides, records and settles; letters whose documents are to be read go aside after
    /// that.
    async fn go_on(
        &self,
        raws: Vec<Loaded>,
        mut settlements: Vec<(Token, Settlement)>,
        stop: &Stop,
    ) {
        let begin = |steps: &Steps, raw, now| steps.begin(raw, now);
        let (items, aside) = self.process(raws, begin, &mut settlements).await;
        self.record(items, stop, &mut settlements).await;
        self.settle(settlements).await;
        self.set_aside(aside, stop).await;
    }

    /// The same for a letter that may do harm: from its first byte to the end in this lane, so that
    /// no other is drawn in.
    async fn alone(&self, letter: Loaded, stop: &Stop) {
        let mut settlements = Vec::new();
        let whole = |steps: &Steps, raw, now| Begun::Decided(Box::new(steps.entry(raw, now)));
        let (items, _) = self.process(vec![letter], whole, &mut settlements).await;
        self.record(items, stop, &mut settlements).await;
        self.settle(settlements).await;
    }

    /// The pure steps, away from the async threads. A letter that makes them panic is alone in it.
    async fn process(
        &self,
        raws: Vec<Loaded>,
        begin: impl Fn(&Steps, Bytes, Timestamp) -> Begun + Send + 'static,
        settlements: &mut Vec<(Token, Settlement)>,
    ) -> (Vec<Item>, Vec<aside::Waiting>) {
        let steps = Arc::clone(&self.steps);
        let now = Timestamp::now();
        let tokens: Vec<Token> = raws.iter().map(|one| one.token).collect();
        let letters: Vec<(String, usize)> =
            raws.iter().map(|one| (one.id.clone(), one.raw.len())).collect();
        let progress = Progress::default();
        let steps_done = progress.clone();
        let work = move || -> Vec<(Token, String, Room, Result<Begun, String>)> {
            raws.into_iter()
                .map(|Loaded { token, id, raw, room }| {
                    let begun = caught(|| begin(&steps, raw, now));
                    steps_done.step();
                    (token, id, room, begun)
                })
                .collect()
        };
        let work = tokio::task::spawn_blocking(work);
        let deadline = self.options.steps_deadline;
        let Some(done) = finished(work, &progress, &letters, deadline).await else {
            // Only a runtime that shuts down gets here: give everything back.
            settlements.extend(tokens.into_iter().map(|token| (token, Settlement::Release)));
            return (Vec::new(), Vec::new());
        };
        let (mut items, mut aside) = (Vec::with_capacity(done.len()), Vec::new());
        for (token, id, room, begun) in done {
            match begun {
                Ok(Begun::Decided(entry)) => items.push(Item { token, id, entry: *entry, room }),
                Ok(Begun::Opened(opened)) => {
                    aside.push(aside::Waiting::new(token, id, opened, room));
                }
                Err(reason) => settlements.push((token, Settlement::Retry { reason })),
            }
        }
        (items, aside)
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
}

/// The cause below an error, for logs.
fn source(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(String::new, ToString::to_string)
}
