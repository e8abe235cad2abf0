//! What becomes of letters that the malware scanner did not find clean.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use postbud_decide::{
    Condition, Destination, Doubt, Mailbox, MailboxId, NotChecked, Outcome, Reason, Rule, Scores,
    Settings, Target,
};
use postbud_letter::{Letter, Limits};
use postbud_pipeline::Steps;
use postbud_pipeline::ports::{Classifier, Documents, Scanned, Scanner};

const MAIL: &[u8] = b"From: a@example.dk\r\nSubject: hej\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nGoddag\r\n--b\r\n\
    Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\
    Content-Transfer-Encoding: base64\r\n\r\naGVq\r\n--b--\r\n";

struct Nothing;

impl Classifier for Nothing {
    fn classify(&self, _: &Letter) -> Option<Scores> {
        None
    }
}

/// Says always the same, and was shown the letter and its document.
struct Says(Scanned);

impl Scanner for Says {
    fn check(&self, letter: &Letter, raw: &[u8]) -> Scanned {
        assert_eq!(raw, MAIL);
        assert_eq!(letter.documents.first().unwrap().bytes, b"hej");
        self.0.clone()
    }
}

/// Counts how often it was asked to open documents.
#[derive(Default)]
struct Opened(AtomicUsize);

impl Documents for Opened {
    fn attach(&self, _: &mut Letter) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Where a letter goes that a rule sends to affald, why, and how often its documents were opened.
fn decided(says: Scanned) -> (Outcome, Reason, usize) {
    let affald = MailboxId::parse("affald").unwrap();
    let mut mailbox = Mailbox::new(affald.clone(), "Affald");
    mailbox.target = Some(Target::Maildir { path: "affald".to_owned() });
    let to = Destination::Mailbox(affald);
    let rule = Rule { name: "alt".to_owned(), to, when: Condition::All(Vec::new()) };
    let settings = Settings { mailboxes: vec![mailbox], rules: vec![rule], ..Settings::default() };
    let opened = Arc::new(Opened::default());
    let steps = Steps::new(Limits::default(), settings, Arc::new(Nothing))
        .with_documents(Arc::<Opened>::clone(&opened))
        .with_scanner(Arc::new(Says(says)));
    let (_, decision) = steps.decide(MAIL);
    assert!(decision.is_sealed());
    (decision.outcome, decision.reason, opened.0.load(Ordering::Relaxed))
}

#[test]
fn a_clean_letter_is_opened_and_goes_on() {
    let (outcome, _, opened) = decided(Scanned::Clean);
    assert!(matches!(outcome, Outcome::Route { .. }));
    assert_eq!(opened, 1);
}

#[test]
fn any_other_stays_closed_and_goes_to_a_person_whatever_the_rules_say() {
    let signature = "Test.Mark".to_owned();
    let away = NotChecked::Away;
    let cases = [
        (Scanned::Infected { signature: signature.clone() }, Doubt::Infected { signature }),
        (Scanned::Unchecked(away), Doubt::Unchecked { why: away }),
    ];
    for (says, doubt) in cases {
        let (outcome, reason, opened) = decided(says);
        assert_eq!((outcome, opened), (Outcome::Review, 0));
        let Reason::Person { doubts, .. } = reason else { panic!("{reason:?}") };
        assert_eq!(doubts, [doubt]);
    }
}
