//! MeMo messages that end early, or are larger, deeper or more numerous than any real one.
#![allow(clippy::unwrap_used)]

mod common;

use common::{file, kinds, main_document, memo, memo_with_text, read};
use postbud_letter::{Channel, DefectKind, Limits};

const UUID: &str = "8c2ea15d-61fb-4ba9-9366-42f8b194c114";
const TEXT: &str = "Kære kommune\r\nHar I plads?\r\n";

#[test]
fn truncated_anywhere_it_keeps_what_it_had() {
    let body = format!(
        "{}<memo:AdditionalDocument>{}</memo:AdditionalDocument>",
        main_document(TEXT),
        file("application/pdf", "a.pdf", &[7; 3000])
    );
    let message = memo("1.2", "", &body);
    let cut = message.find("a.pdf").unwrap() + 600;
    let letter = read(&message[..cut]);
    assert_eq!(letter.id.as_str(), UUID);
    assert_eq!(letter.text.new, "Kære kommune\nHar I plads?");
    assert_eq!(kinds(&letter)[0], DefectKind::BrokenXml);
    assert!(
        letter.documents[0].bytes.iter().all(|&b| b == 7) && letter.documents[0].bytes.len() > 200
    );
    let mismatched = message.replace("</memo:Sender>", "</memo:Recipient>");
    assert_eq!(kinds(&read(mismatched))[0], DefectKind::BrokenXml);
}

#[test]
fn limits_on_documents_depth_text_and_size() {
    let pdf = file("application/pdf", "a.pdf", b"%PDF-");
    let more = format!("<memo:AdditionalDocument>{pdf}</memo:AdditionalDocument>").repeat(50);
    let message = memo("1.2", "", &format!("{}{more}", main_document(TEXT)));
    let limits = Limits { parts: 10, ..Limits::default() };
    let letter = postbud_letter::read(message.as_bytes(), &limits);
    assert_eq!((letter.documents.len(), kinds(&letter)), (9, vec![DefectKind::TooManyParts]));

    let deep = memo_with_text(TEXT)
        .replace("<memo:Sender>", &format!("{}<memo:Sender>", "<memo:x>".repeat(100)));
    let letter = read(deep);
    assert_eq!(kinds(&letter)[0], DefectKind::TooDeep);
    assert_eq!((letter.id.as_str(), letter.subject.as_str()), (UUID, "Plads i vuggestue"));

    let long = memo_with_text(&"Vi skriver længe. ".repeat(100));
    let limits = Limits { text_bytes: 1000, ..Limits::default() };
    let letter = postbud_letter::read(long.as_bytes(), &limits);
    assert!(letter.text.new.len() <= 1000 && letter.text.new.len() > 990);
    assert_eq!(kinds(&letter), [DefectKind::TextCut]);
    assert_eq!(letter.documents.len(), 1, "the whole text stays as a document");

    let limits = Limits { letter_bytes: 1500, ..Limits::default() };
    let letter = postbud_letter::read(long.as_bytes(), &limits);
    assert_eq!((letter.id.as_str(), letter.subject.as_str()), (UUID, "Plads i vuggestue"));
    assert_eq!((letter.text.new.as_str(), letter.documents.len()), ("", 0));
    assert_eq!(kinds(&letter), [DefectKind::TooLarge]);
}

#[test]
fn entities_are_never_expanded() {
    let bomb = "<!DOCTYPE m [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">\
                <!ENTITY c SYSTEM \"file:///etc/passwd\">]>";
    let message = memo_with_text(TEXT)
        .replacen('\n', &format!("\n{bomb}"), 1)
        .replace("Plads i vuggestue", "&b; &c;");
    let letter = read(message);
    assert_eq!(letter.subject, "&b; &c;");
    assert_eq!(letter.text.new, "Kære kommune\nHar I plads?");
}

#[test]
fn a_million_nested_elements_or_attributes_or_namespaces_end_in_a_defect() {
    let message = memo_with_text(TEXT);
    let deep = message.replace("<memo:Sender>", &"<a>".repeat(1_000_000));
    assert_eq!(kinds(&read(deep))[0], DefectKind::TooDeep);
    let wide =
        message.replace("<memo:Sender>", &format!("{}<memo:Sender>", "<memo:x/>".repeat(30_000)));
    assert_eq!(kinds(&read(wide))[0], DefectKind::TooManyParts);
    let spaces: String = (0..100_000).map(|n| format!(" xmlns:a{n}=\"urn:{n}\"")).collect();
    let spaces = message.replace(" memoVersion", &format!("{spaces} memoVersion"));
    assert_eq!(read(spaces).channel, Channel::Unknown);
    let long = message.replace("Plads i vuggestue", &"x".repeat(3 << 20));
    let letter = read(long);
    assert!(letter.subject.len() <= Limits::default().field_bytes);
    assert_eq!(kinds(&letter)[0], DefectKind::TextCut);
}
