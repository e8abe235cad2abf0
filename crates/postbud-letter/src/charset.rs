//! Bytes to text, whatever charset they claim.
//!
//! A claim is believed when it can be true. Otherwise, and when there is none, the bytes decide:
//! text that is valid UTF-8 is UTF-8, and the rest is what a detector tuned to Denmark takes it for.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use mail_parser::decoders::charsets::map::charset_decoder;

/// The text, and whether some of it is not in the charset that was claimed.
pub(crate) fn decode<'b>(bytes: &'b [u8], claimed: Option<&str>) -> (Cow<'b, str>, bool) {
    if let Some((encoding, bom)) = Encoding::for_bom(bytes) {
        let (text, broken) = encoding.decode_without_bom_handling(bytes.get(bom..).unwrap_or(b""));
        return (text, broken);
    }
    let claimed = claimed.map(str::trim).filter(|label| !label.is_empty());
    let Some(label) = claimed else {
        return (detect(bytes), false);
    };
    let Some(encoding) = Encoding::for_label(label.as_bytes()) else {
        // DOS code pages and UTF-7, which browsers have given up and old mail has not.
        let text = charset_decoder(label.as_bytes()).map(|decode| Cow::Owned(decode(bytes)));
        return (text.unwrap_or_else(|| detect(bytes)), false);
    };
    if encoding == UTF_16LE || encoding == UTF_16BE {
        return encoding.decode_without_bom_handling(bytes);
    }
    let plain = bytes.is_ascii() && encoding.is_ascii_compatible();
    if encoding == UTF_8 || plain {
        return match std::str::from_utf8(bytes) {
            Ok(text) => (Cow::Borrowed(text), false),
            Err(_) => (mostly_utf8(bytes).unwrap_or_else(|| detect(bytes)), true),
        };
    }
    // Nobody writes "Ã¸" for "ø" on purpose: single-byte text that is also UTF-8 is UTF-8.
    if encoding.is_single_byte()
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return (Cow::Borrowed(text), false);
    }
    let (text, broken) = encoding.decode_without_bom_handling(bytes);
    if broken { (detect(bytes), true) } else { (text, false) }
}

/// Text without any claim.
pub(crate) fn detect(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let encoding = detector.guess(Some(b"dk"), Utf8Detection::Allow);
    encoding.decode_without_bom_handling(bytes).0
}

/// UTF-8 with a few bytes that are none: each of those is read as Windows-1252, since the others
/// prove what the text is. `None` when there is more wrong than right.
fn mostly_utf8(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let (mut good, mut bad) = (0, 0);
    let mut text = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
        text.push_str(&WINDOWS_1252.decode_without_bom_handling(chunk.invalid()).0);
    }
    (good > bad).then_some(Cow::Owned(text))
}

/// UTF-8, with every byte that is none read as Windows-1252; borrowed when there is none.
/// Also the offset of the first such byte.
pub(crate) fn utf8_or_repaired(bytes: &[u8]) -> (Cow<'_, str>, Option<usize>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (Cow::Borrowed(text), None),
        Err(error) => {
            let mut text = String::with_capacity(bytes.len() + 16);
            for chunk in bytes.utf8_chunks() {
                text.push_str(chunk.valid());
                text.push_str(&WINDOWS_1252.decode_without_bom_handling(chunk.invalid()).0);
            }
            (Cow::Owned(text), Some(error.valid_up_to()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latin1(text: &str) -> Vec<u8> {
        WINDOWS_1252.encode(text).0.into_owned()
    }

    const DANISH: &str = "Kære kommune, vi søger om en plads på børnehaven ved åen. Hilsen Bjørn";

    #[test]
    fn no_claim_or_an_unknown_one_leaves_it_to_the_bytes() {
        for claim in [None, Some(""), Some("x-unknown"), Some("unknown-8bit")] {
            assert_eq!(decode(&latin1(DANISH), claim), (DANISH.into(), false), "{claim:?}");
            assert_eq!(decode(DANISH.as_bytes(), claim), (DANISH.into(), false), "{claim:?}");
        }
    }

    #[test]
    fn a_true_claim_is_believed() {
        assert_eq!(decode(&latin1("blåbær"), Some("iso-8859-1")), ("blåbær".into(), false));
        let (macintosh, _, _) = encoding_rs::MACINTOSH.encode("blåbær");
        assert_eq!(decode(&macintosh, Some("macintosh")).0, "blåbær");
        assert_eq!(decode(b"bl\x86b\x91r", Some("ibm850")).0, "blåbær");
        assert_eq!(decode(b"h\0e\0j\0", Some("utf-16le")).0, "hej");
    }

    #[test]
    fn a_false_claim_is_not() {
        assert_eq!(decode(&latin1(DANISH), Some("utf-8")), (DANISH.into(), true));
        assert_eq!(decode(&latin1(DANISH), Some("us-ascii")), (DANISH.into(), false));
        assert_eq!(decode("smørrebrød".as_bytes(), Some("iso-8859-1")).0, "smørrebrød");
    }

    #[test]
    fn one_bad_byte_does_not_spoil_the_rest() {
        let mut bytes = DANISH.as_bytes().to_vec();
        bytes.extend_from_slice(b" p\xe5 gensyn");
        assert_eq!(decode(&bytes, Some("utf-8")), (format!("{DANISH} på gensyn").into(), true));
        assert_eq!(utf8_or_repaired(b"p\xe5 gensyn"), ("på gensyn".into(), Some(1)));
    }
}
