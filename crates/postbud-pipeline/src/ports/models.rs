//! The port to the models on disk, for a system owner at the desk: which versions there are, which
//! one decides, changing that, and making another one.

use std::fmt::Debug;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Timestamp;

/// What a version is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelRole {
    /// Decides about letters.
    Champion,
    /// Scores every letter and never acts.
    Challenger,
    /// Decided before; the one to roll back to.
    Previous,
}

/// A sentence for people, in both languages of the desk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// In Danish.
    pub danish: String,
    /// In English.
    pub english: String,
}

impl Said {
    /// This sentence.
    pub fn new(danish: impl Into<String>, english: impl Into<String>) -> Self {
        Self { danish: danish.into(), english: english.into() }
    }

    /// Is there anything to say?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.danish.is_empty() && self.english.is_empty()
    }
}

/// A version of the model, as far as its files tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelVersion {
    /// Its number.
    pub version: u32,
    /// Name and number: `klitkobing/7`.
    pub name: String,
    /// What it is there for now.
    pub role: Option<ModelRole>,
    /// When its file was written.
    pub trained_at: Option<Timestamp>,
    /// Letters it has learned from.
    pub letters: Option<u64>,
    /// Share whose first guess is right, 0 to 1.
    pub accuracy: Option<f64>,
    /// Share of letters it may route by itself on its own evidence, 0 to 1.
    pub coverage: Option<f64>,
    /// The promise that this was computed for: the share of errors among those, 0 to 1.
    pub target: Option<f64>,
    /// What is wrong with its files, and what speaks against letting it take over.
    pub faults: Vec<Said>,
}

/// A change of roles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelChange {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// Why; may be empty.
    pub why: String,
    /// What: `promote`, `rollback`, `challenge` or `end-challenge`.
    pub action: String,
    /// The version it was done with.
    pub version: u32,
    /// The version that had the role before.
    pub instead_of: Option<u32>,
}

/// The versions and how they came to their roles.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelList {
    /// What the model is called.
    pub name: String,
    /// The versions, the newest first.
    pub versions: Vec<ModelVersion>,
    /// Changes of the roles, the latest first.
    pub history: Vec<ModelChange>,
    /// Is it one model for ever, whose roles cannot change?
    pub pinned: bool,
    /// What is wrong with the whole, such as a champion that is gone.
    pub fault: Option<Said>,
}

/// How a retraining stands that this process has begun.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetrainState {
    /// Is it at it?
    pub running: bool,
    /// How far it has come: so many of so many steps; `None` while nobody can say.
    pub part: Option<(u64, u64)>,
    /// What the last one said that is not in the record, such as that another one was at it.
    pub said: Said,
}

/// How importing sorted mail stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportState {
    /// Is there a folder to import from?
    pub configured: bool,
    /// Is one at it now?
    pub running: bool,
    /// What came of the last one of this process.
    pub done: Option<ImportDone>,
}

/// What came of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportDone {
    /// Letters that are stored now with their labels.
    pub stored: u64,
    /// Letters that were there already.
    pub known: u64,
    /// Letters that were erased and stay away.
    pub erased: u64,
    /// Letters that could not be imported.
    pub failed: u64,
    /// Why not, for the first of them.
    pub faults: Vec<String>,
}

/// Why something about models was not done. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum ModelsError {
    /// Refused; why, and what to do.
    #[error("{}", .0.english)]
    Refused(Said),
}

/// A picture of how good a version is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plot {
    /// The share routed automatically against the error.
    RiskCoverage,
    /// Stated against true probabilities.
    Reliability,
    /// Which mailboxes are taken for which.
    Confusion,
}

/// The models of an installation.
#[async_trait]
pub trait Models: Debug + Send + Sync {
    /// The versions.
    async fn list(&self) -> Result<ModelList, ModelsError>;

    /// What is written about a version for people to read, as Markdown; `None` without it.
    async fn card(&self, version: u32) -> Result<Option<String>, ModelsError>;

    /// A picture of a version, as SVG; `None` without it.
    async fn plot(&self, version: u32, plot: Plot) -> Result<Option<String>, ModelsError>;

    /// Lets a version take over.
    async fn promote(&self, version: u32, by: &str, why: &str) -> Result<(), ModelsError>;

    /// Goes back to the champion before; returns the version that decides then. Refused when the
    /// champion is not `from` any more: somebody else was faster.
    async fn roll_back(&self, from: u32, by: &str, why: &str) -> Result<u32, ModelsError>;

    /// Lets a version score every letter beside the champion; `None` ends that.
    async fn challenge(&self, version: Option<u32>, by: &str, why: &str)
    -> Result<(), ModelsError>;

    /// Begins to make a new version from what people said, in a process of its own. What comes of
    /// it stands in the record of retraining.
    async fn retrain(&self, by: &str) -> Result<(), ModelsError>;

    /// How the retraining stands that this process has begun.
    async fn retrain_state(&self) -> RetrainState;

    /// Begins to import sorted mail from the configured folder, in a process of its own.
    async fn import(&self, by: &str) -> Result<(), ModelsError>;

    /// How importing stands.
    async fn import_state(&self) -> ImportState;
}
