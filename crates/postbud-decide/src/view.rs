//! A letter as conditions look at it: what is costly is computed once, and only when asked for.

use std::cell::OnceCell;

use postbud_letter::{DefectKind, Document, DocumentRole, Letter};

use crate::{Evidence, Words};

/// A letter and what could be read of it.
pub(crate) struct View<'a> {
    pub(crate) letter: &'a Letter,
    evidence: &'a Evidence<'a>,
    subject: OnceCell<Words>,
    text: OnceCell<Words>,
    documents: OnceCell<Vec<Words>>,
    language: OnceCell<Option<String>>,
    /// The message could not be read to its end: what is missing is unknown, not absent.
    pub(crate) unread: bool,
    /// Some of the text or the documents could not be read.
    pub(crate) text_unread: bool,
}

impl<'a> View<'a> {
    pub(crate) fn new(letter: &'a Letter, evidence: &'a Evidence<'a>) -> Self {
        let unread = letter.defects.iter().any(|defect| stops_reading(defect.kind));
        let text_unread = letter.defects.iter().any(|defect| touches_text(defect.kind));
        Self {
            letter,
            evidence,
            subject: OnceCell::new(),
            text: OnceCell::new(),
            documents: OnceCell::new(),
            language: OnceCell::new(),
            unread,
            text_unread,
        }
    }

    /// The words of the subject.
    pub(crate) fn subject(&self) -> &Words {
        self.subject.get_or_init(|| Words::new(&self.letter.subject))
    }

    /// The words of the text: what is new, and what is quoted only where nothing is new.
    pub(crate) fn text(&self) -> &Words {
        self.text.get_or_init(|| {
            let text = &self.letter.text;
            let own = if text.new.trim().is_empty() { &text.quoted } else { &text.new };
            Words::new(own)
        })
    }

    /// The words of each document that was read.
    pub(crate) fn documents(&self) -> &[Words] {
        self.documents.get_or_init(|| {
            self.letter.attached.iter().map(|document| Words::new(&document.text)).collect()
        })
    }

    /// Was every document opened, so that what it is is known?
    pub(crate) fn documents_opened(&self) -> bool {
        let opened = |at: usize| self.letter.attached.iter().any(|found| found.document == at);
        !self.text_unread && self.read_beside_the_text().all(|(at, _)| opened(at))
    }

    /// Was every document read to its end, so that what was not found in it is not there?
    pub(crate) fn documents_read(&self) -> bool {
        let whole = |at: usize| {
            let mut found = self.letter.attached.iter().filter(|found| found.document == at);
            found.next().is_some_and(|found| !found.cut && found.trouble.is_none())
        };
        !self.text_unread && self.read_beside_the_text().all(|(at, _)| whole(at))
    }

    /// The documents that people send, with their places.
    fn read_beside_the_text(&self) -> impl Iterator<Item = (usize, &Document)> {
        let documents = self.letter.documents.iter().enumerate();
        documents.filter(|(_, document)| document.role != DocumentRole::Technical)
    }

    /// The language of the text, when it is known.
    pub(crate) fn language(&self) -> Option<&str> {
        self.language.get_or_init(|| (self.evidence.language)()).as_deref()
    }

    /// No text to classify?
    pub(crate) fn no_text(&self) -> bool {
        let text = &self.letter.text;
        let own = !text.new.trim().is_empty() || !text.quoted.trim().is_empty();
        // A letter may be nothing but a document, and then that is what it says.
        !own && !self.letter.has_attached_text()
            || self.letter.defects.iter().any(|defect| defect.kind == DefectKind::NoText)
    }
}

/// Reading ended before the message did. Kinds that a later version adds count until someone has
/// said that they do not.
fn stops_reading(kind: DefectKind) -> bool {
    touches_text(kind)
        && !matches!(
            kind,
            DefectKind::BrokenBase64
                | DefectKind::BrokenCharset
                | DefectKind::TooManyParts
                | DefectKind::TextCut
        )
}

/// Text or documents are missing or wrong. Kinds that a later version adds count, too.
fn touches_text(kind: DefectKind) -> bool {
    !matches!(kind, DefectKind::MissingElement | DefectKind::InvalidValue | DefectKind::NoText)
}
