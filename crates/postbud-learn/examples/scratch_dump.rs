//! scratch
use postbud_learn::*;
use postbud_model::{Example, TrainOptions, train};
use std::collections::BTreeMap;
use std::fmt::Write as _;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let letters = read_letters(&[&args[1]]).unwrap();
    let words = args[2] == "words";
    let folds: usize = args[3].parse().unwrap();
    let seed: u64 = args[4].parse().unwrap();
    let letters: Vec<_> = check(&letters).letters.into_iter().cloned().collect();
    let labels = letters.iter().map(|l| l.label.clone()).collect();
    let (descriptions, _) = Vocabulary::shipped().unwrap().choose(&labels, &BTreeMap::new(), &[]);
    let examples: Vec<Example<'_>> = letters.iter().map(|l| l.example()).collect();
    let options = TrainOptions {
        folds,
        seed,
        descriptions: if words { descriptions } else { vec![] },
        ..TrainOptions::default()
    };
    let start = std::time::Instant::now();
    let model = train(&examples, &options, &|_| ()).unwrap();
    eprintln!("{:?}", start.elapsed());
    let seen = model.out_of_fold();
    let mut out = String::new();
    for i in 0..seen.len() {
        let r = seen.record(i).unwrap();
        let (known, grams) = seen.familiarity(i).unwrap();
        let never = u8::from(model.labels()[r.predicted] == "andet");
        writeln!(
            out,
            "{} {} {} {} {} {}",
            r.probability,
            u8::from(r.correct()),
            never,
            known,
            grams,
            r.truth
        )
        .unwrap();
    }
    std::fs::write(&args[5], out).unwrap();
}
