//! What an adapter is doing: numbers for the monitoring, and one log line per change of state.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use postbud_pipeline::ports::Timestamp;
use tracing::{debug, info, warn};

/// The figures of one adapter. Shared between the adapter and whoever asks.
#[derive(Debug)]
pub struct Activity {
    kind: &'static str,
    name: String,
    accepted: AtomicU64,
    refused: AtomicU64,
    failures: AtomicU64,
    waiting: AtomicU64,
    last_success_ms: AtomicI64,
    trouble: Mutex<Option<&'static str>>,
    /// When callers that came to nothing were last told of.
    told: Mutex<Option<Instant>>,
}

/// One warning in so long says that callers come to nothing: anybody may call, and often.
const TELL: Duration = Duration::from_secs(600);

/// The figures at one moment. No value in it is personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// `folder`, `digital-post`, `smtp`, `lmtp`, `push`, `imap` or `amqp`.
    pub kind: &'static str,
    /// Which one of them, as configured: a folder, an address.
    pub name: String,
    /// Letters made durable and acknowledged upstream, since the start.
    pub accepted: u64,
    /// What was refused for good, since the start.
    pub refused: u64,
    /// What went wrong and is tried again, since the start.
    pub failures: u64,
    /// Letters that were seen upstream and are not taken yet. Where the other side brings letters
    /// nobody here can know what waits there: then 0.
    pub waiting: u64,
    /// When the other side last worked, or a letter last came.
    pub last_success: Option<Timestamp>,
    /// What is wrong now, in one word of a fixed set; `None` when all is well.
    pub trouble: Option<&'static str>,
}

impl Activity {
    /// An adapter that has done nothing yet.
    #[must_use]
    pub fn new(kind: &'static str, name: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            accepted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
            last_success_ms: AtomicI64::new(0),
            trouble: Mutex::new(None),
            told: Mutex::new(None),
        }
    }

    /// The figures now.
    #[must_use]
    pub fn reading(&self) -> Reading {
        let last = self.last_success_ms.load(Ordering::Relaxed);
        Reading {
            kind: self.kind,
            name: self.name.clone(),
            accepted: self.accepted.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            waiting: self.waiting.load(Ordering::Relaxed),
            last_success: (last > 0).then_some(Timestamp(last)),
            trouble: *self.trouble.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// A letter is durable and acknowledged.
    pub(crate) fn accepted(&self) {
        self.accepted.fetch_add(1, Ordering::Relaxed);
        self.success();
    }

    /// Something was refused for good.
    pub(crate) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// So many letters were seen upstream and are not taken yet.
    pub(crate) fn set_waiting(&self, count: usize) {
        self.waiting.store(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// The other side works.
    pub(crate) fn success(&self) {
        self.last_success_ms.store(Timestamp::now().0, Ordering::Relaxed);
    }

    /// Somebody called and came to nothing: the letter, if there was one, is still theirs. Others may come
    /// through, so it is no trouble of the adapter's; it is counted, and told of now and then.
    pub(crate) fn broke_off(&self, what: &'static str, error: &str) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|told| told.elapsed() > TELL) {
            *told = Some(Instant::now());
            warn!(adapter = self.kind, name = %self.name, what, error, "a caller came to nothing; what it brings is still there");
        } else {
            debug!(adapter = self.kind, name = %self.name, what, error, "a caller came to nothing");
        }
    }

    /// All is well; says so if it was not.
    pub(crate) fn well(&self) {
        let before = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(trouble) = before {
            info!(adapter = self.kind, name = %self.name, trouble, "letters come in again");
        }
    }

    /// Something is wrong. Said as a warning once, until it changes.
    pub(crate) fn trouble(&self, word: &'static str, error: &dyn std::error::Error) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        let mut state = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let error = chain(error);
        if *state == Some(word) {
            debug!(adapter = self.kind, name = %self.name, trouble = word, error, "still no letters");
        } else {
            *state = Some(word);
            warn!(adapter = self.kind, name = %self.name, trouble = word, error, "no letters can come in this way; they wait where they are, and it is tried again");
        }
    }
}

/// An error and its causes on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_count_and_trouble_ends() {
        let activity = Activity::new("folder", "in");
        assert_eq!(activity.reading().last_success, None);
        activity.accepted();
        activity.refused();
        activity.trouble("unreachable", &std::io::Error::other("x"));
        activity.trouble("unreachable", &std::io::Error::other("x"));
        let reading = activity.reading();
        assert_eq!((reading.accepted, reading.refused, reading.failures), (1, 1, 2));
        assert_eq!(reading.trouble, Some("unreachable"));
        assert!(reading.last_success.is_some());
        activity.well();
        assert_eq!(activity.reading().trouble, None);
    }

    #[test]
    fn a_caller_that_comes_to_nothing_is_counted_and_is_no_trouble() {
        let activity = Activity::new("push", "in");
        activity.broke_off("handshake", "x");
        activity.broke_off("handshake", "x");
        let reading = activity.reading();
        assert_eq!((reading.failures, reading.trouble), (2, None));
        assert_eq!(reading.last_success, None);
    }
}
