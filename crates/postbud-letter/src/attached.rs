//! What was read of a letter's documents, and how much of it a classifier is shown.
//!
//! This crate opens no document: `postbud-extract` does, in a process that may die, and leaves its
//! findings in [`Letter::attached`](crate::Letter::attached).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::classifier_text::FEW_WORDS;
use crate::{DefectKind, DocumentRole, Letter};

/// So many words of all documents together are shown at most: a page, which says what it is about.
const MOST_WORDS: usize = 400;
/// So many bytes of each document are looked at for those words.
const MOST_BYTES: usize = 64 << 10;

/// What kind of document the bytes are, whatever their name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DocumentFormat {
    /// Plain text in any charset.
    Text,
    /// HTML.
    Html,
    /// PDF.
    Pdf,
    /// A Word document (Office Open XML).
    Docx,
    /// A spreadsheet (Office Open XML).
    Xlsx,
    /// A presentation (Office Open XML).
    Pptx,
    /// Text, spreadsheet or presentation of OpenDocument.
    OpenDocument,
    /// Rich Text Format.
    Rtf,
    /// A mail as a file.
    Mail,
    /// An archive of other documents.
    Zip,
    /// A picture.
    Image,
    /// A document of Office before 2007.
    OldOffice,
    /// A digital signature of something else, such as the letter it came with.
    Signature,
    /// Something else.
    Unknown,
}

/// Why of a document less could be read than a person would see. Holds none of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DocumentTrouble {
    /// It is encrypted: with a password, or for whoever has a key.
    Encrypted,
    /// It is damaged.
    Broken,
    /// It holds nothing at all.
    Empty,
    /// It is larger than the budget, or unpacks to more.
    TooLarge,
    /// It nests deeper than the budget.
    TooDeep,
    /// It holds pictures of text and no text.
    OnlyPictures,
    /// It holds pictures of text, and there is no OCR here that could read them.
    NoOcr,
    /// It is a Word document from before 2007, and no program is here that reads those.
    NoConverter,
    /// No reader for this kind of document.
    UnknownFormat,
    /// Reading took longer than the budget and was stopped.
    TookTooLong,
    /// The reader died of it.
    ReaderDied,
    /// There was no reader to be had.
    NoReader,
    /// The letter's budget was used up by the documents before it.
    BudgetUsedUp,
}

impl DocumentFormat {
    /// The word that files and messages use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Html => "html",
            Self::Pdf => "pdf",
            Self::Docx => "docx",
            Self::Xlsx => "xlsx",
            Self::Pptx => "pptx",
            Self::OpenDocument => "open-document",
            Self::Rtf => "rtf",
            Self::Mail => "mail",
            Self::Zip => "zip",
            Self::Image => "image",
            Self::OldOffice => "old-office",
            Self::Signature => "signature",
            Self::Unknown => "unknown",
        }
    }
}

/// What was read of one document.
#[derive(Clone, PartialEq, Eq)]
pub struct AttachedText {
    /// Its place in [`Letter::documents`](crate::Letter::documents), from 0.
    pub document: usize,
    /// What it is.
    pub format: DocumentFormat,
    /// Its text; empty when there is none.
    pub text: String,
    /// Its pages, sheets or slides, where it has some.
    pub pages: Option<u32>,
    /// Was some of it left unread because of a budget?
    pub cut: bool,
    /// Is there a digital signature on it? Nobody has verified it.
    pub signed: bool,
    /// What was wrong with it.
    pub trouble: Option<DocumentTrouble>,
}

impl fmt::Debug for AttachedText {
    /// Leaves the text out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttachedText")
            .field("document", &self.document)
            .field("format", &self.format)
            .field("text", &self.text.len())
            .field("trouble", &self.trouble)
            .finish_non_exhaustive()
    }
}

impl Letter {
    /// Notes what was read of the documents. A letter that is not without text after all is told so.
    pub fn attach(&mut self, attached: Vec<AttachedText>) {
        self.attached = attached;
        if self.has_attached_text() {
            self.defects.retain(|defect| defect.kind != DefectKind::NoText);
        }
    }

    /// Did any document give text?
    #[must_use]
    pub fn has_attached_text(&self) -> bool {
        self.attached.iter().any(|found| !found.text.trim().is_empty())
    }

    /// Does a classifier read the documents, since the letter says next to nothing itself?
    ///
    /// A letter of a few words more is read without them: that is how models learn and how their
    /// certified error was measured, and an annex cannot drown what the sender wrote.
    #[must_use]
    pub fn speaks_by_documents(&self) -> bool {
        self.has_attached_text() && self.own_words() < FEW_WORDS
    }

    /// What a classifier is shown of the documents of a letter that says next to nothing: a page.
    /// They share it evenly, main documents first, each from its beginning.
    pub(crate) fn attached_excerpt(&self) -> String {
        let mut left = MOST_WORDS;
        let mut found: Vec<_> = self
            .attached
            .iter()
            .filter(|found| !found.text.trim().is_empty())
            .filter(|found| self.role(found.document) != Some(DocumentRole::Technical))
            .collect();
        found.sort_by_key(|found| self.role(found.document) != Some(DocumentRole::Main));
        let mut out = String::new();
        for (place, attached) in found.iter().enumerate() {
            let share = left.div_ceil(found.len() - place);
            let (excerpt, words) = beginning(&attached.text, share);
            if !out.is_empty() && words > 0 {
                out.push_str("\n\n");
            }
            out.push_str(excerpt);
            left -= words;
        }
        out
    }

    fn role(&self, document: usize) -> Option<DocumentRole> {
        self.documents.get(document).map(|document| document.role)
    }
}

/// The text up to and with its `most`th word, and how many words that are.
fn beginning(text: &str, most: usize) -> (&str, usize) {
    let (mut words, mut within) = (0, false);
    for (at, c) in text.char_indices() {
        let ends = at >= MOST_BYTES || (words == most && c.is_whitespace());
        if ends {
            return (text.get(..at).unwrap_or_default().trim(), words);
        }
        if c.is_whitespace() {
            within = false;
        } else if !within {
            within = true;
            words += 1;
            if words > most {
                return (text.get(..at).unwrap_or_default().trim(), most);
            }
        }
    }
    (text.trim(), words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Document, Limits, read};

    fn letter(body: &str, texts: &[&str]) -> Letter {
        let raw = format!("From: a@b.example\r\nSubject: S\r\n\r\n{body}\r\n");
        let mut letter = read(raw.as_bytes(), &Limits::default());
        for (document, text) in texts.iter().enumerate() {
            letter.documents.push(Document {
                role: DocumentRole::Attachment,
                label: None,
                filename: String::new(),
                media_type: "application/pdf".to_owned(),
                bytes: Vec::new(),
            });
            letter.attached.push(AttachedText {
                document,
                format: DocumentFormat::Pdf,
                text: (*text).to_owned(),
                pages: None,
                cut: false,
                signed: false,
                trouble: None,
            });
        }
        letter
    }

    fn words(text: &str) -> usize {
        text.split_whitespace().count()
    }

    #[test]
    fn a_letter_that_says_what_it_wants_is_read_without_its_annex() {
        let body = "vi har ikke faaet toemt vores skraldespand i to uger ".repeat(3);
        let letter = letter(&body, &[&"vilkaar ".repeat(20_000)]);
        assert!(!letter.speaks_by_documents());
        assert_eq!(letter.classifier_text().body, letter.text.new);
    }

    #[test]
    fn see_attached_shows_the_first_page() {
        let text = letter("Se vedhæftede.", &[&"ansøgning ".repeat(1000)])
            .classifier_text()
            .body
            .into_owned();
        assert_eq!(words(&text), 2 + MOST_WORDS);
    }

    #[test]
    fn documents_share_and_a_short_one_leaves_its_rest() {
        let long = "lang ".repeat(1000);
        let text = letter("", &["kort", &long]).classifier_text().body.into_owned();
        assert_eq!(words(&text), MOST_WORDS);
        assert!(text.starts_with("kort\n\nlang"));
        let both = letter("", &[&long, &"anden ".repeat(1000)]).classifier_text().body.into_owned();
        assert_eq!(both.matches("anden").count(), MOST_WORDS / 2);
    }

    #[test]
    fn without_documents_nothing_changes() {
        let plain = letter("Hej med jer", &[]);
        assert_eq!(plain.classifier_text().body, plain.text.new);
        assert!(matches!(plain.classifier_text().body, std::borrow::Cow::Borrowed(_)));
        let empty = letter("Hej med jer", &["", "  "]);
        assert_eq!(empty.classifier_text(), plain.classifier_text());
    }

    #[test]
    fn debug_output_holds_no_text() {
        let letter = letter("Hej", &["hemmeligt"]);
        assert!(!format!("{:?} {:?}", letter, letter.attached).contains("hemmeligt"));
    }

    proptest::proptest! {
        #[test]
        fn an_excerpt_is_a_beginning(text in "\\PC*", most in 0_usize..20) {
            let (excerpt, count) = beginning(&text, most);
            proptest::prop_assert!(text.trim_start().starts_with(excerpt) || excerpt.is_empty());
            proptest::prop_assert!(count <= most);
            proptest::prop_assert_eq!(words(excerpt), count);
        }
    }
}
