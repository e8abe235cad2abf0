//! What is switched off while letters come in.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use postbud_decide::{
    Condition, Destination, KlePattern, Mailbox, MailboxId, ModelId, Outcome, Rule, Score, Scores,
    Settings, Target,
};
use postbud_letter::{Letter, Limits};
use postbud_pipeline::Steps;
use postbud_pipeline::ports::{Classifier, Switches, Timestamp};

/// Sure of waste.
struct Waste;

impl Classifier for Waste {
    fn classify(&self, _: &Letter) -> Option<Scores> {
        let mailbox = MailboxId::parse("affald").unwrap();
        Some(Scores {
            model: ModelId("m/1@aa".to_owned()),
            ranked: vec![Score { mailbox, probability: 0.99, threshold: Some(0.9) }],
            words: Vec::new(),
            unlike: None,
            text: None,
        })
    }
}

fn mailbox(id: &str) -> Mailbox {
    let mut mailbox = Mailbox::new(MailboxId::parse(id).unwrap(), id);
    mailbox.automatic = true;
    mailbox.target = Some(Target::Maildir { path: id.to_owned() });
    mailbox
}

/// The model routes to affald; with `rule`, a rule routes everything to vej-park.
fn steps(rule: bool) -> Steps {
    let rule = rule.then(|| Rule {
        name: "alt".to_owned(),
        to: Destination::Mailbox(MailboxId::parse("vej-park").unwrap()),
        when: Condition::All(Vec::new()),
    });
    let settings = Settings {
        mailboxes: vec![mailbox("affald"), mailbox("vej-park")],
        rules: rule.into_iter().collect(),
        ..Settings::default()
    };
    Steps::new(Limits::default(), settings, Arc::new(Waste))
}

/// Where a letter goes; `None`: to a person.
fn goes(steps: &Steps) -> Option<String> {
    let raw = Bytes::from_static(b"From: a@example.dk\r\nSubject: hej\r\n\r\nGoddag\r\n");
    match steps.entry_caught(raw, Timestamp(0)).unwrap().decision.outcome {
        Outcome::Route { mailbox } => Some(mailbox.to_string()),
        Outcome::Review => None,
    }
}

fn off(mailboxes: &[&str]) -> Switches {
    let off: BTreeSet<_> = mailboxes.iter().map(|id| MailboxId::parse(id).unwrap()).collect();
    Switches { all_off: false, off }
}

#[test]
fn everything_off_stops_models_and_rules_and_on_again_is_as_before() {
    for (rule, to) in [(false, "affald"), (true, "vej-park")] {
        let steps = steps(rule);
        assert_eq!(goes(&steps).as_deref(), Some(to));
        steps.switch(Switches { all_off: true, ..Switches::default() });
        assert_eq!(goes(&steps), None);
        steps.switch(Switches::default());
        assert_eq!(goes(&steps).as_deref(), Some(to));
    }
}

/// A letter that names its subject goes by the table, and by nothing when it is switched off.
#[test]
fn a_kle_subject_is_switched_off_with_everything_else() {
    let mut park = mailbox("vej-park");
    park.kle = vec![KlePattern::parse("05.*").unwrap()];
    let mailboxes = vec![mailbox("affald"), park];
    let settings = Settings { mailboxes, by_kle: true, ..Settings::default() };
    let steps = Steps::new(Limits::default(), settings, Arc::new(Waste));
    let goes =
        || match steps.entry_caught(about("05.13.04"), Timestamp(0)).unwrap().decision.outcome {
            Outcome::Route { mailbox } => Some(mailbox.to_string()),
            Outcome::Review => None,
        };
    assert_eq!(goes().as_deref(), Some("vej-park"));
    steps.switch(off(&["vej-park"]));
    assert_eq!(goes(), None, "and the model does not get it instead");
    steps.switch(Switches { all_off: true, ..Switches::default() });
    assert_eq!(goes(), None);
}

/// A message that names this KLE subject.
fn about(kle: &str) -> Bytes {
    Bytes::from(format!(
        "<memo:Message xmlns:memo=\"https://DigitalPost.dk/MeMo-1\" memoVersion=\"1.2\">\
         <memo:MessageHeader><memo:messageType>DIGITALPOST</memo:messageType>\
         <memo:messageUUID>11111111-2222-4333-8444-555555555555</memo:messageUUID>\
         <memo:label>Brev</memo:label>\
         <memo:Sender><memo:senderID>12345678</memo:senderID><memo:idType>CVR</memo:idType>\
         <memo:label>A</memo:label></memo:Sender>\
         <memo:Recipient><memo:recipientID>12345678</memo:recipientID>\
         <memo:idType>CVR</memo:idType></memo:Recipient>\
         <memo:ContentData><kle:KLEdata xmlns:kle=\"http://kle-online.dk/\">\
         <kle:subjectKey>{kle}</kle:subjectKey></kle:KLEdata></memo:ContentData>\
         </memo:MessageHeader><memo:MessageBody>\
         <memo:createdDateTime>2026-11-23T07:15:00Z</memo:createdDateTime>\
         <memo:MainDocument><memo:File><memo:encodingFormat>text/plain</memo:encodingFormat>\
         <memo:filename>a.txt</memo:filename><memo:language>da</memo:language>\
         <memo:content>SGVq</memo:content></memo:File></memo:MainDocument>\
         </memo:MessageBody></memo:Message>"
    ))
}

#[test]
fn a_mailbox_that_is_off_takes_letters_from_nobody_and_gives_them_to_no_other() {
    let by_model = steps(false);
    by_model.switch(off(&["vej-park"]));
    assert_eq!(goes(&by_model).as_deref(), Some("affald"));
    by_model.switch(off(&["affald"]));
    assert_eq!(goes(&by_model), None);
    // Without the rule's mailbox the model would have routed it: it must not.
    let by_rule = steps(true);
    by_rule.switch(off(&["vej-park"]));
    assert_eq!(goes(&by_rule), None);
}
