//! How much of what people marked in the demo's letters is masked must not fall unseen.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "common/marked.rs"]
mod marked;

use marked::{Tally, judge, marked};
use postbud_letter::privacy::{Kind, mask};

fn tally(set: &str, kind: Kind) -> (Tally, Vec<String>) {
    let (mut all, mut misses) = (Tally::default(), Vec::new());
    for letter in marked().iter().filter(|letter| letter.set == set) {
        all.add(judge(letter, kind, &mut misses));
    }
    (all, misses)
}

#[test]
fn names_and_addresses_that_people_marked_are_masked() {
    for (set, kind, marked, recall, precision) in [
        ("first", Kind::Name, 135, 0.98, 0.95),
        ("first", Kind::Address, 16, 0.90, 0.95),
        ("second", Kind::Name, 61, 0.95, 0.90),
        ("second", Kind::Address, 6, 0.80, 0.95),
    ] {
        let (found, misses) = tally(set, kind);
        assert_eq!(found.marked, marked, "a mark that is nowhere in its letter?");
        assert!(found.recall() >= recall, "{set} {kind:?}: {misses:#?}");
        assert!(found.precision() >= precision, "{set} {kind:?}: {misses:#?}");
    }
}

#[test]
fn most_of_a_letter_is_left() {
    let (mut before, mut after) = (0, 0);
    for letter in marked() {
        for text in &letter.texts {
            before += text.split_whitespace().count();
            after += mask(text).split_whitespace().filter(|word| !word.contains('#')).count();
        }
    }
    assert!(after * 100 > before * 95, "{after} of {before} words");
}
