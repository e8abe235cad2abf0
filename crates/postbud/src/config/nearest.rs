//! The known word that someone who wrote another one most probably meant.

/// Below this likeness (0 to 1) a suggestion would only confuse.
const LIKENESS_MIN: f64 = 0.5;

/// The word most like `found`, when one is like it at all.
pub(super) fn nearest<'w>(found: &str, words: &[&'w str]) -> Option<&'w str> {
    let found = found.to_lowercase();
    let likeness = |word: &str| {
        let word = word.to_lowercase();
        // A word left half finished, or said too long, is like the whole one.
        let part = found.len() >= 3 && (word.contains(&found) || found.contains(&word));
        let likeness = strsim::normalized_damerau_levenshtein(&found, &word);
        if part { likeness.max(LIKENESS_MIN) } else { likeness }
    };
    // Of equally likely words the first; `max_by` gives the last.
    let best = words.iter().rev().map(|word| (likeness(word), *word));
    let best = best.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (best.0 >= LIKENESS_MIN).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn what_was_meant() {
        let keys = ["url", "password_file", "prefix", "prefetch", "attempts"];
        assert_eq!(nearest("passwort_file", &keys), Some("password_file"));
        assert_eq!(nearest("password", &keys), Some("password_file"));
        assert_eq!(nearest("prefech", &keys), Some("prefetch"));
        assert_eq!(nearest("URL", &keys), Some("url"));
        assert_eq!(nearest("colour", &keys), None);
        assert_eq!(nearest("", &keys), None);
        assert_eq!(nearest("x", &[]), None);
    }
}
