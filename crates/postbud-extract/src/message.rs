//! What the two processes say to each other. Each is JSON in a frame; a document's own bytes follow
//! its task in a frame of their own.

use std::fmt;

use postbud_letter::{DocumentFormat, DocumentTrouble};
use serde::{Deserialize, Serialize};

use crate::Budget;
use crate::sandbox::Sandbox;

/// A frame with a message is never longer than this and the text it carries.
pub(crate) const MESSAGE_BYTES: u64 = 64 << 10;

/// The first thing a worker says: it has limited itself and is ready.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Hello {
    /// What is in force.
    pub(crate) sandbox: Sandbox,
}

/// What may be spent on the document that follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Size of the document that follows, at most, in bytes.
    pub document_bytes: u64,
    /// All it may unpack to, in bytes.
    pub unpacked_bytes: u64,
    /// Text, in bytes.
    pub text_bytes: u64,
    /// Pages, sheets or slides.
    pub pages: u32,
    /// Files in archives.
    pub entries: u32,
    /// Archives and mails within each other.
    pub depth: u32,
    /// Processor time, in seconds.
    pub cpu_seconds: u64,
    /// Pictures and scanned pages that are left to OCR; 0 when there is to be none.
    pub ocr_pages: u32,
    /// Points of one picture that OCR is given.
    pub ocr_pixels: u64,
}

impl From<&Budget> for Task {
    fn from(budget: &Budget) -> Self {
        Self {
            document_bytes: budget.document_bytes,
            unpacked_bytes: budget.unpacked_bytes,
            text_bytes: budget.text_bytes,
            pages: budget.pages,
            entries: budget.entries,
            depth: budget.depth,
            cpu_seconds: budget.document_time.as_secs().max(1) + 1,
            ocr_pages: budget.ocr_pages,
            ocr_pixels: budget.ocr_pixels,
        }
    }
}

/// What a worker says of a document. The bytes of each rest that has some follow in a frame of
/// their own.
#[derive(Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) found: Found,
    pub(crate) rests: Vec<Rest>,
}

/// Something that a worker cannot read and another program may.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Rest {
    pub(crate) kind: Kind,
    /// Does it lie in the document, or is it the document?
    pub(crate) within: bool,
    /// Do bytes follow? Without, they are the document's.
    pub(crate) carried: bool,
    #[serde(skip)]
    pub(crate) bytes: Option<Vec<u8>>,
}

/// What is left to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// A picture.
    Picture,
    /// Pages of a PDF that hold pictures and next to no text, from 1.
    Pages(Vec<u32>),
    /// A Word document from before 2007.
    OldWord,
}

/// What was read of a document.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// What its bytes are.
    pub format: DocumentFormat,
    /// Its text.
    pub text: String,
    /// Its pages, sheets or slides, where it has some.
    pub pages: Option<u32>,
    /// Was some of it left unread because of a budget?
    pub cut: bool,
    /// Is there a digital signature on it? Nobody has verified it.
    #[serde(default)]
    pub signed: bool,
    /// What was wrong with it.
    pub trouble: Option<DocumentTrouble>,
}

impl Found {
    /// Nothing was read, and why.
    #[must_use]
    pub fn nothing(format: DocumentFormat, trouble: DocumentTrouble) -> Self {
        let trouble = Some(trouble);
        Self { format, text: String::new(), pages: None, cut: false, signed: false, trouble }
    }
}

impl fmt::Debug for Found {
    /// Leaves the text out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Found")
            .field("format", &self.format)
            .field("text", &self.text.len())
            .field("pages", &self.pages)
            .field("cut", &self.cut)
            .field("signed", &self.signed)
            .field("trouble", &self.trouble)
            .finish()
    }
}
