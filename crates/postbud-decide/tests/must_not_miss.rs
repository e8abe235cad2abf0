//! Letters for a must-not-miss mailbox: `boern` in these tests.

mod support;

use postbud_decide::{
    Claims, Condition, Doubt, Mailbox, NotChecked, Scores, Settings, Tier, Unlike, held,
};
use postbud_letter::DefectKind;
use support::*;

fn decided_with(ranked: &[(&str, f64)], settings: &Settings) -> postbud_decide::Decision {
    decided(&letter("S", LONG_DANISH), settings, Some(scores(ranked)))
}

fn missed(probability: f64) -> Doubt {
    Doubt::MustNotMiss { mailbox: id("boern"), probability }
}

#[test]
fn a_letter_that_may_be_for_it_goes_to_a_person() {
    let possible = decided_with(&[("plads", 0.93), ("boern", 0.06)], &settings());
    assert_eq!(doubts(&possible), [missed(0.06)]);
    let remote = decided_with(&[("plads", 0.93), ("boern", 0.05)], &settings());
    assert_eq!(routed(&remote), Some("plads"), "the limit itself is not above the limit");
}

#[test]
fn certain_letters_for_it_are_routed_when_it_is_switched_on() {
    let certain = decided_with(&[("boern", 0.95), ("plads", 0.05)], &settings());
    assert_eq!(routed(&certain), Some("boern"));
    let mut off = settings();
    off.mailboxes[2].automatic = false;
    let waiting = decided_with(&[("boern", 0.95), ("plads", 0.05)], &off);
    assert_eq!(doubts(&waiting), [missed(0.95), Doubt::NotAutomatic]);
}

#[test]
fn uncertain_letters_for_it_are_marked() {
    let uncertain = decided_with(&[("boern", 0.6), ("plads", 0.4)], &settings());
    let below = Doubt::BelowThreshold { probability: 0.6, threshold: 0.9 };
    assert_eq!(doubts(&uncertain), [missed(0.6), below]);
}

#[test]
fn one_such_mailbox_does_not_hide_another() {
    let mut settings = settings();
    settings.mailboxes[1] = Mailbox { tier: Tier::MustNotMiss, ..settings.mailboxes[1].clone() };
    let both = decided_with(&[("boern", 0.92), ("skole", 0.08)], &settings);
    let other = Doubt::MustNotMiss { mailbox: id("skole"), probability: 0.08 };
    assert_eq!(doubts(&both), [missed(0.92), other]);
}

#[test]
fn only_a_rule_overrides_it() {
    let worried = Some(scores(&[("plads", 0.9), ("boern", 0.1)]));
    let rules = with_rules(vec![rule("r", "skole", Condition::Reply(true))]);
    assert_eq!(routed(&decided(&memo(), &rules, worried.clone())), Some("skole"));

    let claims = claiming(Claims { case_id: patterns(&["*"]), ..Claims::default() });
    let held = Doubt::ReplyHeld { matched: "case-id".to_owned(), mailbox: id("plads") };
    assert_eq!(doubts(&decided(&memo(), &claims, worried)), [held, missed(0.1)]);
    let calm = Some(scores(&[("plads", 0.99), ("boern", 0.01)]));
    assert_eq!(routed(&decided(&memo(), &claims, calm)), Some("plads"));
}

#[test]
fn a_reply_that_it_claims_itself_is_not_held_back() {
    let mut settings = settings();
    settings.mailboxes[2].claims = Claims { case_id: patterns(&["*"]), ..Claims::default() };
    let decision = decided(&memo(), &settings, Some(scores(&[("boern", 0.8), ("plads", 0.2)])));
    assert_eq!(routed(&decision), Some("boern"));
}

#[test]
fn letters_that_a_rule_gives_to_people_are_marked_too() {
    let rules = with_rules(vec![rule("r", "person", Condition::Reply(true))]);
    let decision = decided(&memo(), &rules, Some(scores(&[("plads", 0.8), ("boern", 0.2)])));
    assert_eq!(doubts(&decision), [Doubt::Rule { rule: "r".to_owned() }, missed(0.2)]);
}

#[test]
fn a_limit_that_is_no_number_permits_nothing() {
    let settings = Settings { must_not_miss_probability: f64::NAN, ..settings() };
    let decision = decided_with(&[("plads", 1.0), ("boern", 0.0)], &settings);
    assert_eq!(doubts(&decision), [missed(0.0)]);
}

#[test]
fn a_letter_unlike_the_training_mail_is_never_routed_by_the_model_and_still_comes_first() {
    let certain = scores(&[("plads", 0.99), ("boern", 0.01)]);
    let unlike = Scores { unlike: Some(Unlike::NearlyEmpty), ..certain };
    let held = decided(&letter("S", LONG_DANISH), &settings(), Some(unlike));
    assert_eq!(doubts(&held), [Doubt::NearlyEmpty]);
    let unlike = Some(Unlike::Words { known: 0.5, least: 0.9 });
    let possible = Scores { unlike, ..scores(&[("plads", 0.9), ("boern", 0.1)]) };
    let strange = Doubt::UnlikeTraining { known: 0.5, least: 0.9 };
    let held = decided(&letter("S", LONG_DANISH), &settings(), Some(possible));
    assert_eq!(doubts(&held), [missed(0.1), strange]);
}

#[test]
fn a_letter_is_urgent_however_it_is_led_to_such_a_mailbox() {
    let possible = decided_with(&[("plads", 0.93), ("boern", 0.06)], &settings());
    assert!(possible.urgent);
    assert!(!decided_with(&[("plads", 0.93), ("boern", 0.05)], &settings()).urgent);
    let certain = decided_with(&[("boern", 0.95), ("plads", 0.05)], &settings());
    assert!(!certain.urgent, "nobody waits for it");

    let broken = with_defect(memo(), DefectKind::BrokenXml);
    let to = |to| with_rules(vec![rule("r", to, Condition::Reply(true))]);
    assert!(decided(&broken, &to("boern"), None).urgent);
    assert!(!decided(&broken, &to("skole"), None).urgent);
    let mut claims = claiming(Claims { case_id: patterns(&["*"]), ..Claims::default() });
    assert!(!decided(&broken, &claims, None).urgent);
    claims.mailboxes[0].tier = Tier::MustNotMiss;
    assert!(decided(&broken, &claims, None).urgent);
}

#[test]
fn one_that_is_held_for_another_reason_is_urgent_too_and_says_where_it_was_led() {
    let unchecked = || Doubt::Unchecked { why: NotChecked::Away };
    let by_rule = with_rules(vec![rule("r", "boern", Condition::Reply(true))]);
    let letter = memo();
    let decision = held(&letter, &by_rule, || None, unchecked());
    let led = Doubt::RuleHeld { rule: "r".to_owned(), mailbox: id("boern") };
    assert_eq!(doubts(&decision), [unchecked(), led]);
    assert!(decision.urgent && decision.is_sealed());

    let claims = claiming(Claims { case_id: patterns(&["*"]), ..Claims::default() });
    let decision = held(&letter, &claims, || None, unchecked());
    let led = Doubt::ReplyHeld { matched: "case-id".to_owned(), mailbox: id("plads") };
    assert_eq!(doubts(&decision), [unchecked(), led]);
    assert!(!decision.urgent);
    let person = with_rules(vec![rule("r", "person", Condition::Reply(true))]);
    let decision = held(&letter, &person, || None, unchecked());
    assert_eq!(doubts(&decision), [unchecked(), Doubt::Rule { rule: "r".to_owned() }]);
}
