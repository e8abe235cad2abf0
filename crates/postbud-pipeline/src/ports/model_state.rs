//! Which model decides, since when, and which one was refused: for metrics, readiness and people.

use postbud_decide::ModelId;
use serde::{Deserialize, Serialize};

use super::Timestamp;

/// The models of a running router at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelState {
    /// The model that decides; `None` while there is none and people decide.
    pub champion: Option<ServingModel>,
    /// The model that scores every letter beside it and never acts.
    pub challenger: Option<ServingModel>,
    /// A model that should decide and was refused: the champion above, if any, goes on deciding.
    /// `None` as soon as the model that should decide does.
    pub refused: Option<RefusedModel>,
    /// The same for the challenger; while it is refused there is none.
    pub challenger_refused: Option<RefusedModel>,
}

/// A model at work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServingModel {
    /// Name, version and checksum, as every decision names it.
    pub model: ModelId,
    /// Since when.
    pub since: Timestamp,
    /// How many mailboxes it may route to by itself, under the configured promise.
    pub automatic_mailboxes: usize,
    /// Its labels that are no configured mailbox: letters for these wait for a person.
    pub unknown_labels: Vec<String>,
}

/// A model that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedModel {
    /// Name and version, `klitkobing/2`; the path where not even that is known.
    pub name: String,
    /// Why, and what to do.
    pub why: String,
    /// Since when.
    pub since: Timestamp,
}
