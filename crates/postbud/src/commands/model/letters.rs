//! Two versions on the same labelled letters.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use postbud_evaluate::{Paired, Promise, apply, best};
use postbud_learn::{FEWEST_JUDGED, Figures, LETTERS_FILE, LabelledLetter, certify_model, judge};
use serde_json::{Value, json};

use super::compare::Compared;
use super::{Place, refusal, words};
use crate::classifier::routing;
use crate::cli::{CompareArgs, Lang};
use crate::commands::train::given::{Given, all_switched_on};
use crate::exit::{self, Failure};
use crate::output::percent;

/// A larger list of ids is none: two million letters with the longest ids.
const LIST_BYTES: u64 = 200 << 20;

/// The letters to judge on.
struct Chosen<'l> {
    letters: Vec<&'l LabelledLetter>,
    /// Letters that one of the versions has learned from, and that are left out.
    left_out: usize,
    /// How many of `letters` each has learned from; `None` when nobody wrote that down.
    seen: [Option<usize>; 2],
}

/// Lets both judge.
pub(super) fn compare(
    args: &CompareArgs,
    place: &Place,
    lang: Lang,
) -> anyhow::Result<(Value, Compared)> {
    let versions = [args.first, args.second];
    let config = place.config.as_ref();
    let given = Given::read(&args.letters, args.mapping.as_deref(), config)?;
    given.say_skipped();
    let learned_from = versions.map(|version| seen(place, version));
    let chosen = choose(&given.reading.letters, &learned_from);
    if chosen.letters.is_empty() {
        return Err(Failure::new(exit::FAILED, "there is no letter to judge with").into());
    }
    let promise = match config {
        Some(config) => Promise::new(config.promise.target_error, config.promise.confidence)?,
        None => Promise::default(),
    };
    let (first, first_right) = figures(place, args.first, &chosen.letters, promise)?;
    let (second, second_right) = figures(place, args.second, &chosen.letters, promise)?;
    let comparison = Paired::count(first_right.into_iter().zip(second_right)).compare();
    let names = versions.map(|version| place.name(version));
    let document = json!({
        "on": "letters",
        "first": first,
        "second": second,
        "letters": chosen.letters.len(),
        "left_out": chosen.left_out,
        "learned_from": { "first": chosen.seen[0], "second": chosen.seen[1] },
        "target": promise.target(),
        "confidence": promise.confidence(),
        "comparison": comparison,
    });
    let remarks = words::seen(lang, &names, chosen.letters.len(), chosen.left_out, chosen.seen);
    Ok((document, Compared { names, rows: rows(lang, &first, &second), comparison, remarks }))
}

/// Whoever has learned from a letter knows its label: only letters that neither has learned from
/// are a fair test, when there are enough.
fn choose<'l>(letters: &'l [LabelledLetter], seen: &[Option<HashSet<String>>; 2]) -> Chosen<'l> {
    let new =
        |letter: &&LabelledLetter| !seen.iter().flatten().any(|seen| seen.contains(&letter.id));
    let fresh: Vec<&LabelledLetter> = letters.iter().filter(new).collect();
    let chosen =
        if fresh.len() >= FEWEST_JUDGED { fresh } else { letters.iter().collect::<Vec<_>>() };
    let count = |seen: &Option<HashSet<String>>| {
        let seen = seen.as_ref()?;
        Some(chosen.iter().filter(|letter| seen.contains(&letter.id)).count())
    };
    let counts = [count(&seen[0]), count(&seen[1])];
    Chosen { left_out: letters.len() - chosen.len(), letters: chosen, seen: counts }
}

/// The ids of the letters that a version has learned from, where they were written down.
fn seen(place: &Place, version: u32) -> Option<HashSet<String>> {
    ids(&place.registry.version_dir(version).join(LETTERS_FILE))
}

fn ids(path: &Path) -> Option<HashSet<String>> {
    let mut text = String::new();
    let read = File::open(path).ok()?.take(LIST_BYTES + 1).read_to_string(&mut text).ok()?;
    (read as u64 <= LIST_BYTES).then(|| text.lines().map(str::to_owned).collect())
}

/// A version's figures, and of each letter whether its first guess is right.
fn figures(
    place: &Place,
    version: u32,
    letters: &[&LabelledLetter],
    promise: Promise,
) -> anyhow::Result<(Figures, Vec<bool>)> {
    let found = place.registry.find(version).and_then(|found| found.load());
    let model = found.map_err(|error| refusal::of(&error, None))?;
    let routing = match &place.config {
        Some(config) => routing(config, model.labels()),
        None => all_switched_on(model.labels()),
    };
    let records = judge(&model, letters)?;
    let right: Vec<bool> = records.iter().map(|(truth, row)| truth == Some(best(row).0)).collect();
    let certificate = certify_model(&model, &routing, promise)?;
    let applied = apply(&records, &routing.policy(model.labels()), &certificate);
    let count = right.iter().filter(|right| **right).count();
    let figures = Figures {
        model: Some(place.name(version)),
        right: count,
        accuracy: count as f64 / letters.len().max(1) as f64,
        routed: applied.routed,
        coverage: applied.coverage,
        errors: applied.errors,
        error: applied.error,
    };
    Ok((figures, right))
}

fn rows(lang: Lang, first: &Figures, second: &Figures) -> Vec<[String; 3]> {
    let [right, routed, wrong] = words::rows(lang);
    let row = |name: &str, text: &dyn Fn(&Figures) -> String| {
        [name.to_owned(), text(first), text(second)]
    };
    vec![
        row(right, &|figures| percent(figures.accuracy)),
        row(routed, &|figures| percent(figures.coverage)),
        row(wrong, &|figures| words::of(figures.errors as u64, figures.routed as u64)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_one_has_learned_from_are_left_out_when_enough_remain() {
        let letter = |n: usize| {
            let mut letter = LabelledLetter::new("affald", "", "x");
            letter.id = n.to_string();
            letter
        };
        let letters: Vec<LabelledLetter> = (0..FEWEST_JUDGED + 2).map(letter).collect();
        let ids = |ids: &[usize]| ids.iter().map(ToString::to_string).collect::<HashSet<_>>();
        let chosen = choose(&letters, &[Some(ids(&[0])), Some(ids(&[1]))]);
        assert_eq!((chosen.letters.len(), chosen.left_out), (FEWEST_JUDGED, 2));
        assert_eq!(chosen.seen, [Some(0), Some(0)]);
        let chosen = choose(&letters, &[Some(ids(&[0, 1, 2])), None]);
        assert_eq!((chosen.letters.len(), chosen.left_out), (letters.len(), 0));
        assert_eq!(chosen.seen, [Some(3), None]);
    }
}
