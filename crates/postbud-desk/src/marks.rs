//! The words that spoke for or against a suggestion, marked in the text.

use postbud_decide::Contribution;

/// A piece of text, marked or not.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece<'t> {
    pub(crate) text: &'t str,
    /// `for`, `against`, or nothing.
    pub(crate) mark: &'static str,
}

/// Cuts a text into pieces. Whole words are compared without regard to case. A text of several
/// words is marked word by word. All pieces together are the text.
pub(crate) fn pieces<'t>(text: &'t str, words: &[Contribution]) -> Vec<Piece<'t>> {
    let marked: Vec<(String, &'static str)> = words
        .iter()
        .flat_map(|word| {
            let mark = if word.weight >= 0.0 { "for" } else { "against" };
            let parts: Vec<_> = word.word.split_whitespace().map(str::to_lowercase).collect();
            parts.into_iter().map(move |part| (part, mark))
        })
        .collect();
    let mut pieces: Vec<Piece<'t>> = Vec::new();
    let mut plain = 0;
    let mut start = None;
    let ends = text.char_indices().chain(std::iter::once((text.len(), ' ')));
    for (at, c) in ends {
        match (c.is_alphanumeric(), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                start = None;
                let word = text.get(from..at).unwrap_or_default();
                let lower = word.to_lowercase();
                let Some((_, mark)) = marked.iter().find(|(marked, _)| *marked == lower) else {
                    continue;
                };
                let before = text.get(plain..from).unwrap_or_default();
                pieces.extend((!before.is_empty()).then_some(Piece { text: before, mark: "" }));
                pieces.push(Piece { text: word, mark });
                plain = at;
            }
            _ => {}
        }
    }
    let rest = text.get(plain..).unwrap_or_default();
    pieces.extend((!rest.is_empty()).then_some(Piece { text: rest, mark: "" }));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(word: &str, weight: f64) -> Contribution {
        Contribution { word: word.to_owned(), weight }
    }

    #[test]
    fn whole_words_are_marked_whatever_their_case() {
        let found = pieces("Støj fra støjen, støj!", &[word("støj", 1.0), word("fra", -0.5)]);
        let found: Vec<_> = found.iter().map(|piece| (piece.text, piece.mark)).collect();
        let wanted = [
            ("Støj", "for"),
            (" ", ""),
            ("fra", "against"),
            (" støjen, ", ""),
            ("støj", "for"),
            ("!", ""),
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn nothing_of_the_text_is_lost() {
        for text in ["", "æ", "æøå æ", " a\n\u{1F600}a ", "<b>a</b>"] {
            let joined: String = pieces(text, &[word("a æ", 1.0)]).iter().map(|p| p.text).collect();
            assert_eq!(joined, text);
        }
    }
}
