//! Requests as they are sent, and that every letter makes a well-formed one.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::*;
use crate::compose::samples;
use postbud_decide::KlePattern;
use proptest::prelude::*;

const NOW: i64 = 1_795_000_000_000;

fn who() -> Who {
    Who { cvr: "29189999".to_owned(), system: "6f0c9a4e-64f5-4b0e-9a55-2f3f3a2a5b11".to_owned() }
}

fn configured() -> Subject {
    Subject { subject: KleSubject::parse("28.09.12").unwrap(), facet: KleFacet::parse("G01") }
}

fn handed(raw: &[u8], kle: &[&str]) -> Handover {
    let item = samples::item(raw);
    let mut mailbox = samples::mailbox();
    mailbox.kle = kle.iter().map(|entry| KlePattern::parse(entry).unwrap()).collect();
    let letter = samples::read(raw);
    let (settings, who) = (samples::settings(), who());
    handover(&letter, &item, &mailbox, &settings, &who, &configured(), NOW).unwrap()
}

/// Each element with text, by its path below the request.
fn values(request: &[u8]) -> Vec<(String, String)> {
    let mut reader = Reader::from_str(std::str::from_utf8(request).unwrap());
    let (mut path, mut found) = (Vec::new(), Vec::new());
    let mut text = String::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                path.push(start.name().as_ref().to_owned());
                text.clear();
            }
            Event::Text(part) => text.push_str(&part),
            Event::GeneralRef(part) => text.push_str(&resolved(&part)),
            Event::End(_) => {
                if !text.is_empty() {
                    found.push((path[3..].join("/"), std::mem::take(&mut text)));
                }
                path.pop();
            }
            Event::Eof => return found,
            _ => {}
        }
    }
}

fn resolved(name: &str) -> String {
    let known = quick_xml::escape::resolve_predefined_entity(name);
    known.map_or_else(|| panic!("an entity {name} that nobody knows"), str::to_owned)
}

fn shown(handover: &Handover) -> String {
    let lines = values(&handover.request).into_iter().map(|(path, text)| format!("{path}: {text}"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_letter_from_digital_post_as_it_is_handed_over() {
    let handed = handed(samples::MEMO.as_bytes(), &[]);
    assert_eq!(
        (handed.file_name.as_str(), &handed.document[..]),
        ("o-17.xml", samples::MEMO.as_bytes())
    );
    insta::assert_snapshot!(shown(&handed));
}

#[test]
fn a_mail_as_it_is_handed_over() {
    let handed = handed(samples::MAIL.as_bytes(), &["28.*"]);
    assert_eq!(handed.file_name, "o-17.eml");
    insta::assert_snapshot!(shown(&handed));
}

#[test]
fn a_letters_own_subject_counts_where_the_mailbox_takes_it() {
    let kle = "<kle:KLEdata><kle:subjectKey>27.36.04</kle:subjectKey><kle:version>1</kle:version>\
               <kle:activityFacet>K08</kle:activityFacet><kle:label>x</kle:label></kle:KLEdata>";
    let memo = format!(
        "<m:Message xmlns:m=\"https://DigitalPost.dk/MeMo-1\" xmlns:kle=\"http://kle-online.dk/\">\
         <m:MessageHeader><m:ContentData>{kle}</m:ContentData></m:MessageHeader></m:Message>"
    );
    let routed = |entries: &[&str]| {
        let found = values(&handed(memo.as_bytes(), entries).request);
        let routing = "DistributionContext/RoutingValg/RoutingKLEEmneHandling/";
        let of = |name: &str| {
            let path = format!("{routing}{name}");
            found.iter().find(|(at, _)| *at == path).map(|(_, text)| text.clone())
        };
        (of("RoutingKLEEmne").unwrap(), of("RoutingHandlingFacet").unwrap())
    };
    assert_eq!(routed(&["27.*"]), ("27.36.04".to_owned(), "K08".to_owned()));
    assert_eq!(routed(&["28.*"]), ("28.09.12".to_owned(), "G01".to_owned()));
    assert_eq!(routed(&[]), ("28.09.12".to_owned(), "G01".to_owned()));
}

#[test]
fn every_attempt_hands_over_the_same_and_no_two_letters_share_a_transaction() {
    let first = handed(samples::MAIL.as_bytes(), &[]);
    assert_eq!(first.request, handed(samples::MAIL.as_bytes(), &[]).request);
    assert_ne!(derived("transaction", "o-17"), derived("transaction", "o-18"));
    assert_ne!(derived("transaction", "o-17"), derived("letter", "o-17"));
    assert!(is_uuid(&derived("transaction", "o-17")));
}

proptest! {
    #[test]
    fn every_letter_makes_a_well_formed_request(
        subject in any::<String>(), name in any::<String>(), raw in any::<Vec<u8>>(),
    ) {
        let mail = format!("From: {name} <a@b.dk>\nSubject: {subject}\n\nx");
        for raw in [mail.as_bytes(), &raw[..]] {
            let found = values(&handed(raw, &[]).request);
            let title = found.iter().find(|(path, _)| path.ends_with("/TitelTekst"));
            prop_assert!(title.is_some_and(|(_, text)| text.chars().count() <= TITLE_CHARS));
        }
    }
}
