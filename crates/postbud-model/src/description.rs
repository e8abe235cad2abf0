//! Labels in their own words: what helps where letters are few.

use crate::examples::Checked;
use crate::text::Text;

/// A label in its own words: a mailbox's name, what belongs there, the words people use for it;
/// parts divided by commas, colons, semicolons or line ends. Each part is trained on as a short
/// letter of little weight, which helps where a label has few letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The label; one without training letters is passed over.
    pub label: String,
    /// The text.
    pub text: String,
}

/// A line of a list of descriptions cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: write `label: words, more words`, or start the line with # for a remark")]
pub struct DescriptionError {
    /// The line, counted from 1.
    pub line: usize,
}

impl Description {
    /// Reads descriptions from text: one a line, the label up to the first colon, then its
    /// words. Empty lines and lines that start with `#` are passed over; a label may have
    /// several lines.
    ///
    /// # Errors
    /// [`DescriptionError`] names the first line without a label or without words.
    pub fn read(text: &str) -> Result<Vec<Self>, DescriptionError> {
        let lines = (1..).zip(text.lines().map(str::trim));
        let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        lines
            .map(|(number, line)| match line.split_once(':') {
                Some((label, words)) if !label.trim().is_empty() && !words.trim().is_empty() => {
                    Ok(Self { label: label.trim().to_owned(), text: words.trim().to_owned() })
                }
                _ => Err(DescriptionError { line: number }),
            })
            .collect()
    }
}

/// The parts of all descriptions whose label has letters, each with the label's position.
pub(crate) fn parts<'a>(descriptions: &'a [Description], set: &Checked) -> Vec<(Text<'a>, u32)> {
    let mut out = Vec::new();
    for description in descriptions {
        let wanted = description.label.as_str();
        let found = set.counts.binary_search_by(|(label, _)| label.as_str().cmp(wanted));
        let Some(label) = found.ok().and_then(|at| u32::try_from(at).ok()) else {
            continue;
        };
        let pieces = description.text.split([',', ':', ';', '\n']);
        let pieces = pieces.filter(|piece| piece.chars().any(char::is_alphanumeric));
        out.extend(pieces.map(|body| (Text { subject: "", body }, label)));
    }
    out
}

/// A label with more parts than these shares out the weight of these, so that a label described
/// at length does not draw letters from its neighbours.
const FULL_WEIGHT_PARTS: f32 = 100.0;

/// The weight of each part, given its label.
pub(crate) fn weights(described: &[u32], labels: usize, weight: f32) -> Vec<f32> {
    let mut parts = vec![0.0_f32; labels];
    for &label in described {
        parts[label as usize] += 1.0;
    }
    let share = |&label: &u32| weight * (FULL_WEIGHT_PARTS / parts[label as usize]).min(1.0);
    described.iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_described_at_length_weighs_no_more_than_a_hundred_parts() {
        let described: Vec<u32> = [vec![0; 400], vec![1; 50]].concat();
        let weights = weights(&described, 3, 0.1);
        assert!((weights[0] - 0.025).abs() < 1e-7 && (weights[400] - 0.1).abs() < 1e-7);
    }

    #[test]
    fn reads_lists() {
        let list = Description::read("# remark\n\nvej-park: huller, sne\nå b : ø\n").unwrap();
        assert_eq!(list.len(), 2);
        assert_eq!((list[1].label.as_str(), list[1].text.as_str()), ("å b", "ø"));
        assert_eq!(Description::read("a: b\nno colon"), Err(DescriptionError { line: 2 }));
        assert_eq!(Description::read("a:  "), Err(DescriptionError { line: 1 }));
    }
}
