//! What lies in a letter: read, weighed, and survived. Over the real binary and its real workers.

#[path = "../../crates/postbud-extract/tests/made/cms.rs"]
mod cms;
#[path = "../../crates/postbud-extract/tests/made/old_word.rs"]
mod old_word;

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::settings::{embedded, mail_with};
use crate::support::Installation;

const WASTE: &str = "Vores skraldespand er ikke blevet tømt i tre uger. Hvornår kommer skraldebilen \
    og tømmer affaldet? Vi vil også gerne have en ekstra beholder til restaffald.";

/// A mail with this text and these documents, under names that would be paths.
fn mail(subject: &str, text: &str, documents: &[&[u8]]) -> Vec<u8> {
    let names: Vec<String> = (0..documents.len()).map(|n| format!("../../etc/passwd{n}")).collect();
    let documents: Vec<_> =
        names.iter().map(String::as_str).zip(documents.iter().copied()).collect();
    mail_with(subject, text, &documents)
}

/// A PDF of one page that draws this.
fn pdf(drawn: &[u8]) -> Vec<u8> {
    let objects = [
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>".to_vec(),
        b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>".to_vec(),
        [format!("<</Length {}>>stream\n", drawn.len()).as_bytes(), drawn, b"\nendstream"].concat(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>".to_vec(),
    ];
    let mut out = b"%PDF-1.4\n".to_vec();
    let mut table = String::from("0000000000 65535 f \n");
    for (number, object) in objects.iter().enumerate() {
        writeln!(table, "{:010} 00000 n ", out.len()).unwrap();
        out.extend_from_slice(format!("{} 0 obj\n", number + 1).as_bytes());
        out.extend_from_slice(object);
        out.extend_from_slice(b"\nendobj\n");
    }
    let start = out.len();
    out.extend_from_slice(
        format!("xref\n0 6\n{table}trailer<</Size 6/Root 1 0 R>>\nstartxref\n{start}\n%%EOF")
            .as_bytes(),
    );
    out
}

/// A PDF that says this, in words of Latin 1.
fn pdf_text(text: &str) -> Vec<u8> {
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect();
    pdf(&[b"BT /F1 12 Tf 50 700 Td (".as_slice(), &latin, b") Tj ET"].concat())
}

fn zip(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name, SimpleFileOptions::default()).unwrap();
    zip.write_all(bytes).unwrap();
    zip.finish().unwrap().into_inner()
}

fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let external =
        b"<?xml version=\"1.0\"?><!DOCTYPE d [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\
        <w:document><w:t>&x;</w:t></w:document>";
    let mut deep = b"Kerne".to_vec();
    for level in 0..500 {
        let head = format!(
            "From: a@b.example\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n\
             Content-Disposition: attachment; filename=a.eml\r\n\r\n"
        );
        deep = [head.as_bytes(), &deep, format!("\r\n--b{level}--\r\n").as_bytes()].concat();
    }
    let password: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        ("too-large", zip("a.txt", &vec![b' '; 80 << 20])),
        ("empty", zip("word/document.xml", external)),
        ("too-deep", deep),
        (
            "too-large",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x9c\x40\0\0\x9c\x40\x08\x02\0\0\0".to_vec(),
        ),
        ("broken", b"%PDF-1.7\nintet".to_vec()),
        ("broken", b"PK\x03\x04intet".to_vec()),
        ("too-large", pdf(&b"BT (a) Tj ET ".repeat(1 << 20))),
        (
            "encrypted",
            [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(), vec![0; 600], password].concat(),
        ),
        ("unknown-format", b"\0\x01\x02\x03\x04\x05\x06\x07".to_vec()),
    ]
}

/// A configuration with `[documents]`.
fn config(documents: &str) -> String {
    format!("[documents]\n{documents}\n{}", embedded())
}

fn classify(place: &Installation, mail: &[u8]) -> Value {
    place.write("brev.eml", mail);
    place.json(&["classify", "--config", "postbud.toml", "brev.eml"])["letters"][0].clone()
}

fn troubles(decision: &Value) -> Vec<&str> {
    let notes = decision["documents"].as_array().map(Vec::as_slice).unwrap_or_default();
    notes.iter().map(|note| note["trouble"].as_str().unwrap_or("none")).collect()
}

#[test]
fn what_a_pdf_says_counts_when_the_mail_says_little() {
    let letter = mail("Henvendelse", "Se vedhæftede.", &[&pdf_text(WASTE)]);
    let read = classify(&Installation::with(&config("")), &letter);
    assert_eq!(read["suggestions"][0]["mailbox"], "affald", "{read}");
    assert_eq!(troubles(&read["decision"]), ["none"]);
    assert_eq!(read["decision"]["documents"][0]["format"], "pdf");
    let unread = classify(&Installation::with(&config("read = false")), &letter);
    assert_eq!(unread["decision"].get("documents"), None);
    assert_ne!(read["suggestions"][0], unread["suggestions"][0]);
}

/// Read by another program, which this binary has limited and become.
#[test]
fn what_an_old_word_document_says_counts_too() {
    if !std::path::Path::new("/usr/bin/catdoc").is_file() {
        println!("skipped: catdoc is not installed (Debian: apt-get install catdoc)");
        return;
    }
    let letter = mail("Henvendelse", "Se vedhæftede.", &[&old_word::doc(&format!("{WASTE}\r"))]);
    let read = classify(&Installation::with(&config("")), &letter);
    assert_eq!(read["suggestions"][0]["mailbox"], "affald", "{read}");
    assert_eq!(troubles(&read["decision"]), ["none"]);
    assert_eq!(read["decision"]["documents"][0]["format"], "old-office");
}

#[test]
fn a_long_annex_does_not_change_what_three_lines_ask_for() {
    let place = Installation::with(&config(""));
    let alone = classify(&place, &mail("Skrald", WASTE, &[]));
    let annex = pdf_text(&"Vilkår for brug af aftalen og dens bilag. ".repeat(2_000));
    let with = classify(&place, &mail("Skrald", WASTE, &[&annex]));
    assert_eq!(alone["suggestions"][0]["mailbox"], "affald");
    assert_eq!(with["suggestions"], alone["suggestions"], "{with}");
}

#[test]
fn a_letter_without_documents_is_decided_as_ever() {
    let letter = mail("Skrald", WASTE, &[]);
    let with = classify(&Installation::with(&config("")), &letter);
    let without = classify(&Installation::with(&config("read = false")), &letter);
    assert_eq!(with, without);
}

#[test]
fn rules_ask_what_stands_in_a_document() {
    let rules = r#"
        [[rule]]
        name = "Attest uden anmærkninger"
        to = "affald"
        when = { all = [
            { document_words = ["straffeattest*"], document_format = "pdf" },
            { document_words = ["ingen anmærkninger"] },
        ] }
        [[rule]]
        name = "Attest, måske med anmærkning"
        to = "person"
        when = { document_words = ["straffeattest*"] }
    "#;
    let place = Installation::with(&format!("{rules}\n{}", config("")));
    let decided = |document: &[u8]| {
        let read = classify(&place, &mail("Til ansættelsen", "Her er min attest.", &[document]));
        let decision = &read["decision"];
        let text = |of: &Value| of.as_str().unwrap_or_default().to_owned();
        let reason = &decision["reason"];
        let rule = reason.get("rule").unwrap_or(&reason["doubts"][0]["rule"]);
        (text(&decision["outcome"]["mailbox"]), text(rule))
    };
    let clean = decided(&pdf_text("Straffeattest. Der er ingen anmærkninger."));
    assert_eq!(clean, ("affald".to_owned(), "Attest uden anmærkninger".to_owned()));
    for doubtful in ["Straffeattest. Der er 2 anmærkninger.", "Straffeattester"] {
        let (mailbox, rule) = decided(&pdf_text(doubtful));
        assert_eq!((mailbox.as_str(), rule.as_str()), ("", "Attest, måske med anmærkning"));
    }
    let other = decided(&pdf_text("Ingen anmærkninger."));
    assert_ne!(other.0, "affald");
}

#[test]
fn every_bomb_is_named_and_the_letter_goes_on() {
    let place = Installation::with(&config("letter_seconds = 25"));
    let bombs = bombs();
    for (number, (_, bomb)) in bombs.iter().enumerate() {
        let letter = mail(&format!("Nummer {number}"), "Jeg vil bestille storskrald.", &[bomb]);
        place.write(&format!("post/{number}.eml"), letter);
    }
    place.write("post/9.eml", mail("Nummer 9", "Storskrald, se bilag.", &[&pdf_text(WASTE)]));
    let running = place.run(None);
    let sent = place.say(&["send", "--config", "postbud.toml", "post"]);
    assert_eq!(sent.code, 0, "{}", sent.err);
    place.wait_for("delivered", bombs.len() + 1);
    assert_eq!(place.maildir("affald").len(), bombs.len() + 1);
    let list = place.json(&["letters", "--limit", "100"]);
    let letters = list["letters"].as_array().unwrap();
    for letter in letters {
        let subject = letter["subject"].as_str().unwrap();
        let number: usize = subject.rsplit(' ').next().unwrap().parse().unwrap();
        let shown = place.json(&["letters", "show", letter["letter"].as_str().unwrap()]);
        let decision = &shown["letter"]["decisions"][0];
        let expected = bombs.get(number).map_or("none", |(trouble, _)| trouble);
        assert_eq!(troubles(decision), [expected], "{subject}: {shown}");
    }
    let log = running.log();
    assert!(!log.contains("panic"), "{log}");
    assert!(!log.contains("passwd"), "names of documents are content: {log}");
    assert_eq!(running.terminate(), 0);
}

#[test]
fn people_read_what_was_wrong_in_danish() {
    let place = Installation::with(&config(""));
    let letter = mail("Skrald", WASTE, &[&pdf_text("Hej"), b"%PDF-1.7\nintet"]);
    place.write("brev.eml", letter);
    let said = place.say(&["classify", "--config", "postbud.toml", "--lang", "da", "brev.eml"]);
    assert!(said.out.contains("bilag 2 er beskadiget og ikke læst til ende"), "{}", said.out);
    assert!(!said.out.contains("bilag 1"), "{}", said.out);
}

#[test]
fn people_read_that_a_document_is_signed() {
    let place = Installation::with(&config(""));
    let inner = cms::field(4, &pdf_text("Fuldmagt"));
    let signed = cms::signed(cms::open_field, Some(&inner));
    let signature = cms::signed(cms::field, None);
    let letter = mail("Skrald", WASTE, &[&signed, &signature, &pdf_text("Hej"), &cms::enveloped()]);
    let read = classify(&place, &letter);
    let documents = &read["decision"]["documents"];
    assert_eq!((&documents[0]["format"], &documents[0]["signed"]), (&"pdf".into(), &true.into()));
    assert_eq!(documents[1]["format"], "signature");
    place.write("brev.eml", letter);
    for (lang, said) in [
        (
            "da",
            [
                "bilag 1 er underskrevet digitalt; underskriften er ikke kontrolleret",
                "bilag 2 er en digital underskrift; den er ikke kontrolleret",
                "bilag 4 er krypteret med en adgangskode eller en nøgle og er ikke læst",
            ],
        ),
        (
            "en",
            [
                "document 1 is digitally signed; nobody has verified the signature",
                "document 2 is a digital signature; nobody has verified it",
                "document 4 is encrypted with a password or a key and was not read",
            ],
        ),
    ] {
        let told = place.say(&["classify", "--config", "postbud.toml", "--lang", lang, "brev.eml"]);
        assert!(said.iter().all(|said| told.out.contains(said)), "{}", told.out);
        assert!(!told.out.contains("bilag 3") && !told.out.contains("document 3"), "{}", told.out);
    }
}

#[cfg(feature = "fault-points")]
#[test]
fn a_worker_that_hangs_or_dies_costs_its_own_letter_some_time_and_nobody_else_anything() {
    let place = Installation::with(&config("document_seconds = 1\nworkers = 1"));
    let hang: &[u8] = b"postbud-fault-point: hang";
    let letter = mail(
        "Fejl",
        "Jeg vil bestille storskrald.",
        &[hang, b"postbud-fault-point: die", b"Bilag"],
    );
    let read = classify(&place, &letter);
    assert_eq!(read["mailbox"], "affald");
    assert_eq!(troubles(&read["decision"]), ["took-too-long", "reader-died", "none"]);
}

/// More of them than there are lanes and readers: if letters waited for documents, none would come through.
#[cfg(feature = "fault-points")]
#[test]
fn documents_that_hang_hold_up_no_other_letter_and_no_stop() {
    const HANGING: usize = 12;
    const SOUND: usize = 40;
    let place = Installation::with(&config("document_seconds = 25\nletter_seconds = 25"));
    for number in 0..HANGING {
        let hang: &[u8] = b"postbud-fault-point: hang";
        place
            .write(&format!("post/a{number}.eml"), mail(&format!("Slem {number}"), WASTE, &[hang]));
    }
    for number in 0..SOUND {
        let document = pdf_text(WASTE);
        let documents: &[&[u8]] = if number % 2 == 0 { &[&document] } else { &[] };
        let letter = mail(&format!("God {number}"), "Jeg vil bestille storskrald.", documents);
        place.write(&format!("post/b{number}.eml"), letter);
    }
    let sent = place.say(&["send", "--config", "postbud.toml", "post"]);
    assert_eq!(sent.code, 0, "{}", sent.err);
    let running = place.run(None);
    place.wait_for("delivered", SOUND);
    let undecided = HANGING - place.count("review");
    assert!(undecided > 0, "the sound ones were there before all of the others");
    assert_eq!(running.terminate(), 0);
    // What was being read is given back, and nothing is lost.
    let depth = place.json(&["queue", "depth"]);
    assert_eq!(depth["waiting"], HANGING - place.count("review"), "{depth}");
}
