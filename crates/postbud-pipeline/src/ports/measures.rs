//! The port to the figures that only the store knows: for metrics and alarms.

use async_trait::async_trait;
use postbud_decide::{MailboxId, ModelId, TextNote};

use super::{Figures, LabelSource, StoreError, Tally, Timestamp};

/// Letters that wait for a person under one first suggestion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingGroup {
    /// May they belong to a mailbox that must not miss one?
    pub urgent: bool,
    /// The first suggestion; `None` when there was none.
    pub mailbox: Option<MailboxId>,
    /// How many.
    pub letters: u64,
    /// When the oldest of them was received.
    pub oldest: Timestamp,
}

/// Letters on their way out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutboxFigures {
    /// All of them.
    pub pending: u64,
    /// Those of them that a target has refused for now at least once.
    pub retrying: u64,
    /// When the oldest of them was decided.
    pub oldest: Option<Timestamp>,
}

/// Letters that the model routed and a person was asked about without being told where to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BlindSample {
    /// How many.
    pub letters: u64,
    /// Those of them that belong in another mailbox.
    pub errors: u64,
}

/// What the store counts, all of it at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Measured {
    /// Letters by state.
    pub tally: Tally,
    /// Waiting letters.
    pub waiting: Vec<WaitingGroup>,
    /// Outgoing letters.
    pub outbox: OutboxFigures,
    /// What people decided, and what went without them.
    pub figures: Figures,
    /// Labels that hold, by source.
    pub labels: Vec<(LabelSource, u64)>,
    /// The blind sample since the moment that was asked for.
    pub blind: BlindSample,
    /// When the requests for access that wait for a person were received, oldest first.
    pub access_requests: Vec<Timestamp>,
}

/// A model's first guess about a letter.
#[derive(Debug, Clone, PartialEq)]
pub struct Guess {
    /// The mailbox.
    pub mailbox: MailboxId,
    /// Its probability, 0 to 1.
    pub probability: f64,
    /// How the text looked to the model, where the decision says so.
    pub text: Option<TextNote>,
}

/// The figures of a store.
#[async_trait]
pub trait Measures: Send + Sync {
    /// Asks for a sign of life and nothing else.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Counts. The blind sample is the one labelled from `blind_since` on.
    async fn measure(&self, blind_since: Timestamp) -> Result<Measured, StoreError>;

    /// The blind sample of the letters that `model` routed, labelled from `since` on.
    async fn blind(&self, model: &ModelId, since: Timestamp) -> Result<BlindSample, StoreError>;

    /// The first guesses of `model` about the newest letters it was asked about, at most `limit`,
    /// newest first.
    async fn guesses(&self, model: &ModelId, limit: u32) -> Result<Vec<Guess>, StoreError>;
}
