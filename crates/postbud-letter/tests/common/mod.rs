//! Shared by the tests: building messages, and showing letters to people.
#![allow(dead_code, clippy::unwrap_used)]

use std::fmt::Write;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postbud_letter::{DefectKind, Letter, Limits};

/// Reads with the ordinary limits.
pub(crate) fn read(raw: impl AsRef<[u8]>) -> Letter {
    let letter = postbud_letter::read(raw.as_ref(), &Limits::default());
    assert!(!kinds(&letter).contains(&DefectKind::ReaderFault), "the reader panicked");
    letter
}

/// The kinds of a letter's defects.
pub(crate) fn kinds(letter: &Letter) -> Vec<DefectKind> {
    letter.defects.iter().map(|defect| defect.kind).collect()
}

/// base64 in lines of 76.
pub(crate) fn base64_lines(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    let lines: Vec<&str> =
        text.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    lines.join("\r\n")
}

/// A folder beside the project; `None`, with a line that says so, where it is not there.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")).join(path);
    if folder.exists() {
        return Some(folder);
    }
    println!("skipped: ../shared/{path} is not there");
    None
}

/// A File of a MeMo document.
pub(crate) fn file(media_type: &str, name: &str, bytes: &[u8]) -> String {
    format!(
        "<memo:File><memo:encodingFormat>{media_type}</memo:encodingFormat>\
         <memo:filename>{name}</memo:filename><memo:language>da</memo:language>\
         <memo:content>{}</memo:content></memo:File>",
        base64_lines(bytes)
    )
}

/// A MeMo message: `header` goes after the recipient, `body` after the date.
pub(crate) fn memo(version: &str, header: &str, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <memo:Message xmlns:memo=\"https://DigitalPost.dk/MeMo-1\" \
         xmlns:grd=\"https://data.gov.dk/model/core/\" xmlns:kle=\"http://kle-online.dk/\" \
         memoVersion=\"{version}\"><memo:MessageHeader>\
         <memo:messageType>DIGITALPOST</memo:messageType>\
         <memo:messageUUID>8C2EA15D-61FB-4BA9-9366-42F8B194C114</memo:messageUUID>\
         <memo:label>Plads i vuggestue</memo:label>\
         <memo:mandatory>false</memo:mandatory>\
         <memo:legalNotification>false</memo:legalNotification>\
         <memo:Sender><memo:senderID>0101700000</memo:senderID><memo:idType>CPR</memo:idType>\
         <memo:label>Ida Holm</memo:label></memo:Sender>\
         <memo:Recipient><memo:recipientID>12345678</memo:recipientID>\
         <memo:idType>cvr</memo:idType></memo:Recipient>{header}</memo:MessageHeader>\
         <memo:MessageBody><memo:createdDateTime>2026-11-05T10:12:00Z</memo:createdDateTime>\
         {body}</memo:MessageBody></memo:Message>"
    )
}

/// A message with one text.
pub(crate) fn memo_with_text(text: &str) -> String {
    memo("1.2", "", &main_document(text))
}

/// A MainDocument with one text.
pub(crate) fn main_document(text: &str) -> String {
    let file = file("text/plain", "besked.txt", text.as_bytes());
    format!("<memo:MainDocument>{file}</memo:MainDocument>")
}

/// A mail with a plain body.
pub(crate) fn mail(headers: &str, body: &str) -> String {
    format!(
        "From: Ida Holm <ida@borger.example>\r\nTo: kommunen@klitkobing.example\r\n{headers}\r\n{body}"
    )
}

/// What a clerk would see of a letter, and what was wrong with it.
pub(crate) fn show(letter: &Letter) -> String {
    let mut out = String::new();
    let sender = &letter.sender;
    let recipient = &letter.recipient;
    writeln!(out, "channel:   {}", letter.channel.as_str()).unwrap();
    writeln!(out, "subject:   {}", letter.subject).unwrap();
    writeln!(out, "from:      {:?} {:?} {:?}", sender.label, sender.address, sender.id).unwrap();
    writeln!(out, "to:        {:?} {:?}", recipient.label, recipient.address).unwrap();
    if let Some(point) = &recipient.contact_point {
        writeln!(out, "point:     {:?} {}", point.label, point.id).unwrap();
    }
    writeln!(out, "sent at:   {:?}", letter.sent_at).unwrap();
    for document in &letter.documents {
        let size = document.bytes.len();
        let (role, name, media_type) = (document.role, &document.filename, &document.media_type);
        writeln!(out, "document:  {role:?} {name:?} {media_type} {size} bytes").unwrap();
    }
    for defect in &letter.defects {
        writeln!(out, "defect:    {:?} at {:?}", defect.kind, defect.position).unwrap();
    }
    writeln!(out, "--- new\n{}\n--- quoted\n{}", letter.text.new, letter.text.quoted).unwrap();
    out
}

pub(crate) fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

/// A multipart of already written parts.
pub(crate) fn multipart(kind: &str, parts: &[&str]) -> String {
    let mut out = format!("Content-Type: multipart/{kind}; boundary=\"grænse=1\"\r\n\r\n");
    for part in parts {
        out.push_str(&format!("--grænse=1\r\n{part}\r\n"));
    }
    out + "--grænse=1--\r\n"
}

pub(crate) fn of_parts(kind: &str, parts: &[&str]) -> Letter {
    read(format!("From: Ida <ida@borger.example>\r\nSubject: Emne\r\n{}", multipart(kind, parts)))
}

/// A plain part.
pub(crate) const PLAIN: &str =
    "Content-Type: text/plain; charset=utf-8\r\n\r\nAlmindelig tekst om børn";
