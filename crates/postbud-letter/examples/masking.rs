//! How many of the names and addresses that people marked in the demo's letters are masked, and how
//! many CPR numbers of made letters: `cargo run -p postbud-letter --example masking [-- misses]`.

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../tests/common/made_cprs.rs"]
mod made_cprs;
#[path = "../tests/common/marked.rs"]
mod marked;

use std::collections::BTreeMap;
use std::fs;
use std::time::Instant;

use marked::{Tally, folder, judge};
use postbud_letter::privacy::{Kind, mask};

/// Letters with a CPR number each.
const LETTERS: usize = 100_000;

fn main() -> std::io::Result<()> {
    let shows_misses = std::env::args().nth(1).is_some_and(|word| word == "misses");
    let mut tallies: BTreeMap<(String, &str), (usize, Tally)> = BTreeMap::new();
    for letter in marked::marked() {
        for (name, kind) in [("names", Kind::Name), ("addresses", Kind::Address)] {
            let mut misses = Vec::new();
            let (letters, tally) = tallies.entry((letter.set.clone(), name)).or_default();
            *letters += 1;
            tally.add(judge(&letter, kind, &mut misses));
            if shows_misses {
                misses.iter().for_each(|miss| println!("{} {miss}", letter.set));
            }
        }
    }
    for ((set, kind), (letters, tally)) in &tallies {
        println!(
            "{set:7} {kind:10} {letters} letters: recall {}/{} = {:.1} %, precision {}/{} = {:.1} %",
            tally.masked,
            tally.marked,
            100.0 * tally.recall(),
            tally.right,
            tally.found,
            100.0 * tally.precision(),
        );
    }
    let cprs = made_cprs::judge(LETTERS);
    println!(
        "CPR numbers in {} made letters: {} found ({:.3} %), {} masked ({:.3} %)",
        cprs.letters,
        cprs.found,
        100.0 * cprs.found as f64 / cprs.letters as f64,
        cprs.masked,
        100.0 * cprs.masked as f64 / cprs.letters as f64,
    );
    let letters = fs::read_to_string(folder().join("letters.jsonl"))?;
    let start = Instant::now();
    let masked: usize = letters.lines().map(|line| mask(line).len()).sum();
    let spent = start.elapsed();
    println!(
        "{} lines of {} bytes masked in {spent:?} ({masked} bytes)",
        letters.lines().count(),
        letters.len()
    );
    Ok(())
}
