//! Mails that are broken, hostile or too large: what was read, and the defect that says so.
#![allow(clippy::unwrap_used)]

mod common;

use common::{PLAIN, base64_lines, kinds, latin1, mail, multipart, of_parts, read};
use postbud_letter::{Channel, DefectKind, Limits};

#[test]
fn structures_that_are_broken() {
    let whole =
        format!("From: a@b.example\r\nSubject: x\r\n{}", multipart("mixed", &[PLAIN, PLAIN]));
    // Ends early: what there is is read.
    let cut = &whole[..whole.rfind("om børn").unwrap()];
    let letter = read(cut);
    assert_eq!(letter.text.new, "Almindelig tekst om børn\n\nAlmindelig tekst");
    assert_eq!(kinds(&letter), [DefectKind::BrokenMime]);
    // No boundary, or another one: the body is read as text.
    let letter = read(whole.replace("; boundary=\"grænse=1\"", ""));
    assert!(letter.text.new.contains("Almindelig tekst om børn"));
    assert_eq!(kinds(&letter), [DefectKind::BrokenMime]);
    let letter = read(whole.replace("boundary=\"grænse=1\"", "boundary=andet"));
    assert!(letter.text.new.contains("Almindelig tekst om børn"));
    // No empty line after the header: everything is header.
    let letter = read("From: a@b.example\r\nSubject: Uden krop");
    assert_eq!((letter.subject.as_str(), letter.text.new.as_str()), ("Uden krop", ""));
    // Bare line feeds, an mbox separator, lines that are no headers.
    let letter = read("From ida Thu Nov  5\nSubject: x\nvrøvl\nFrom: a@b.example\n\nHej\n");
    assert_eq!((letter.subject.as_str(), letter.text.new.as_str()), ("x", "Hej"));
}

#[test]
fn dates_and_ids_that_are_none() {
    for date in [
        "",
        "i går",
        "Thu, 99 Foo 9999 99:99:99 +9999",
        "Mon, 01 Jan 0001 00:00:00 +0000",
        "1 Jan 1969 00:00 GMT",
    ] {
        let letter = read(mail(&format!("Date: {date}\r\nMessage-ID: <>\r\n"), "Hej"));
        assert_eq!((letter.sent_at, letter.message_id), (None, None), "{date}");
    }
}

#[test]
fn parts_are_capped_and_the_first_are_read() {
    let many = vec![PLAIN; 10_000];
    let letter = of_parts("mixed", &many);
    assert_eq!(kinds(&letter), [DefectKind::TooManyParts]);
    assert_eq!(letter.text.new.matches("Almindelig").count(), Limits::default().parts - 1);
    let attachment = "Content-Type: application/pdf\r\n\r\nx";
    let mut parts = vec![PLAIN];
    parts.extend(vec![attachment; 5_000]);
    let letter = of_parts("mixed", &parts);
    assert_eq!(letter.documents.len(), Limits::default().parts - 2);
    // Two bytes a part: a million of them.
    let tiny = format!(
        "From: a@b\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n{}",
        "--a\n\n".repeat(1_000_000)
    );
    assert_eq!(kinds(&read(tiny))[0], DefectKind::TooManyParts);
}

#[test]
fn nesting_is_capped() {
    let mut multiparts = String::from("From: a@b.example\r\nSubject: dybt\r\n");
    for n in 0..10_000 {
        multiparts
            .push_str(&format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n"));
    }
    let letter = read(multiparts);
    assert_eq!(letter.subject, "dybt");
    assert!(kinds(&letter).contains(&DefectKind::TooDeep));
    let messages = "Content-Type: message/rfc822\r\nFrom: a@b.example\r\n\r\n".repeat(200_000);
    assert!(kinds(&read(messages)).contains(&DefectKind::TooDeep));
    // Encoded within encoded: what is held decoded has a limit.
    let mut encoded = b"From: a@b.example\r\n\r\nInderst".to_vec();
    for _ in 0..6 {
        let head = "From: a@b.example\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n";
        encoded = format!("{head}{}", base64_lines(&encoded)).into_bytes();
    }
    assert!(read(&encoded).text.quoted.ends_with("Inderst"));
    let limits = Limits { letter_bytes: encoded.len() + 200, ..Limits::default() };
    let letter = postbud_letter::read(&encoded, &limits);
    assert_eq!(kinds(&letter)[0], DefectKind::TooDeep);
    // As deep as the caller may ask for, on an ordinary thread's stack.
    let limits = Limits { depth: usize::MAX, parts: usize::MAX, ..Limits::default() };
    let messages = "Content-Type: message/rfc822\r\nFrom: a@b.example\r\n\r\n".repeat(10_000);
    let letter = postbud_letter::read(messages.as_bytes(), &limits);
    assert!(kinds(&letter).contains(&DefectKind::TooDeep));
}

#[test]
fn headers_without_end() {
    let many = format!("{}Subject: til sidst\r\n\r\nHej", "X-Header: værdi\r\n".repeat(100_000));
    let letter = read(&many);
    assert_eq!((letter.subject.as_str(), letter.text.new.as_str()), ("til sidst", "Hej"));
    let long = format!("From: a@b.example\r\nSubject: {}\r\n\r\nHej", "a ".repeat(512 << 10));
    let letter = read(&long);
    assert!(letter.subject.len() <= Limits::default().field_bytes);
    assert_eq!(kinds(&letter), [DefectKind::TextCut]);
    let words = format!(
        "From: {}\r\nSubject: {}\r\n\r\nHej",
        "<".repeat(1 << 20),
        "=?utf-8?Q?".repeat(100_000)
    );
    assert_eq!(read(&words).text.new, "Hej");
}

#[test]
fn too_large_a_mail_still_says_who_and_what() {
    let raw = mail("Subject: Stor\r\n", &"x".repeat(5000));
    let limits = Limits { letter_bytes: 4000, ..Limits::default() };
    let letter = postbud_letter::read(raw.as_bytes(), &limits);
    assert_eq!(letter.subject, "Stor");
    assert_eq!(letter.sender.label.as_deref(), Some("Ida Holm"));
    assert_eq!(letter.text.new, "");
    assert_eq!(kinds(&letter), [DefectKind::TooLarge]);
    assert_eq!(letter.id, read(&raw).id);
}

#[test]
fn what_is_neither_mail_nor_memo_is_read_as_far_as_it_is_text() {
    let letter = read("Kære kommune\nHvornår har I åbent?");
    assert_eq!(letter.channel, Channel::Unknown);
    assert_eq!(letter.text.new, "Kære kommune\nHvornår har I åbent?");
    assert_eq!(kinds(&letter), [DefectKind::UnknownFormat]);
    assert_eq!(read(latin1("Hvornår har I åbent?")).text.new, "Hvornår har I åbent?");
    assert_eq!(read("<html><p>Hej <b>der</b></p></html>").text.new, "Hej der");
    let letter = read(b"%PDF-1.7\n\x00\x01");
    assert_eq!(letter.documents[0].media_type, "application/pdf");
    assert_eq!(kinds(&letter), [DefectKind::UnknownFormat, DefectKind::NoText]);
    for empty in ["", " \r\n\t"] {
        let letter = read(empty);
        assert_eq!((letter.channel, kinds(&letter)), (Channel::Unknown, vec![DefectKind::Empty]));
    }
    assert_eq!(read("Hej: dette er et brev\n\nMed tekst").channel, Channel::Unknown);
}

#[test]
fn the_text_of_many_messages_together_has_a_limit() {
    let subject = "emne ".repeat(600);
    let message = format!(
        "Content-Type: message/rfc822\r\n\r\nFrom: a@b.example\r\nSubject: {subject}\r\n\r\nTekst"
    );
    let letter = of_parts("mixed", &vec![message.as_str(); 450]);
    assert!(letter.text.quoted.len() <= Limits::default().text_bytes);
    assert_eq!(kinds(&letter), [DefectKind::TextCut]);
    let texts = vec!["Content-Type: text/plain\r\n\r\nEn linje med tekst i en lang mail."; 90];
    let limits = Limits { text_bytes: 1000, ..Limits::default() };
    let raw = format!("From: a@b.example\r\n{}", multipart("mixed", &texts));
    let letter = postbud_letter::read(raw.as_bytes(), &limits);
    assert!(letter.text.new.len() <= 1000 && letter.text.new.len() > 900);
    assert_eq!(kinds(&letter), [DefectKind::TextCut]);
}
