//! The port to the record of retraining: when a new model was made from what people said, what
//! came of it, and who is at it now.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{StoreError, Timestamp};

/// What came of a retraining.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RetrainOutcome {
    /// It is at it.
    Running,
    /// The last version was trained on the same letters: nothing was done.
    Unchanged,
    /// There is too little to learn from yet.
    TooFew,
    /// A version was made; another one keeps routing.
    Version,
    /// A version was made and routes from now on.
    Promoted,
    /// It ended with an error.
    Failed,
    /// It needed more memory than it was given.
    OutOfMemory,
    /// It took longer than it was given.
    OutOfTime,
}

impl RetrainOutcome {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Running,
        Self::Unchanged,
        Self::TooFew,
        Self::Version,
        Self::Promoted,
        Self::Failed,
        Self::OutOfMemory,
        Self::OutOfTime,
    ];

    /// The word used in the database and in lists.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Unchanged => "unchanged",
            Self::TooFew => "too-few",
            Self::Version => "version",
            Self::Promoted => "promoted",
            Self::Failed => "failed",
            Self::OutOfMemory => "out-of-memory",
            Self::OutOfTime => "out-of-time",
        }
    }

    /// The outcome of this name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// One retraining.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RetrainRow {
    /// Its name.
    pub id: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What came of it.
    pub outcome: RetrainOutcome,
    /// Who asked for it: `schedule`, or a person's name.
    pub by: String,
    /// The version that was made: `klitkobing/7`.
    pub version: Option<String>,
    /// Its figures: the comparison with the model in use, as `retrain.json` has it.
    pub figures: Option<serde_json::Value>,
    /// What went wrong and what to do, without any text of a letter.
    pub detail: String,
}

/// The record of retraining.
#[async_trait]
pub trait Retrains: Send + Sync {
    /// Takes the right to retrain until `until`, for the holder of this name. `None` when it is
    /// theirs now; otherwise who has it. A lease of the same holder is prolonged.
    async fn take_retrain_lease(
        &self,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<String>, StoreError>;

    /// Gives the right back, if this holder has it.
    async fn release_retrain_lease(&self, holder: &str) -> Result<(), StoreError>;

    /// Writes down that a retraining begins. Rows that still say `running` are of processes that
    /// died without a word, since the caller has the lease: they become `failed`.
    async fn retrain_begins(&self, id: &str, by: &str, now: Timestamp) -> Result<(), StoreError>;

    /// Writes down what came of it. A row that is not there is written; one that has ended is
    /// left alone: the process itself knows more than the one that watches it.
    async fn retrain_ends(&self, row: &RetrainRow) -> Result<(), StoreError>;

    /// The latest, newest first.
    async fn retrains(&self, limit: u32) -> Result<Vec<RetrainRow>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_a_word_of_its_own() {
        for outcome in RetrainOutcome::ALL {
            assert_eq!(RetrainOutcome::parse(outcome.as_str()), Some(outcome));
            let json = serde_json::to_string(&outcome).unwrap();
            assert_eq!(json, format!("\"{}\"", outcome.as_str()));
        }
    }
}
