//! A dispatcher at work: everything that is under way at once, and what follows from each event.

use std::time::Duration;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use tokio::time::{Instant, sleep};
use tracing::{error, info, warn};

use super::Dispatcher;
use super::work::{Told, Work};
use crate::fault;
use crate::ports::{OutboxItem, OutboxOutcome, StoreError, Timestamp};
use crate::retry::RetryPolicy;
use crate::stop::Stop;

/// At most so many outcomes are settled in one transaction.
const GROUP: usize = 64;

/// Something that was under way and is done.
enum Event {
    Sent(String, OutboxOutcome),
    Claimed { until: Instant, left_out: usize, answer: Result<Vec<OutboxItem>, StoreError> },
    Settled(Vec<Told>, Result<(), StoreError>),
    Prolonged { until: Instant, asked: Vec<String>, answer: Result<Vec<String>, StoreError> },
    ClaimTime,
    SettleTime,
    ProlongTime,
    Stop,
    GraceOver,
}

/// From the first claim to the last settled outcome.
pub(super) struct Shift<'a> {
    dispatcher: &'a Dispatcher,
    stop: &'a Stop,
    /// Claims once, and ends when all of that is settled.
    once: bool,
    work: Work,
    pending: FuturesUnordered<BoxFuture<'a, Event>>,
    claiming: bool,
    may_claim: bool,
    /// How many mailboxes the last claim left out, when it found nothing else.
    left_out: usize,
    settling: bool,
    may_settle: bool,
    stopping: bool,
    /// Calls to the store that failed since the last one that did not.
    failed: u32,
    /// Since when the store is away.
    away: Option<Instant>,
    taken: usize,
}

impl<'a> Shift<'a> {
    pub(super) fn new(dispatcher: &'a Dispatcher, stop: &'a Stop, once: bool) -> Self {
        let pending: FuturesUnordered<BoxFuture<'a, Event>> = FuturesUnordered::new();
        pending.push(Box::pin(async {
            stop.wait().await;
            Event::Stop
        }));
        Self {
            dispatcher,
            stop,
            once,
            work: Work::new(dispatcher.options.concurrency),
            pending,
            claiming: false,
            may_claim: true,
            left_out: 0,
            settling: false,
            may_settle: true,
            stopping: false,
            failed: 0,
            away: None,
            taken: 0,
        }
    }

    /// Works until it is over. Returns how many letters were taken.
    pub(super) async fn work(mut self) -> Result<usize, StoreError> {
        self.later(self.prolong_pause(), Event::ProlongTime);
        self.claim();
        while let Some(event) = self.pending.next().await {
            if matches!(event, Event::GraceOver) {
                warn!(
                    letters = self.work.keys().len(),
                    "leaving before all targets have answered; their letters come again"
                );
                break;
            }
            self.hear(event)?;
            let idle = self.work.is_empty() && !self.claiming && !self.settling;
            if idle && (self.stopping || (self.once && !self.may_claim)) {
                break;
            }
            self.start();
        }
        Ok(self.taken)
    }

    /// Begins whatever may begin now.
    fn start(&mut self) {
        for item in self.work.begin(Instant::now()) {
            let (dispatcher, stop) = (self.dispatcher, self.stop);
            self.pending.push(Box::pin(async move {
                let key = item.key.clone();
                Event::Sent(key, dispatcher.send(item, stop).await)
            }));
        }
        if self.work.has_told() && !self.settling && self.may_settle {
            self.settle();
        }
        let room = self.work.bytes() < self.dispatcher.options.held_bytes;
        if self.may_claim && !self.claiming && !self.stopping && room {
            self.claim();
        }
    }

    fn hear(&mut self, event: Event) -> Result<(), StoreError> {
        match event {
            Event::Sent(key, outcome) => {
                self.work.finish(key, outcome);
                // There is room where there was none: no reason to rest.
                if self.left_out > 0 && self.work.busy().len() < self.left_out {
                    (self.left_out, self.may_claim) = (0, true);
                }
            }
            Event::Claimed { until, left_out, answer } => {
                return self.claimed(until, left_out, answer);
            }
            Event::Settled(outcomes, answer) => self.settled(outcomes, answer),
            Event::Prolonged { until, asked, answer } => {
                match answer {
                    Ok(ours) => {
                        self.work.prolonged(&asked, &ours, until);
                        self.answered();
                    }
                    Err(error) => {
                        self.refused(&error, "leases could not be prolonged");
                    }
                }
                self.later(self.prolong_pause(), Event::ProlongTime);
            }
            Event::ClaimTime => self.may_claim = !self.once,
            Event::SettleTime => self.may_settle = true,
            Event::ProlongTime if self.work.is_empty() => {
                self.later(self.prolong_pause(), Event::ProlongTime);
            }
            Event::ProlongTime => self.prolong(),
            Event::Stop => {
                self.stopping = true;
                self.work.give_back();
                self.later(self.dispatcher.options.grace, Event::GraceOver);
            }
            Event::GraceOver => {}
        }
        Ok(())
    }

    fn claim(&mut self) {
        (self.claiming, self.may_claim) = (true, !self.once);
        let (store, options) = (&self.dispatcher.store, self.dispatcher.options);
        let except = self.work.busy();
        // After an outage the first claim takes nothing: it only asks whether the store answers.
        let most = if self.away.is_some() { 0 } else { options.batch };
        let until = Instant::now() + options.lease;
        let lease = millis(options.lease);
        self.left_out = 0;
        self.pending.push(Box::pin(async move {
            let now = Timestamp::now();
            let left_out = except.len();
            let bytes = options.batch_bytes;
            let answer = store.claim_outbox_except(&except, most, bytes, now, lease).await;
            if let Some(first) = answer.as_ref().ok().and_then(|items| items.first()) {
                fault::point("after-outbox-read", &first.key);
            }
            Event::Claimed { until, left_out, answer }
        }));
    }

    fn claimed(
        &mut self,
        until: Instant,
        left_out: usize,
        answer: Result<Vec<OutboxItem>, StoreError>,
    ) -> Result<(), StoreError> {
        self.claiming = false;
        match answer {
            Ok(items) => {
                let dispatcher = self.dispatcher;
                let new = self.work.add(items, until, |mailbox| dispatcher.lane(mailbox));
                self.taken += new;
                if self.stopping {
                    self.work.give_back();
                }
                let outage = self.away.map(|since| since.elapsed());
                self.answered();
                if new == 0 && !self.once {
                    // Leases may have ended while the store was away, of letters that others are
                    // still sending: they get the time to say so.
                    let lease = self.dispatcher.options.lease;
                    let long = outage.is_some_and(|outage| outage > lease / 2);
                    self.pause_claims(if long { lease } else { self.dispatcher.options.idle });
                    // It may have changed while the store was asked.
                    self.left_out = if long { 0 } else { left_out };
                    if left_out > self.work.busy().len() && !long {
                        (self.left_out, self.may_claim) = (0, true);
                    }
                }
            }
            Err(error) if self.once => return Err(error),
            Err(error) => {
                let pause = self.refused(&error, "the outbox cannot be read");
                self.pause_claims(pause);
            }
        }
        Ok(())
    }

    fn settle(&mut self) {
        self.settling = true;
        let store = &self.dispatcher.store;
        let outcomes = self.work.take_told(GROUP);
        self.pending.push(Box::pin(async move {
            let first = outcomes.first().map_or("", |(key, _)| key.as_str());
            fault::point("before-outbox-mark", first);
            let answer = match fault::mutation("drop-outbox-mark") {
                true => Ok(()),
                false => store.settle_outbox(&outcomes, Timestamp::now()).await,
            };
            fault::point("after-outbox-mark", first);
            Event::Settled(outcomes, answer)
        }));
    }

    fn settled(&mut self, outcomes: Vec<Told>, answer: Result<(), StoreError>) {
        self.settling = false;
        match answer {
            Ok(()) => {
                self.work.settled(&outcomes);
                self.answered();
            }
            Err(error) => {
                // What was sent must not be forgotten, or it would be sent again.
                self.work.untold(outcomes);
                let pause = self.refused(&error, "what became of letters cannot be noted yet");
                self.may_settle = false;
                self.later(pause, Event::SettleTime);
            }
        }
    }

    fn prolong(&mut self) {
        let (store, options) = (&self.dispatcher.store, self.dispatcher.options);
        let asked = self.work.keys();
        let until = Instant::now() + options.lease;
        let end = Timestamp::now().plus_ms(millis(options.lease));
        self.pending.push(Box::pin(async move {
            let answer = store.prolong_outbox(&asked, end).await;
            Event::Prolonged { until, asked, answer }
        }));
    }

    fn prolong_pause(&self) -> Duration {
        self.dispatcher.options.lease / 4
    }

    fn pause_claims(&mut self, pause: Duration) {
        self.may_claim = false;
        self.later(pause, Event::ClaimTime);
    }

    fn later(&self, pause: Duration, event: Event) {
        self.pending.push(Box::pin(async move {
            sleep(pause).await;
            event
        }));
    }

    fn answered(&mut self) {
        if self.away.take().is_some() {
            info!("the outbox answers again");
        }
        self.failed = 0;
    }

    /// The store did not do it; returns when to try again.
    fn refused(&mut self, error: &StoreError, what: &'static str) -> Duration {
        self.failed = self.failed.saturating_add(1);
        self.away.get_or_insert_with(Instant::now);
        let cause = std::error::Error::source(error).map(ToString::to_string);
        error!(error = %error, cause, failed = self.failed, "{what}");
        RetryPolicy::AWAY.pause_for_ever("outbox", self.failed)
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
