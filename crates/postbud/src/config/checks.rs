//! Checks that look at more than one table at a time.

use std::collections::BTreeMap;

use postbud_decide::Destination;

use super::kle::{self, ReadKle};
use super::mailboxes::ReadMailbox;
use super::rules::ReadRule;
use super::section::{Reader, Span};
use super::targets::{self, Ways};
use super::types::Queue;

/// Notes what does not fit together.
pub(super) fn check(
    reader: &Reader<'_>,
    mailboxes: &[ReadMailbox],
    rules: &[ReadRule],
    ways: &Ways,
    queue: &Queue,
    kle: &ReadKle,
    reads_documents: bool,
) {
    if mailboxes.is_empty() {
        reader.fault(
            None,
            "mailbox",
            "there is no mailbox, so letters have nowhere to go",
            "at least one [[mailbox]]; `postbud init` writes an example with 25",
        );
    }
    repeated_ids(reader, mailboxes);
    targets::check(reader, mailboxes, ways, queue);
    repeated_claims(reader, mailboxes);
    kle::check(reader, mailboxes, kle);
    rule_names(reader, rules);
    rule_targets(reader, mailboxes, rules);
    if !reads_documents {
        unread_documents(reader, rules);
    }
}

/// What a rule asks of documents is never known where nobody reads them.
fn unread_documents(reader: &Reader<'_>, rules: &[ReadRule]) {
    for read in rules.iter().filter(|read| read.rule.when.asks_documents()) {
        reader.fault(
            read.name.clone(),
            &format!("{}.when", read.path),
            "looks into documents, and documents are not read here",
            "read = true in [documents], or no document_words and document_format",
        );
    }
}

fn repeated_ids(reader: &Reader<'_>, mailboxes: &[ReadMailbox]) {
    let mut seen = BTreeMap::new();
    for read in mailboxes {
        // Case does not tell folders apart everywhere, and people not at all.
        let folded = read.mailbox.id.as_str().to_lowercase();
        if let Some(first) = seen.insert(folded, &read.name) {
            let key = format!("{}.id", read.name);
            reader.fault(
                read.id.clone(),
                &key,
                format!("{first} has this id already"),
                "another id",
            );
        }
    }
}

/// The same claim by two mailboxes: the first in the file would win in silence.
fn repeated_claims(reader: &Reader<'_>, mailboxes: &[ReadMailbox]) {
    let mut seen: BTreeMap<(&str, String), &str> = BTreeMap::new();
    for read in mailboxes {
        let claims = &read.mailbox.claims;
        let kinds = [
            ("case_id", &claims.case_id),
            ("generating_system", &claims.generating_system),
            ("contact_point", &claims.contact_point),
        ];
        for (kind, patterns) in kinds {
            for pattern in patterns {
                let text = pattern.as_str().to_lowercase();
                let first = *seen.entry((kind, text)).or_insert(&read.name);
                if first != read.name {
                    reader.fault(
                        read.id.clone(),
                        &format!("{}.claims.{kind}", read.name),
                        format!("{first} claims \"{}\" already", pattern.as_str()),
                        "claims that differ",
                    );
                }
            }
        }
    }
}

fn rule_names(reader: &Reader<'_>, rules: &[ReadRule]) {
    let mut seen = BTreeMap::new();
    for read in rules {
        if let Some(first) = seen.insert(&read.rule.name, &read.path) {
            let key = format!("{}.name", read.path);
            let what = format!("{first} has this name already");
            reader.fault(read.name.clone(), &key, what, "another name: reasons show it");
        }
    }
}

fn rule_targets(reader: &Reader<'_>, mailboxes: &[ReadMailbox], rules: &[ReadRule]) {
    let nowhere = |span: &Span, path: &str| {
        reader.warn(
            span.clone(),
            &format!("{path}.to"),
            "this mailbox has no deliver, so a person gets the letters",
            "to = \"person\", or a mailbox with deliver",
        );
    };
    for read in rules {
        let Destination::Mailbox(id) = &read.rule.to else {
            continue;
        };
        let target = mailboxes.iter().find(|read| read.mailbox.id == *id);
        if target.is_some_and(|read| read.mailbox.target.is_none() && read.deliver.is_none()) {
            nowhere(&read.to, &read.path);
        }
    }
}
