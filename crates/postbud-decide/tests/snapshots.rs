//! What is stored and what people read, as snapshots.

mod support;

use postbud_decide::{
    Claims, Condition, Contribution, Decision, Doubt, Evidence, KlePattern, Lang, Mailbox,
    NotChecked, Place, Scores, Settings, Unlike, WordPattern, assigned, decide_with, describe,
    held,
};
use postbud_letter::{AttachedText, DefectKind, DocumentFormat, Letter};
use support::*;

type Named = (&'static str, Decision);

fn sure() -> Option<Scores> {
    Some(scores(&[("plads", 0.973), ("skole", 0.02), ("boern", 0.007)]))
}

fn unsure() -> Option<Scores> {
    Some(scores(&[("plads", 0.61), ("boern", 0.3), ("skole", 0.09)]))
}

/// A name for each kind of decision, and one of it.
fn decisions() -> Vec<Named> {
    let mut all = by_rules_and_claims();
    all.extend(by_the_model());
    all.extend(afterwards());
    all
}

fn by_rules_and_claims() -> Vec<Named> {
    let patterns_of_words = vec![WordPattern::parse("vuggestue*").expect("a word")];
    let words = Condition::Words { place: Place::Anywhere, patterns: patterns_of_words };
    let kle = Condition::Kle(vec![KlePattern::parse("29.*").expect("a KLE pattern")]);
    let when = Condition::All(vec![words, Condition::Not(Box::new(kle))]);
    let to = |to| with_rules(vec![rule("Vuggestuer", to, when.clone())]);
    let on_reply = with_rules(vec![rule("Svar", "skole", Condition::Reply(true))]);
    let claims = claiming(Claims { case_id: patterns(&["BYG-*"]), ..Claims::default() });
    let mut by_kle = Settings { by_kle: true, ..settings() };
    by_kle.mailboxes[0].kle = vec![KlePattern::parse("28.*").expect("a KLE pattern")];
    let mail = letter("S", LONG_DANISH);
    let broken = with_defect(memo(), DefectKind::BrokenXml);
    vec![
        ("rule", decided(&mail, &to("skole"), None)),
        ("rule-person", decided(&mail, &to("person"), unsure())),
        ("rule-held", decided(&broken, &on_reply, sure())),
        ("reply", decided(&memo(), &claims, sure())),
        ("reply-held", decided(&memo(), &claims, unsure())),
        ("kle", decided(&memo(), &by_kle, sure())),
        ("kle-held", decided(&memo(), &by_kle, unsure())),
    ]
}

fn by_the_model() -> Vec<Named> {
    let mail = letter("S", LONG_DANISH);
    let ask = |scores: Option<Scores>| decided(&mail, &settings(), scores);
    let mut uncertified = scores(&[("plads", 0.99)]);
    uncertified.ranked[0].threshold = None;
    let cut = with_defect(mail.clone(), DefectKind::TextCut);
    let unknown = Some(scores(&[("nedlagt", 0.9), ("plads", 0.1)]));
    vec![
        ("model", ask(sure())),
        ("below", ask(unsure())),
        ("not-automatic", ask(Some(scores(&[("slukket", 0.95)])))),
        ("not-certified", ask(Some(uncertified))),
        ("never", ask(Some(scores(&[("politi", 0.95)])))),
        ("nowhere", ask(Some(scores(&[("andet", 0.95)])))),
        ("no-model", ask(None)),
        ("defect", decided(&cut, &settings(), sure())),
        (
            "nearly-empty",
            ask(sure().map(|scores| Scores { unlike: Some(Unlike::NearlyEmpty), ..scores })),
        ),
        ("unlike-training", decided_in(None, &unlike())),
        ("other-language", decided_in(Some("de"), &unlike())),
        ("infected", held_by(Doubt::Infected { signature: "Test.Marker".to_owned() })),
        ("unchecked", held_by(Doubt::Unchecked { why: NotChecked::Late })),
        ("no-text", decided(&letter("S", ""), &settings(), unknown)),
        ("signed", decided(&with_signatures(), &settings(), sure())),
    ]
}

/// One document is signed, another as well and cut, and the third is a signature.
fn with_signatures() -> Letter {
    let read = |document, format, cut| AttachedText {
        document,
        format,
        text: "Fuldmagt".to_owned(),
        pages: None,
        cut,
        signed: format != DocumentFormat::Signature,
        trouble: None,
    };
    let mut letter = letter("S", LONG_DANISH);
    letter.attached = vec![
        read(0, DocumentFormat::Pdf, false),
        read(1, DocumentFormat::Docx, true),
        read(2, DocumentFormat::Signature, false),
    ];
    letter
}

fn held_by(doubt: Doubt) -> Decision {
    held(&letter("S", LONG_DANISH), &settings(), sure, doubt)
}

fn unlike() -> Scores {
    let unlike = Some(Unlike::Words { known: 0.613, least: 0.9091 });
    Scores { unlike, ..sure().expect("scores") }
}

/// Decided about a letter in this language.
fn decided_in(language: Option<&str>, scores: &Scores) -> Decision {
    let (scores, language) = (|| Some(scores.clone()), || language.map(str::to_owned));
    let evidence = Evidence { scores: &scores, language: &language };
    decide_with(&letter("S", LONG_DANISH), &settings(), &evidence)
}

fn afterwards() -> Vec<Named> {
    let before = decided(&letter("S", LONG_DANISH), &settings(), sure());
    let failed = Doubt::DeliveryFailed { error: "550 no such\nmailbox".to_owned() };
    let after = assigned(&before.letter, &id("skole"), "Anna Holm", before.suggestions.clone());
    vec![("delivery-failed", before.held_after(failed)), ("assigned", after)]
}

fn named(settings: Settings) -> Vec<Mailbox> {
    let name = |mut mailbox: Mailbox| {
        mailbox.name = match mailbox.id.as_str() {
            "plads" => "Pladsanvisningen",
            "skole" => "Skole og SFO",
            "boern" => "Børne- og Familieafdelingen",
            "politi" => "Whistleblower",
            "slukket" => "Byggesag og BBR",
            other => other,
        }
        .to_owned();
        mailbox
    };
    settings.mailboxes.into_iter().map(name).collect()
}

fn described(lang: Lang) -> String {
    let mailboxes = named(settings());
    let one = |(name, decision): &(&str, Decision)| {
        let short = describe::short(decision, &mailboxes, lang);
        let long = describe::long(decision, &mailboxes, lang);
        format!("## {name}\n{short}\n\n{long}\n")
    };
    decisions().iter().map(one).collect::<Vec<_>>().join("\n")
}

#[test]
fn danish() {
    insta::assert_snapshot!(described(Lang::Danish));
}

#[test]
fn english() {
    insta::assert_snapshot!(described(Lang::English));
}

/// The stored form. A change here makes the decisions in every database unreadable or unsealed.
#[test]
fn stored_form() {
    let json = |(name, decision): &(&str, Decision)| {
        let json = serde_json::to_string(decision).expect("JSON");
        let read: Decision = serde_json::from_str(&json).expect("a decision");
        assert!(read.is_sealed(), "{name}");
        assert_eq!(serde_json::to_string(&read).expect("JSON"), json, "{name}");
        format!("{name}: {json}\n")
    };
    insta::assert_snapshot!(decisions().iter().map(json).collect::<String>());
}

/// As it was stored before a note could say that a document is signed.
#[test]
fn notes_on_documents_from_before_signatures_are_read() {
    let mut before = with_signatures();
    before.attached.retain_mut(|found| {
        found.signed = false;
        found.format != DocumentFormat::Signature
    });
    let decision = decided(&before, &settings(), sure());
    let json = serde_json::to_string(&decision).expect("JSON");
    let notes = r#""documents":[{"number":1,"format":"pdf","text_bytes":8},{"number":2,"format":"docx","text_bytes":8,"cut":true}]"#;
    assert!(json.contains(notes), "{json}");
    let read: Decision = serde_json::from_str(&json).expect("a decision");
    assert!(read == decision && read.is_sealed());
}

#[test]
fn debug_shows_no_word_of_the_letter() {
    let word = Contribution { word: "skilsmisse".to_owned(), weight: 1.0 };
    assert_eq!(format!("{word:?}"), "Contribution { weight: 1.0, .. }");
}
