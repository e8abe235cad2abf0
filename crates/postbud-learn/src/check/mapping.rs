//! Mailboxes that were renamed, merged or closed since the letters got their labels.
//!
//! One rule a line, in this form or as TOML (names in quotes, below `[mapping]` if you like):
//!
//! ```text
//! # teknisk forvaltning was divided, its letters cannot be told apart any more
//! Teknisk Forvaltning = -
//! vejafdelingen = vej-park
//! parkafdelingen = vej-park
//! # a name that no letter has yet is made known by itself
//! vej-park = vej-park
//! ```

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::letter::LabelledLetter;
use crate::read::MAX_LABEL_CHARS;

/// Rules are followed over at most so many names, and there are at most so many.
const MAX_RULES: usize = 10_000;

/// What became of old labels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    rules: BTreeMap<String, Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    /// The new label; `None` when the mailbox is gone.
    to: Option<String>,
    line: usize,
}

/// What a mapping did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapped {
    /// Old label: new label, and how many letters it had.
    pub renamed: BTreeMap<String, (String, usize)>,
    /// Old label: how many letters were left out with it.
    pub vanished: BTreeMap<String, usize>,
    /// Rules for labels that no letter has.
    pub unused: Vec<String>,
}

/// A mapping that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// No rule.
    #[error(
        "line {line}: write `old label = new label`, `old label = -` for one that is gone, or start the line with # for a remark"
    )]
    Line {
        /// The line, counted from 1.
        line: usize,
    },
    /// Two rules for one label.
    #[error("line {line}: {label:?} has a rule in line {first} already")]
    Twice {
        /// The second line.
        line: usize,
        /// The first.
        first: usize,
        /// The label.
        label: String,
    },
    /// Rules that lead back to where they began.
    #[error("line {line}: the rules go round in a circle: {}", labels.join(" = "))]
    Cycle {
        /// The line of the first label.
        line: usize,
        /// The labels, the first one again at the end.
        labels: Vec<String>,
    },
    /// A new label that nothing knows.
    #[error(
        "line {line}: no letter has the label {target:?} and it is no mailbox of the configuration; correct it, or add the line `{target} = {target}` if it is a new one (labels there are: {})", known.join(", ")
    )]
    UnknownTarget {
        /// The line.
        line: usize,
        /// The label.
        target: String,
        /// Labels that letters have, the first of them.
        known: Vec<String>,
    },
    /// Too many rules.
    #[error("line {line}: a mapping has at most {MAX_RULES} rules")]
    TooMany {
        /// The first line too many.
        line: usize,
    },
}

impl Mapping {
    /// Reads the rules.
    ///
    /// # Errors
    /// [`MappingError`] for the first line that cannot be used, and for rules in a circle.
    pub fn read(text: &str) -> Result<Self, MappingError> {
        let mut rules: BTreeMap<String, Rule> = BTreeMap::new();
        for (line, content) in (1..).zip(text.lines()) {
            let content = content.trim_start_matches('\u{feff}').trim();
            if content.is_empty() || content.starts_with('#') || content == "[mapping]" {
                continue;
            }
            let (old, new) = rule(content).ok_or(MappingError::Line { line })?;
            if let Some(first) = rules.get(&old) {
                return Err(MappingError::Twice { line, first: first.line, label: old });
            }
            if rules.len() >= MAX_RULES {
                return Err(MappingError::TooMany { line });
            }
            rules.insert(old, Rule { to: (new != "-").then_some(new), line });
        }
        let mapping = Self { rules };
        mapping.rules.keys().try_for_each(|label| mapping.target(label).map(|_| ()))?;
        Ok(mapping)
    }

    /// Where a label leads in the end; a label without a rule to itself.
    fn target(&self, label: &str) -> Result<Option<String>, MappingError> {
        let mut path = vec![label.to_owned()];
        let mut at = label;
        while let Some(rule) = self.rules.get(at) {
            let Some(to) = &rule.to else { return Ok(None) };
            if to == at {
                break;
            }
            let circle = path.iter().position(|seen| seen == to);
            path.push(to.clone());
            if let Some(start) = circle {
                let labels = path.split_off(start);
                let line = self.rules.get(to).map_or(rule.line, |rule| rule.line);
                return Err(MappingError::Cycle { line, labels });
            }
            at = to;
        }
        Ok(path.pop())
    }

    /// Gives the letters their new labels and leaves out those whose mailbox is gone. `known` are
    /// mailboxes that there are although no letter may have them yet.
    ///
    /// # Errors
    /// [`MappingError::UnknownTarget`]; then the letters are as they were.
    pub fn apply(
        &self,
        letters: &mut Vec<LabelledLetter>,
        known: &BTreeSet<String>,
    ) -> Result<Mapped, MappingError> {
        let had: BTreeMap<String, usize> =
            letters.iter().fold(BTreeMap::new(), |mut had, letter| {
                *had.entry(letter.label.clone()).or_default() += 1;
                had
            });
        let mut mapped = Mapped::default();
        let mut targets = BTreeMap::new();
        for (old, rule) in &self.rules {
            let target = self.target(old)?;
            if let Some(target) = &target
                && !had.contains_key(target)
                && !known.contains(target)
                && !self.rules.contains_key(target)
            {
                let known = had.keys().take(40).cloned().collect();
                let (line, target) = (rule.line, target.clone());
                return Err(MappingError::UnknownTarget { line, target, known });
            }
            match (&target, had.get(old)) {
                (_, None) => mapped.unused.push(old.clone()),
                (Some(new), _) if new == old => {}
                (Some(new), Some(&count)) => {
                    mapped.renamed.insert(old.clone(), (new.clone(), count));
                }
                (None, Some(&count)) => {
                    mapped.vanished.insert(old.clone(), count);
                }
            }
            targets.insert(old.as_str(), target);
        }
        mapped.unused.retain(|old| targets.get(old.as_str()) != Some(&Some(old.clone())));
        let new =
            |label: &String| targets.get(label.as_str()).cloned().unwrap_or(Some(label.clone()));
        letters.retain_mut(|letter| {
            letter.also = letter.also.iter().filter_map(new).collect();
            new(&letter.label).map(|label| letter.label = label).is_some()
        });
        Ok(mapped)
    }
}

/// Old and new label of a line.
fn rule(line: &str) -> Option<(String, String)> {
    let (old, rest) = name(line, '=')?;
    let rest = rest.trim_start().strip_prefix('=')?;
    let (new, rest) = name(rest, '\n')?;
    let rest = rest.trim();
    let fits = |name: &str| {
        !name.is_empty()
            && name.chars().count() <= MAX_LABEL_CHARS
            && !name.chars().any(char::is_control)
    };
    let fits = fits(&old) && fits(&new) && (rest.is_empty() || rest.starts_with('#'));
    fits.then_some((old, new))
}

/// A name in quotes, or everything up to `end`; and what follows it.
fn name(text: &str, end: char) -> Option<(String, &str)> {
    let text = text.trim_start();
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote) {
            let (name, rest) = inner.split_once(quote)?;
            return (!name.contains('\\')).then(|| (name.trim().to_owned(), rest));
        }
    }
    let at = text.find(end).unwrap_or(text.len());
    Some((text.get(..at)?.trim().to_owned(), text.get(at..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(labels: &[&str]) -> Vec<LabelledLetter> {
        labels.iter().map(|label| LabelledLetter::new(label, "", "x")).collect()
    }

    fn labels(letters: &[LabelledLetter]) -> Vec<&str> {
        letters.iter().map(|letter| letter.label.as_str()).collect()
    }

    #[test]
    fn renamed_merged_and_gone() {
        let text = "# remark\n[mapping]\nvej afd = vej-park\n\"park\" = 'vej-park' # merged\nTeknik = -\nældre=pleje\nomsorg = ældre\nsjælden = vej-park\npleje = pleje\n";
        let mapping = Mapping::read(text).unwrap();
        let mut all =
            letters(&["vej afd", "park", "Teknik", "ældre", "omsorg", "vej-park", "skole", "park"]);
        all[6].also = vec!["park".to_owned(), "Teknik".to_owned()];
        let mapped = mapping.apply(&mut all, &BTreeSet::new()).unwrap();
        assert_eq!(
            labels(&all),
            ["vej-park", "vej-park", "pleje", "pleje", "vej-park", "skole", "vej-park"]
        );
        assert_eq!(all[5].also, ["vej-park"]);
        assert_eq!(mapped.renamed["park"], ("vej-park".to_owned(), 2));
        assert_eq!(
            (mapped.vanished["Teknik"], mapped.unused.as_slice()),
            (1, &["sjælden".to_owned()][..])
        );
    }

    #[test]
    fn faults_are_named_with_their_line() {
        let error = |text: &str| Mapping::read(text).unwrap_err().to_string();
        let mut shown = vec![
            error("a = b\nno rule\n"),
            error("a = \n"),
            error("a = b\na = c\n"),
            error("x = a\na = b\nb = c\nc = a\n"),
        ];
        let mapping = Mapping::read("affald = afald\n").unwrap();
        let mut all = letters(&["affald", "skole"]);
        shown.push(mapping.apply(&mut all, &BTreeSet::new()).unwrap_err().to_string());
        assert_eq!(labels(&all), ["affald", "skole"]);
        let known = ["afald".to_owned()].into();
        assert_eq!(mapping.apply(&mut all, &known).unwrap().renamed.len(), 1);
        insta::assert_snapshot!(shown.join("\n"));
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "([a-c\"'=# -]{0,12}\n){0,6}") {
            if let Ok(mapping) = Mapping::read(&text) {
                let mut all = letters(&["a", "b", "c"]);
                let _ = mapping.apply(&mut all, &BTreeSet::new());
            }
        }
    }
}
