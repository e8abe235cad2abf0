//! The bytes of an XML message as text: byte order marks, UTF-16, other charsets, stray bytes.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::charset;

/// XML text, and how its offsets relate to the raw bytes.
pub(crate) struct Source<'r> {
    /// The text, without a byte order mark. Borrowed when the bytes are UTF-8.
    pub(super) text: Cow<'r, str>,
    /// What to add to an offset of `text` to get one of the raw bytes; `None` when the charset had
    /// to be changed, so that offsets say nothing about the raw bytes.
    shift: Option<u64>,
    /// Where the first byte stands that is no UTF-8 although it should be.
    pub(super) stray: Option<u64>,
}

impl<'r> Source<'r> {
    /// The text of bytes that begin as XML does; `None` for bytes that do not.
    pub(crate) fn of(raw: &'r [u8]) -> Option<Self> {
        let (rest, encoding) = match Encoding::for_bom(raw) {
            Some((encoding, length)) => (raw.get(length..)?, encoding),
            None if raw.starts_with(b"<\0") => (raw, UTF_16LE),
            None if raw.starts_with(b"\0<") => (raw, UTF_16BE),
            None => (raw, declared(raw)),
        };
        if encoding != UTF_8 {
            let text = encoding.decode_without_bom_handling(rest).0;
            let source = Self { text, shift: None, stray: None };
            return source.text.trim_start().starts_with('<').then_some(source);
        }
        if rest.iter().find(|b| !b.is_ascii_whitespace()) != Some(&b'<') {
            return None;
        }
        let shift = (raw.len() - rest.len()) as u64;
        let (text, stray) = charset::utf8_or_repaired(rest);
        // Each stray byte becomes two or three: the offsets behind it are no longer exact.
        let stray = stray.map(|offset| offset as u64 + shift);
        Some(Self { text, shift: stray.is_none().then_some(shift), stray })
    }

    /// The text of a beginning of such bytes, up to its last tag: one that is cut in two, or a sign,
    /// would be taken for a fault.
    pub(crate) fn of_beginning(beginning: &'r [u8]) -> Option<Self> {
        let tags = beginning.iter().rposition(|&b| b == b'>').map_or(0, |last| last + 1);
        beginning.get(..tags).and_then(Self::of)
    }

    /// Where an offset of the text stands in the raw bytes.
    pub(super) fn position(&self, offset: u64) -> Option<u64> {
        self.shift.map(|shift| shift + offset)
    }
}

/// The charset that the XML declaration names; UTF-8 when it names none that is known.
fn declared(raw: &[u8]) -> &'static Encoding {
    let head = raw.get(..raw.len().min(200)).unwrap_or(raw);
    let head = head.trim_ascii_start();
    let Some(declaration) = head.strip_prefix(b"<?xml") else {
        return UTF_8;
    };
    let end = declaration.iter().position(|&b| b == b'>').unwrap_or(declaration.len());
    let declaration = String::from_utf8_lossy(&declaration[..end]);
    let label = declaration
        .split_once("encoding")
        .and_then(|(_, rest)| rest.split(['"', '\'']).nth(1))
        .and_then(|label| Encoding::for_label(label.as_bytes()));
    match label {
        // The declaration itself could be read as single bytes, so this cannot be true.
        Some(encoding) if encoding != UTF_16LE && encoding != UTF_16BE => encoding,
        _ => UTF_8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(raw: &[u8]) -> Option<String> {
        Source::of(raw).map(|source| source.text.into_owned())
    }

    #[test]
    fn marks_charsets_and_stray_bytes() {
        assert_eq!(text(b"\xef\xbb\xbf<a/>").as_deref(), Some("<a/>"));
        assert_eq!(text(b"\xff\xfe<\0a\0/\0>\0").as_deref(), Some("<a/>"));
        assert_eq!(text(b"\0<\0a\0/\0>").as_deref(), Some("<a/>"));
        let latin1 = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe5</a>";
        assert!(text(latin1).is_some_and(|t| t.ends_with("<a>å</a>")));
        let stray = Source::of(b"\xef\xbb\xbf<a>\xe5</a>").expect("XML");
        assert_eq!((stray.text.as_ref(), stray.stray), ("<a>å</a>", Some(6)));
        assert_eq!(stray.position(0), None);
    }

    #[test]
    fn what_does_not_begin_as_xml_is_none() {
        for raw in [b"".as_slice(), b"From: a", b"\xff\xfe", b"\xff\xfea\0", b"%PDF-1.7"] {
            assert_eq!(text(raw), None);
        }
    }
}
