//! `[documents]`: how much reading a letter's documents may cost.

use std::time::Duration;

use postbud_extract::Budget;

use super::section::Section;

/// No budget in bytes is larger.
const MOST_BYTES: u64 = 1 << 30;
/// Longer than this, and the letter itself would count as one that does not end.
const MOST_SECONDS: u64 = 25;
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
        memory_bytes: section.whole("memory_bytes", default.memory_bytes, LEAST_MEMORY..=1 << 36),
        workers: size("workers", default.workers, 64),
        documents_per_worker: count("documents_per_worker", default.documents_per_worker, 100_000),
    };
    section.finish();
    read.then_some(budget)
}
