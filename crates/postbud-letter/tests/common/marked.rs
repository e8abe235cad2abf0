//! The letters in which people have marked names and addresses, and what is masked of them.

#![allow(dead_code, clippy::unwrap_used, reason = "shared; what cannot be read ends it")]

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use postbud_letter::privacy::{Found, Kind, find};

/// A letter of the demo with what somebody marked in it.
pub(crate) struct Marked {
    pub(crate) set: String,
    pub(crate) id: String,
    /// Subject and body, masked apart as the classifier's text is.
    pub(crate) texts: [String; 2],
    /// Kind and text.
    pub(crate) marks: Vec<(Kind, String)>,
}

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/klitkobing")
}

pub(crate) fn marked() -> Vec<Marked> {
    let letters = fs::read_to_string(folder().join("letters.jsonl")).unwrap();
    let mut texts = BTreeMap::new();
    for line in letters.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        texts.insert(text("id"), [text("subject"), text("body")]);
    }
    let mut all: Vec<Marked> = Vec::new();
    let marks = fs::read_to_string(folder().join("personal.tsv")).unwrap();
    for line in marks.lines().filter(|line| !line.starts_with('#')) {
        let [set, id, kind, text] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        if all.last().is_none_or(|last| last.id != id) {
            let texts = texts[id].clone();
            all.push(Marked { set: set.to_owned(), id: id.to_owned(), texts, marks: Vec::new() });
        }
        let kind = match kind {
            "name" => Kind::Name,
            "address" => Kind::Address,
            "none" => continue,
            other => panic!("{other} is no kind"),
        };
        all.last_mut().unwrap().marks.push((kind, text.to_owned()));
    }
    all
}

/// Counts of one kind.
#[derive(Default, Clone, Copy)]
pub(crate) struct Tally {
    /// Places that people marked, and those of them of which every word is masked.
    pub(crate) marked: usize,
    pub(crate) masked: usize,
    /// What was found, and those of it that touch a marked place of any kind.
    pub(crate) found: usize,
    pub(crate) right: usize,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.marked += other.marked;
        self.masked += other.masked;
        self.found += other.found;
        self.right += other.right;
    }

    pub(crate) fn recall(&self) -> f64 {
        self.masked as f64 / self.marked as f64
    }

    pub(crate) fn precision(&self) -> f64 {
        self.right as f64 / self.found as f64
    }
}

/// What was not masked, and what was without having been marked, in words.
pub(crate) type Misses = Vec<String>;

pub(crate) fn judge(letter: &Marked, kind: Kind, misses: &mut Misses) -> Tally {
    let mut tally = Tally::default();
    for text in &letter.texts {
        let found = find(text);
        let places: Vec<(Kind, Range<usize>)> = letter
            .marks
            .iter()
            .flat_map(|(kind, mark)| places(text, mark).into_iter().map(|place| (*kind, place)))
            .collect();
        for (_, place) in places.iter().filter(|(of, _)| *of == kind) {
            tally.marked += 1;
            if covered(text, place, &found) {
                tally.masked += 1;
            } else {
                misses.push(format!("{} left: {}", letter.id, &text[place.clone()]));
            }
        }
        for found in found.iter().filter(|found| found.kind == kind) {
            tally.found += 1;
            if places.iter().any(|(_, place)| overlaps(place, &found.range)) {
                tally.right += 1;
            } else {
                misses.push(format!("{} none: {}", letter.id, &text[found.range.clone()]));
            }
        }
    }
    tally
}

/// Where a mark stands as whole words.
fn places(text: &str, mark: &str) -> Vec<Range<usize>> {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let at = text.match_indices(mark).map(|(at, _)| at..at + mark.len());
    at.filter(|at| {
        !is_word(text[..at.start].chars().next_back()) && !is_word(text[at.end..].chars().next())
    })
    .collect()
}

fn overlaps(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// Is every letter and digit of a place masked?
fn covered(text: &str, place: &Range<usize>, found: &[Found]) -> bool {
    text[place.clone()].char_indices().all(|(at, c)| {
        let at = place.start + at;
        !c.is_alphanumeric() || found.iter().any(|found| found.range.contains(&at))
    })
}
