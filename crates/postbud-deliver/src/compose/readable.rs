//! A mail made by Postbud around a letter that is not passed on as it is.

use lettre::Address;
use mail_builder::Writer;
use mail_builder::headers::content_type::ContentType;
use mail_builder::mime::{BodyPart, MimePart};
use postbud_decide::{Mailbox, Target};
use postbud_letter::Letter;
use postbud_pipeline::ports::Outgoing;
use sha2::{Digest, Sha256};

use super::attach::{Names, part};
use super::facts::Said;
use super::header::HeaderBlock;
use super::words::{Words, words};
use super::{Settings, facts, trace};

/// What is made readable, and so what is attached as the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A letter from Digital Post.
    Memo,
    /// A mail that is attached instead of being passed on.
    Carried,
    /// Bytes that are neither.
    Unknown,
}

impl Kind {
    /// File name and media type of the attached original. A mail goes as plain bytes: a server
    /// may rewrite what it sees as `message/rfc822`.
    fn original(self) -> (&'static str, &'static str) {
        match self {
            Self::Memo => ("original.xml", "application/xml"),
            Self::Carried => ("original.eml", "application/octet-stream"),
            Self::Unknown => ("original.bin", "application/octet-stream"),
        }
    }
}

/// Writes the mail: ASCII, CRLF, lines below 998 octets.
pub(super) fn compose(
    kind: Kind,
    letter: &Letter,
    item: &Outgoing,
    mailbox: &Mailbox,
    settings: &Settings,
    mail: &mut impl Writer,
) {
    let words = words(settings.language);
    let (original_name, original_type) = kind.original();
    let mut given = Names::default();
    let original_name = given.give(original_name, original_name);
    // A carried mail's documents are in its original, which mail programs open; what could not be
    // read is its own only document.
    let documents = if kind == Kind::Memo { &letter.documents[..] } else { &[] };
    let mut names: Vec<String> = documents
        .iter()
        .enumerate()
        .map(|(at, document)| {
            let otherwise = format!("{}-{}", words.attachment, at + 1);
            given.give(&document.filename, &otherwise)
        })
        .collect();
    names.push(original_name.clone());

    let why = trace::reason(item, mailbox, settings);
    let link = settings.not_mine.as_ref().map(|links| links.link(&item.key));
    let unread = trace::unread(item, settings);
    let said = Said { why: &why, not_mine: link.as_deref(), unread: &unread };
    let facts = facts::block(letter, &names, &said, words, settings);
    let text = body(kind, letter, &facts, words);
    let boundary = boundary(&item.key, &text);
    let mut parts = vec![MimePart::new("text/plain", BodyPart::Text(text.into()))];
    parts.extend(
        documents
            .iter()
            .zip(names)
            .map(|(document, name)| part(&document.media_type, name, &document.bytes)),
    );
    parts.push(part(original_type, original_name, &item.raw));

    mail.write(&headers(kind, letter, item, mailbox, settings, words).into_bytes());
    mail.write(b"MIME-Version: 1.0\r\n");
    let mixed = ContentType::new("multipart/mixed").attribute("boundary", boundary);
    MimePart::new(mixed, BodyPart::Multipart(parts)).write_part(mail);
}

fn headers(
    kind: Kind,
    letter: &Letter,
    item: &Outgoing,
    mailbox: &Mailbox,
    settings: &Settings,
    words: &Words,
) -> HeaderBlock {
    let mut block = HeaderBlock::default();
    let label = letter.sender.label.as_deref().filter(|label| !label.trim().is_empty());
    let address = letter.sender.address.as_deref();
    let display = match kind {
        Kind::Memo => label.unwrap_or(words.digital_post),
        Kind::Carried | Kind::Unknown => label.or(address).unwrap_or_default(),
    };
    block.address("From", display, &settings.from);
    match &mailbox.target {
        Some(Target::Smtp { address }) => block.address("To", &mailbox.name, address),
        _ => block.nowhere("To", &mailbox.name),
    }
    // Digital Post cannot be answered by mail; a mail's sender can.
    if let Some(address) = address.filter(|a| a.is_ascii() && a.parse::<Address>().is_ok()) {
        block.address("Reply-To", label.unwrap_or_default(), address);
    }
    let subject = if letter.subject.trim().is_empty() { words.no_subject } else { &letter.subject };
    block.text("Subject", subject);
    block.message_id("Message-ID", &trace::delivery_id(&item.key, &settings.domain));
    // Without a moment of its own the mail gets no date: an invented one would sort it away.
    if let Some(sent_at) = letter.sent_at.filter(|ms| (0..253_402_300_800_000).contains(ms)) {
        block.date("Date", sent_at);
    }
    trace::write(&mut block, letter, item, mailbox, settings);
    // Keeps out-of-office answers away from the address that all these mails come from.
    block.text("Auto-Submitted", "auto-generated");
    block.text("X-Auto-Response-Suppress", "All");
    block
}

fn body(kind: Kind, letter: &Letter, facts: &str, words: &Words) -> String {
    let title = match kind {
        Kind::Memo => words.title_memo,
        Kind::Carried => words.title_carried,
        Kind::Unknown => words.title_unknown,
    };
    let rule = "-".repeat(60);
    let new = letter.text.new.trim_end();
    let new = if new.trim().is_empty() { words.no_text } else { new };
    let mut text = format!("{title}\n\n{facts}\n{rule}\n\n{new}\n");
    let quoted = letter.text.quoted.trim_end();
    if !quoted.trim().is_empty() {
        text.push_str(&format!("\n{rule}\n{}\n\n{quoted}\n", words.earlier));
    }
    crlf(&text)
}

/// Every line ending as CRLF, and no control characters but tabs.
fn crlf(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 32);
    let mut before = ' ';
    for c in text.chars() {
        match c {
            '\n' if before == '\r' => {}
            '\r' | '\n' => out.push_str("\r\n"),
            '\t' => out.push(c),
            c if c.is_control() => {}
            c => out.push(c),
        }
        before = c;
    }
    out
}

/// Between the parts: from a hash over the only part that is not base64, so that no text can hold
/// its own boundary.
fn boundary(key: &str, text: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(key.as_bytes());
    hash.update([0]);
    hash.update(text.as_bytes());
    format!("=_postbud_{}", trace::hex(&hash.finalize()))
}
