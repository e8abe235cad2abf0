//! The reading of plain text and HTML, for who reads documents of other kinds.

use std::borrow::Cow;

use crate::{body_text, charset};

/// The text of a `text/plain` or `text/html` document, at most `most_bytes` of it, and whether some
/// was left out; `None` for every other type, and for bytes that are no text. A charset is believed
/// when it can be true.
#[must_use]
pub fn document_text(
    bytes: &[u8],
    media_type: &str,
    charset: Option<&str>,
    most_bytes: usize,
) -> Option<(String, bool)> {
    let body = body_text::read(bytes, media_type, charset, most_bytes)?;
    Some((body.text, body.cut))
}

/// Bytes of a known charset to text; where they are not in it, what they look like.
#[must_use]
pub fn charset_text<'b>(bytes: &'b [u8], charset: &str) -> Cow<'b, str> {
    charset::decode(bytes, Some(charset)).0
}
