//! The language of a letter, for rules that ask for it.

use postbud_letter::Letter;
use postbud_letter::language::{Language, detect};

/// The language as rules write it; `None` when the text is too short or too mixed to tell.
pub(crate) fn of(letter: &Letter) -> Option<String> {
    match detect(&letter.classifier_text().body) {
        Language::Unknown => None,
        language => Some(language.as_str().to_owned()),
    }
}
