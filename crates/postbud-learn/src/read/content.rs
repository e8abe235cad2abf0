//! One letter from its bytes: MeMo, a mail or plain text, told apart by content.

use postbud_letter::{Channel, Letter, Limits, read};

use super::{Why, thread};
use crate::letter::LabelledLetter;

/// Reads a letter as the router would, so that a model learns from what it will be shown.
pub(super) fn letter(raw: &[u8], label: &str, limits: &Limits) -> Result<LabelledLetter, Why> {
    if raw.iter().all(u8::is_ascii_whitespace) {
        return Err(Why::Empty);
    }
    let letter = read(raw, limits);
    if letter.channel == Channel::Unknown && letter.text.new.trim().is_empty() {
        return Err(Why::NotALetter);
    }
    Ok(labelled(&letter, raw, label))
}

fn labelled(letter: &Letter, raw: &[u8], label: &str) -> LabelledLetter {
    let text = letter.classifier_text();
    let mut out = LabelledLetter::new(
        label,
        cut(&text.subject, postbud_model::MAX_SUBJECT_BYTES),
        cut(&text.body, postbud_model::MAX_BODY_BYTES),
    );
    out.id = letter.id.as_str().to_owned();
    out.channel = Some(letter.channel.as_str().to_owned());
    out.sent_at = letter.sent_at;
    thread::note(&mut out, letter, raw);
    out
}

/// No more than a model reads: the rest would only lie in memory.
fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|&end| text.is_char_boundary(end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}
