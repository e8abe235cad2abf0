//! What a person should know about the letters before trusting what was learnt from them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Something a person should know or decide. Names letters by id only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Finding {
    /// The same words with different labels: nobody knows which is right, so none was used.
    Conflict {
        /// The letters and the labels they have, the first of them.
        letters: Vec<(String, String)>,
    },
    /// The same words with different labels, of which one was set later: that one was used.
    Settled {
        /// The letter that was used, and its label.
        kept: (String, String),
        /// Those that were not, the first of them.
        dropped: Vec<(String, String)>,
    },
    /// Nearly the same words with different labels: both were used.
    Alike {
        /// The letters and the labels they have, the first of them.
        letters: Vec<(String, String)>,
    },
    /// A mailbox with fewer than [`super::ENOUGH_LETTERS`] letters.
    TooFew {
        /// The mailbox.
        label: String,
        /// How many it has.
        letters: usize,
        /// How many more it takes.
        more: usize,
    },
    /// A label that can be no mailbox: nothing is routed there.
    NoMailbox {
        /// The label.
        label: String,
    },
    /// One id for several letters.
    OneId {
        /// How many ids stand for more than one letter.
        ids: usize,
        /// The first of them.
        first: String,
    },
    /// Many letters with nearly the same words: probably a form.
    Form {
        /// How many.
        letters: usize,
        /// The first of them.
        first: String,
    },
    /// The same words again with the same label: used once.
    Duplicate {
        /// The letter that was used.
        kept: String,
        /// The letter that was not.
        dropped: String,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict { letters } => write!(
                f,
                "the same letter has different labels and was left out: {}; correct the labels",
                named(letters)
            ),
            Self::Settled { kept, dropped } => write!(
                f,
                "the same letter has different labels; the latest was used: {} ({}), not {}",
                kept.0,
                kept.1,
                named(dropped)
            ),
            Self::Alike { letters } => write!(
                f,
                "nearly the same letter has different labels: {}; are both right?",
                named(letters)
            ),
            Self::TooFew { label, letters, more } => write!(
                f,
                "{label} has {letters} {}; {more} more would make it learnable",
                if *letters == 1 { "letter" } else { "letters" }
            ),
            Self::NoMailbox { label } => write!(
                f,
                "{label:?} can be no mailbox (its id would have letters, digits, '-', '_' and single spaces, at most 64 of them): Postbud never routes there; rename it with --mapping"
            ),
            Self::OneId { ids, first } => write!(
                f,
                "{ids} {} for several letters, {first:?} among them; ids must be unique, or nobody can say which letter is meant",
                if *ids == 1 { "id stands" } else { "ids stand" }
            ),
            Self::Form { letters, first } => write!(
                f,
                "{letters} letters have nearly the same words ({first} is one): a form? They were not kept together in splits, so what is measured on them flatters"
            ),
            Self::Duplicate { kept, dropped } => {
                write!(f, "{dropped} has the same words as {kept} and was used once")
            }
        }
    }
}

fn named(letters: &[(String, String)]) -> String {
    let each: Vec<String> = letters.iter().map(|(id, label)| format!("{id} ({label})")).collect();
    each.join(", ")
}
