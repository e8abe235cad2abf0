//! The four steps, one after the other.

mod support;

use std::cell::Cell;

use postbud_decide::{
    Claims, Condition, Decision, Doubt, Evidence, Mailbox, Place, Reason, Tier, WordPattern,
    assigned, decide, decide_with,
};
use postbud_letter::DefectKind;
use support::*;

fn word(text: &str) -> Condition {
    let patterns = vec![WordPattern::parse(text).expect("a word")];
    Condition::Words { place: Place::Anywhere, patterns }
}

#[test]
fn the_first_rule_in_the_file_wins() {
    let early = rule("tidlig", "skole", word("vuggestue"));
    let late = rule("sen", "plads", word("vuggestue"));
    let letter = letter("Plads", "om vuggestue");
    let first = decided(&letter, &with_rules(vec![early.clone(), late.clone()]), None);
    let second = decided(&letter, &with_rules(vec![late, early]), None);
    assert_eq!(routed(&first), Some("skole"));
    assert_eq!(routed(&second), Some("plads"));
    let expected =
        Reason::Rule { rule: "tidlig".to_owned(), matched: vec!["words: vuggestue".to_owned()] };
    assert_eq!(first.reason, expected);
}

#[test]
fn a_rule_wins_over_a_claim_and_a_claim_over_the_model() {
    let claims = Claims { case_id: patterns(&["BYG-*"]), ..Claims::default() };
    let mut settings = claiming(claims);
    let certain = Some(scores(&[("slukket", 0.99)]));
    let reply = decided(&memo(), &settings, certain.clone());
    assert_eq!(routed(&reply), Some("plads"));
    assert_eq!(reply.reason, Reason::Reply { matched: "case-id".to_owned() });
    settings.rules = vec![rule("r", "skole", Condition::Reply(true))];
    assert_eq!(routed(&decided(&memo(), &settings, certain)), Some("skole"));
}

#[test]
fn the_model_routes_when_everything_speaks_for_its_best_mailbox() {
    let decision = decided(
        &letter("Plads", LONG_DANISH),
        &settings(),
        Some(scores(&[("plads", 0.93), ("skole", 0.07)])),
    );
    assert_eq!(routed(&decision), Some("plads"));
    match &decision.reason {
        Reason::Model { probability, threshold, words, .. } => {
            assert_eq!((*probability, *threshold, words.len()), (0.93, 0.9, 2));
        }
        other => panic!("the model should decide, but {other:?}"),
    }
    assert_eq!(decision.suggestions.len(), 2);
}

#[test]
fn a_probability_that_just_reaches_its_threshold_is_enough() {
    let ask = |probability| {
        let scores = scores(&[("plads", probability), ("skole", 1.0 - probability)]);
        decided(&letter("Plads", LONG_DANISH), &settings(), Some(scores))
    };
    assert_eq!(routed(&ask(0.9)), Some("plads"));
    assert_eq!(routed(&ask(f64::next_down(0.9))), None);
}

#[test]
fn the_model_is_asked_only_when_it_matters() {
    let asked = Cell::new(0);
    let scores = || {
        asked.set(asked.get() + 1);
        Some(scores(&[("plads", 0.5)]))
    };
    let language = || None;
    let evidence = Evidence { scores: &scores, language: &language };
    let letter = letter("Plads", LONG_DANISH);

    let routed = with_rules(vec![rule("r", "skole", word("vuggestue"))]);
    let decision = decide_with(&letter, &routed, &evidence);
    assert_eq!((asked.take(), decision.suggestions.len()), (0, 0));

    let person = with_rules(vec![rule("r", "person", word("vuggestue"))]);
    let decision = decide_with(&letter, &person, &evidence);
    assert_eq!((asked.take(), decision.suggestions.len()), (1, 1));

    let mut ordinary = claiming(Claims { case_id: patterns(&["*"]), ..Claims::default() });
    ordinary.mailboxes.retain(|mailbox| mailbox.tier != Tier::MustNotMiss);
    let decision = decide_with(&memo(), &ordinary, &evidence);
    assert_eq!((asked.take(), decision.suggestions.len()), (0, 0));

    let decision = decide_with(&letter, &settings(), &evidence);
    assert_eq!((asked.take(), decision.suggestions.len()), (1, 1));
}

/// Every doubt about a best mailbox, alone and together, in fixed order.
#[test]
fn what_stands_in_the_way_of_the_model() {
    let about = |ranked: &[(&str, f64)]| {
        doubts(&decided(&letter("S", LONG_DANISH), &settings(), Some(scores(ranked)))).to_vec()
    };
    let below = |probability| Doubt::BelowThreshold { probability, threshold: 0.9 };
    assert_eq!(about(&[("plads", 0.8)]), [below(0.8)]);
    assert_eq!(about(&[("slukket", 0.95)]), [Doubt::NotAutomatic]);
    assert_eq!(about(&[("slukket", 0.8)]), [Doubt::NotAutomatic, below(0.8)]);
    assert_eq!(about(&[("politi", 0.95)]), [Doubt::NeverAutomatic]);
    assert_eq!(about(&[("andet", 0.95)]), [Doubt::Nowhere]);
    let elsewhere = Doubt::UnknownMailbox { mailbox: id("nedlagt") };
    assert_eq!(about(&[("nedlagt", 0.95), ("plads", 0.05)]), [elsewhere]);
    assert_eq!(about(&[("nedlagt", 1.0)]), [Doubt::NoModel]);
    assert_eq!(about(&[]), [Doubt::NoModel]);

    let mut uncertified = scores(&[("plads", 0.99)]);
    uncertified.ranked[0].threshold = None;
    let decision = decided(&letter("S", LONG_DANISH), &settings(), Some(uncertified));
    assert_eq!(doubts(&decision), [Doubt::NotCertified]);
    let decision = decided(&letter("S", LONG_DANISH), &settings(), None);
    assert_eq!(doubts(&decision), [Doubt::NoModel]);
}

#[test]
fn what_could_not_be_read_goes_to_a_person() {
    let certain = || Some(scores(&[("plads", 0.99)]));
    for kind in [
        DefectKind::Empty,
        DefectKind::TooLarge,
        DefectKind::UnknownFormat,
        DefectKind::BrokenXml,
        DefectKind::TooDeep,
        DefectKind::BrokenBase64,
        DefectKind::BrokenCharset,
        DefectKind::TooManyParts,
        DefectKind::TextCut,
    ] {
        let letter = with_defect(letter("S", LONG_DANISH), kind);
        assert_eq!(doubts(&decided(&letter, &settings(), certain())), [Doubt::Defect], "{kind:?}");
    }
    for kind in [DefectKind::MissingElement, DefectKind::InvalidValue] {
        let letter = with_defect(letter("S", LONG_DANISH), kind);
        assert_eq!(routed(&decided(&letter, &settings(), certain())), Some("plads"), "{kind:?}");
    }
    let blank = letter("Kun et emne", " \n");
    assert_eq!(doubts(&decided(&blank, &settings(), certain())), [Doubt::NoText]);
}

#[test]
fn a_letter_that_was_not_read_to_its_end_is_held_back_from_rules_and_claims() {
    let cut = with_defect(memo(), DefectKind::BrokenXml);
    let rules = with_rules(vec![rule("r", "skole", Condition::Kle(vec![kle("28.*")]))]);
    let held = Doubt::RuleHeld { rule: "r".to_owned(), mailbox: id("skole") };
    assert_eq!(doubts(&decided(&cut, &rules, None)), [held, Doubt::Defect]);

    let claims = claiming(Claims { case_id: patterns(&["BYG-*"]), ..Claims::default() });
    let held = Doubt::ReplyHeld { matched: "case-id".to_owned(), mailbox: id("plads") };
    assert_eq!(doubts(&decided(&cut, &claims, None)), [held, Doubt::Defect]);

    // A text that was cut at the limit does not change what the header says.
    let long = with_defect(memo(), DefectKind::TextCut);
    assert_eq!(routed(&decided(&long, &rules, None)), Some("skole"));
    assert_eq!(routed(&decided(&long, &claims, None)), Some("plads"));
}

fn kle(text: &str) -> postbud_decide::KlePattern {
    postbud_decide::KlePattern::parse(text).expect("a KLE pattern")
}

#[test]
fn rules_may_use_a_mailbox_that_is_never_automatic_and_claims_may_not() {
    let rules = with_rules(vec![rule("r", "politi", Condition::Reply(true))]);
    assert_eq!(routed(&decided(&memo(), &rules, None)), Some("politi"));

    let mut settings = settings();
    let claims = Claims { case_id: patterns(&["*"]), ..Claims::default() };
    settings.mailboxes[3] = Mailbox { claims, ..settings.mailboxes[3].clone() };
    let held = Doubt::ReplyHeld { matched: "case-id".to_owned(), mailbox: id("politi") };
    assert_eq!(doubts(&decided(&memo(), &settings, None)), [held, Doubt::NeverAutomatic]);
}

#[test]
fn rules_that_lead_nowhere_ask_a_person() {
    let to = |mailbox| {
        let settings = with_rules(vec![rule("r", mailbox, Condition::Reply(true))]);
        doubts(&decided(&memo(), &settings, None))[1..].to_vec()
    };
    assert_eq!(to("andet"), [Doubt::Nowhere]);
    assert_eq!(to("findesikke"), [Doubt::UnknownMailbox { mailbox: id("findesikke") }]);
}

#[test]
fn a_person_decides_and_the_suggestions_stay() {
    let before = decided(&letter("S", LONG_DANISH), &settings(), Some(scores(&[("plads", 0.5)])));
    let after = assigned(&before.letter, &id("skole"), "Anna", before.suggestions.clone());
    assert_eq!(routed(&after), Some("skole"));
    assert_eq!(after.suggestions, before.suggestions);
    assert!(after.is_sealed() && after.id != before.id);
}

#[test]
fn what_could_not_be_delivered_goes_to_a_person() {
    let before = decided(&letter("S", LONG_DANISH), &settings(), Some(scores(&[("plads", 0.95)])));
    let failed = Doubt::DeliveryFailed { error: "550 no such mailbox".to_owned() };
    let after: Decision = before.held_after(failed.clone());
    assert_eq!(doubts(&after), [failed]);
    assert_eq!(after.suggestions, before.suggestions);
    assert!(after.is_sealed());
}

#[test]
fn a_changed_decision_is_not_sealed() {
    let mut decision = decided(&letter("S", LONG_DANISH), &settings(), None);
    assert!(decision.is_sealed());
    decision.reason = Reason::Assigned { by: "nogen".to_owned() };
    assert!(!decision.is_sealed());
}

#[test]
fn the_language_is_detected_when_a_rule_asks() {
    let danish = Condition::Language(vec!["da".to_owned()]);
    let settings = with_rules(vec![rule("r", "skole", danish)]);
    assert_eq!(routed(&decide(&letter("S", LONG_DANISH), &settings, || None)), Some("skole"));
    assert_eq!(routed(&decide(&letter("S", "Hej"), &settings, || None)), None);
}
