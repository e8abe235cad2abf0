//! The pure steps of a letter: parse, classify, decide. No I/O and no clock in here.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use postbud_decide::{Decision, Outcome, Settings, decide, held};
use postbud_letter::{Letter, Limits, raw_sha256_hex, read};

use crate::fault;
use crate::ports::{
    Classifier, Documents, Entry, RawId, Restrictions, Scanned, Scanner, Switches, Timestamp,
};
use crate::shadow::shadow;
use crate::switches::{Board, everything_off};

/// Subjects are kept for lists; more of them than this is of no use there.
const SUBJECT_CHARS: usize = 256;

/// Everything that turns raw bytes into a decision.
pub struct Steps {
    limits: Limits,
    settings: Settings,
    /// The same with nothing automatic.
    off: Settings,
    board: Board,
    classifier: Arc<dyn Classifier>,
    watcher: Option<Arc<dyn StepWatcher>>,
    documents: Option<Arc<dyn Documents>>,
    restrictions: Option<Arc<dyn Restrictions>>,
    scanner: Option<Arc<dyn Scanner>>,
}

/// Is told when a step begins, and by the drop of what it returned that it has ended; also when it
/// ends in a panic. The steps themselves have no clock.
pub trait StepWatcher: Send + Sync {
    /// A step begins: `read`, `extract` or `decide`.
    fn begins(&self, step: &'static str) -> Box<dyn Send>;
}

impl Steps {
    /// The steps with these limits, these rules and mailboxes, and this model.
    #[must_use]
    pub fn new(limits: Limits, settings: Settings, classifier: Arc<dyn Classifier>) -> Self {
        let off = everything_off(&settings);
        Self {
            limits,
            settings,
            off,
            board: Board::default(),
            classifier,
            watcher: None,
            documents: None,
            restrictions: None,
            scanner: None,
        }
    }

    /// The same, and `watcher` is told of every step.
    #[must_use]
    pub fn with_watcher(self, watcher: Arc<dyn StepWatcher>) -> Self {
        Self { watcher: Some(watcher), ..self }
    }

    /// The same, and what `documents` reads of a letter's documents is decided on, too.
    #[must_use]
    pub fn with_documents(self, documents: Arc<dyn Documents>) -> Self {
        Self { documents: Some(documents), ..self }
    }

    /// The same, and a letter about one of these people always goes to a person.
    #[must_use]
    pub fn with_restrictions(self, restrictions: Arc<dyn Restrictions>) -> Self {
        Self { restrictions: Some(restrictions), ..self }
    }

    /// The same, and no document is opened and no letter routed that `scanner` did not find clean.
    #[must_use]
    pub fn with_scanner(self, scanner: Arc<dyn Scanner>) -> Self {
        Self { scanner: Some(scanner), ..self }
    }

    fn begins(&self, step: &'static str) -> Option<Box<dyn Send>> {
        self.watcher.as_ref().map(|watcher| watcher.begins(step))
    }

    /// From now on, nothing is routed automatically to what is switched off. Holds for every letter
    /// whose decision begins after this call.
    pub fn switch(&self, switches: Switches) {
        self.board.set(switches);
    }

    /// Reads a letter and decides about it.
    #[must_use]
    pub fn decide(&self, raw: &[u8]) -> (Letter, Decision) {
        let step = self.begins("read");
        let mut letter = read(raw, &self.limits);
        fault::point("after-parse", letter.id.as_str());
        drop(step);
        let scanned = self.scanner.as_ref().map(|scanner| scanner.check(&letter, raw));
        if let Some(doubt) = scanned.and_then(Scanned::doubt) {
            let scores = || self.classifier.classify(&letter);
            let decision = held(&letter, &self.settings, scores, doubt);
            fault::point("after-decide", letter.id.as_str());
            return (letter, decision);
        }
        if let Some(documents) = self.documents.as_ref().filter(|_| !letter.documents.is_empty()) {
            let step = self.begins("extract");
            documents.attach(&mut letter);
            drop(step);
        }
        let step = self.begins("decide");
        let decision = self.judge(&letter, raw);
        drop(step);
        fault::point("after-decide", letter.id.as_str());
        (letter, decision)
    }

    fn judge(&self, letter: &Letter, raw: &[u8]) -> Decision {
        let with = |settings| decide(letter, settings, || self.classifier.classify(letter));
        let restricted = self.restrictions.as_ref().is_some_and(|r| r.holds_for(letter, raw));
        if restricted || self.board.all_off() {
            return with(&self.off);
        }
        let decision = with(&self.settings);
        match &decision.outcome {
            Outcome::Route { mailbox } if self.board.is_off(mailbox) => with(&self.off),
            _ => decision,
        }
    }

    /// Reads a letter and decides, ready to be recorded.
    #[must_use]
    pub fn entry(&self, raw: Bytes, received_at: Timestamp) -> Entry {
        let (letter, decision) = self.decide(&raw);
        let shadow = shadow(&letter, &self.settings, self.classifier.as_ref());
        Entry {
            channel: letter.channel,
            subject: letter.subject.chars().take(SUBJECT_CHARS).collect(),
            letter: letter.id,
            received_at,
            raw_id: RawId(raw_sha256_hex(&raw)),
            raw,
            decision,
            shadow,
        }
    }

    /// As [`Steps::entry`], but a panic inside becomes an error that names no content.
    ///
    /// # Errors
    /// That the steps panicked. Reading and deciding never should; if one letter makes them, the
    /// others must not suffer.
    pub fn entry_caught(&self, raw: Bytes, received_at: Timestamp) -> Result<Entry, String> {
        catch_unwind(AssertUnwindSafe(|| self.entry(raw, received_at))).map_err(|_| {
            "reading or deciding this letter failed inside Postbud (a panic)".to_owned()
        })
    }
}
