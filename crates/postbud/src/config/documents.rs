//! `[documents]`: how much reading a letter's documents may cost.

use std::time::Duration;

use postbud_extract::Budget;

use super::section::Section;

/// No budget in bytes is larger.
const MOST_BYTES: u64 = 1 << 30;
/// Longer than this, and the letter itself would count as one that does not end.
const MOST_SECONDS: u64 = 25;
/// Pictures of one document; each is megabytes of points.
const MOST_PICTURES: u64 = 50;
/// Points of one picture: what a page of newspaper has at 300 dpi.
const MOST_PIXELS: u64 = 100_000_000;
/// With less memory no process begins.
const LEAST_MEMORY: u64 = 512 << 20;

/// Reads `[documents]`; `None` when documents are not to be read.
pub(super) fn documents(section: Section<'_, '_>) -> Option<Budget> {
    let read = section.flag("read").unwrap_or(true);
    let default = Budget::default();
    let bytes = |key, default| section.whole(key, default, 1..=MOST_BYTES);
    let count = |key, default: u32, most: u64| {
        u32::try_from(section.whole(key, u64::from(default), 1..=most)).unwrap_or(default)
    };
    let size = |key, default: usize, most: u64| {
        usize::try_from(section.whole(key, default as u64, 1..=most)).unwrap_or(default)
    };
    let seconds = |key, default: Duration| {
        Duration::from_secs(section.whole(key, default.as_secs(), 1..=MOST_SECONDS))
    };
    let budget = Budget {
        document_bytes: bytes("document_bytes", default.document_bytes),
        unpacked_bytes: bytes("unpacked_bytes", default.unpacked_bytes),
        text_bytes: section.whole("text_bytes", default.text_bytes, 1..=16 << 20),
        pages: count("pages", default.pages, 100_000),
        entries: count("entries", default.entries, 100_000),
        depth: count("depth", default.depth, 16),
        document_time: seconds("document_seconds", default.document_time),
        letter_documents: size("letter_documents", default.letter_documents, 1_000),
        letter_bytes: bytes("letter_bytes", default.letter_bytes),
        letter_time: seconds("letter_seconds", default.letter_time),
        ocr_pages: u32::try_from(section.whole(
            "ocr_pages",
            u64::from(default.ocr_pages),
            0..=MOST_PICTURES,
        ))
        .unwrap_or(default.ocr_pages),
        ocr_pixels: section.whole("ocr_pixels", default.ocr_pixels, 1..=MOST_PIXELS),
        ocr_language: language(&section).unwrap_or(default.ocr_language),
        memory_bytes: section.whole("memory_bytes", default.memory_bytes, LEAST_MEMORY..=1 << 36),
        workers: size("workers", default.workers, 64),
        documents_per_worker: count("documents_per_worker", default.documents_per_worker, 100_000),
    };
    section.finish();
    read.then_some(budget)
}

/// Names of languages, never paths.
fn language(section: &Section<'_, '_>) -> Option<String> {
    let said = section.text("ocr_language")?.value;
    let name = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    if said.split('+').all(name) {
        return Some(said);
    }
    let instead = "a name that tesseract has for it, such as \"dan\" or \"dan+deu\"";
    section.fault("ocr_language", "this is no language", instead);
    None
}
