//! `[kle]` and the KLE subjects of mailboxes: the table by which letters that name their subject go.

use std::collections::BTreeMap;

use super::mailboxes::ReadMailbox;
use super::section::{Reader, Section, Span};

/// Whether letters go by KLE subject, and where the file says so.
pub(super) struct ReadKle {
    pub(super) route: bool,
    span: Span,
}

/// Reads `[kle]`.
pub(super) fn kle(section: Section<'_, '_>) -> ReadKle {
    let route = section.flag("route").unwrap_or(false);
    let span = section.span();
    section.finish();
    ReadKle { route, span }
}

/// Notes patterns that two mailboxes share, and a table that leads nowhere.
pub(super) fn check(reader: &Reader<'_>, mailboxes: &[ReadMailbox], kle: &ReadKle) {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for read in mailboxes {
        for (number, pattern) in read.mailbox.kle.iter().enumerate() {
            let first = *seen.entry(pattern.as_str()).or_insert(&read.name);
            if first == read.name {
                continue;
            }
            let narrower = if pattern.is_exact() {
                ", or the whole branch on one of them and the subject on the other"
            } else {
                ", or a narrower branch or single subjects on one of them: the most specific wins"
            };
            reader.fault(
                read.kle.get(number).cloned().flatten(),
                &format!("{}.kle", read.name),
                format!("{first} takes \"{pattern}\" already"),
                format!("\"{pattern}\" on one mailbox{narrower}"),
            );
        }
    }
    if !kle.route {
        return;
    }
    if seen.is_empty() {
        let what = "no mailbox names a KLE subject, so no letter goes by it";
        let instead = "kle = [\"27.36.*\"] on a [[mailbox]], or route = false";
        reader.warn(kle.span.clone(), "kle.route", what, instead);
    }
    for read in mailboxes {
        // A deliver that could not be read was reported there.
        if !read.mailbox.kle.is_empty() && read.mailbox.target.is_none() && read.deliver.is_none() {
            reader.warn(
                read.kle.first().cloned().flatten(),
                &format!("{}.kle", read.name),
                "this mailbox has no deliver, so a person gets the letters with these subjects",
                "deliver = \"…\", or the subjects on the mailbox that takes such letters",
            );
        }
    }
}
