//! `[[intake.queue]]`: a queue that somebody else made for us, on a broker of theirs.

use std::path::PathBuf;

use postbud_intake::Kind;

use super::super::outlets::{Certificates, certificates};
use super::super::section::Section;
use super::super::services::broker;
use super::super::types::Address;
use super::path;

/// `[[intake.queue]]`.
#[derive(Debug, Clone)]
pub(crate) struct Foreign {
    /// The broker.
    pub(crate) url: Address,
    /// The queue.
    pub(crate) queue: String,
    /// Messages in hand at once.
    pub(crate) prefetch: u16,
    /// The certificates.
    pub(crate) certificates: Certificates,
    /// The response to SASL EXTERNAL.
    pub(crate) token_file: Option<PathBuf>,
    /// What is taken; the rest is refused.
    pub(crate) kind: Kind,
}

/// Reads one `[[intake.queue]]`.
pub(super) fn queue(section: Section<'_, '_>) -> Option<Foreign> {
    let url = broker(&section);
    let queue = section.required_text("queue", "0b5b5a6c-9f1e-4a57-8a3e-1d1c3b0a9a11");
    if let Some(queue) = &queue
        && queue.value.len() > 255
    {
        section.fault("queue", "the name of a queue has at most 255 bytes", "a shorter name");
    }
    let words =
        [("person", Kind::Anything), ("refuse", Kind::Letter), ("refuse-mail-too", Kind::Memo)];
    let kind = section.choice("others", Kind::Anything, &words);
    let prefetch = u16::try_from(section.whole("prefetch", 16, 1..=1_000)).unwrap_or(16);
    let certificates = certificates(&section);
    let token_file = path(&section, "token_file");
    section.finish();
    Some(Foreign { url: url?, queue: queue?.value, prefetch, certificates, token_file, kind })
}
