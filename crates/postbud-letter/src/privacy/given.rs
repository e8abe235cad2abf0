//! Which words are given names.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The list, with its source.
const LIST: &str = include_str!("given_names.txt");

/// How surely a word is a given name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    /// It is nothing else.
    Surely,
    /// In small letters it is an ordinary word.
    Capital,
    /// It is an ordinary word also at the beginning of a sentence.
    Perhaps,
}

static NAMES: LazyLock<HashMap<String, Given>> = LazyLock::new(|| {
    let lines = LIST.lines().filter(|line| !line.starts_with('#'));
    let mut names = HashMap::new();
    for name in lines.flat_map(str::split_whitespace) {
        let mark = |mark| name.strip_prefix(mark);
        let (name, how) = match (mark('~'), mark('^')) {
            (Some(name), _) => (name, Given::Perhaps),
            (_, Some(name)) => (name, Given::Capital),
            _ => (name, Given::Surely),
        };
        names.insert(name.to_lowercase(), how);
    }
    names
});

/// Is the word, in lower case, a given name, or the genitive of one?
pub(super) fn given(word: &str) -> Option<Given> {
    let exact = NAMES.get(word).copied();
    exact.or_else(|| {
        let owner = word.strip_suffix("'s").or_else(|| word.strip_suffix('s'))?;
        NAMES.get(owner).copied().filter(|how| *how == Given::Surely && owner.len() > 2)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_their_genitives_and_words_that_are_also_names() {
        assert_eq!(given("lone"), Some(Given::Surely));
        assert_eq!(given("vibekes"), Some(Given::Surely));
        assert_eq!(given("bo"), Some(Given::Capital));
        assert_eq!(given("hans"), Some(Given::Perhaps));
        assert_eq!(given("bos"), None);
        assert_eq!(given("kommune"), None);
        assert!(NAMES.len() > 900);
    }
}
