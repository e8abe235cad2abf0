//! Every condition: what it finds, what it does not, and what cannot be known.

mod support;

use postbud_decide::Condition::{
    self, All, Any, Attachment, CaseId, ContactPointGroup, ContactPointId, ContactPointLabel,
    Format, GeneratingSystem, Kle, Language, MessageCode, Not, Reply, SenderAddress, SenderType,
    Words,
};
use postbud_decide::{AttachmentPattern, Claims, KlePattern, Place, Reason, SenderId, WordPattern};
use postbud_letter::{
    AttachedText, Channel, DefectKind, DocumentFormat, DocumentRole, DocumentTrouble, IdType,
    Letter,
};
use support::*;

fn words(place: Place, text: &str) -> Condition {
    Words { place, patterns: vec![WordPattern::parse(text).expect("a word")] }
}

fn sender(text: &str) -> Condition {
    Condition::SenderId(vec![SenderId::parse(text).expect("a sender id")])
}

fn kle(text: &str) -> Condition {
    Kle(vec![KlePattern::parse(text).expect("a KLE pattern")])
}

fn attachment(text: &str) -> Condition {
    Attachment(vec![AttachmentPattern::new(text)])
}

/// A condition on the header and whether it holds for [`memo`].
fn on_the_header() -> Vec<(Condition, bool)> {
    vec![
        (ContactPointId(patterns(&["aaaa1111-0000-4000-8000-000000000000"])), true),
        (ContactPointId(patterns(&["bbbb1111-0000-4000-8000-000000000000"])), false),
        (ContactPointLabel(patterns(&["*pladsanvisningen"])), true),
        (ContactPointLabel(patterns(&["pladsanvisningen"])), false),
        (ContactPointGroup(patterns(&["veje", "børn"])), true),
        (ContactPointGroup(patterns(&["veje"])), false),
        (MessageCode(patterns(&["ansoegning"])), true),
        (MessageCode(patterns(&["ansoegningen"])), false),
        (sender("010190-0000"), true),
        (sender("010190-0001"), false),
        (SenderType(vec![IdType::Cpr]), true),
        (SenderType(vec![IdType::Cvr]), false),
        (SenderAddress(patterns(&["*"])), false),
        (kle("28.*"), true),
        (kle("28.09.04"), true),
        (kle("28.12.*"), false),
        (Reply(true), true),
        (Reply(false), false),
        (CaseId(patterns(&["BYG-*"])), true),
        (CaseId(patterns(&["EDH-9"])), true),
        (CaseId(patterns(&["EDH-90"])), false),
        (GeneratingSystem(patterns(&["STRUCTURA"])), true),
        (GeneratingSystem(patterns(&["opus"])), false),
        (Condition::Channel(vec![Channel::DigitalPost, Channel::Unknown]), true),
        (Condition::Channel(vec![Channel::Email]), false),
        (words(Place::Subject, "opskrivning"), true),
        (words(Place::Subject, "vuggestue"), false),
    ]
}

/// A condition on text or documents and whether it holds for [`memo`].
fn on_the_text() -> Vec<(Condition, bool)> {
    vec![
        (words(Place::Anywhere, "opskrivning"), true),
        (words(Place::Anywhere, "vuggestue"), true),
        (words(Place::Text, "opskrivning"), false),
        (words(Place::Text, "vuggestue"), true),
        (words(Place::Text, "vugge"), false),
        (Language(vec!["en".to_owned(), "da".to_owned()]), true),
        (Language(vec!["en".to_owned()]), false),
        (attachment("pdf"), true),
        (attachment("application/*"), true),
        (attachment("image/*"), false),
        (attachment("docx"), false),
    ]
}

#[test]
fn in_a_whole_letter_a_condition_or_its_opposite_holds() {
    for (condition, expected) in on_the_header().into_iter().chain(on_the_text()) {
        assert_eq!(holds(condition.clone(), &memo()), expected, "{condition:?}");
        let opposite = Not(Box::new(condition.clone()));
        assert_eq!(holds(opposite, &memo()), !expected, "not {condition:?}");
    }
}

fn format(is: DocumentFormat) -> Condition {
    Format(vec![is])
}

/// A letter whose two documents were read: what they are, and what they say.
fn with_documents(read: [(&str, bool); 2]) -> Letter {
    let mut letter = memo();
    letter.documents = vec![
        document("attest", "application/octet-stream", DocumentRole::Main),
        document("id.jpg", "image/jpeg", DocumentRole::Attachment),
        document("teknik.xml", "text/xml", DocumentRole::Technical),
    ];
    let formats = [DocumentFormat::Pdf, DocumentFormat::Image];
    let texts = read.into_iter().zip(formats).enumerate();
    letter.attached = texts
        .map(|(document, ((text, cut), format))| AttachedText {
            document,
            format,
            text: text.to_owned(),
            pages: None,
            cut,
            signed: false,
            trouble: None,
        })
        .collect();
    letter
}

#[test]
fn documents_are_looked_into() {
    let letter = with_documents([("Straffeattest\nIngen anmærkninger", false), ("Pas", false)]);
    let said = |text| words(Place::Documents, text);
    for (condition, expected) in [
        (said("straffeattest*"), true),
        (said("ingen anmærkninger"), true),
        (said("anmærkninger pas"), false),
        (said("vuggestue"), false),
        (words(Place::Anywhere, "straffeattest*"), false),
        (format(DocumentFormat::Pdf), true),
        (format(DocumentFormat::Docx), false),
    ] {
        assert_eq!(holds(condition.clone(), &letter), expected, "{condition:?}");
        let opposite = Not(Box::new(condition.clone()));
        assert_eq!(holds(opposite, &letter), !expected, "not {condition:?}");
    }
}

/// What stands in a part that was not read is unknown; what was found counts.
#[test]
fn a_document_that_was_not_read_to_its_end_may_say_anything() {
    let cut = with_documents([("Straffeattest", true), ("", false)]);
    let mut troubled = with_documents([("Straffeattest", false), ("", false)]);
    troubled.attached[1].trouble = Some(DocumentTrouble::OnlyPictures);
    let mut unopened = with_documents([("Straffeattest", false), ("", false)]);
    unopened.attached.truncate(1);
    let absent = || words(Place::Documents, "anmærkninger");
    for letter in [&cut, &troubled, &unopened] {
        assert!(holds(words(Place::Documents, "straffeattest"), letter));
        assert!(!holds(absent(), letter));
        assert!(!holds(Not(Box::new(absent())), letter));
    }
    let not_docx = || Not(Box::new(format(DocumentFormat::Docx)));
    assert!(holds(not_docx(), &cut) && holds(not_docx(), &troubled));
    assert!(!holds(not_docx(), &unopened));
    // Nobody reads documents here at all.
    let unread = Letter { attached: Vec::new(), ..cut };
    assert!(!holds(absent(), &unread) && !holds(Not(Box::new(absent())), &unread));
}

/// What a letter cut off in its header does not say is unknown: neither the condition nor its
/// opposite holds. What it does say still counts.
#[test]
fn in_a_cut_letter_absence_is_unknown() {
    let cut = with_defect(memo(), DefectKind::BrokenXml);
    for (condition, expected) in on_the_header().into_iter().chain(on_the_text()) {
        assert_eq!(holds(condition.clone(), &cut), expected, "{condition:?}");
        let opposite = Not(Box::new(condition.clone()));
        let settled = matches!(condition, Condition::Channel(_) | Reply(false));
        assert_eq!(holds(opposite, &cut), settled && !expected, "not {condition:?}");
    }
}

#[test]
fn in_a_letter_with_cut_text_the_header_is_known() {
    let cut = with_defect(memo(), DefectKind::TextCut);
    for (condition, expected) in on_the_header() {
        let opposite = Not(Box::new(condition.clone()));
        assert_eq!(holds(opposite, &cut), !expected, "not {condition:?}");
    }
    for (condition, expected) in on_the_text() {
        assert_eq!(holds(condition.clone(), &cut), expected, "{condition:?}");
        assert!(!holds(Not(Box::new(condition.clone())), &cut), "not {condition:?}");
    }
}

#[test]
fn mail_has_no_header_and_says_so() {
    let mail = letter("Opskrivning", LONG_DANISH);
    for (condition, _) in on_the_header() {
        let about_mail = matches!(
            condition,
            Condition::Channel(_) | Words { .. } | Reply(false) | SenderAddress(_)
        );
        if !about_mail {
            assert!(!holds(condition.clone(), &mail), "{condition:?}");
        }
    }
    assert!(holds(Reply(false), &mail));
    assert!(holds(SenderAddress(patterns(&["*@EXAMPLE.dk"])), &mail));
}

#[test]
fn quoted_text_counts_only_when_nothing_is_new() {
    let mut forwarded = letter("VS: brev", "");
    forwarded.text.quoted = "om vuggestue".to_owned();
    assert!(holds(words(Place::Text, "vuggestue"), &forwarded));
    forwarded.text.new = "se nedenfor".to_owned();
    assert!(!holds(words(Place::Text, "vuggestue"), &forwarded));
}

#[test]
fn technical_documents_are_no_attachments() {
    let mut letter = letter("S", "t");
    letter.documents = vec![document("attention.xml", "application/xml", DocumentRole::Technical)];
    assert!(!holds(attachment("xml"), &letter));
    assert!(!holds(attachment("application/xml"), &letter));
}

#[test]
fn all_any_and_not() {
    let yes = || Reply(true);
    let no = || Reply(false);
    let not = |inner: Condition| Not(Box::new(inner));
    for (condition, expected) in [
        (All(vec![yes(), yes()]), true),
        (All(vec![yes(), no()]), false),
        (Any(vec![no(), yes()]), true),
        (Any(vec![no(), no()]), false),
        (Any(vec![]), false),
        (All(vec![]), true),
        (not(All(vec![yes(), no()])), true),
        (not(not(yes())), true),
        (not(Any(vec![no(), yes()])), false),
    ] {
        assert_eq!(holds(condition.clone(), &memo()), expected, "{condition:?}");
    }
}

#[test]
fn what_is_unknown_stays_unknown_through_all_and_any() {
    let unknown = || words(Place::Text, "findes ikke");
    let cut = with_defect(memo(), DefectKind::TextCut);
    let opposite = |inner: Condition| Not(Box::new(inner));
    assert!(!holds(opposite(All(vec![Reply(true), unknown()])), &cut));
    assert!(holds(opposite(All(vec![Reply(false), unknown()])), &cut));
    assert!(!holds(opposite(Any(vec![Reply(false), unknown()])), &cut));
    assert!(holds(Any(vec![unknown(), Reply(true)]), &cut));
    assert!(!holds(All(vec![unknown(), Reply(true)]), &cut));
    assert!(!holds(All(vec![Reply(true), unknown()]), &cut));
}

#[test]
fn reasons_name_what_matched_and_no_numbers_of_people() {
    let when = All(vec![
        sender("010190-0000"),
        CaseId(patterns(&["BYG-2026-17"])),
        Any(vec![words(Place::Text, "findes ikke"), words(Place::Text, "vuggestue*")]),
        Not(Box::new(kle("29.*"))),
    ]);
    let decision = decided(&memo(), &with_rules(vec![rule("r", "skole", when)]), None);
    let Reason::Rule { matched, .. } = &decision.reason else { panic!("no rule matched") };
    assert_eq!(matched, &["sender id", "case id", "words in the text: vuggestue*", "not kle"]);
}

fn claimed_by(claims: Claims, letter: &Letter) -> Option<String> {
    let decision = decided(letter, &claiming(claims), None);
    match decision.reason {
        Reason::Reply { matched } => Some(matched),
        _ => None,
    }
}

#[test]
fn claims() {
    let case = |texts: &[&str]| Claims { case_id: patterns(texts), ..Claims::default() };
    let system =
        |texts: &[&str]| Claims { generating_system: patterns(texts), ..Claims::default() };
    let point = |texts: &[&str]| Claims { contact_point: patterns(texts), ..Claims::default() };
    assert_eq!(claimed_by(case(&["byg-2026-*"]), &memo()).as_deref(), Some("case-id"));
    assert_eq!(claimed_by(case(&["EDH-9"]), &memo()).as_deref(), Some("case-id"));
    assert_eq!(claimed_by(system(&["structura"]), &memo()).as_deref(), Some("generating-system"));
    assert_eq!(claimed_by(point(&["1111*"]), &memo()).as_deref(), Some("contact-point"));
    // The contact point that a citizen chose for a new letter is no reply.
    assert_eq!(claimed_by(point(&["aaaa*"]), &memo()), None);
    assert_eq!(claimed_by(case(&["XYZ*"]), &memo()), None);
    assert_eq!(claimed_by(case(&["*"]), &letter("S", LONG_DANISH)), None);
}

#[test]
fn the_most_specific_claim_wins_and_two_cases_of_two_mailboxes_do_not() {
    let mut settings = settings();
    let case = |texts: &[&str]| Claims { case_id: patterns(texts), ..Claims::default() };
    settings.mailboxes[0].claims = case(&["BYG-*"]);
    settings.mailboxes[1].claims = case(&["BYG-2026-*"]);
    assert_eq!(routed(&decided(&memo(), &settings, None)), Some("skole"));
    settings.mailboxes[1].claims = case(&["EDH-*"]);
    assert_eq!(routed(&decided(&memo(), &settings, None)), None);
    // The stronger kind decides, also when it settles nothing.
    settings.mailboxes[0].claims.generating_system = patterns(&["*"]);
    assert_eq!(routed(&decided(&memo(), &settings, None)), None);
}
