//! Requests for access to documents (*aktindsigt*): told by their words, with the day on which the law
//! wants them answered.
//!
//! Offentlighedsloven § 36(2): as the rule within seven working days after the request was received.
//! Who asks for what is held about themselves gets the same day: an authority answers by the rule that
//! is better for the citizen. A letter is marked and no more: where it goes, the four steps decide.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::view::View;
use crate::words::WordPatterns;
use crate::{WordPattern, Words, workdays};

/// Working days after the day of receipt.
pub const WORKING_DAYS: u32 = 7;

/// So many bytes of a document's text are looked at: some three pages. Who asks does so at the
/// beginning; the end of long documents, such as decisions, tells readers of their right to access.
const DOCUMENT_BYTES: usize = 8 << 10;
/// So many documents are looked at.
const DOCUMENTS: usize = 20;

/// That a letter asks for access to documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRequest {
    /// What it was told by: one of Postbud's own patterns, never words of the letter.
    pub matched: String,
}

/// What such letters say. A `*` stands for any ending.
const PATTERNS: [&str; 44] = [
    "aktindsigt*",
    "partsaktindsigt*",
    "egenacces*",
    "offentlighedslov*",
    "indsigtsanmodning*",
    "ret til indsigt",
    "anmodning om indsigt",
    "indsigt i sagen*",
    "indsigt i min sag",
    "indsigt i mine",
    "samtlige akter",
    "alle akter",
    "sagens akter",
    "sagsakter*",
    "kopi af sagen*",
    "kopi af min sag",
    "kopi af hele sagen",
    "se alle papirer*",
    "ret til at se papirer*",
    "liggende om mig",
    "skrevet om mig",
    "oplysninger om mig",
    "står om mig",
    "står om ham",
    "står om hende",
    "har på mig",
    "noteret om mig",
    "registreret om mig",
    "været inde i min sag",
    "kigget i min sag",
    "slået mig op",
    "access to documents",
    "access to the documents",
    "access to the file*",
    "access to my file*",
    "access to my case",
    "access to my record*",
    "access to public records",
    "freedom of information",
    "subject access request",
    "copy of my file*",
    "copy of my case",
    "information you hold about me",
    "you have about me",
];

static READ: LazyLock<WordPatterns> = LazyLock::new(|| WordPatterns::new(parsed()));

fn parsed() -> Vec<WordPattern> {
    PATTERNS.iter().filter_map(|text| WordPattern::parse(text).ok()).collect()
}

/// Does the letter ask for access? Its subject and its own text are looked at, then the beginnings of
/// what could be read of its documents.
pub(crate) fn requested(view: &View<'_>) -> Option<AccessRequest> {
    let found = READ.first_in(&[view.subject(), view.text()]).or_else(|| in_documents(view))?;
    Some(AccessRequest { matched: found.as_str().to_owned() })
}

fn in_documents(view: &View<'_>) -> Option<&'static WordPattern> {
    let texts = view.letter.attached.iter().map(|document| document.text.as_str());
    let beginnings: Vec<Words> = texts
        .filter(|text| !text.is_empty())
        .take(DOCUMENTS)
        .filter_map(|text| text.get(..text.floor_char_boundary(DOCUMENT_BYTES)))
        .map(Words::new)
        .collect();
    READ.first_in(&beginnings.iter().collect::<Vec<_>>())
}

/// When a request that was received at this moment must be answered: the last second of the seventh
/// working day after the day of receipt. Both in UTC milliseconds since 1970.
#[must_use]
pub fn due_at(received_at_ms: i64) -> Option<i64> {
    let received = workdays::day_of(received_at_ms)?;
    workdays::end_of(workdays::working_day_after(received, WORKING_DAYS)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_can_be_read() {
        assert_eq!(parsed().len(), PATTERNS.len());
    }

    #[test]
    fn the_day_of_receipt_does_not_count() {
        // Saturday 28 November 2026, 10.00 UTC: due Tuesday 8 December.
        let due = due_at(1_795_860_000_000).unwrap();
        assert_eq!(workdays::day_of(due), Some(jiff::civil::date(2026, 12, 8)));
    }
}
