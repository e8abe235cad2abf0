//! What is stored and what people read, as snapshots.

mod support;

use postbud_decide::{
    Claims, Condition, Contribution, Decision, Doubt, KlePattern, Lang, Mailbox, Place, Settings,
    WordPattern, assigned, describe,
};
use postbud_letter::DefectKind;
use support::*;

/// A name for each kind of decision, and one of it.
fn decisions() -> Vec<(&'static str, Decision)> {
    let words = vec![WordPattern::parse("vuggestue*").expect("a word")];
    let when = Condition::All(vec![
        Condition::Words {
            place: Place::Anywhere,
            patterns: words,
        },
        Condition::Not(Box::new(Condition::Kle(vec![
            KlePattern::parse("29.*").expect("a KLE pattern"),
        ]))),
    ]);
    let rule = |to| with_rules(vec![rule("Vuggestuer", to, when.clone())]);
    let claims = claiming(Claims {
        case_id: patterns(&["BYG-*"]),
        ..Claims::default()
    });
    let on_reply = with_rules(vec![support::rule("Svar", "skole", Condition::Reply(true))]);
    let mail = letter("S", LONG_DANISH);
    let sure = Some(scores(&[
        ("plads", 0.973),
        ("skole", 0.02),
        ("boern", 0.007),
    ]));
    let unsure = Some(scores(&[("plads", 0.61), ("boern", 0.3), ("skole", 0.09)]));
    let off = Some(scores(&[("slukket", 0.95), ("skole", 0.05)]));
    let nowhere = Some(scores(&[("andet", 0.95), ("skole", 0.05)]));
    let broken = with_defect(memo(), DefectKind::BrokenXml);
    let by_model = decided(&mail, &settings(), sure.clone());
    let failed = Doubt::DeliveryFailed {
        error: "550 no such\nmailbox".to_owned(),
    };
    let mut uncertified = scores(&[("plads", 0.99)]);
    uncertified.ranked[0].threshold = None;
    vec![
        ("rule", decided(&mail, &rule("skole"), None)),
        (
            "rule-person",
            decided(&mail, &rule("person"), unsure.clone()),
        ),
        ("rule-held", decided(&broken, &on_reply, sure.clone())),
        ("reply", decided(&memo(), &claims, sure.clone())),
        ("reply-held", decided(&memo(), &claims, unsure.clone())),
        ("model", by_model.clone()),
        ("below", decided(&mail, &settings(), unsure)),
        ("not-automatic", decided(&mail, &settings(), off)),
        (
            "not-certified",
            decided(&mail, &settings(), Some(uncertified)),
        ),
        (
            "never",
            decided(&mail, &settings(), Some(scores(&[("politi", 0.95)]))),
        ),
        ("nowhere", decided(&mail, &settings(), nowhere)),
        ("no-model", decided(&mail, &settings(), None)),
        (
            "defect",
            decided(&with_defect(mail, DefectKind::TextCut), &settings(), sure),
        ),
        (
            "no-text",
            decided(
                &letter("S", ""),
                &settings(),
                Some(scores(&[("nedlagt", 0.9), ("plads", 0.1)])),
            ),
        ),
        ("delivery-failed", by_model.held_after(failed)),
        (
            "assigned",
            assigned(
                &by_model.letter,
                &id("skole"),
                "Anna Holm",
                by_model.suggestions,
            ),
        ),
    ]
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

#[test]
fn debug_shows_no_word_of_the_letter() {
    let word = Contribution {
        word: "skilsmisse".to_owned(),
        weight: 1.0,
    };
    assert_eq!(format!("{word:?}"), "Contribution { weight: 1.0, .. }");
}
