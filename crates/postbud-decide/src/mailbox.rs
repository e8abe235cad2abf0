//! Function mailboxes: where letters can go, and how careful to be with each.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Claims, KleFacet, KlePattern, KleSubject};

/// The short name of a mailbox: the label in training data, the folder name in a Maildir tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MailboxId(String);

/// The text is no mailbox id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a mailbox id has 1 to 64 letters (also æøå), digits, '-', '_' and spaces inside")]
pub struct MailboxIdError;

impl MailboxId {
    /// Checks the form of an id: 1 to 64 characters, letters, digits, `-`, `_`, and single
    /// spaces inside; so it is always a safe folder name and header value.
    ///
    /// # Errors
    /// [`MailboxIdError`] when it does not fit.
    pub fn parse(text: &str) -> Result<Self, MailboxIdError> {
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ');
        if (1..=64).contains(&text.chars().count())
            && text.chars().all(fits)
            && text.trim() == text
            && !text.contains("  ")
        {
            Ok(Self(text.to_owned()))
        } else {
            Err(MailboxIdError)
        }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for MailboxId {
    type Error = MailboxIdError;
    fn try_from(text: String) -> Result<Self, MailboxIdError> {
        Self::parse(&text)
    }
}

impl From<MailboxId> for String {
    fn from(id: MailboxId) -> Self {
        id.0
    }
}

impl fmt::Display for MailboxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How careful to be with a mailbox's letters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// The model may route to it, once it is switched on.
    #[default]
    Ordinary,
    /// A letter for it must not be overlooked: any doubt goes to a person, first in line.
    MustNotMiss,
    /// Only a rule or a person may send letters to it.
    NeverAutomatic,
}

/// How letters reach a mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Target {
    /// A Maildir folder.
    Maildir {
        /// The folder that holds `tmp`, `new` and `cur`.
        path: String,
    },
    /// A mail address, reached through the configured SMTP server.
    Smtp {
        /// The address of the function mailbox.
        address: String,
    },
    /// A specialist system that takes letters over HTTPS.
    Webhook {
        /// Where it takes them.
        url: String,
    },
    /// A queue that a specialist system reads from, on the configured broker.
    Queue {
        /// Its name.
        name: String,
    },
    /// Whoever takes a KLE subject behind the common distribution component (SF2900,
    /// *Fordelingskomponenten*).
    Sf2900 {
        /// The subject of letters that name none of the mailbox's own.
        subject: KleSubject,
        /// The action facet, where the receivers tell them apart.
        facet: Option<KleFacet>,
    },
}

/// One function mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    /// Its short name.
    pub id: MailboxId,
    /// Its name as people know it.
    pub name: String,
    /// What belongs there.
    pub description: String,
    /// KLE subjects that belong there; `27.*` stands for all of 27.
    pub kle: Vec<KlePattern>,
    /// How careful to be.
    pub tier: Tier,
    /// May the model route to it by itself? Off until someone switches it on.
    pub automatic: bool,
    /// Where its letters go. `None`: there is no such place, a person deals with each
    /// (letters that belong in no mailbox).
    pub target: Option<Target>,
    /// Which replies come back to it.
    #[serde(default)]
    pub claims: Claims,
}

impl Mailbox {
    /// An ordinary mailbox without a target, not switched on; change what should differ.
    #[must_use]
    pub fn new(id: MailboxId, name: &str) -> Self {
        Self {
            id,
            name: name.to_owned(),
            description: String::new(),
            kle: Vec::new(),
            tier: Tier::Ordinary,
            automatic: false,
            target: None,
            claims: Claims::default(),
        }
    }
}
