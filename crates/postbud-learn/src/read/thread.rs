//! What letters of one conversation have in common.

use postbud_letter::{Channel, Letter};
use sha2::{Digest, Sha256};

use crate::letter::LabelledLetter;

/// The longest header that is looked through, in bytes.
const HEADER_BYTES: usize = 64 << 10;
/// The longest Message-ID that counts, in bytes, and the most of one letter.
const ID_BYTES: usize = 250;
const MOST_IDS: usize = 64;
/// A subject of fewer characters says nothing ("Hej").
const SUBJECT_CHARS: usize = 4;

/// Notes which messages a letter is, answers and passes on, and who writes about what.
pub(super) fn note(out: &mut LabelledLetter, letter: &Letter, raw: &[u8]) {
    if letter.channel == Channel::Email {
        out.thread.extend(letter.message_id.clone());
        out.thread.extend(references(raw));
    }
    if let Some(memo) = &letter.memo {
        let replies = memo.replies.iter().flat_map(|r| [&r.message_uuid, &r.reply_uuid]);
        let forwarded = memo.forward.iter().map(|forward| &forward.message_uuid);
        let uuids = replies.chain(forwarded).chain([&memo.message_uuid]);
        out.thread.extend(uuids.flatten().map(|uuid| uuid.trim().to_ascii_lowercase()));
    }
    out.thread.retain(|id| !id.is_empty() && id.len() <= ID_BYTES);
    out.thread.truncate(MOST_IDS);
    out.thread.sort_unstable();
    out.thread.dedup();
    let sender = letter.sender.address.as_ref().or(letter.sender.id.as_ref());
    out.conversation = sender.and_then(|sender| conversation(&letter.subject, sender));
    out.sender = sender.and_then(|sender| sender_key(sender));
}

/// The same for the same sender, however the address is written.
pub(super) fn sender_key(sender: &str) -> Option<u64> {
    let sender = sender.trim().to_lowercase();
    let digest = Sha256::digest(sender.as_bytes());
    let first = digest.first_chunk().filter(|_| !sender.is_empty())?;
    Some(u64::from_le_bytes(*first))
}

/// The Message-IDs in References and In-Reply-To.
fn references(raw: &[u8]) -> Vec<String> {
    let (mut ids, mut wanted) = (Vec::new(), false);
    let head = raw.get(..HEADER_BYTES.min(raw.len())).unwrap_or_default();
    for line in head.split(|&b| b == b'\n') {
        let line = line.trim_ascii_end();
        if line.is_empty() && !ids.is_empty() || ids.len() >= MOST_IDS {
            break;
        }
        if line.is_empty() {
            // The end of the header, unless nothing has begun yet.
            wanted = false;
            if raw.trim_ascii_start().len() == raw.len() {
                break;
            }
            continue;
        }
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            wanted = is_field(line, b"references:") || is_field(line, b"in-reply-to:");
        }
        if wanted {
            ids.extend(in_angles(line));
        }
    }
    ids
}

fn is_field(line: &[u8], name: &[u8]) -> bool {
    line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

fn in_angles(line: &[u8]) -> impl Iterator<Item = String> {
    let pieces = line.split(|&b| b == b'<').skip(1);
    pieces.filter_map(|piece| {
        let end = piece.iter().position(|&b| b == b'>')?;
        let id = std::str::from_utf8(piece.get(..end)?).ok()?.trim();
        (!id.is_empty()).then(|| id.to_owned())
    })
}

/// Who writes about what, as a number: the same for "Støj", "SV: Støj" and "Re: SV: støj".
fn conversation(subject: &str, sender: &str) -> Option<u64> {
    let subject = bare(subject);
    if subject.chars().count() < SUBJECT_CHARS {
        return None;
    }
    let mut hasher = Sha256::new();
    hasher.update(subject.as_bytes());
    hasher.update([0]);
    hasher.update(sender.trim().to_lowercase().as_bytes());
    let digest = hasher.finalize();
    Some(digest.iter().take(8).fold(0, |number, &byte| (number << 8) | u64::from(byte)))
}

/// A subject without "SV:", "Re:", "VS:" and so on, in lower case with single spaces.
fn bare(subject: &str) -> String {
    const MARKS: [&str; 8] = ["re", "sv", "svar", "vs", "fw", "fwd", "aw", "wg"];
    let words = subject.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ");
    let mut rest = words.as_str();
    while let Some((mark, after)) = rest.split_once(':') {
        // Some programs count: "Re[2]:".
        let mark = mark.trim_end_matches(|c: char| c.is_ascii_digit() || "[]()".contains(c));
        if !MARKS.contains(&mark.trim()) {
            break;
        }
        rest = after.trim_start();
    }
    rest.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_have_their_subject_in_common() {
        assert_eq!(bare("SV: Re[2]:  Støj fra  naboen"), "støj fra naboen");
        assert_eq!(bare("Mødet: ny tid"), "mødet: ny tid");
        let of = |subject, sender| conversation(subject, sender);
        assert_eq!(of("Støj", "A@x.example"), of("SV: støj", "a@x.example"));
        assert_ne!(of("Støj", "a@x.example"), of("Støj", "b@x.example"));
        assert_eq!(of("Re: Hej", "a@x.example"), None);
    }

    #[test]
    fn a_sender_is_the_same_however_written_and_nobody_without_an_address() {
        assert_eq!(sender_key(" A@x.example"), sender_key("a@X.example"));
        assert_ne!(sender_key("a@x.example"), sender_key("b@x.example"));
        assert_eq!(sender_key(" "), None);
    }

    #[test]
    fn references_are_found_over_folded_lines_and_nowhere_else() {
        let raw = b"Subject: x <no@no>\r\nReferences: <a@x>\r\n\t<b@x> junk\r\nin-reply-to: <c@x>\r\nTo: <d@x>\r\n\r\nReferences: <e@x>\r\n";
        assert_eq!(references(raw), ["a@x", "b@x", "c@x"]);
        assert!(references(b"\r\n\r\n").is_empty());
        assert!(references(b"Subject: x\r\n\r\nReferences: <e@x>\r\n").is_empty());
    }
}
