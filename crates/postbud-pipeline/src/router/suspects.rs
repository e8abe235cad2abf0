//! Letters that may end the process which reads them.
//!
//! A letter that came back unsettled may be the one that ended the process that had it. It is tried
//! in a process of its own before it is read in this one, so that it ends a process that holds
//! nothing else. Once one such letter was found, more may follow: for a while every letter is tried
//! first, so that the next one costs a trial and not a worker.
//!
//! Nobody waits for them: a lane gives each letter a glance, and one that takes longer goes to
//! those that are looked at beside the lanes, for as long as a letter may take.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tracing::{error, warn};

use super::{Loaded, Router};
use crate::ports::{Body, Look, Received, Settlement, Trial, Verdict};
use crate::stop::Stop;

/// Whoever asked a trial to end has asked us too, and that is heard within this time.
const HEARD: Duration = Duration::from_secs(1);

/// A letter whose glance was not enough.
struct Slow {
    letter: Loaded,
    attempts: u32,
}

/// What the lanes know together about letters that do harm.
#[derive(Default)]
pub(super) struct Watch {
    inner: Mutex<Inner>,
    more: Notify,
}

#[derive(Default)]
struct Inner {
    /// Every letter is tried first until then.
    until: Option<Instant>,
    /// Bounded by what the queue hands out unsettled.
    slow: VecDeque<Slow>,
}

impl Watch {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics while it holds the lock half-done.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_on(&self) -> bool {
        self.lock().until.is_some_and(|until| Instant::now() < until)
    }

    fn alarm(&self, lasts: Duration) {
        let before = self.lock().until.replace(Instant::now() + lasts);
        if before.is_none_or(|until| until < Instant::now()) {
            warn!(
                minutes = lasts.as_secs() / 60,
                "every letter is tried in a process of its own first, for a while"
            );
        }
    }

    fn put(&self, slow: Slow) {
        self.lock().slow.push_back(slow);
        self.more.notify_one();
    }

    fn next(&self) -> Option<Slow> {
        self.lock().slow.pop_front()
    }
}

impl Router {
    /// May this be a letter that ends whoever reads it?
    pub(super) fn is_suspect(&self, message: &Received) -> bool {
        match &self.trial {
            Some(_) => message.returned >= 1 || self.watch.is_on(),
            None => message.returned >= self.options.alone_after_returns,
        }
    }

    /// Tries letters apart from each other. Those that do no harm go on together.
    pub(super) async fn suspects(&self, messages: Vec<Received>, stop: &Stop) {
        let mut harmless = Vec::new();
        let mut deadly = Vec::new();
        let mut bytes = 0;
        for message in messages {
            // Whoever waits for room holds none itself.
            if matches!(message.body, Ok(Body::Stored(_))) && !harmless.is_empty() {
                self.go_on(std::mem::take(&mut harmless), Vec::new(), stop).await;
                bytes = 0;
            }
            let (token, attempts) = (message.token, message.attempts);
            let letter = match self.load(message, stop).await {
                Ok(letter) => letter,
                Err(settlement) => {
                    self.settle(vec![(token, settlement)]).await;
                    continue;
                }
            };
            let verdict = match &self.trial {
                Some(trial) => trial.attempt(&letter.raw, Look::Glance).await,
                None => Verdict::Untried,
            };
            let alone = verdict == Verdict::Untried;
            let size = letter.raw.len();
            if !harmless.is_empty() && (alone || bytes + size > self.options.batch_bytes) {
                self.go_on(std::mem::take(&mut harmless), Vec::new(), stop).await;
                bytes = 0;
            }
            match verdict {
                Verdict::Harmless => {
                    bytes += size;
                    harmless.push(letter);
                }
                Verdict::Slow => {
                    self.watch.alarm(self.options.watchful);
                    self.watch.put(Slow { letter, attempts });
                }
                Verdict::Deadly { how } => {
                    self.watch.alarm(self.options.watchful);
                    deadly.push((token, sentence(&letter.id, attempts, &how)));
                }
                verdict => self.after_trial(letter, attempts, verdict, stop).await,
            }
        }
        if !harmless.is_empty() || !deadly.is_empty() {
            self.go_on(harmless, deadly, stop).await;
        }
    }

    /// Looks at what the lanes had no time for, until `stop`; what is left then is given back.
    pub(super) async fn beside(&self, stop: &Stop) {
        let Some(trial) = &self.trial else { return };
        while !stop.is_set() {
            let Some(slow) = self.watch.next() else {
                tokio::select! {
                    () = self.watch.more.notified() => {}
                    () = stop.wait() => {}
                }
                continue;
            };
            self.look(trial.as_ref(), slow, stop).await;
        }
    }

    async fn look(&self, trial: &dyn Trial, slow: Slow, stop: &Stop) {
        let Slow { letter, attempts } = slow;
        let verdict = tokio::select! {
            verdict = trial.attempt(&letter.raw, Look::Whole) => verdict,
            () = stop.wait() => {
                self.settle(vec![(letter.token, Settlement::Release)]).await;
                return;
            }
        };
        self.after_trial(letter, attempts, verdict, stop).await;
    }

    /// Gives back what nobody looked at.
    pub(super) async fn give_back(&self) {
        let left = std::iter::from_fn(|| self.watch.next());
        self.settle(left.map(|slow| (slow.letter.token, Settlement::Release)).collect()).await;
    }

    async fn after_trial(&self, item: Loaded, attempts: u32, verdict: Verdict, stop: &Stop) {
        match verdict {
            Verdict::Deadly { how } => {
                self.watch.alarm(self.options.watchful);
                let settlement = sentence(&item.id, attempts, &how);
                self.settle(vec![(item.token, settlement)]).await;
            }
            // The letter is not to blame. Without a stop it is read here, as one that nothing is
            // known about, lest it be tried for ever.
            Verdict::Interrupted if stop.sleep(HEARD).await => {
                self.settle(vec![(item.token, Settlement::Release)]).await;
            }
            Verdict::Untried => self.alone(item, stop).await,
            _ => self.go_on(vec![item], Vec::new(), stop).await,
        }
    }
}

/// A letter that ended a trial is tried once more after a pause, lest the machine was to blame;
/// then it is given up.
fn sentence(id: &str, attempts: u32, how: &str) -> Settlement {
    error!(message = id, how, "this letter ends the process that reads it: kept apart");
    let reason = format!("reading or deciding this letter ends the process that does it: {how}");
    if attempts == 0 { Settlement::Retry { reason } } else { Settlement::Dead { reason } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadly_letter_is_tried_once_more_and_then_given_up_with_the_reason() {
        let settled = |attempts| sentence("a", attempts, "signal 11");
        assert!(matches!(settled(0), Settlement::Retry { reason } if reason.contains("signal 11")));
        assert!(matches!(settled(1), Settlement::Dead { reason } if reason.contains("signal 11")));
    }
}
