//! Finished decisions: numbers in the form in which they are stored, and the id.

use std::fmt::Write as _;

use postbud_letter::{Letter, LetterId};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{Decision, DocumentNote, Doubt, MailboxId, Outcome, Reason, Suggestion, documents};

/// A decision that sends a letter to a mailbox.
pub(crate) fn route(
    letter: &Letter,
    mailbox: MailboxId,
    reason: Reason,
    suggestions: Vec<Suggestion>,
) -> Decision {
    let documents = documents::notes(letter);
    seal(letter.id.clone(), Outcome::Route { mailbox }, reason, suggestions, documents)
}

/// A decision that asks a person.
pub(crate) fn review(letter: &Letter, reason: Reason, suggestions: Vec<Suggestion>) -> Decision {
    let documents = documents::notes(letter);
    seal(letter.id.clone(), Outcome::Review, reason, suggestions, documents)
}

/// The decision of a person. `suggestions` are those of the decision that put the letter before
/// them, kept so that it stays visible what the model would have done.
#[must_use]
pub fn assigned(
    letter: &LetterId,
    mailbox: &MailboxId,
    by: &str,
    suggestions: Vec<Suggestion>,
) -> Decision {
    let reason = Reason::Assigned { by: by.to_owned() };
    seal(
        letter.clone(),
        Outcome::Route { mailbox: mailbox.clone() },
        reason,
        suggestions,
        Vec::new(),
    )
}

impl Decision {
    /// The decision that follows when this one could not be carried out: a person decides, and
    /// sees `doubt` and what was known before.
    #[must_use]
    pub fn held_after(&self, doubt: Doubt) -> Self {
        let (mut doubts, model, words) = match &self.reason {
            Reason::Person { doubts, model, words } => {
                (doubts.clone(), model.clone(), words.clone())
            }
            Reason::Model { model, words, .. } => (Vec::new(), Some(model.clone()), words.clone()),
            Reason::Rule { .. }
            | Reason::Reply { .. }
            | Reason::Kle { .. }
            | Reason::Assigned { .. } => (Vec::new(), None, Vec::new()),
        };
        doubts.push(doubt);
        doubts.sort_by_key(Doubt::rank);
        let reason = Reason::Person { doubts, model, words };
        let documents = self.documents.clone();
        seal(self.letter.clone(), Outcome::Review, reason, self.suggestions.clone(), documents)
    }

    /// Does the id fit the rest? `false` when a stored decision was changed.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        let Self { letter, outcome, reason, suggestions, documents, .. } = self;
        self.id == id_of(&Content { letter, outcome, reason, suggestions, documents })
    }
}

fn seal(
    letter: LetterId,
    outcome: Outcome,
    mut reason: Reason,
    mut suggestions: Vec<Suggestion>,
    documents: Vec<DocumentNote>,
) -> Decision {
    round_reason(&mut reason);
    for suggestion in &mut suggestions {
        round(&mut suggestion.probability);
    }
    let id = id_of(&Content {
        letter: &letter,
        outcome: &outcome,
        reason: &reason,
        suggestions: &suggestions,
        documents: &documents,
    });
    Decision { id, letter, outcome, reason, suggestions, documents }
}

/// Everything of a decision but its id, in the order in which it is hashed.
#[derive(Serialize)]
struct Content<'a> {
    letter: &'a LetterId,
    outcome: &'a Outcome,
    reason: &'a Reason,
    suggestions: &'a [Suggestion],
    /// Left out when there are none, so that the ids of letters without documents stay.
    #[serde(skip_serializing_if = "<[DocumentNote]>::is_empty")]
    documents: &'a [DocumentNote],
}

/// `d-` and the first 32 hexadecimal digits of the SHA-256 of the decision's JSON without its id
/// (no white space, fields in the order of [`Content`] and of the types).
fn id_of(content: &Content<'_>) -> String {
    // Nothing in these types can fail to serialise: all keys are text and all numbers finite.
    let json = serde_json::to_vec(content);
    let digest = Sha256::digest(json.unwrap_or_default());
    let mut id = String::from("d-");
    for byte in digest.iter().take(16) {
        // Writing to a String cannot fail.
        let _ = write!(id, "{byte:02x}");
    }
    id
}

fn round_reason(reason: &mut Reason) {
    match reason {
        Reason::Model { probability, threshold, words, .. } => {
            round(probability);
            round(threshold);
            words.iter_mut().for_each(|word| round(&mut word.weight));
        }
        Reason::Person { doubts, words, .. } => {
            words.iter_mut().for_each(|word| round(&mut word.weight));
            for doubt in doubts {
                match doubt {
                    Doubt::BelowThreshold { probability, threshold } => {
                        round(probability);
                        round(threshold);
                    }
                    Doubt::UnlikeTraining { known, least } => {
                        round(known);
                        round(least);
                    }
                    Doubt::MustNotMiss { probability, .. } => round(probability),
                    _ => {}
                }
            }
        }
        Reason::Rule { .. }
        | Reason::Reply { .. }
        | Reason::Kle { .. }
        | Reason::Assigned { .. } => {}
    }
}

/// Nine digits behind the point, at most 100,000 before it: enough for any reader, and few enough
/// that JSON gives back exactly the same number. Comparisons happen before, on the full numbers.
fn round(number: &mut f64) {
    let limited = if number.is_finite() { number.clamp(-1e5, 1e5) } else { 0.0 };
    // Adding zero turns -0.0 into 0.0.
    *number = (limited * 1e9).round() / 1e9 + 0.0;
}
