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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lists() {
        let list = Description::read("# remark\n\nvej-park: huller, sne\nå b : ø\n").unwrap();
        assert_eq!(list.len(), 2);
        assert_eq!((list[1].label.as_str(), list[1].text.as_str()), ("å b", "ø"));
        assert_eq!(Description::read("a: b\nno colon"), Err(DescriptionError { line: 2 }));
        assert_eq!(Description::read("a:  "), Err(DescriptionError { line: 1 }));
    }
}
