//! The port to what a system owner asks of the store: what was decided and what people said of it,
//! who labelled what, and who else than people may come in.

use async_trait::async_trait;
use postbud_decide::{Decision, Doubt, MailboxId, Outcome, Reason};
use serde::{Deserialize, Serialize};

use super::{
    Access, DeskError, LabelFilter, LabelRow, LabelSource, LetterRow, Role, Session, Timestamp,
};

/// What a threshold had to do with a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stood {
    /// A rule, a reply or its KLE subject routed it: no threshold was asked.
    Rule,
    /// The model routed it: its probability reached the threshold.
    Routed,
    /// A person was asked for no other reason than its probability.
    Unsure,
    /// A person was asked, and no threshold would have changed that.
    Held,
}

/// A letter's first decision, and what people said of the letter since.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PastDecision {
    /// What a threshold had to do with it.
    pub stood: Stood,
    /// The mailbox that it went to; of one that a person was asked about, the first suggestion.
    pub mailbox: Option<MailboxId>,
    /// The probability of that mailbox, 0 to 1; 0 where no model was asked.
    pub probability: f64,
    /// Where people say it belongs: the label that holds.
    pub truth: Option<MailboxId>,
    /// Was it drawn at random for a second look, and looked at?
    pub drawn: bool,
}

impl PastDecision {
    /// What counts of a letter's first decision; `None` when a person made it.
    #[must_use]
    pub fn of(decision: &Decision, truth: Option<MailboxId>, drawn: bool) -> Option<Self> {
        let first = decision.suggestions.first();
        let stood = match &decision.reason {
            Reason::Assigned { .. } => return None,
            Reason::Rule { .. } | Reason::Reply { .. } | Reason::Kle { .. } => Stood::Rule,
            Reason::Model { .. } => Stood::Routed,
            Reason::Person { doubts, .. } => {
                let about_threshold = |doubt: &Doubt| {
                    matches!(doubt, Doubt::BelowThreshold { .. } | Doubt::NotCertified)
                };
                let only = !doubts.is_empty() && doubts.iter().all(about_threshold);
                if only && first.is_some() { Stood::Unsure } else { Stood::Held }
            }
        };
        let (mailbox, probability) = match (&decision.outcome, &decision.reason) {
            (Outcome::Route { mailbox }, Reason::Model { probability, .. }) => {
                (Some(mailbox.clone()), *probability)
            }
            (Outcome::Route { mailbox }, _) => (Some(mailbox.clone()), 0.0),
            (Outcome::Review, _) => {
                (first.map(|s| s.mailbox.clone()), first.map_or(0.0, |s| s.probability))
            }
        };
        Some(Self { stood, mailbox, probability, truth, drawn })
    }
}

/// How many labels of one source a person has given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelCount {
    /// Who.
    pub by: String,
    /// How they came to say so.
    pub source: LabelSource,
    /// How many, withdrawn ones too.
    pub labels: u64,
    /// Of those, withdrawn.
    pub withdrawn: u64,
    /// Of those, on letters about which somebody else says otherwise.
    pub disputed: u64,
    /// When the last one was given.
    pub last: Timestamp,
}

/// How often a person or program looked at letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookCount {
    /// Who.
    pub by: String,
    /// How many times.
    pub looks: u64,
    /// How many different letters.
    pub letters: u64,
}

/// Who looked at letters in some time, and some of the looks to ask about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookSample {
    /// Everybody who looked, the most looks first.
    pub people: Vec<LookCount>,
    /// Looks picked at random, oldest first. The same ones whenever they are asked for: those whose
    /// hashes in the chain of the log are the smallest, which nobody chooses.
    pub looks: Vec<Access>,
}

/// How long letters waited until a person decided about them, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WaitingTimes {
    /// How many letters.
    pub letters: u64,
    /// Half of them waited no longer.
    pub median_ms: i64,
    /// Nine of ten waited no longer.
    pub ninety_ms: i64,
    /// The longest.
    pub longest_ms: i64,
}

impl WaitingTimes {
    /// The times of these letters, by nearest rank.
    #[must_use]
    pub fn of(mut waited: Vec<i64>) -> Self {
        waited.sort_unstable();
        let rank = |part: usize| waited.get((waited.len() * part).div_ceil(10).saturating_sub(1));
        let at = |part: usize| rank(part).copied().unwrap_or_default();
        Self {
            letters: waited.len() as u64,
            median_ms: at(5),
            ninety_ms: at(9),
            longest_ms: at(10),
        }
    }
}

/// A program that may use the interface for programs. Its token is known by a hash alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integration {
    /// Its name, which stands beside the names of the people on whose behalf it acts.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when its token holds.
    pub until: Timestamp,
    /// Switched off?
    pub disabled: bool,
}

/// Somebody who signs in elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who says so: the issuer's address.
    pub issuer: String,
    /// Whom the issuer means, for ever.
    pub subject: String,
    /// What they are called here when they come for the first time.
    pub name: String,
    /// What they may do, as the issuer says now.
    pub role: Role,
    /// The password of the account that is made for them: one that nobody has.
    pub password: String,
}

/// What a system owner asks of the store.
#[async_trait]
pub trait Owner: Send + Sync {
    /// First decisions about letters received from `from` on and before `until`, the latest first,
    /// at most `limit`.
    async fn past_decisions(
        &self,
        from: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<PastDecision>, DeskError>;

    /// Who has labelled how much, by name.
    async fn label_counts(&self) -> Result<Vec<LabelCount>, DeskError>;

    /// Labels, the latest first, withdrawn ones too; with `by`, of this person only.
    async fn latest_labels(
        &self,
        filter: &LabelFilter,
        by: Option<&str>,
    ) -> Result<Vec<LabelRow>, DeskError>;

    /// How long letters waited about which people decided from `since` on, the latest first, up to a
    /// number that the store chooses.
    async fn waiting_times(&self, since: Timestamp) -> Result<WaitingTimes, DeskError>;

    /// Who looked at letters from `from` on and before `until`, with at most `limit` of the looks.
    async fn look_sample(
        &self,
        from: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<LookSample, DeskError>;

    /// Letters that wait for a person with the decisions that put them there, those whose first
    /// suggestion is least probable first, at most `limit`.
    async fn unsure(&self, limit: u32) -> Result<Vec<(LetterRow, Decision)>, DeskError>;

    /// Lets a program in under this hash of its token. A program of that name gets the new token
    /// instead of its old one.
    ///
    /// # Errors
    /// [`DeskError::UserExists`] when a person has that name.
    async fn put_integration(&self, id: &str, program: &Integration) -> Result<(), DeskError>;

    /// The program whose token has this hash, if it may come in now.
    async fn integration(&self, id: &str, now: Timestamp) -> Result<Option<String>, DeskError>;

    /// All programs, by name.
    async fn integrations(&self) -> Result<Vec<Integration>, DeskError>;

    /// Switches a program off.
    ///
    /// # Errors
    /// [`DeskError::UnknownUser`].
    async fn disable_integration(&self, name: &str, now: Timestamp) -> Result<(), DeskError>;

    /// The account of somebody who signs in elsewhere, made when they come for the first time,
    /// with the role that they have now. `None` when the account is switched off.
    ///
    /// # Errors
    /// [`DeskError::UserExists`] when somebody else has that name here.
    async fn identified(
        &self,
        identity: &Identity,
        now: Timestamp,
    ) -> Result<Option<Session>, DeskError>;
}

#[cfg(test)]
mod tests {
    use postbud_decide::{ModelId, Suggestion, assigned};
    use postbud_letter::LetterId;

    use super::*;

    fn decision(reason: Reason, outcome: Outcome) -> Decision {
        let letter = LetterId::parse("a").unwrap();
        let affald = MailboxId::parse("affald").unwrap();
        let mut decision = assigned(
            &letter,
            &affald,
            "Anna",
            vec![Suggestion { mailbox: affald.clone(), probability: 0.8 }],
        );
        decision.reason = reason;
        decision.outcome = outcome;
        decision
    }

    fn held(doubts: Vec<Doubt>) -> Stood {
        let reason = Reason::Person { doubts, model: None, words: Vec::new() };
        PastDecision::of(&decision(reason, Outcome::Review), None, false).unwrap().stood
    }

    #[test]
    fn only_what_a_threshold_held_would_go_at_another() {
        let below = Doubt::BelowThreshold { probability: 0.8, threshold: 0.9 };
        assert_eq!(held(vec![below.clone()]), Stood::Unsure);
        assert_eq!(held(vec![Doubt::NotCertified]), Stood::Unsure);
        assert_eq!(held(vec![Doubt::Defect, below]), Stood::Held);
        assert_eq!(held(vec![Doubt::NotAutomatic]), Stood::Held);
        assert_eq!(held(Vec::new()), Stood::Held);
    }

    #[test]
    fn what_the_model_routed_has_its_own_probability() {
        let other = MailboxId::parse("vej-park").unwrap();
        let model = ModelId("k/1@ab".to_owned());
        let reason = Reason::Model { model, probability: 0.97, threshold: 0.9, words: Vec::new() };
        let past = decision(reason, Outcome::Route { mailbox: other.clone() });
        let past = PastDecision::of(&past, None, true).unwrap();
        assert_eq!(
            (past.stood, past.mailbox, past.probability),
            (Stood::Routed, Some(other), 0.97)
        );
        let person = Reason::Assigned { by: "Anna".to_owned() };
        let affald = MailboxId::parse("affald").unwrap();
        let past = decision(person, Outcome::Route { mailbox: affald });
        assert_eq!(PastDecision::of(&past, None, false), None);
    }

    #[test]
    fn waiting_times_are_those_of_letters_and_not_between_them() {
        let times = |waited: &[i64]| {
            let of = WaitingTimes::of(waited.to_vec());
            (of.letters, of.median_ms, of.ninety_ms, of.longest_ms)
        };
        assert_eq!(times(&[]), (0, 0, 0, 0));
        assert_eq!(times(&[7]), (1, 7, 7, 7));
        assert_eq!(times(&[3, 1, 2]), (3, 2, 3, 3));
        let hundred: Vec<i64> = (1..=100).rev().collect();
        assert_eq!(times(&hundred), (100, 50, 90, 100));
    }
}
