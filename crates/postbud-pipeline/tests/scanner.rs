//! What becomes of letters that the malware scanner did not find clean.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use postbud_decide::{
    Condition, Destination, Doubt, Mailbox, MailboxId, NotChecked, Outcome, Reason, Rule, Settings,
    Target,
};
use postbud_letter::{Letter, Limits};
use postbud_pipeline::ports::{Body, Documents, Look, Scanned, Scanner, Settlement, Timestamp};
use postbud_pipeline::{Begun, NotYet, Router, RouterOptions, Steps, stop_pair};
use support::{Log, MemoryQueue, MemoryStore, Nothing, Step};

const MAIL: &[u8] = b"From: a@example.dk\r\nSubject: hej\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nGoddag\r\n--b\r\n\
    Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\
    Content-Transfer-Encoding: base64\r\n\r\naGVq\r\n--b--\r\n";

/// Says always the same, and was shown the letter and its document.
struct Says(Scanned);

impl Scanner for Says {
    fn check(&self, letter: &Letter, raw: &[u8]) -> Scanned {
        assert_eq!(raw, MAIL);
        assert_eq!(letter.documents.first().unwrap().bytes, b"hej");
        self.0.clone()
    }

    fn state(&self) -> Result<String, String> {
        unreachable!("no test asks for it")
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

/// Says this for so long, and then that letters are clean.
struct SaysAtFirst(Scanned, AtomicUsize);

impl Scanner for SaysAtFirst {
    fn check(&self, _: &Letter, _: &[u8]) -> Scanned {
        let less = |left: usize| left.checked_sub(1);
        let more = self.1.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
        if more.is_ok() { self.0.clone() } else { Scanned::Clean }
    }

    fn state(&self) -> Result<String, String> {
        unreachable!("no test asks for it")
    }
}

/// How letters are settled and decided by a router whose scanner says this so often at first.
async fn routed(says: Scanned, times: usize) -> (Vec<Step>, Arc<Opened>) {
    let log = Log::default();
    let plain = Bytes::from_static(b"From: a@example.dk\r\nSubject: et\r\n\r\nGoddag\r\n");
    let bodies = vec![Ok(Body::Inline(plain)), Ok(Body::Inline(Bytes::from_static(MAIL)))];
    let queue = Arc::new(MemoryQueue::new(bodies, &log));
    let opened = Arc::new(Opened::default());
    let steps = Steps::new(Limits::default(), Settings::default(), Arc::new(Nothing))
        .with_documents(Arc::<Opened>::clone(&opened))
        .with_scanner(Arc::new(SaysAtFirst(says, AtomicUsize::new(times))));
    let store = Arc::new(MemoryStore::new(&log));
    let router = Router::new(queue, store, Arc::new(steps), RouterOptions::default());
    let (stopper, stop) = stop_pair();
    let settled = || log.lock().unwrap().iter().any(|step| matches!(step, Step::Settled(..)));
    let watch = async {
        // Where the scanner never comes back, long enough for a letter to slip through.
        let begun = tokio::time::Instant::now();
        let count =
            || log.lock().unwrap().iter().filter(|s| matches!(s, Step::Settled(..))).count();
        while count() < 2 && !(times == usize::MAX && begun.elapsed().as_millis() > 700) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(times != usize::MAX || !settled(), "nothing is settled while the scanner is away");
        stopper.stop();
    };
    let work = async { tokio::join!(router.run(&stop), watch) };
    tokio::time::timeout(Duration::from_secs(60), work).await.unwrap();
    let steps = log.lock().unwrap().clone();
    (steps, opened)
}

const AWAY: Scanned = Scanned::Later { why: NotChecked::Away, blamed: false };

#[tokio::test]
async fn letters_wait_for_a_scanner_that_is_away_and_go_on_when_it_is_back() {
    let (steps, opened) = routed(AWAY, 5).await;
    for number in [0, 1] {
        assert!(steps.contains(&Step::Settled(number, Settlement::Done)), "{steps:?}");
    }
    assert_eq!(opened.0.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_stop_gives_back_what_waits_for_the_scanner_unopened() {
    let (steps, opened) = routed(AWAY, usize::MAX).await;
    for number in [0, 1] {
        assert!(steps.contains(&Step::Settled(number, Settlement::Release)), "{steps:?}");
    }
    assert!(!steps.iter().any(|step| matches!(step, Step::Recorded(_))), "{steps:?}");
    assert_eq!(opened.0.load(Ordering::Relaxed), 0);
}

/// It would end the scanner for ever, and everybody would wait.
#[tokio::test]
async fn a_letter_that_ends_the_scanner_again_and_again_goes_to_a_person_unopened() {
    let blamed = Scanned::Later { why: NotChecked::Away, blamed: true };
    let steps = Steps::new(Limits::default(), Settings::default(), Arc::new(Nothing))
        .with_scanner(Arc::new(SaysAtFirst(blamed, AtomicUsize::new(3))));
    let Begun::Opened(mut letter) = steps.begin(Bytes::from_static(MAIL), Timestamp(0)) else {
        panic!("the first time, it waits");
    };
    let mut waited = 1;
    let entry = loop {
        match steps.go_on(*letter, Look::Glance) {
            Ok(entry) => break entry,
            Err(NotYet::Unscanned(again)) => letter = again,
            Err(NotYet::Slow(_)) => panic!("nobody reads documents here"),
        }
        waited += 1;
    };
    assert_eq!(waited, 2, "and the second time");
    let Reason::Person { doubts, .. } = entry.decision.reason else { panic!("a person") };
    assert_eq!(doubts, [Doubt::Unchecked { why: NotChecked::Away }]);
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
        // Whoever asks once, as on trial, does not wait.
        (Scanned::Later { why: away, blamed: false }, Doubt::Unchecked { why: away }),
    ];
    for (says, doubt) in cases {
        let (outcome, reason, opened) = decided(says);
        assert_eq!((outcome, opened), (Outcome::Review, 0));
        let Reason::Person { doubts, .. } = reason else { panic!("{reason:?}") };
        // What the rule says is kept for that person.
        assert!(matches!(&doubts[..], [first, Doubt::RuleHeld { .. }] if *first == doubt));
    }
}
