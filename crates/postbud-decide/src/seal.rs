//! Finished decisions: numbers in the form in which they are stored, and the id.

use std::fmt::Write as _;

use postbud_letter::LetterId;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::view::View;
use crate::{
    AccessRequest, Decision, DocumentNote, Doubt, MailboxId, Outcome, Reason, Suggestion, TextNote,
    access, documents,
};

/// What the model made of a letter, as far as a decision keeps it. Nothing where it was not asked.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) suggestions: Vec<Suggestion>,
    pub(crate) text: Option<TextNote>,
}

/// What a decision says of the letter, whatever becomes of it.
#[derive(Default)]
struct Noted {
    documents: Vec<DocumentNote>,
    access: Option<AccessRequest>,
    urgent: bool,
}

impl Noted {
    fn of(view: &View<'_>) -> Self {
        let (documents, access) = (documents::notes(view.letter), access::requested(view));
        Self { documents, access, urgent: false }
    }
}

/// A decision that sends a letter to a mailbox.
pub(crate) fn route(view: &View<'_>, mailbox: MailboxId, reason: Reason, seen: Seen) -> Decision {
    seal(view.letter.id.clone(), Outcome::Route { mailbox }, reason, seen, Noted::of(view))
}

/// A decision that asks a person.
pub(crate) fn review(view: &View<'_>, reason: Reason, seen: Seen, urgent: bool) -> Decision {
    let noted = Noted { urgent, ..Noted::of(view) };
    seal(view.letter.id.clone(), Outcome::Review, reason, seen, noted)
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
        Seen { suggestions, text: None },
        Noted::default(),
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
        let seen = Seen { suggestions: self.suggestions.clone(), text: self.text };
        let (documents, access) = (self.documents.clone(), self.access.clone());
        let noted = Noted { documents, access, urgent: self.urgent };
        seal(self.letter.clone(), Outcome::Review, reason, seen, noted)
    }

    /// Does the id fit the rest? `false` when a stored decision was changed.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        let Self { id, letter, outcome, reason, suggestions, documents, text, access, urgent } =
            self;
        let (text, access, urgent) = (text.as_ref(), access.as_ref(), *urgent);
        let content =
            Content { letter, outcome, reason, suggestions, documents, text, access, urgent };
        *id == id_of(&content)
    }
}

fn seal(
    letter: LetterId,
    outcome: Outcome,
    mut reason: Reason,
    seen: Seen,
    noted: Noted,
) -> Decision {
    let Seen { mut suggestions, mut text } = seen;
    let Noted { documents, access, urgent } = noted;
    round_reason(&mut reason);
    if let Some(text) = &mut text {
        round(&mut text.known);
    }
    for suggestion in &mut suggestions {
        round(&mut suggestion.probability);
    }
    let id = id_of(&Content {
        letter: &letter,
        outcome: &outcome,
        reason: &reason,
        suggestions: &suggestions,
        documents: &documents,
        text: text.as_ref(),
        access: access.as_ref(),
        urgent,
    });
    Decision { id, letter, outcome, reason, suggestions, documents, text, access, urgent }
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
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a TextNote>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access: Option<&'a AccessRequest>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    urgent: bool,
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
