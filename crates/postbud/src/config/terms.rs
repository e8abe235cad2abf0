//! `[[delivery.mailbox]]`: what holds for one mailbox when letters are sent.

use std::time::Duration;

use postbud_decide::MailboxId;
use postbud_pipeline::{RetryPolicy, Terms};

use super::delivery::PAUSE_SECONDS_MAX;
use super::section::Section;

/// A faster pace is none that a target must be spared from.
const PER_SECOND_MAX: u64 = 1_000;

/// Reads all of them. What is not said is as `usual`.
pub(super) fn terms(delivery: &Section<'_, '_>, usual: RetryPolicy) -> Vec<(MailboxId, Terms)> {
    let mut seen: Vec<(MailboxId, Terms)> = Vec::new();
    for section in delivery.sections("mailbox") {
        let id = section.required_text("id", "borgerservice");
        let terms = one(&section, usual);
        match id.as_ref().map(|id| MailboxId::parse(&id.value)) {
            Some(Ok(id)) if seen.iter().any(|(other, _)| *other == id) => {
                section.fault("id", "the terms of this mailbox stand above already", "one table");
            }
            Some(Ok(id)) => seen.push((id, terms)),
            Some(Err(error)) => section.fault("id", error.to_string(), "id = \"borgerservice\""),
            None => {}
        }
        section.finish();
    }
    seen
}

fn one(section: &Section<'_, '_>, usual: RetryPolicy) -> Terms {
    let first = section.whole("first_retry_seconds", usual.first.as_secs(), 1..=PAUSE_SECONDS_MAX);
    let longest = usual.longest.as_secs().max(first);
    let longest = section.whole("longest_retry_seconds", longest, 1..=PAUSE_SECONDS_MAX);
    if longest < first {
        section.fault(
            "longest_retry_seconds",
            format!("the longest pause is shorter than the first one ({first} seconds)"),
            format!("longest_retry_seconds = {first} or more"),
        );
    }
    let attempts = section.whole("attempts", usual.attempts.into(), 1..=100);
    let per_second =
        section.has("per_second").then(|| section.whole("per_second", 1, 1..=PER_SECOND_MAX));
    Terms {
        retry: RetryPolicy {
            attempts: u32::try_from(attempts).unwrap_or(usual.attempts),
            first: Duration::from_secs(first),
            longest: Duration::from_secs(longest),
        },
        // Rounded up: never faster than was said.
        interval_ms: per_second.and_then(|n| i64::try_from(1_000_u64.div_ceil(n)).ok()),
    }
}
