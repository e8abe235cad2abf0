//! A challenger beside the champion: noted with the letter, and never in its way.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use bytes::Bytes;
use postbud_decide::{
    Condition, Destination, Mailbox, MailboxId, ModelId, Outcome, Reason, Rule, Score, Scores,
    Settings, Target,
};
use postbud_letter::{Letter, Limits};
use postbud_pipeline::Steps;
use postbud_pipeline::ports::{Classifier, Entry, Timestamp};

/// The champion is for waste, the challenger for roads, both as sure as given.
struct Two {
    champion: f64,
    challenger: Option<f64>,
}

fn scores(model: &str, mailbox: &str, probability: f64) -> Scores {
    Scores {
        model: ModelId(model.to_owned()),
        ranked: vec![Score {
            mailbox: MailboxId::parse(mailbox).unwrap(),
            probability,
            threshold: Some(0.9),
        }],
        words: Vec::new(),
        unlike: None,
        text: None,
    }
}

impl Classifier for Two {
    fn classify(&self, _: &Letter) -> Option<Scores> {
        Some(scores("m/1@aa", "affald", self.champion))
    }
    fn shadow(&self, letter: &Letter) -> Option<Scores> {
        assert!(letter.subject != "panic", "asked to");
        Some(scores("m/2@bb", "vej-park", self.challenger?))
    }
}

fn mailbox(id: &str) -> Mailbox {
    let mut mailbox = Mailbox::new(MailboxId::parse(id).unwrap(), id);
    mailbox.automatic = true;
    mailbox.target = Some(Target::Maildir { path: id.to_owned() });
    mailbox
}

fn entry(models: Two, subject: &str, rules: Vec<Rule>) -> Entry {
    let mailboxes = vec![mailbox("affald"), mailbox("vej-park")];
    let settings = Settings { mailboxes, rules, ..Settings::default() };
    let steps = Steps::new(Limits::default(), settings, Arc::new(models));
    let raw = format!("From: a@example.dk\r\nSubject: {subject}\r\n\r\nGoddag\r\n");
    steps.entry_caught(Bytes::from(raw), Timestamp(0)).unwrap()
}

#[test]
fn what_the_challenger_would_have_done_is_noted_and_changes_nothing() {
    for (probability, routed) in [(0.95, true), (0.5, false)] {
        let with = entry(Two { champion: 0.95, challenger: Some(probability) }, "hej", Vec::new());
        let shadow = with.shadow.unwrap();
        assert_eq!((shadow.model.0.as_str(), shadow.mailbox.as_str()), ("m/2@bb", "vej-park"));
        assert_eq!((shadow.probability, shadow.routed), (probability, routed));
        let without = entry(Two { champion: 0.95, challenger: None }, "hej", Vec::new());
        assert_eq!(without.shadow, None);
        assert_eq!(with.decision, without.decision);
    }
}

#[test]
fn a_letter_that_a_rule_decides_is_scored_but_not_routed_by_the_challenger() {
    let rule = Rule {
        name: "alt".to_owned(),
        to: Destination::Mailbox(MailboxId::parse("affald").unwrap()),
        when: Condition::All(Vec::new()),
    };
    let entry = entry(Two { champion: 0.1, challenger: Some(0.99) }, "hej", vec![rule]);
    assert!(matches!(entry.decision.reason, Reason::Rule { .. }));
    let shadow = entry.shadow.unwrap();
    assert_eq!((shadow.probability, shadow.routed), (0.99, false));
}

#[test]
fn a_challenger_that_fails_does_not_touch_the_letter() {
    let failed = entry(Two { champion: 0.95, challenger: Some(0.99) }, "panic", Vec::new());
    assert_eq!(failed.shadow, None);
    assert!(matches!(failed.decision.outcome, Outcome::Route { .. }));
    for nonsense in [f64::NAN, 1.5, f64::INFINITY] {
        let unsound = entry(Two { champion: 0.95, challenger: Some(nonsense) }, "hej", Vec::new());
        let stored = unsound.shadow.map(|shadow| shadow.probability);
        assert!(stored.is_none_or(|p| (0.0..=1.0).contains(&p)), "{nonsense}: {stored:?}");
    }
}
