//! The headers that say which letter this is, who decided, and why it came.
//!
//! `X-Postbud-*` fields stand in front of everything else. A mail may bring forged ones of its
//! own, so whoever reads them takes the first of each name.
//!
//! There is no `Resent-*` block (RFC 5322, 3.6.6). It would need a true `Resent-Date`, and a mail
//! that is the same, byte for byte, on every attempt cannot hold one; and what happens here is
//! what RFC 5321, 3.9.1 calls an alias: the envelope names a new recipient, the message stays.

use postbud_decide::{Lang, Mailbox, Reason, describe};
use postbud_letter::Letter;
use postbud_pipeline::ports::Outgoing;
use sha2::{Digest, Sha256};

use super::Settings;
use super::header::HeaderBlock;

/// So many documents are named that were not read to their end.
const UNREAD_MAX: usize = 5;

/// Adds the trace of `item` to `block`.
pub(super) fn write(
    block: &mut HeaderBlock,
    letter: &Letter,
    item: &Outgoing,
    mailbox: &Mailbox,
    settings: &Settings,
) {
    let decision = &item.decision;
    block.text("X-Postbud-Letter", item.letter.as_str());
    block.text("X-Postbud-Decision", &decision.id);
    block.text("X-Postbud-Mailbox", item.mailbox.as_str());
    if let Reason::Model { model, .. } | Reason::Person { model: Some(model), .. } =
        &decision.reason
    {
        block.text("X-Postbud-Model", &model.0);
    }
    block.text("X-Postbud-Reason", &reason(item, mailbox, settings));
    // A mail that is passed on as it is has no other place to say it.
    let unread = unread(item, settings);
    if !unread.is_empty() {
        block.text("X-Postbud-Unread", &unread.join("; "));
    }
    block.text("X-Postbud-Way", letter.channel.as_str());
    block.message_id("X-Postbud-Delivery", &delivery_id(&item.key, &settings.domain));
    // In angle brackets, as mailing lists do it (RFC 2369).
    if let Some(links) = &settings.not_mine {
        block.message_id("X-Postbud-Not-Mine", &links.link(&item.key));
    }
}

/// Why the letter came, in one line that holds nothing of its text.
pub(crate) fn reason(item: &Outgoing, mailbox: &Mailbox, settings: &Settings) -> String {
    let mailboxes = std::slice::from_ref(mailbox);
    describe::short(&item.decision, mailboxes, settings.language)
}

/// Which of the letter's documents were not read to their end when it was decided about, and why: a
/// sentence each, of which none holds a document's name or text.
pub(super) fn unread(item: &Outgoing, settings: &Settings) -> Vec<String> {
    let documents = item.decision.documents.iter();
    let mut said: Vec<String> =
        documents.filter_map(|note| describe::document(note, settings.language)).collect();
    let more = said.len().saturating_sub(UNREAD_MAX);
    said.truncate(UNREAD_MAX);
    if more > 0 {
        said.push(match settings.language {
            Lang::Danish => format!("og {more} mere"),
            Lang::English => format!("and {more} more"),
        });
    }
    said
}

/// The id of one delivery, the same on every attempt, without angle brackets.
pub(super) fn delivery_id(key: &str, domain: &str) -> String {
    format!("postbud.{}@{domain}", token(key))
}

/// An outbox key as a word that may stand in file names and message ids: itself when it consists
/// of lower-case letters, digits, `-` and `_`, else `h.` and a hash of it. Different keys give
/// different tokens, also where upper and lower case are the same.
pub(crate) fn token(key: &str) -> String {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    if (1..=100).contains(&key.len()) && key.bytes().all(fits) {
        return key.to_owned();
    }
    format!("h.{}", hex(&Sha256::digest(key.as_bytes())))
}

/// The first 16 bytes of a hash in hexadecimal.
pub(super) fn hex(hash: &[u8]) -> String {
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_plain_key_stays_readable() {
        assert_eq!(delivery_id("o-17", "klitkobing.dk"), "postbud.o-17@klitkobing.dk");
    }

    proptest! {
        #[test]
        fn a_token_is_a_safe_word(key in any::<String>()) {
            let token = token(&key);
            prop_assert!(!token.is_empty() && token.len() <= 100);
            prop_assert!(token.bytes().all(|b| b.is_ascii_lowercase()
                || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.')));
            prop_assert!(!token.starts_with('.') && !token.ends_with('.') && !token.contains(".."));
        }

        #[test]
        fn different_keys_have_different_tokens(a in "[a-zA-Z/:.]{0,4}", b in "[a-zA-Z/:.]{0,4}") {
            prop_assert_eq!(a == b, token(&a) == token(&b));
        }
    }
}
