//! From raw bytes to a letter: tells the format, and never fails.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{Channel, Defect, DefectKind, Letter, Limits, hash, mail, memo, unknown};

/// Of a letter that is too large, its header is looked for in this many bytes.
const HEAD_BYTES: usize = 4 << 20;

/// Reads a letter from its raw bytes, whatever they are.
///
/// MeMo is told by its root element, a mail by its header fields; of anything else the text is
/// taken as well as can be. What was wrong is in [`Letter::defects`].
#[must_use]
pub fn read(raw: &[u8], limits: &Limits) -> Letter {
    // Nothing below is known to panic. Four libraries are, however, below; and a letter that stops
    // the router would be worse than one that a person must read from its raw bytes.
    let mut letter = catch_unwind(AssertUnwindSafe(|| read_format(raw, limits)))
        .unwrap_or_else(|_| unreadable(raw));
    if letter.has_no_text() && letter.defects.iter().all(|defect| defect.kind != DefectKind::Empty)
    {
        letter.defects.push(Defect::whole(DefectKind::NoText));
    }
    letter
}

fn read_format(raw: &[u8], limits: &Limits) -> Letter {
    if raw.len() > limits.letter_bytes {
        return read_head(raw, limits);
    }
    if let Some(source) = memo::Source::of(raw)
        && memo::is_message(&source, limits)
    {
        return memo::read(raw, &source, limits, false);
    }
    if mail::is_mail(raw, limits) {
        return mail::read(raw, limits, false);
    }
    unknown::read(raw, limits)
}

/// Who sent a letter that is too large, and what about; nothing of its body.
fn read_head(raw: &[u8], limits: &Limits) -> Letter {
    let head = raw.get(..HEAD_BYTES.min(limits.letter_bytes)).unwrap_or(raw);
    let mut letter = match memo::Source::of_beginning(head) {
        Some(source) if memo::is_message(&source, limits) => memo::read(raw, &source, limits, true),
        _ if mail::is_mail(head, limits) => {
            Letter { id: hash::letter_id_of_bytes(raw), ..mail::read(head, limits, true) }
        }
        _ => Letter::blank(hash::letter_id_of_bytes(raw), Channel::Unknown),
    };
    letter.defects.insert(0, Defect::whole(DefectKind::TooLarge));
    letter
}

fn unreadable(raw: &[u8]) -> Letter {
    let mut letter = Letter::blank(hash::letter_id_of_bytes(raw), Channel::Unknown);
    letter.defects.push(Defect::whole(DefectKind::ReaderFault));
    letter
}
