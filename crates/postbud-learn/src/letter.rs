//! A letter with a label that a person gave it.

use std::fmt;

use postbud_letter::language::glance;
use postbud_model::{Example, Text};
use sha2::{Digest, Sha256};

/// A letter to learn from or to judge with.
#[derive(Clone, PartialEq, Eq)]
pub struct LabelledLetter {
    /// Its id; where the file has none, one made from its text.
    pub id: String,
    /// The mailbox it belongs to.
    pub label: String,
    /// Further mailboxes it concerns.
    pub also: Vec<String>,
    /// The way it came, as the file says: `digital_post`, `email` …
    pub channel: Option<String>,
    /// Its language where somebody said it: `da`, `en` …
    pub language: Option<String>,
    /// When it was sent, in UTC milliseconds since 1970.
    pub sent_at: Option<i64>,
    /// When its label was set, in UTC milliseconds since 1970: of two labels the later wins.
    pub labelled_at: Option<i64>,
    /// Ids of the messages it is, answers and passes on: letters with one in common are one
    /// thread.
    pub thread: Vec<String>,
    /// The same for letters of one sender about one subject, however it is marked as an answer.
    pub conversation: Option<u64>,
    /// The same for letters of one sender, as far as it is known: a hash, and no address.
    pub sender: Option<u64>,
    /// Where it was read, for a person to find it: a path. Never stored with a model.
    pub place: Option<String>,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub body: String,
}

impl LabelledLetter {
    /// A letter of which nothing is known but its text and label; its id is made from the text.
    #[must_use]
    pub fn new(label: &str, subject: &str, body: &str) -> Self {
        Self {
            id: id_of(subject, body),
            label: label.to_owned(),
            also: Vec::new(),
            channel: None,
            language: None,
            sent_at: None,
            labelled_at: None,
            thread: Vec::new(),
            conversation: None,
            sender: None,
            place: None,
            subject: subject.to_owned(),
            body: body.to_owned(),
        }
    }

    /// What a model reads of it.
    #[must_use]
    pub fn text(&self) -> Text<'_> {
        Text { subject: &self.subject, body: &self.body }
    }

    /// What a model learns from it.
    #[must_use]
    pub fn example(&self) -> Example<'_> {
        Example {
            text: self.text(),
            label: &self.label,
            group: None,
            sender: self.sender,
            language: Some(self.glanced()),
        }
    }

    /// Its language as the router sees it, as a number: what somebody said of it does not count,
    /// since nobody says so of letters at work.
    pub(crate) fn glanced(&self) -> u8 {
        glance(&[&self.subject, &self.body]).number()
    }

    /// The same for letters with the same words, whatever their case and spacing.
    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        let texts = [&self.subject, &self.body];
        for word in texts.into_iter().flat_map(|text| text.split_whitespace()) {
            hasher.update(word.to_lowercase().as_bytes());
            hasher.update(b" ");
        }
        hasher.finalize().into()
    }
}

impl fmt::Debug for LabelledLetter {
    /// Leaves subject and body out: they are text of a letter.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LabelledLetter")
            .field("id", &self.id)
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}

/// The id of a letter that has none: the same text always gets the same one.
fn id_of(subject: &str, body: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update((subject.len() as u64).to_le_bytes());
    hasher.update(subject.as_bytes());
    hasher.update(body.as_bytes());
    let hex = hasher.finalize();
    let digits = hex.iter().take(8).map(|byte| format!("{byte:02x}"));
    format!("text-{}", digits.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_from_the_text_and_debug_shows_none_of_it() {
        let letter = LabelledLetter::new("vej-park", "hul", "i vejen");
        assert_eq!(letter.id, LabelledLetter::new("x", "hul", "i vejen").id);
        assert_ne!(letter.id, LabelledLetter::new("x", "huli", " vejen").id);
        let shown = format!("{letter:?}");
        assert!(shown.contains("vej-park") && !shown.contains("hul"), "{shown}");
    }

    #[test]
    fn case_and_spacing_do_not_make_another_letter() {
        let fingerprint = |subject, body| LabelledLetter::new("x", subject, body).fingerprint();
        assert_eq!(fingerprint("Hul", "i  vejen\n"), fingerprint("hul i", "VEJEN"));
        assert_ne!(fingerprint("hul", "i vejen"), fingerprint("hul", "ivejen"));
    }
}
