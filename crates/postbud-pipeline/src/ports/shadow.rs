//! What a challenger says beside the model that decides.

use async_trait::async_trait;
use postbud_decide::{MailboxId, ModelId};
use serde::{Deserialize, Serialize};

use super::{StoreError, Timestamp};

/// What the challenger would have done with a letter. It is stored with the letter and changes
/// nothing about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shadow {
    /// The challenger.
    pub model: ModelId,
    /// The mailbox it would name first.
    pub mailbox: MailboxId,
    /// That mailbox's probability, 0 to 1.
    pub probability: f64,
    /// Had it been the champion, would it have sent the letter there without a person? Decided by
    /// the same steps, rules and settings as the decision itself.
    pub routed: bool,
}

/// A challenger beside a champion: how long and over how many letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShadowRun {
    /// The challenger.
    pub challenger: ModelId,
    /// The champion that decided; `None` for the letters about which it was not asked, since a
    /// rule or a reply decided.
    pub champion: Option<ModelId>,
    /// Letters.
    pub letters: u64,
    /// The first of them.
    pub first: Timestamp,
    /// The last of them.
    pub last: Timestamp,
}

/// What a champion did and its challenger would have done with the same letters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShadowCounts {
    /// Letters about which both were asked.
    pub letters: u64,
    /// Both name the same mailbox first.
    pub agree: u64,
    /// The champion sent it on without a person.
    pub champion_routed: u64,
    /// The challenger would have.
    pub challenger_routed: u64,
    /// Both did, or would have …
    pub both_routed: u64,
    /// … but to different mailboxes.
    pub both_routed_apart: u64,
    /// People have said where they belong. These are mostly letters that the champion was not
    /// sure of, so their figures are below those of all letters, for both models.
    pub labelled: ShadowLabelled,
    /// Where they differ most, the most frequent first, at most [`ShadowCounts::DIFFERENCES`].
    pub differences: Vec<ShadowDifference>,
}

impl ShadowCounts {
    /// The most pairs of mailboxes that are listed.
    pub const DIFFERENCES: u32 = 20;
}

/// Letters of a shadow run that people have labelled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShadowLabelled {
    /// Both name the mailbox that people chose.
    pub both: u64,
    /// Only the champion does.
    pub only_champion: u64,
    /// Only the challenger does.
    pub only_challenger: u64,
    /// Neither does.
    pub neither: u64,
    /// Labelled letters that the champion sent on by itself …
    pub champion_routed: u64,
    /// … to another mailbox than the one that people chose.
    pub champion_routed_wrong: u64,
    /// Labelled letters that the challenger would have sent on by itself …
    pub challenger_routed: u64,
    /// … to another mailbox than the one that people chose.
    pub challenger_routed_wrong: u64,
}

/// Letters that the champion puts in one mailbox and the challenger in another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShadowDifference {
    /// The champion's mailbox.
    pub champion: MailboxId,
    /// The challenger's.
    pub challenger: MailboxId,
    /// How many letters.
    pub letters: u64,
    /// For how many of them people chose the champion's.
    pub champion_right: u64,
    /// For how many of them people chose the challenger's.
    pub challenger_right: u64,
}

/// What challengers said, read back. Written with the letters, by `Store::record`.
#[async_trait]
pub trait Shadows: Send + Sync {
    /// Which challengers scored letters beside which champions, the latest first, at most `limit`.
    async fn shadow_runs(&self, limit: u32) -> Result<Vec<ShadowRun>, StoreError>;

    /// Champion and challenger on the same letters, and against what people said of them.
    async fn shadow_counts(
        &self,
        champion: &ModelId,
        challenger: &ModelId,
    ) -> Result<ShadowCounts, StoreError>;
}
