//! Messages that others made: official MeMo examples, and mails collected for being awkward.
//! Skipped where they are not there; nothing of them is copied into this project.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{kinds, read, shared};
use mail_parser::MessageParser;
use postbud_letter::{Channel, DefectKind, DocumentRole, Letter};

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn example(name: &str) -> Option<Letter> {
    Some(read(fs::read(shared("data/memo")?.join(name)).unwrap()))
}

#[test]
fn every_memo_example_is_read_without_a_defect() {
    let Some(folder) = shared("data/memo") else {
        return;
    };
    let mut count = 0;
    for version in ["examples-1.1", "examples-1.2"] {
        for path in files(&folder.join(version), "xml") {
            let letter = read(fs::read(&path).unwrap());
            assert_eq!(letter.channel, Channel::DigitalPost, "{}", path.display());
            assert_eq!(kinds(&letter), [], "{}", path.display());
            assert_eq!(letter.id.as_str().len(), 36);
            count += 1;
        }
    }
    assert_eq!(count, 9);
}

#[test]
fn the_full_examples_fill_every_field_of_the_header() {
    for (name, newer) in [
        ("examples-1.1/MeMo_Full_Example.xml", false),
        ("examples-1.2/MeMo_Full_Example.xml", true),
    ] {
        let Some(letter) = example(name) else { return };
        let header = letter.memo.as_ref().unwrap();
        let json = serde_json::to_value(header).unwrap();
        let empty = empty_fields(&json, String::new());
        let mut expected = vec![
            "/content/address",
            "/content/unstructured_address",
            "/recipient/attention/generating_system",
            "/recipient/id_type_label",
            "/recipient/representative",
            "/replies/0/reply_uuid",
            "/sender/id_type_label",
        ];
        if newer {
            expected.push("/schema_version");
        } else {
            expected.extend(["/forward/original_representative", "/sender/representative"]);
            expected
                .extend(["/recipient/attention/address", "/sender/attention/unstructured_address"]);
        }
        expected.sort_unstable();
        // What one of the two published files leaves out, the other one has.
        let unexpected: Vec<&String> = empty
            .iter()
            .filter(|field| !expected.contains(&field.as_str()) && !may_be_empty(field))
            .collect();
        assert_eq!(unexpected, Vec::<&String>::new(), "{name}");
        assert_eq!(header.replies.len(), 2);
        assert_eq!(header.replies[1].additional.len(), 4);
        assert_eq!(header.actions.len(), 5);
        assert_eq!(header.content.additional.len(), 2);
        assert_eq!(header.content.kle.as_ref().unwrap().key.as_deref(), Some("00.00.00"));
        assert_eq!(header.sender.contact_point.as_ref().unwrap().info.len(), 2);
        let address = header.sender.attention.as_ref().unwrap().address.as_ref().unwrap();
        assert_eq!(address.street.as_deref(), Some("Gaden"));
        assert_eq!(letter.documents.last().unwrap().role, DocumentRole::Technical);
    }
}

/// An action has an entry point or a reservation, and its times may be left out.
fn may_be_empty(field: &str) -> bool {
    field.starts_with("/actions/") || field.ends_with("/attention/generating_system")
}

fn empty_fields(value: &serde_json::Value, path: String) -> Vec<String> {
    use serde_json::Value;
    match value {
        Value::Null => vec![path],
        Value::String(text) if text.is_empty() => vec![path],
        Value::Array(items) if items.is_empty() => vec![path],
        Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(n, v)| empty_fields(v, format!("{path}/{n}")))
            .collect(),
        Value::Object(fields) => {
            fields.iter().flat_map(|(name, v)| empty_fields(v, format!("{path}/{name}"))).collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn the_example_of_version_1_0_and_the_text_message() {
    let Some(letter) = example("examples-1.1/MeMo_Scenarie1_Eksempel.xml") else {
        return;
    };
    let header = letter.memo.as_ref().unwrap();
    assert_eq!(header.version.as_deref(), Some("1.0"));
    assert_eq!(header.content.kle.as_ref().unwrap().facet.as_deref(), Some("A01"));
    assert_eq!(letter.subject, "Periodisk syn");
    assert_eq!(letter.documents[0].filename, "Bilsynsindkaldelse.pdf");
    let letter = example("examples-1.2/MeMo_NemSMS.xml").unwrap();
    assert_eq!(letter.text.new, "Message Text");
}

#[test]
fn every_awkward_mail_is_a_letter_with_the_header_that_its_collectors_read() {
    let Some(folder) = shared("data/mime/mail-parser/eml") else {
        return;
    };
    let mails = files(&folder, "eml");
    assert_eq!(mails.len(), 107);
    for path in mails {
        let raw = fs::read(&path).unwrap();
        let letter = read(&raw);
        let name = path.display();
        assert_eq!(letter.channel, Channel::Email, "{name}");
        assert!(
            !letter.text.new.contains('\u{fffd}') && !letter.subject.contains('\u{fffd}'),
            "{name}"
        );
        let oracle = MessageParser::default().parse_headers(&raw).unwrap();
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let subject = words(oracle.subject().unwrap_or_default());
        if !subject.contains('\u{fffd}') && oracle.header_values("Subject").count() < 2 {
            assert_eq!(words(&letter.subject), subject, "{name}");
        }
        let address = oracle.from().and_then(|from| from.first()).and_then(|a| a.address());
        assert_eq!(letter.sender.address.as_deref(), address, "{name}");
        for damaged in [&raw[..raw.len() / 2], &raw[..raw.len() * 9 / 10]] {
            read(damaged);
        }
    }
}

#[test]
fn the_sound_mails_have_the_parts_that_their_collectors_read() {
    let Some(folder) = shared("data/mime/mail-parser/eml/legacy") else {
        return;
    };
    for path in files(&folder, "eml") {
        let raw = fs::read(&path).unwrap();
        let letter = read(&raw);
        let oracle = MessageParser::default().parse(&raw).unwrap();
        let attachments = oracle.attachments().filter(|part| !part.is_message()).count();
        assert_eq!(letter.documents.len(), attachments, "{}", path.display());
        let bytes: usize = letter.documents.iter().map(|d| d.bytes.len()).sum();
        let expected: usize =
            oracle.attachments().filter(|p| !p.is_text()).map(mail_parser::MessagePart::len).sum();
        assert!(bytes >= expected, "{}", path.display());
        let defects: Vec<DefectKind> =
            kinds(&letter).into_iter().filter(|kind| *kind != DefectKind::BrokenCharset).collect();
        assert_eq!(defects, [], "{}", path.display());
    }
}
