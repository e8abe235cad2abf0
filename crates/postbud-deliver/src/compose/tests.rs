//! Composing as a whole: what people get to see, and what must always hold.

use bytes::Bytes;
use mail_parser::{MessageParser, MimeHeaders};
use postbud_decide::{DocumentNote, Lang, Mailbox, Reason};
use postbud_letter::{Channel, DocumentFormat, DocumentTrouble, Letter};
use postbud_pipeline::ports::Outgoing;
use proptest::prelude::*;

use super::{Settings, samples};
use crate::smtp::Wire;

fn compose(letter: &Letter, item: &Outgoing, mailbox: &Mailbox, settings: &Settings) -> Vec<u8> {
    let mut mail = Vec::new();
    super::compose(letter, item, mailbox, settings, &mut mail);
    mail
}

fn carry(letter: &Letter, item: &Outgoing, mailbox: &Mailbox, settings: &Settings) -> Vec<u8> {
    let mut mail = Vec::new();
    super::carry(letter, item, mailbox, settings, &mut mail);
    mail
}

fn composed(raw: &[u8]) -> Vec<u8> {
    compose(&samples::read(raw), &samples::item(raw), &samples::mailbox(), &samples::settings())
}

fn carried(raw: &[u8]) -> Vec<u8> {
    carry(&samples::read(raw), &samples::item(raw), &samples::mailbox(), &samples::settings())
}

fn readable(mail: &[u8]) -> String {
    let parsed = MessageParser::new().parse(mail).unwrap();
    let header = |name: &str| parsed.header_raw(name).unwrap_or("(none)").trim().to_owned();
    let body = parsed.body_text(0).unwrap_or_default().replace("\r\n", "\n");
    format!(
        "From: {}\nTo: {}\nSubject: {}\nDate: {}\nReason: {}\n\n{body}",
        header("From"),
        header("To"),
        parsed.subject().unwrap_or("(none)"),
        header("Date"),
        parsed.header("X-Postbud-Reason").and_then(|value| value.as_text()).unwrap_or("(none)"),
    )
}

#[test]
fn a_letter_from_digital_post_as_people_see_it() {
    insta::assert_snapshot!(readable(&composed(samples::MEMO.as_bytes())));
}

#[test]
fn a_letter_from_digital_post_in_english() {
    let raw = samples::MEMO.as_bytes();
    let mut settings = samples::settings();
    settings.language = Lang::English;
    let mail = compose(&samples::read(raw), &samples::item(raw), &samples::mailbox(), &settings);
    insta::assert_snapshot!(readable(&mail));
}

/// Notes on documents that were not read, or not all of them, and on one that was.
fn with_unread_documents(raw: &[u8], count: u32) -> Outgoing {
    let note = |number| DocumentNote {
        number,
        format: DocumentFormat::Pdf,
        text_bytes: 0,
        cut: number == 3,
        signed: false,
        trouble: (number != 3).then_some(DocumentTrouble::Encrypted),
    };
    let mut item = samples::item(raw);
    item.decision.documents = (2..2 + count).map(note).collect();
    item.decision.documents.insert(0, DocumentNote { trouble: None, ..note(1) });
    item
}

#[test]
fn who_gets_a_letter_is_told_which_documents_were_not_read() {
    let (raw, mut settings) = (samples::MEMO.as_bytes(), samples::settings());
    let (letter, mailbox) = (samples::read(raw), samples::mailbox());
    let item = with_unread_documents(raw, 2);
    insta::assert_snapshot!(readable(&compose(&letter, &item, &mailbox, &settings)));
    settings.language = Lang::English;
    let item = with_unread_documents(raw, 9);
    insta::assert_snapshot!(readable(&compose(&letter, &item, &mailbox, &settings)));
}

#[test]
fn a_mail_that_is_passed_on_says_it_in_a_header() {
    let raw = samples::MAIL.as_bytes();
    let item = with_unread_documents(raw, 2);
    let mail = compose(&samples::read(raw), &item, &samples::mailbox(), &samples::settings());
    let parsed = MessageParser::new().parse(&mail).unwrap();
    let said = parsed.header("X-Postbud-Unread").and_then(|value| value.as_text()).unwrap();
    insta::assert_snapshot!(said);
    assert!(mail.ends_with(raw), "the mail itself is as it was");
}

#[test]
fn a_letter_from_digital_post_as_it_is_sent() {
    let mail = composed(samples::MEMO.as_bytes());
    let text = String::from_utf8(mail).unwrap().replace("\r\n", "\n");
    // The attached original is long and checked elsewhere.
    let end = text.find("original.xml\"").unwrap();
    insta::assert_snapshot!(&text[..end]);
}

#[test]
fn documents_and_original_come_out_as_they_went_in() {
    let raw = samples::MEMO.as_bytes();
    let letter = samples::read(raw);
    assert_eq!(letter.channel, Channel::DigitalPost);
    let mail = composed(raw);
    let parsed = MessageParser::new().parse(&mail).unwrap();
    let attached: Vec<(String, Vec<u8>)> = parsed
        .attachments()
        .map(|part| (part.attachment_name().unwrap().to_owned(), part.contents().to_vec()))
        .collect();
    assert_eq!(attached.len(), letter.documents.len() + 1);
    for (document, (_, bytes)) in letter.documents.iter().zip(&attached) {
        assert_eq!(&document.bytes, bytes);
    }
    assert!(attached.iter().any(|(name, _)| name == "erklæring fra læge.pdf"));
    assert_eq!(attached.last().unwrap(), &("original.xml".to_owned(), raw.to_vec()));
}

#[test]
fn a_mail_as_it_is_sent() {
    let mail = composed(samples::MAIL.as_bytes());
    insta::assert_snapshot!(String::from_utf8(mail).unwrap().replace("\r\n", "\n"));
}

#[test]
fn a_mail_without_a_message_id_gets_a_stable_one() {
    let raw = samples::MAIL.replace("Message-ID: <a1@example.org>\r\n", "");
    let mail = composed(raw.as_bytes());
    let parsed = MessageParser::new().parse(&mail).unwrap();
    assert_eq!(parsed.message_id(), Some("postbud.o-17@klitkobing.dk"));
    assert!(mail.ends_with(raw.as_bytes()));
}

#[test]
fn headers_in_front_end_their_lines_as_the_mail_does() {
    let raw = samples::MAIL.replace("\r\n", "\n");
    let mail = composed(raw.as_bytes());
    assert!(mail.ends_with(raw.as_bytes()));
    assert!(!mail.contains(&b'\r'));
}

#[test]
fn a_mail_that_cannot_go_as_it_is_is_attached() {
    let raw = samples::MAIL.replace("hul ud", "hul\n.\nud");
    let mail = carried(raw.as_bytes());
    insta::assert_snapshot!(readable(&mail));
    let parsed = MessageParser::new().parse(&mail).unwrap();
    assert_eq!(parsed.attachment_count(), 1);
    assert_eq!(parsed.attachment(0).unwrap().contents(), raw.as_bytes());
    assert_eq!(parsed.attachment(0).unwrap().attachment_name(), Some("original.eml"));
}

#[test]
fn bytes_that_are_neither_are_attached() {
    let raw = b"\x00\x01\x02 hverken det ene eller det andet \xff";
    let letter = samples::read(raw);
    assert_eq!(letter.channel, Channel::Unknown);
    let mail = composed(raw);
    insta::assert_snapshot!(readable(&mail));
    let parsed = MessageParser::new().parse(&mail).unwrap();
    assert_eq!(parsed.attachment(0).unwrap().contents(), raw);
}

#[test]
fn a_forged_trace_header_comes_second() {
    let raw = format!("X-Postbud-Mailbox: forged\r\n{}", samples::MAIL);
    let mail = composed(raw.as_bytes());
    let parsed = MessageParser::new().parse(&mail).unwrap();
    let first = parsed.headers_raw().find(|(name, _)| *name == "X-Postbud-Mailbox").unwrap();
    assert_eq!(first.1.trim(), "dagtilbud");
}

#[test]
fn a_mailbox_without_an_address_is_named_all_the_same() {
    let raw = samples::MEMO.as_bytes();
    let mut mailbox = samples::mailbox();
    mailbox.target = None;
    let mail = compose(&samples::read(raw), &samples::item(raw), &mailbox, &samples::settings());
    let parsed = MessageParser::new().parse(&mail).unwrap();
    assert_eq!(parsed.header_raw("To").unwrap().trim(), "\"Dagtilbud og pladsanvisning\":;");
}

/// Raw bytes that are mails more often than not, with everything that is nasty in them.
fn raw_mail() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        "[A-Z][a-z-]{0,9}: .{0,40}".prop_map(String::into_bytes),
        Just(b"Message-ID: <x@y>".to_vec()),
        Just(b"".to_vec()),
        Just(b".".to_vec()),
        Just(b"--b".to_vec()),
        Just(b"Content-Type: multipart/mixed; boundary=b".to_vec()),
        prop::collection::vec(any::<u8>(), 0..30),
        Just(vec![b'x'; 1200]),
    ];
    let end = prop_oneof![4 => Just(&b"\r\n"[..]), 1 => Just(&b"\n"[..]), 1 => Just(&b"\r"[..])];
    let start = prop_oneof![Just(&b"Subject: x\r\nFrom: a@b.dk\r\n"[..]), Just(&b""[..])];
    (start, prop::collection::vec((line, end), 0..12)).prop_map(|(start, lines)| {
        let mut raw = start.to_vec();
        for (line, end) in lines {
            raw.extend(line);
            raw.extend(end);
        }
        raw
    })
}

proptest! {
    #[test]
    fn the_original_is_a_suffix_or_an_attachment(raw in raw_mail()) {
        let mail = composed(&raw);
        if samples::read(&raw).channel == Channel::Email && super::prepend::fits(&raw) {
            prop_assert!(mail.ends_with(&raw));
        } else {
            let parsed = MessageParser::new().parse(&mail).unwrap();
            let last = parsed.attachment(parsed.attachment_count() as u32 - 1).unwrap();
            prop_assert_eq!(last.contents(), &raw[..]);
        }
    }

    #[test]
    fn every_attempt_sends_the_same_bytes(raw in raw_mail()) {
        prop_assert_eq!(composed(&raw), composed(&raw));
        prop_assert_eq!(carried(&raw), carried(&raw));
    }

    #[test]
    fn a_carried_letter_is_safe_on_any_server(raw in raw_mail(), key in any::<String>()) {
        let mut item = samples::item(&raw);
        item.key = key;
        let mail = carry(&samples::read(&raw), &item, &samples::mailbox(), &samples::settings());
        prop_assert!(mail.is_ascii());
        prop_assert!(Wire::new(mail).is_some());
    }

    #[test]
    fn no_value_of_a_letter_becomes_a_header(
        subject in any::<String>(), label in any::<String>(), by in any::<String>(),
        text in any::<String>(), filename in any::<String>(),
    ) {
        let raw = samples::MEMO.as_bytes();
        let mut letter = samples::read(raw);
        letter.subject = subject;
        letter.sender.label = Some(label);
        letter.text.new = text;
        if let Some(document) = letter.documents.first_mut() {
            document.filename = filename;
        }
        let mut item = samples::item(raw);
        item.decision.reason = Reason::Assigned { by };
        item.raw = Bytes::from_static(b"<x/>");
        let mail = compose(&letter, &item, &samples::mailbox(), &samples::settings());
        let parsed = MessageParser::new().parse(&mail).unwrap();
        let names: Vec<&str> = parsed.headers().iter().map(mail_parser::Header::name).collect();
        prop_assert_eq!(names.join(" "), "From To Subject Message-ID Date X-Postbud-Letter \
            X-Postbud-Decision X-Postbud-Mailbox X-Postbud-Reason X-Postbud-Way \
            X-Postbud-Delivery Auto-Submitted X-Auto-Response-Suppress MIME-Version Content-Type");
        prop_assert_eq!(parsed.attachment_count(), letter.documents.len() + 1);
        prop_assert!(Wire::new(mail).is_some());
    }
}
