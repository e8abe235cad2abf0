//! What the application needs from the outside world.

mod checks;
mod classifier;
mod desk;
mod documents;
mod labels;
mod measures;
mod model_state;
mod models;
mod outlet;
mod owner;
mod people;
mod queue;
mod restrictions;
mod retrains;
mod role;
mod scanner;
mod shadow;
mod store;
mod target;
mod trial;

pub use checks::{
    Along, BlindAnswer, CheckedMailbox, Checks, Delivered, Delivery, SentBack, SentOut,
};
pub use classifier::Classifier;
pub use desk::{
    Access, Desk, DeskError, Figures, NOTE_CHARS, Note, Session, Switch, SwitchState, Switches,
    User, WAITS_FOR, Waiting, WaitingCount, WaitingFilter, WaitingKey,
};
pub use documents::Documents;
pub use labels::{
    ImportOutcome, Imported, LabelError, LabelFilter, LabelRow, LabelSource, Labels, NewLabel,
    PERSON_CHARS, WHY_CHARS, Withdrawal, is_person,
};
pub use measures::{BlindSample, Guess, Measured, Measures, OutboxFigures, WaitingGroup};
pub use model_state::{ModelState, RefusedModel, ServingModel};
pub use models::{
    ImportDone, ImportState, ModelChange, ModelList, ModelRole, ModelVersion, Models, ModelsError,
    Plot, RetrainState, Said,
};
pub use outlet::{Envelope, Outlet};
pub use owner::{
    Identity, Integration, LabelCount, LookCount, LookSample, Owner, PastDecision, Stood,
    WaitingTimes,
};
pub use people::{Erasure, HandedOut, HeldBackup, People, PeopleError};
pub use queue::{
    Body, DeadJudge, DeadLetter, Depth, Message, Queue, QueueError, Received, Settlement, Token,
};
pub use restrictions::Restrictions;
pub use retrains::{RetrainOutcome, RetrainRow, Retrains};
pub use role::Role;
pub use scanner::{Scanned, Scanner};
pub use shadow::{Shadow, ShadowCounts, ShadowDifference, ShadowLabelled, ShadowRun, Shadows};
pub use store::{
    Assignment, Entry, Event, Filter, LetterDetail, LetterRow, OutboxItem, OutboxOutcome, RawId,
    RawWriter, Recorded, State, Store, StoreError, Tally,
};
pub use target::{DeliveryError, Outgoing, Target};
pub use trial::{Look, Trial, Verdict};

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// A moment: milliseconds since 1970 in UTC. Functions take it as a parameter; only the binary
/// and the workers' loops ask the clock.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// What the machine's clock says.
    #[must_use]
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// This moment and `ms` milliseconds.
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}
