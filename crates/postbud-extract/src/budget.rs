//! How much a document may cost. Every loop over its bytes stops at one of these.

use std::time::Duration;

/// What reading may cost, per document and per letter. What lies beyond is left unread and said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// A larger document is not read at all, in bytes.
    pub document_bytes: u64,
    /// All that one document may unpack to, archives within archives included, in bytes.
    pub unpacked_bytes: u64,
    /// Text of one document, in bytes.
    pub text_bytes: u64,
    /// Pages, sheets or slides of one document.
    pub pages: u32,
    /// Files in an archive, those in archives within it included.
    pub entries: u32,
    /// Archives and mails within each other.
    pub depth: u32,
    /// Time on the wall for one document.
    pub document_time: Duration,
    /// Documents of one letter that are read.
    pub letter_documents: usize,
    /// Bytes of all documents of one letter together.
    pub letter_bytes: u64,
    /// Time on the wall for all documents of one letter together.
    pub letter_time: Duration,
    /// Pictures and scanned pages of one document that OCR reads; 0 for none.
    pub ocr_pages: u32,
    /// A picture of more points is left unread.
    pub ocr_pixels: u64,
    /// What OCR reads, by tesseract's name: `dan`, or several: `dan+deu`.
    pub ocr_language: String,
    /// Address space of the process that reads, in bytes.
    pub memory_bytes: u64,
    /// Processes that read side by side.
    pub workers: usize,
    /// A process is replaced after so many documents.
    pub documents_per_worker: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            document_bytes: 32 << 20,
            unpacked_bytes: 64 << 20,
            text_bytes: 256 << 10,
            pages: 200,
            entries: 1_000,
            depth: 3,
            document_time: Duration::from_secs(8),
            letter_documents: 20,
            letter_bytes: 64 << 20,
            letter_time: Duration::from_secs(9),
            ocr_pages: 5,
            ocr_pixels: 40_000_000,
            ocr_language: "dan".to_owned(),
            memory_bytes: 1 << 30,
            workers: 2,
            documents_per_worker: 100,
        }
    }
}
