//! The judge must notice each kind of fault; a judge that sees nothing proves nothing.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use postbud_testkit::judge::{Arrival, Counts, Evidence, Verdict, judge};
use postbud_testkit::letters::{ChaosLetter, Wanted};
use postbud_testkit::oracle::Obligation;

const SEED: u64 = 3;

fn arrival(letter: &ChaosLetter, by_mail: bool) -> Arrival {
    Arrival {
        mailbox: letter.wanted.as_str().to_owned(),
        key: format!("{}-1", letter.id()),
        data: [b"X-Postbud-Mailbox: x\r\n", letter.raw.as_slice()].concat(),
        by_mail,
    }
}

/// Ten letters, all of them where they belong.
fn good() -> Evidence {
    let mut evidence = Evidence { fresh_arrived: true, ..Evidence::default() };
    for number in 0..10 {
        let letter = ChaosLetter::new(SEED, number);
        let obligation = Obligation {
            id: letter.id(),
            hash: letter.hash(),
            len: letter.raw.len(),
            wanted: letter.wanted.as_str().to_owned(),
            confirmed: true,
        };
        evidence.obligations.insert(number, obligation);
        let state = if letter.wanted == Wanted::Person { "review" } else { "delivered" };
        evidence.states.push((letter.id(), state.to_owned()));
        if letter.wanted != Wanted::Person {
            evidence.arrivals.push(arrival(&letter, letter.wanted == Wanted::VejPark));
        }
    }
    evidence.counts = Counts { received: 10, delivered: 8, review: 2, routed: 0, quarantined: 0 };
    evidence
}

fn after(change: impl FnOnce(&mut Evidence)) -> Verdict {
    let mut evidence = good();
    change(&mut evidence);
    judge(&evidence)
}

#[test]
fn where_everything_is_in_its_place_there_is_nothing_to_find() {
    let verdict = judge(&good());
    assert!(verdict.is_clean(), "{verdict}");
    assert_eq!(verdict, Verdict::default());
}

#[test]
fn a_letter_that_the_store_never_saw_is_lost() {
    // As when a worker acknowledges before it commits.
    let verdict = after(|e| {
        e.states.remove(0);
        e.arrivals.remove(0);
        e.counts.received -= 1;
        e.counts.delivered -= 1;
    });
    assert_eq!(verdict.lost, ["0"]);
    assert!(!verdict.is_clean());
}

#[test]
fn a_letter_that_counts_as_delivered_and_is_not_there_is_lost() {
    let verdict = after(|e| drop(e.arrivals.remove(1)));
    assert_eq!(verdict.lost, ["1"]);
    assert_eq!(verdict.unbalanced, ["delivered 8, in the mailboxes 7"]);
}

#[test]
fn a_letter_that_was_not_confirmed_may_be_lost() {
    let verdict = after(|e| {
        e.states.remove(0);
        e.arrivals.remove(0);
        (e.counts.received, e.counts.delivered) = (9, 7);
        e.obligations.get_mut(&0).unwrap().confirmed = false;
    });
    assert!(verdict.is_clean(), "{verdict}");
}

#[test]
fn a_letter_that_nobody_sent_is_invented() {
    let stranger = ChaosLetter::new(SEED, 99);
    let verdict = after(|e| e.arrivals.push(arrival(&stranger, false)));
    assert_eq!(verdict.invented.len(), 1);
    let verdict = after(|e| {
        e.states.push((stranger.id(), "review".to_owned()));
        (e.counts.received, e.counts.review) = (11, 3);
    });
    assert_eq!(verdict.invented, [stranger.id()]);
}

#[test]
fn one_byte_is_noticed() {
    let verdict = after(|e| *e.arrivals[2].data.last_mut().unwrap() ^= 1);
    assert_eq!(verdict.altered, ["2"]);
    let verdict = after(|e| assert!(e.arrivals[2].data.pop().is_some()));
    assert_eq!(verdict.altered, ["2"]);
}

#[test]
fn a_second_effect_is_noticed() {
    // As when the mark in the outbox is dropped and the key is not honoured.
    let verdict = after(|e| {
        let mut again = e.arrivals[0].clone();
        again.key = "another-2".to_owned();
        e.arrivals.push(again);
    });
    assert_eq!(verdict.doubled, ["0"]);
    let verdict = after(|e| e.arrivals.push(e.arrivals[0].clone()));
    assert_eq!(verdict.doubled, ["0"]);
}

#[test]
fn a_second_mail_is_counted_under_the_same_key_and_a_fault_under_another() {
    let verdict = after(|e| e.arrivals.push(e.arrivals[1].clone()));
    assert!(verdict.is_clean(), "{verdict}");
    assert_eq!(verdict.mail_copies, 1);
    let verdict = after(|e| {
        let mut again = e.arrivals[1].clone();
        again.key = "another-2".to_owned();
        e.arrivals.push(again);
    });
    assert_eq!(verdict.doubled, ["1"]);
}

#[test]
fn a_wrong_place_and_two_states_are_noticed() {
    let verdict = after(|e| e.arrivals[0].mailbox = "vej-park".to_owned());
    assert_eq!(verdict.misplaced, ["0 in vej-park"]);
    let verdict = after(|e| {
        e.states.push((e.states[0].0.clone(), "review".to_owned()));
    });
    assert_eq!(verdict.misplaced, ["0 is delivered and review"]);
    let verdict = after(|e| e.states[0].1 = "review".to_owned());
    assert_eq!(verdict.misplaced, ["0 is review"], "it arrived, and a person has it too");
    let verdict = after(|e| e.states[0].1 = "routed".to_owned());
    assert_eq!(verdict.misplaced, ["0 is routed"], "in flight is no end");
}

#[test]
fn a_letter_whose_target_refuses_may_be_with_a_person_where_that_is_allowed() {
    let refuse = |allowed: bool| {
        after(|e| {
            e.may_be_refused = allowed;
            e.states[0].1 = "review".to_owned();
            e.arrivals.remove(0);
            (e.counts.delivered, e.counts.review) = (7, 3);
        })
    };
    assert!(refuse(true).is_clean());
    assert_eq!(refuse(false).misplaced, ["0 is review"]);
}

#[test]
fn sums_that_do_not_add_up_are_noticed() {
    assert!(!after(|e| e.counts.received = 11).is_clean());
    assert!(!after(|e| e.counts.routed = 1).is_clean());
    assert!(!after(|e| e.queued = 1).is_clean());
    assert!(!after(|e| e.fresh_arrived = false).is_clean());
}

#[test]
fn metrics_that_say_something_else_are_noticed() {
    let said = |change: fn(&mut Counts)| {
        let verdict = after(|e| {
            let mut counts = e.counts;
            change(&mut counts);
            e.metrics = Some(counts);
        });
        verdict.unbalanced.len()
    };
    assert_eq!(said(|_| {}), 0);
    assert_eq!(said(|counts| counts.received += 1), 1);
    assert_eq!(said(|counts| counts.delivered -= 1), 1);
    assert_eq!(said(|counts| counts.quarantined += 1), 1);
}

#[test]
fn a_poison_letter_belongs_among_the_dead_and_nowhere_else() {
    let poisoned = |dead: bool, state: Option<&str>| {
        after(|e| {
            let obligation = Obligation {
                id: "poison".to_owned(),
                hash: String::new(),
                len: 0,
                wanted: "dead".to_owned(),
                confirmed: true,
            };
            e.obligations.insert(99, obligation);
            if dead {
                e.dead.insert("poison".to_owned());
            }
            if let Some(state) = state {
                e.states.push(("poison".to_owned(), state.to_owned()));
                e.counts.received += 1;
                e.counts.review += 1;
            }
        })
    };
    assert!(poisoned(true, None).is_clean());
    assert_eq!(poisoned(false, None).lost, ["poison"]);
    assert_eq!(poisoned(true, Some("review")).misplaced, ["99 is review"]);
}
