//! A decision, and the reason that is stored with it and never recomputed.

use postbud_letter::LetterId;
use serde::{Deserialize, Serialize};

use crate::{
    AccessRequest, Contribution, DocumentNote, KlePattern, KleSubject, MailboxId, ModelId, TextNote,
};

/// Where a letter goes next, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// `d-` and 32 hexadecimal digits: a hash over everything below, so that the same decision
    /// has the same id.
    pub id: String,
    /// The letter it is about.
    pub letter: LetterId,
    /// Where the letter goes.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// The mailboxes the model would name, most probable first, at most five. Empty when the
    /// model was not asked or had nothing to say.
    pub suggestions: Vec<Suggestion>,
    /// What was read of the letter's documents, in their order; at most
    /// [`DOCUMENTS_MAX`](crate::DOCUMENTS_MAX), those with something wrong first. Empty when it
    /// has none, or when nobody reads documents here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<DocumentNote>,
    /// How the text looked to the model, when it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<TextNote>,
    /// That the letter asks for access to documents, when it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<AccessRequest>,
    /// It waits for a person, and a mailbox that must not miss a letter may be meant: by the model, a
    /// rule, a claim or the subject that it names.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub urgent: bool,
}

/// Where a letter goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Outcome {
    /// To a mailbox, without a person.
    Route {
        /// The mailbox.
        mailbox: MailboxId,
    },
    /// To a person.
    Review,
}

/// Why a decision came out as it did. Which of the four steps spoke, and with what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
pub enum Reason {
    /// Step 1: a rule of the municipality matched.
    Rule {
        /// The rule's name in the configuration.
        rule: String,
        /// The conditions that matched, by name, never with the letter's text.
        matched: Vec<String>,
    },
    /// Step 2: the letter answers one that a mailbox sent.
    Reply {
        /// What matched: `case-id`, `generating-system` or `contact-point`.
        matched: String,
    },
    /// Step 2: the letter names its KLE subject, and the mailbox takes it.
    Kle {
        /// The subject that the letter names.
        subject: KleSubject,
        /// The mailbox's pattern: the most specific one that takes the subject.
        pattern: KlePattern,
    },
    /// Step 3: the model was certain enough.
    Model {
        /// Which model.
        model: ModelId,
        /// The probability of the mailbox.
        probability: f64,
        /// The certified threshold it had to reach.
        threshold: f64,
        /// The words that spoke most for and against.
        words: Vec<Contribution>,
    },
    /// Step 4: nobody was certain; a person decides.
    Person {
        /// Everything that stood in the way, in fixed order.
        doubts: Vec<Doubt>,
        /// Which model was asked, if one was.
        model: Option<ModelId>,
        /// The words that spoke most for and against the first suggestion.
        words: Vec<Contribution>,
    },
    /// A person has decided.
    Assigned {
        /// Who.
        by: String,
    },
}

/// What stood in the way of routing a letter automatically.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "doubt")]
pub enum Doubt {
    /// The malware scanner knows something in the letter. It is quarantined.
    Infected {
        /// What the scanner calls it.
        signature: String,
    },
    /// The malware scanner did not see all of the letter. Its documents stay closed.
    Unchecked {
        /// Why not.
        why: NotChecked,
    },
    /// A rule asks for a person.
    Rule {
        /// The rule's name.
        rule: String,
    },
    /// A rule names a mailbox, but the letter cannot go there by itself; the doubts that follow
    /// say why.
    RuleHeld {
        /// The rule's name.
        rule: String,
        /// The mailbox that it names.
        mailbox: MailboxId,
    },
    /// A mailbox claims the letter as a reply, but it cannot go there by itself; the doubts that
    /// follow say why.
    ReplyHeld {
        /// What matched: `case-id`, `generating-system` or `contact-point`.
        matched: String,
        /// The mailbox that claims it.
        mailbox: MailboxId,
    },
    /// A mailbox takes the letter's KLE subject, but the letter cannot go there by itself; the
    /// doubts that follow say why.
    KleHeld {
        /// The subject that the letter names.
        subject: KleSubject,
        /// The mailbox's pattern.
        pattern: KlePattern,
        /// The mailbox that takes it.
        mailbox: MailboxId,
    },
    /// The letter has defects that touch what was read.
    Defect,
    /// No text to classify.
    NoText,
    /// Next to no text to classify.
    NearlyEmpty,
    /// The text is unlike the training mail, and in another language.
    OtherLanguage {
        /// The language: a two-letter code, or `other`.
        language: String,
    },
    /// The text is unlike the training mail.
    UnlikeTraining {
        /// The share of it that the model knows, 0 to 1.
        known: f64,
        /// The least that counts as familiar.
        least: f64,
    },
    /// No model is loaded, or it knows none of the mailboxes.
    NoModel,
    /// The best mailbox is not one of the configured ones.
    UnknownMailbox {
        /// Its name in the model.
        mailbox: MailboxId,
    },
    /// The best mailbox is not probable enough.
    BelowThreshold {
        /// Its probability.
        probability: f64,
        /// What it had to reach.
        threshold: f64,
    },
    /// The best mailbox could not be certified.
    NotCertified,
    /// The best mailbox is not switched on.
    NotAutomatic,
    /// The best mailbox is never served automatically.
    NeverAutomatic,
    /// The letter might belong to a mailbox that must not miss one.
    MustNotMiss {
        /// That mailbox.
        mailbox: MailboxId,
        /// Its probability.
        probability: f64,
    },
    /// It belongs in none of the mailboxes, the model thinks.
    Nowhere,
    /// The target refused it.
    DeliveryFailed {
        /// What the target said, without any text of the letter.
        error: String,
    },
}

/// Why the malware scanner did not see all of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotChecked {
    /// It cannot be reached.
    Away,
    /// It did not answer in time.
    Late,
    /// The letter is larger than it takes.
    TooLarge,
    /// It answered something else than it should.
    BadAnswer,
}

/// A mailbox that the model would name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Suggestion {
    /// The mailbox.
    pub mailbox: MailboxId,
    /// Calibrated probability, 0 to 1.
    pub probability: f64,
}

impl Doubt {
    /// The words under which doubts are stored, by [`rank`](Self::rank).
    pub const WORDS: [&'static str; 20] = [
        "infected",
        "unchecked",
        "rule",
        "rule-held",
        "reply-held",
        "kle-held",
        "must-not-miss",
        "defect",
        "no-text",
        "nearly-empty",
        "other-language",
        "unlike-training",
        "no-model",
        "unknown-mailbox",
        "nowhere",
        "never-automatic",
        "not-automatic",
        "not-certified",
        "below-threshold",
        "delivery-failed",
    ];

    /// The mailbox that the letter may be for, by this doubt.
    #[must_use]
    pub fn mailbox(&self) -> Option<&MailboxId> {
        match self {
            Self::RuleHeld { mailbox, .. }
            | Self::ReplyHeld { mailbox, .. }
            | Self::KleHeld { mailbox, .. }
            | Self::UnknownMailbox { mailbox }
            | Self::MustNotMiss { mailbox, .. } => Some(mailbox),
            _ => None,
        }
    }

    /// The word under which this doubt is stored; nothing of what it says about the letter.
    #[must_use]
    pub fn word(&self) -> &'static str {
        Self::WORDS[usize::from(self.rank())]
    }

    /// The place of a doubt among others: the order in which they are stored and shown.
    #[must_use]
    pub fn rank(&self) -> u8 {
        match self {
            Self::Infected { .. } => 0,
            Self::Unchecked { .. } => 1,
            Self::Rule { .. } => 2,
            Self::RuleHeld { .. } => 3,
            Self::ReplyHeld { .. } => 4,
            Self::KleHeld { .. } => 5,
            Self::MustNotMiss { .. } => 6,
            Self::Defect => 7,
            Self::NoText => 8,
            Self::NearlyEmpty => 9,
            Self::OtherLanguage { .. } => 10,
            Self::UnlikeTraining { .. } => 11,
            Self::NoModel => 12,
            Self::UnknownMailbox { .. } => 13,
            Self::Nowhere => 14,
            Self::NeverAutomatic => 15,
            Self::NotAutomatic => 16,
            Self::NotCertified => 17,
            Self::BelowThreshold { .. } => 18,
            Self::DeliveryFailed { .. } => 19,
        }
    }
}
