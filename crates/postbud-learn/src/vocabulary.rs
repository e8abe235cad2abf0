//! Words that people use for what municipalities do: what helps a mailbox with few letters.
//!
//! Postbud brings a list of its own for the functions that every Danish municipality has
//! (`models/vocabulary/danish.txt`): lines of `name: word, word…`, and remarks of the form
//! `# name = other name, other name` for what else municipalities call the same function. A label
//! uses the words of the function whose name it has, however it spells it (`Børn og Familie` is
//! `boern-familie`). A list of the municipality's own (`--words`) takes the place of ours for the
//! labels it names, and leaves the others as they are.

use std::collections::{BTreeMap, BTreeSet};

use postbud_model::{Description, DescriptionError};
use serde::{Deserialize, Serialize};

/// The list that Postbud brings.
const SHIPPED: &str = include_str!("../../../models/vocabulary/danish.txt");

/// Functions with their names and words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vocabulary {
    /// By the plain form of each name.
    words: BTreeMap<String, String>,
}

/// Which labels got words from where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordsUsed {
    /// From the list that Postbud brings.
    pub shipped: Vec<String>,
    /// From a list of the municipality's own.
    pub own: Vec<String>,
}

impl Vocabulary {
    /// The list that Postbud brings.
    ///
    /// # Errors
    /// [`DescriptionError`] when it was shipped broken; a test says that it was not.
    pub fn shipped() -> Result<Self, DescriptionError> {
        Self::read(SHIPPED)
    }

    /// Reads a list.
    ///
    /// # Errors
    /// [`DescriptionError`] names the first line that is none.
    pub fn read(text: &str) -> Result<Self, DescriptionError> {
        let mut words: BTreeMap<String, String> = BTreeMap::new();
        for line in Description::read(text)? {
            let known = words.entry(plain(&line.label)).or_default();
            if !known.is_empty() {
                known.push_str(", ");
            }
            known.push_str(&line.text);
        }
        for (name, others) in text.lines().filter_map(other_names) {
            let Some(known) = words.get(&name).cloned() else { continue };
            for other in others {
                // A name of its own goes before another one's further name.
                words.entry(other).or_insert_with(|| known.clone());
            }
        }
        Ok(Self { words })
    }

    /// The words for these labels: those of `own` where it names the label, otherwise ours.
    /// `names` gives the name that people know a label by, where there is one.
    #[must_use]
    pub fn choose(
        &self,
        labels: &BTreeSet<String>,
        names: &BTreeMap<String, String>,
        own: &[Description],
    ) -> (Vec<Description>, WordsUsed) {
        let (mut chosen, mut used) = (Vec::new(), WordsUsed::default());
        for label in labels {
            let mine: Vec<&Description> = own.iter().filter(|d| d.label == *label).collect();
            if !mine.is_empty() {
                chosen.extend(mine.into_iter().cloned());
                used.own.push(label.clone());
                continue;
            }
            let name = names.get(label).map(|name| plain(name));
            let found = [Some(plain(label)), name].into_iter().flatten();
            if let Some(text) = found.filter_map(|name| self.words.get(&name)).next() {
                chosen.push(Description { label: label.clone(), text: text.clone() });
                used.shipped.push(label.clone());
            }
        }
        (chosen, used)
    }
}

/// `# name = other name, other name`, in plain form.
fn other_names(line: &str) -> Option<(String, Vec<String>)> {
    let (name, others) = line.trim().strip_prefix('#')?.split_once('=')?;
    let others = others.split(',').map(plain).filter(|other| !other.is_empty());
    Some((plain(name), others.collect()))
}

/// A name without what people spell differently: case, æøå, spaces, "og".
fn plain(name: &str) -> String {
    let mut out = String::new();
    for word in name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let word = word.to_lowercase();
        if word == "og" || word == "and" {
            continue;
        }
        if !out.is_empty() {
            out.push('-');
        }
        for c in word.chars() {
            match c {
                'æ' | 'ä' => out.push_str("ae"),
                'ø' | 'ö' => out.push_str("oe"),
                'å' => out.push_str("aa"),
                c => out.push(c),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(labels: &[&str]) -> BTreeSet<String> {
        labels.iter().map(|&label| label.to_owned()).collect()
    }

    #[test]
    fn names_and_aliases_are_found_however_they_are_spelt() {
        let vocabulary = Vocabulary::read(
            "# remark = x\n# boern-familie = Familieafdelingen, Vej Park\nboern-familie: underretning\nvej-park: hul\nvej-park: lygte\n",
        )
        .unwrap();
        let all = labels(&["Børn og Familie", "familieafdelingen", "VEJ PARK", "skole", "p7"]);
        let names = [("p7".to_owned(), "Vej og Park".to_owned())].into();
        let own = Description::read("VEJ PARK: asfalt\nukendt: x\n").unwrap();
        let (chosen, used) = vocabulary.choose(&all, &names, &own);
        assert_eq!(used.shipped, ["Børn og Familie", "familieafdelingen", "p7"]);
        assert_eq!(used.own, ["VEJ PARK"]);
        let words: Vec<&str> = chosen.iter().map(|d| d.text.as_str()).collect();
        assert_eq!(words, ["underretning", "asfalt", "underretning", "hul, lygte"]);
    }

    #[test]
    fn ours_is_whole() {
        let vocabulary = Vocabulary::shipped().unwrap();
        let all = labels(&["borgerservice", "affald", "Skole og SFO"]);
        let (_, used) = vocabulary.choose(&all, &BTreeMap::new(), &[]);
        assert_eq!(used.shipped.len(), 3);
    }
}
