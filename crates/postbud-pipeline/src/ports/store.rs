//! The port to the store: letters, decisions, labels and the outbox.

use async_trait::async_trait;
use bytes::Bytes;
use postbud_decide::{Decision, Doubt, MailboxId};
use postbud_letter::{Channel, LetterId};
use serde::{Deserialize, Serialize};

use super::{Body, Shadow, Timestamp};

/// Names the raw bytes of a letter in the store: their SHA-256 in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RawId(pub String);

/// The state of a letter. Every letter is in exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Decided, on its way to a mailbox: in flight.
    Routed,
    /// Its mailbox has it.
    Delivered,
    /// Waits for a person.
    Review,
    /// Set aside: the same id came with other bytes.
    Quarantined,
}

impl State {
    /// The word used in the database, in filters and in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Routed => "routed",
            Self::Delivered => "delivered",
            Self::Review => "review",
            Self::Quarantined => "quarantined",
        }
    }

    /// The state of this name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Routed, Self::Delivered, Self::Review, Self::Quarantined]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// A letter with its decision, to be recorded.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The letter's id.
    pub letter: LetterId,
    /// How it came.
    pub channel: Channel,
    /// The subject, for lists; at most 256 characters.
    pub subject: String,
    /// When the queue handed it over.
    pub received_at: Timestamp,
    /// The raw bytes.
    pub raw: Bytes,
    /// Their name.
    pub raw_id: RawId,
    /// What was decided, and why.
    pub decision: Decision,
    /// What the challenger would have done, if there is one.
    pub shadow: Option<Shadow>,
}

/// What recording an [`Entry`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recorded {
    /// The letter is new and now durable.
    New,
    /// The same letter was there already; nothing was written.
    Known,
    /// Another letter with this id was there: this one is quarantined under an id of its own
    /// (`<id>~<first 8 digits of its raw id>`).
    Clash,
}

/// Which letters to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only in this state.
    pub state: Option<State>,
    /// Only for this mailbox: routed or delivered to it, or suggested first while in review.
    pub mailbox: Option<MailboxId>,
    /// Only those received from here on.
    pub from: Option<Timestamp>,
    /// Only those received before.
    pub until: Option<Timestamp>,
    /// Newest first, not oldest first.
    pub newest_first: bool,
    /// At most so many.
    pub limit: u32,
    /// Leave out so many of the first.
    pub offset: u32,
}

/// A letter in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LetterRow {
    /// Its id.
    pub letter: LetterId,
    /// Its state.
    pub state: State,
    /// How it came.
    pub channel: Channel,
    /// Its subject.
    pub subject: String,
    /// When it was received.
    pub received_at: Timestamp,
    /// Where it went or is going; in review, the first suggestion.
    pub mailbox: Option<MailboxId>,
    /// The probability of the first suggestion.
    pub probability: Option<f64>,
    /// When it must be answered, for a request for access to documents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
}

/// Something that happened to a letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What: `received`, `decided`, `assigned`, `delivered`, `delivery-failed`, `quarantined`.
    pub what: String,
    /// By whom: `postbud` or a person's name.
    pub by: String,
    /// More, without any text of the letter: a mailbox, an error.
    pub detail: String,
}

/// Everything the store has of one letter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LetterDetail {
    /// The letter.
    pub row: LetterRow,
    /// Its raw bytes' name.
    pub raw_id: RawId,
    /// Its decisions, oldest first; the last one is in force.
    pub decisions: Vec<Decision>,
    /// What happened, oldest first.
    pub events: Vec<Event>,
}

/// A person's decision about a letter.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The letter.
    pub letter: LetterId,
    /// Where it belongs.
    pub mailbox: MailboxId,
    /// The decision to record.
    pub decision: Decision,
    /// Who decided.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Send it on? `false` for a mailbox without a target: the letter then counts as delivered.
    pub send: bool,
}

/// A letter to be sent to its mailbox.
#[derive(Debug, Clone)]
pub struct OutboxItem {
    /// The row; also the idempotency key that targets see: same item, same key, for ever.
    pub key: String,
    /// The letter.
    pub letter: LetterId,
    /// Its raw bytes, or their name where they are more than a mebibyte: these are read when the letter's
    /// turn has come.
    pub raw: Body,
    /// How many bytes these are.
    pub size: u64,
    /// The decision that sends it.
    pub decision: Decision,
    /// Where to.
    pub mailbox: MailboxId,
    /// How many attempts have failed.
    pub attempts: u32,
}

/// What became of an outbox item.
#[derive(Debug, Clone)]
pub enum OutboxOutcome {
    /// The mailbox has it.
    Delivered,
    /// Not now; try again at this moment.
    Again {
        /// When.
        at: Timestamp,
        /// What went wrong, without any text of the letter.
        error: String,
    },
    /// Not tried (shutting down): due again at once, no attempt spent.
    Release,
    /// Given up: the letter goes to a person.
    GivenUp {
        /// The doubt to add to what the person sees.
        doubt: Doubt,
    },
}

/// How many letters are where. `received` is always the sum of the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// All letters.
    pub received: u64,
    /// In flight.
    pub routed: u64,
    /// In their mailbox.
    pub delivered: u64,
    /// With a person.
    pub review: u64,
    /// Set aside.
    pub quarantined: u64,
}

/// What can go wrong between the application and its store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, is full, or did not answer in time: nothing was written,
    /// trying again later may help.
    #[error("the store at {place} cannot be used: {what}")]
    Unavailable {
        /// The address without its password.
        place: String,
        /// What was being done.
        what: String,
        /// What the library said.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The store does not know this letter.
    #[error("there is no letter {0}; `postbud letters` lists them")]
    UnknownLetter(String),
    /// The letter is not in a state in which that can be done.
    #[error("letter {letter} is {}, not waiting for a person", .state.as_str())]
    WrongState {
        /// The letter.
        letter: LetterId,
        /// Its state.
        state: State,
    },
    /// The database holds something this version cannot read.
    #[error("the store at {place} holds data this version cannot read: {what}")]
    Incompatible {
        /// The address without its password.
        place: String,
        /// What.
        what: String,
    },
    /// One entry cannot be stored, for a reason of its own; others can.
    #[error("the letter cannot be stored: {what}")]
    BadEntry {
        /// Why, without any text of the letter.
        what: String,
    },
}

/// Takes raw bytes piece by piece, for letters that are too large to be held. Dropped before
/// [`finish`](Self::finish), nothing of them stays.
#[async_trait]
pub trait RawWriter: Send {
    /// Takes the next bytes. After an error the letter must be begun again.
    async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError>;

    /// That was all: from here on the bytes are in the store under their name, and durable.
    async fn finish(self: Box<Self>) -> Result<RawId, StoreError>;
}

/// Where letters, decisions, labels and outgoing letters are kept.
#[async_trait]
pub trait Store: Send + Sync {
    /// Keeps raw bytes ahead of their letter (adapters with large messages). Idempotent.
    async fn put_raw(&self, raw: Bytes, now: Timestamp) -> Result<RawId, StoreError>;

    /// Begins to keep raw bytes of a size that is not known yet, as
    /// [`put_raw`](Store::put_raw) keeps those that are there as a whole.
    fn begin_raw(&self, now: Timestamp) -> Box<dyn RawWriter>;

    /// The raw bytes of this name.
    async fn raw(&self, id: &RawId) -> Result<Option<Bytes>, StoreError>;

    /// How many raw bytes there are of this name.
    async fn raw_size(&self, id: &RawId) -> Result<Option<u64>, StoreError>;

    /// Records letters with their decisions and outbox rows in ONE transaction: all or none.
    /// A letter whose decision routes it gets an outbox row; the others wait for a person.
    /// Returns one answer per entry, in order. The same letter twice in a batch: the second is
    /// judged as if it came later.
    async fn record(&self, batch: &[Entry]) -> Result<Vec<Recorded>, StoreError>;

    /// Letters, oldest first.
    async fn letters(&self, filter: &Filter) -> Result<Vec<LetterRow>, StoreError>;

    /// One letter.
    async fn letter(&self, id: &LetterId) -> Result<Option<LetterDetail>, StoreError>;

    /// A person decides about a letter in review (or quarantined): label, decision, outbox row and
    /// event in one transaction.
    async fn assign(&self, assignment: &Assignment) -> Result<(), StoreError>;

    /// Takes outgoing letters that are due and leases them until `now + lease_ms`, so that no
    /// other worker sends them meanwhile. An expired lease is due again. At most `max` items, and
    /// raw bytes of at most `max_bytes` together, unless the first alone is larger.
    async fn claim_outbox(
        &self,
        max: u32,
        max_bytes: u64,
        now: Timestamp,
        lease_ms: i64,
    ) -> Result<Vec<OutboxItem>, StoreError>;

    /// As [`claim_outbox`](Store::claim_outbox), but leaves the letters of these mailboxes where
    /// they are: their targets have enough to do, and others must not wait behind them.
    async fn claim_outbox_except(
        &self,
        except: &[MailboxId],
        max: u32,
        max_bytes: u64,
        now: Timestamp,
        lease_ms: i64,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        let _ = except;
        self.claim_outbox(max, max_bytes, now, lease_ms).await
    }

    /// Reserves the next moment at which a letter may go to `mailbox`, at or after `now`; moments
    /// lie `interval_ms` apart, over all workers that share the store.
    async fn reserve(
        &self,
        mailbox: &MailboxId,
        interval_ms: i64,
        now: Timestamp,
    ) -> Result<Timestamp, StoreError> {
        let _ = (mailbox, interval_ms);
        Ok(now)
    }

    /// Prolongs the leases of outgoing letters that this store claimed, until `until`. Returns the
    /// keys that it still holds; the others are settled, or somebody else's by now.
    async fn prolong_outbox(
        &self,
        keys: &[String],
        until: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        let _ = until;
        Ok(keys.to_vec())
    }

    /// Records what became of outgoing letters, in one transaction. A delivery counts whoever tells
    /// of it; anything else only from the one who holds the letter.
    async fn settle_outbox(
        &self,
        outcomes: &[(String, OutboxOutcome)],
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// How many letters are where, from one consistent read.
    async fn tally(&self) -> Result<Tally, StoreError>;
}
