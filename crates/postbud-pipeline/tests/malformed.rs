//! Whatever comes in ends with a decision: letters cut off, with bits turned over, nested, swollen.
//!
//! Over our own fixtures always, over the public collections of mails and MeMo messages where they
//! are present. `POSTBUD_MALFORMED_CUTS=200` makes it thorough.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use postbud_decide::{Outcome, Scores, Settings};
use postbud_letter::{Letter, Limits};
use postbud_pipeline::Steps;
use postbud_pipeline::ports::{Classifier, Timestamp};

/// Without being told otherwise: enough for every change.
const CUTS: usize = 6;
/// Larger files are left to the thorough form.
const LARGE: usize = 64 << 10;

struct Nothing;

impl Classifier for Nothing {
    fn classify(&self, _: &Letter) -> Option<Scores> {
        None
    }
}

fn steps() -> Steps {
    Steps::new(Limits::default(), Settings::default(), Arc::new(Nothing))
}

/// Reads and decides; a panic fails the test. There are no mailboxes, so a person must get it.
fn ends_with_a_person(steps: &Steps, raw: &[u8], what: &str) {
    let entry = steps.entry(Bytes::copy_from_slice(raw), Timestamp(1));
    assert!(!entry.letter.as_str().is_empty(), "{what}");
    assert!(matches!(entry.decision.outcome, Outcome::Review), "{what}");
    assert_eq!(entry.raw, raw, "{what}: the bytes are kept as they came");
}

fn cuts() -> usize {
    std::env::var("POSTBUD_MALFORMED_CUTS").ok().and_then(|n| n.parse().ok()).unwrap_or(CUTS)
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, into);
        } else {
            into.push(path);
        }
    }
}

/// Each file as it is, cut off at so many places, and as often with a bit turned over.
fn mistreat(folder: &Path) -> usize {
    let (steps, cuts) = (steps(), cuts());
    let mut paths = Vec::new();
    files(folder, &mut paths);
    paths.sort();
    for path in &paths {
        let whole = std::fs::read(path).unwrap();
        let name = path.display();
        if whole.is_empty() || (cuts == CUTS && whole.len() > LARGE) {
            continue;
        }
        ends_with_a_person(&steps, &whole, &format!("{name}"));
        for n in 0..cuts {
            let at = whole.len() * n / cuts;
            ends_with_a_person(&steps, &whole[..at], &format!("{name} up to {at}"));
            let mut flipped = whole.clone();
            // Spread over the file and over the eight bits; reproducible.
            let at = (at + n * 7919) % whole.len();
            flipped[at] ^= 1 << (n % 8);
            ends_with_a_person(&steps, &flipped, &format!("{name} with a bit at {at}"));
        }
    }
    paths.len()
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn our_own_letters_cut_and_flipped() {
    assert!(mistreat(&here("../postbud-letter/tests/fixtures")) >= 10);
}

#[test]
fn public_mails_and_memo_messages_cut_and_flipped() {
    for folder in ["mime", "memo"] {
        let folder = here("../../../shared/data").join(folder);
        if folder.is_dir() {
            assert!(mistreat(&folder) > 0);
        } else {
            println!("skipped: {} is not present", folder.display());
        }
    }
}

fn mail(headers: &str, body: &str) -> Vec<u8> {
    format!("From: a@borger.example\r\nSubject: x\r\n{headers}\r\n{body}").into_bytes()
}

#[test]
fn ten_thousand_nested_parts() {
    let mut body = String::new();
    for n in 0..10_000 {
        body += &format!("--b{n}\r\nContent-Type: multipart/mixed; boundary=b{}\r\n\r\n", n + 1);
    }
    let raw = mail("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b0\r\n", &body);
    ends_with_a_person(&steps(), &raw, "nested parts");
}

#[test]
fn ten_thousand_parts_side_by_side() {
    let body = "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n".repeat(10_000) + "--b--\r\n";
    let raw = mail("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n", &body);
    ends_with_a_person(&steps(), &raw, "many parts");
}

#[test]
fn a_hundred_thousand_headers_and_one_of_a_megabyte() {
    let raw = mail(&"X-Filler: y\r\n".repeat(100_000), "Goddag");
    ends_with_a_person(&steps(), &raw, "many headers");
    let raw = mail(&format!("X-Long: {}\r\n", "z".repeat(1 << 20)), "Goddag");
    ends_with_a_person(&steps(), &raw, "a long header");
    let raw = mail(&format!("To: {}\r\n", "a@b.example, ".repeat(80_000)), "Goddag");
    ends_with_a_person(&steps(), &raw, "many recipients");
}

#[test]
fn xml_that_grows_and_xml_that_goes_deep() {
    let mut entities = "<!ENTITY e0 \"ha\">".to_owned();
    for n in 1..60 {
        entities += &format!("<!ENTITY e{n} \"{}\">", format!("&e{};", n - 1).repeat(10));
    }
    let memo = "xmlns:memo=\"https://DigitalPost.dk/MeMo-1\"";
    let bomb = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE m [{entities}]><memo:Message {memo}>&e59;</memo:Message>"
    );
    ends_with_a_person(&steps(), bomb.as_bytes(), "entities");
    let outside = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE m [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\
         <memo:Message {memo}><memo:label>&x;</memo:label></memo:Message>"
    );
    ends_with_a_person(&steps(), outside.as_bytes(), "an entity from outside");
    let deep = format!("<memo:Message {memo}>{}", "<memo:a>".repeat(200_000));
    ends_with_a_person(&steps(), deep.as_bytes(), "depth");
    let attributes: String = (0..100_000).map(|n| format!(" a{n}=\"x\"")).collect();
    let wide = format!("<memo:Message {memo}{attributes}></memo:Message>");
    ends_with_a_person(&steps(), wide.as_bytes(), "attributes");
}
