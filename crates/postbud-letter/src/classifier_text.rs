//! What a classifier reads of a letter: what the sender wants, and nothing else if that is enough;
//! and not who it is.

use std::borrow::Cow;

use crate::privacy::mask;
use crate::{Document, DocumentRole, Letter, body_text};

/// "Se nedenfor. Mvh. Lone": with fewer words than this, what the letter quotes says more; and so do
/// its documents.
pub(crate) const FEW_WORDS: usize = 12;
/// The one type of attachment that is read here.
const PLAIN: &str = "text/plain";
/// The text of one attachment that is read when the letter has no text of its own.
const ATTACHMENT_BYTES: usize = 64 << 10;

/// The part of a letter that says what it is about.
#[derive(Clone, PartialEq, Eq)]
pub struct LetterText<'l> {
    /// The subject.
    pub subject: Cow<'l, str>,
    /// The text.
    pub body: Cow<'l, str>,
}

crate::opaque::opaque_debug_lifetime!(LetterText);

/// The text masked; itself when there is nothing to mask.
fn masked(text: Cow<'_, str>) -> Cow<'_, str> {
    let found = match mask(&text) {
        Cow::Owned(masked) => Some(masked),
        Cow::Borrowed(_) => None,
    };
    found.map_or(text, Cow::Owned)
}

impl Letter {
    /// What a classifier reads of this letter.
    ///
    /// The new text; with what it quotes when the new text is a few words or none, and with the
    /// letter that a Digital Post message passes on; with the comments of a Digital Post thread.
    /// When that is next to nothing, what was read of its documents; where nobody has read them, the
    /// text of plain attachments when there is no other.
    ///
    /// Numbers, names and addresses of people are masked in it ([`mask`]), in training as at work: a
    /// model learns nothing from them, and is not asked about them.
    #[must_use]
    pub fn classifier_text(&self) -> LetterText<'_> {
        let LetterText { subject, body } = self.unmasked_text();
        LetterText { subject: masked(subject), body: masked(body) }
    }

    /// What [`Letter::classifier_text`] masks.
    fn unmasked_text(&self) -> LetterText<'_> {
        let parts = self.own_parts();
        let excerpt = self.speaks_by_documents().then(|| self.attached_excerpt());
        let body = match (parts.as_slice(), &excerpt) {
            ([], None) => Cow::Owned(self.attached_text()),
            ([one], None) => Cow::Borrowed(*one),
            (own, None) => Cow::Owned(own.join("\n\n")),
            (own, Some(excerpt)) => Cow::Owned([own, &[excerpt]].concat().join("\n\n")),
        };
        LetterText { subject: Cow::Borrowed(&self.subject), body }
    }

    /// How many words of its own the letter has for a classifier, beside its subject.
    pub(crate) fn own_words(&self) -> usize {
        self.own_parts().iter().map(|part| part.split_whitespace().count()).sum()
    }

    fn own_parts(&self) -> Vec<&str> {
        let new = self.text.new.as_str();
        let mut parts = vec![new];
        let forwards = self.memo.as_ref().is_some_and(|memo| memo.forward.is_some());
        if forwards || new.split_whitespace().take(FEW_WORDS).count() < FEW_WORDS {
            parts.push(&self.text.quoted);
        }
        if let Some(memo) = &self.memo {
            parts.extend(memo.replies.iter().filter_map(|reply| reply.comment.as_deref()));
        }
        parts.retain(|part| !part.trim().is_empty());
        parts
    }

    /// Is there nothing to read, not even a subject?
    pub(crate) fn has_no_text(&self) -> bool {
        let text = self.unmasked_text();
        text.subject.trim().is_empty() && text.body.trim().is_empty()
    }

    /// The first attachment that is plain text. Everything else, HTML too, must be parsed, and nobody
    /// parses a document in this process.
    fn attached_text(&self) -> String {
        let readable = |document: &&Document| {
            document.role != DocumentRole::Technical && document.media_type == PLAIN
        };
        let texts =
            self.documents.iter().filter(readable).filter_map(|document| {
                body_text::read(&document.bytes, PLAIN, None, ATTACHMENT_BYTES)
            });
        texts.map(|body| body.text).find(|text| !text.is_empty()).unwrap_or_default()
    }
}
