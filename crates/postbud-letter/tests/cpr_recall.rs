//! The CPR numbers of letters are found and masked, however they are written and wherever they stand.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;
#[path = "common/made_cprs.rs"]
mod made_cprs;

#[test]
fn of_a_thousand_numbers_at_most_one_is_missed() {
    let tally = made_cprs::judge(8_100);
    let misses = &tally.misses[..tally.misses.len().min(20)];
    assert!(tally.found * 1_000 >= tally.letters * 999, "found {}: {misses:#?}", tally.found);
    assert!(tally.masked * 1_000 >= tally.letters * 999, "masked {}: {misses:#?}", tally.masked);
}
