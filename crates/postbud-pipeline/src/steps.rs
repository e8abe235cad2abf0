//! The pure steps of a letter: parse, classify, decide. No I/O and no clock in here.
//!
//! They come in two parts, since what lies in a letter may take long to read: [`Steps::begin`] decides
//! about letters without documents at once, [`Steps::go_on`] about the others.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use postbud_decide::{Decision, Doubt, Outcome, Settings, decide, held};
use postbud_letter::{Letter, Limits, raw_sha256_hex, read};

use crate::fault;
use crate::ports::{
    Classifier, Documents, Entry, Look, RawId, Restrictions, Scanned, Scanner, Switches, Timestamp,
};
use crate::shadow::shadow;
use crate::switches::{Board, everything_off};

/// Subjects are kept for lists; more of them than this is of no use there.
const SUBJECT_CHARS: usize = 256;
/// A letter over which the scanner went away so often may be the cause: nobody waits any more.
const BLAMED: u32 = 3;

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

/// What the first part of the steps made of a letter.
pub enum Begun {
    /// It is decided about.
    Decided(Box<Entry>),
    /// It has documents, and they are to be read first; or the malware scanner is to look first.
    Opened(Box<Opened>),
}

/// Why a letter is not decided about yet. Here it is again.
pub enum NotYet {
    /// A glance at its documents was not enough.
    Slow(Box<Opened>),
    /// The malware scanner is away.
    Unscanned(Box<Opened>),
}

/// A letter that was read, and whose documents were not.
pub struct Opened {
    letter: Letter,
    raw: Bytes,
    received_at: Timestamp,
    /// Has the malware scanner found nothing in it?
    clean: bool,
    /// How often the scanner went away over it.
    blamed: u32,
}

impl Opened {
    /// What it occupies, in bytes: the letter as it came, and its documents as they were unpacked.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let documents = self.letter.documents.iter().map(|document| document.bytes.len());
        documents.fold(self.raw.len(), usize::saturating_add)
    }

    /// The size of the letter as it came, in bytes.
    #[must_use]
    pub fn raw_bytes(&self) -> usize {
        self.raw.len()
    }
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
        let mut letter = self.read(raw);
        let decision = match self.doubt(&letter, raw) {
            Some(doubt) => self.hold(&letter, doubt),
            None => {
                self.attach(&mut letter, Look::Whole);
                self.judged(&letter, raw)
            }
        };
        (letter, decision)
    }

    fn read(&self, raw: &[u8]) -> Letter {
        let step = self.begins("read");
        let letter = read(raw, &self.limits);
        fault::leak(&letter);
        fault::point("after-parse", letter.id.as_str());
        drop(step);
        letter
    }

    /// What the malware scanner has against the letter.
    fn doubt(&self, letter: &Letter, raw: &[u8]) -> Option<Doubt> {
        self.scanner.as_ref().map(|scanner| scanner.check(letter, raw)).and_then(Scanned::doubt)
    }

    /// The decision on a letter that is not to go anywhere by itself.
    fn hold(&self, letter: &Letter, doubt: Doubt) -> Decision {
        let decision = held(letter, &self.settings, || self.classifier.classify(letter), doubt);
        fault::point("after-decide", letter.id.as_str());
        decision
    }

    /// Reads the letter's documents; `false` when a glance was not enough.
    fn attach(&self, letter: &mut Letter, look: Look) -> bool {
        let Some(documents) = self.documents_for(letter) else { return true };
        let _step = self.begins("extract");
        match look {
            Look::Glance => documents.glance(letter),
            Look::Whole => {
                documents.attach(letter);
                true
            }
        }
    }

    fn documents_for(&self, letter: &Letter) -> Option<&Arc<dyn Documents>> {
        self.documents.as_ref().filter(|_| !letter.documents.is_empty())
    }

    fn judged(&self, letter: &Letter, raw: &[u8]) -> Decision {
        let step = self.begins("decide");
        let decision = self.judge(letter, raw);
        drop(step);
        fault::point("after-decide", letter.id.as_str());
        decision
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
        self.sealed(letter, raw, received_at, decision)
    }

    fn sealed(
        &self,
        letter: Letter,
        raw: Bytes,
        received_at: Timestamp,
        decision: Decision,
    ) -> Entry {
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

    /// Reads a letter, and decides when it has no documents that somebody reads and no scanner is
    /// waited for.
    #[must_use]
    pub fn begin(&self, raw: Bytes, received_at: Timestamp) -> Begun {
        let letter = self.read(&raw);
        let opened = Opened { letter, raw, received_at, clean: false, blamed: 0 };
        if self.documents_for(&opened.letter).is_some() {
            return Begun::Opened(Box::new(opened));
        }
        match self.go_on(opened, Look::Whole) {
            Ok(entry) => Begun::Decided(Box::new(entry)),
            Err(NotYet::Slow(opened) | NotYet::Unscanned(opened)) => Begun::Opened(opened),
        }
    }

    /// Reads the documents of a letter and decides.
    ///
    /// # Errors
    /// A glance was not enough, or the scanner is away: here is the letter again.
    pub fn go_on(&self, mut opened: Opened, look: Look) -> Result<Entry, NotYet> {
        let scanned = match &self.scanner {
            Some(scanner) if !opened.clean => scanner.check(&opened.letter, &opened.raw),
            _ => Scanned::Clean,
        };
        if let Scanned::Later { blamed, .. } = scanned {
            opened.blamed += u32::from(blamed);
            if opened.blamed < BLAMED {
                return Err(NotYet::Unscanned(Box::new(opened)));
            }
        }
        if let Some(doubt) = scanned.doubt() {
            let decision = self.hold(&opened.letter, doubt);
            return Ok(self.sealed(opened.letter, opened.raw, opened.received_at, decision));
        }
        opened.clean = true;
        if !self.attach(&mut opened.letter, look) {
            return Err(NotYet::Slow(Box::new(opened)));
        }
        let decision = self.judged(&opened.letter, &opened.raw);
        Ok(self.sealed(opened.letter, opened.raw, opened.received_at, decision))
    }

    /// Ends what is being read of documents, for good. See [`Documents::leave_off`].
    pub fn leave_off(&self) {
        if let Some(documents) = &self.documents {
            documents.leave_off();
        }
    }

    /// As [`Steps::entry`], but a panic inside becomes an error that names no content.
    ///
    /// # Errors
    /// That the steps panicked. Reading and deciding never should; if one letter makes them, the
    /// others must not suffer.
    pub fn entry_caught(&self, raw: Bytes, received_at: Timestamp) -> Result<Entry, String> {
        caught(|| self.entry(raw, received_at))
    }
}

/// Runs steps; a panic inside becomes an error that names no content.
pub(crate) fn caught<T>(steps: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(steps))
        .map_err(|_| "reading or deciding this letter failed inside Postbud (a panic)".to_owned())
}
