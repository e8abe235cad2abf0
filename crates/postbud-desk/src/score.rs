//! A score taken apart word by word, in numbers that add up as they are shown.

use postbud_decide::Contribution;

use crate::language::Words;

/// A word and what it added.
pub(crate) struct Row {
    pub(crate) word: String,
    pub(crate) number: String,
    /// `for` or `against`.
    pub(crate) mark: &'static str,
}

/// The words of a score, and where it is known, everything else and the sum.
pub(crate) struct Score {
    pub(crate) rows: Vec<Row>,
    /// Everything else, and the score. The rows and the first are the second, exactly as shown.
    pub(crate) sum: Option<(String, String)>,
}

/// Takes a score apart. Everything else takes up what rounding leaves over, at most half a
/// hundredth for each word.
pub(crate) fn score(words: &[Contribution], w: Words) -> Score {
    let (rest, named): (Vec<_>, Vec<_>) = words.iter().partition(|word| word.is_rest());
    let rows = named.iter().map(|word| Row {
        word: word.word.clone(),
        number: shown(hundredths(word.weight), w),
        mark: if word.weight >= 0.0 { "for" } else { "against" },
    });
    let total = hundredths(words.iter().map(|word| word.weight).sum());
    let of_words: i64 = named.iter().map(|word| hundredths(word.weight)).sum();
    let sum = (!rest.is_empty()).then(|| (shown(total - of_words, w), shown(total, w)));
    Score { rows: rows.collect(), sum }
}

/// A weight in hundredths. Stored ones are below 100,000.
fn hundredths(weight: f64) -> i64 {
    (weight.clamp(-1e9, 1e9) * 100.0).round() as i64
}

fn shown(hundredths: i64, w: Words) -> String {
    let sign = if hundredths < 0 { '−' } else { '+' };
    let size = hundredths.unsigned_abs();
    format!("{sign}{}{}{:02}", size / 100, w.t(",", "."), size % 100)
}

#[cfg(test)]
mod tests {
    use postbud_decide::Lang;
    use proptest::prelude::*;

    use super::*;

    const W: Words = Words(Lang::Danish);

    fn word(word: &str, weight: f64) -> Contribution {
        Contribution { word: word.to_owned(), weight }
    }

    fn number(text: &str) -> i64 {
        text.replace(',', "").replace('−', "-").parse().unwrap()
    }

    #[test]
    fn the_words_and_the_rest_are_the_score() {
        let score = score(&[word("hul", 1.234), word("vej", -0.506), word("", 0.3)], W);
        let rows: Vec<_> = score.rows.iter().map(|row| (row.number.as_str(), row.mark)).collect();
        assert_eq!(rows, [("+1,23", "for"), ("−0,51", "against")]);
        assert_eq!(score.sum, Some(("+0,31".to_owned(), "+1,03".to_owned())));
    }

    #[test]
    fn a_decision_from_before_has_words_and_no_sum() {
        assert!(score(&[word("hul", 1.0)], W).sum.is_none());
    }

    proptest! {
        #[test]
        fn what_is_shown_adds_up(weights in prop::collection::vec(-50.0_f64..50.0, 1..12)) {
            let mut words: Vec<_> = weights.iter().map(|weight| word("ord", *weight)).collect();
            words.push(word("", 0.123_456));
            let score = score(&words, W);
            let (rest, total) = score.sum.unwrap();
            let rows: i64 = score.rows.iter().map(|row| number(&row.number)).sum();
            prop_assert_eq!(rows + number(&rest), number(&total));
            let exact: f64 = words.iter().map(|word| word.weight).sum();
            prop_assert!((number(&total) as f64 / 100.0 - exact).abs() <= 0.005 + 1e-9);
        }
    }
}
