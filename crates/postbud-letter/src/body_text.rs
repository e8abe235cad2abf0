//! A text or HTML document's bytes to text.

use encoding_rs::Encoding;

use crate::{charset, html, tidy};

/// HTML is mostly tags: this many times the text's limit may be read of it.
const HTML_PER_TEXT: usize = 16;

/// The text of a document.
pub(crate) struct BodyText {
    /// At most the limit's bytes of it.
    pub(crate) text: String,
    /// Was some of it left out?
    pub(crate) cut: bool,
    /// Is some of it not in the charset it claims?
    pub(crate) broken: bool,
}

/// Reads `text/plain` and `text/html`; `None` for every other type, and for bytes that are no text
/// whatever they claim.
pub(crate) fn read(
    bytes: &[u8],
    media_type: &str,
    claimed_charset: Option<&str>,
    most_bytes: usize,
) -> Option<BodyText> {
    let is_html = match media_type {
        "text/plain" => false,
        "text/html" => true,
        _ => return None,
    };
    let wide = claimed_charset.is_some_and(|label| {
        Encoding::for_label(label.trim().as_bytes()).is_some_and(|e| !e.is_ascii_compatible())
    });
    if !wide && !looks_like_text(bytes) {
        return None;
    }
    let most_raw = most_bytes.saturating_mul(if is_html { HTML_PER_TEXT } else { 4 });
    let kept = bytes.get(..most_raw).unwrap_or(bytes);
    let mut cut = kept.len() < bytes.len();
    let claimed = claimed_charset.or_else(|| is_html.then(|| meta_charset(kept)).flatten());
    let (decoded, broken) = charset::decode(kept, claimed);
    let mut text = if is_html {
        let (text, html_cut) = html::to_text(&decoded, most_bytes);
        cut |= html_cut;
        tidy::text(&text)
    } else {
        tidy::text(&decoded)
    };
    cut |= tidy::cut(&mut text, most_bytes);
    Some(BodyText { text, cut, broken: broken && !(cut && kept.len() < bytes.len()) })
}

/// No file format that hides behind a text type: those have zero bytes near their beginning.
pub(crate) fn looks_like_text(bytes: &[u8]) -> bool {
    let head = bytes.get(..4096).unwrap_or(bytes);
    let marked = Encoding::for_bom(head).is_some();
    !head.starts_with(b"%PDF-") && (marked || !head.contains(&0))
}

/// What `<meta charset=…>` or its older form claims.
fn meta_charset(html: &[u8]) -> Option<&str> {
    let head = html.get(..1024).unwrap_or(html);
    let at = head.windows(8).position(|window| window.eq_ignore_ascii_case(b"charset="))?;
    let value = head.get(at + 8..)?.trim_ascii_start();
    let value = value.strip_prefix(b"\"").or_else(|| value.strip_prefix(b"'")).unwrap_or(value);
    let end = value.iter().position(|b| !(b.is_ascii_alphanumeric() || b"-_:".contains(b)))?;
    std::str::from_utf8(value.get(..end)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8], media_type: &str) -> Option<String> {
        read(bytes, media_type, None, 1000).map(|body| body.text)
    }

    #[test]
    fn text_and_html_are_read_and_nothing_else() {
        assert_eq!(text(b"Hej\r\n", "text/plain").as_deref(), Some("Hej"));
        assert_eq!(text(b"<p>Hej</p>", "text/html").as_deref(), Some("Hej"));
        assert_eq!(text(b"Hej", "application/pdf"), None);
        assert_eq!(text(b"%PDF-1.7\n", "text/plain"), None);
        assert_eq!(text(b"PK\x03\x04\0\0", "text/plain"), None);
    }

    #[test]
    fn html_may_name_its_charset_itself() {
        let old = b"<meta http-equiv=Content-Type content=\"text/html; charset=macintosh\">bl\x8cb";
        assert_eq!(text(old, "text/html").as_deref(), Some("blåb"));
        assert_eq!(meta_charset(b"<meta charset='utf-8'>"), Some("utf-8"));
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        let body = read("ø".repeat(300).as_bytes(), "text/plain", None, 101);
        assert!(body.is_some_and(|body| body.cut && body.text.len() == 100));
    }
}
