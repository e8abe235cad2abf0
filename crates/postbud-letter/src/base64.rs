//! base64 decoding in pieces, straight into the document: never a second copy of it.
//!
//! The library's decoders want one piece without white space. MeMo content comes in several and
//! with line breaks, and a fault must be reported at its byte.

/// Decodes base64 that arrives in pieces.
pub(crate) struct Decoder {
    bytes: Vec<u8>,
    bits: u32,
    held: u8,
    padded: bool,
    /// Mail bodies: characters outside the alphabet are skipped (RFC 2045, 6.8), not the end.
    lenient: bool,
    fault: Option<u64>,
}

impl Decoder {
    /// A decoder that stops at the first fault, or one that skips faults.
    pub(crate) fn new(lenient: bool) -> Self {
        Self { bytes: Vec::new(), bits: 0, held: 0, padded: false, lenient, fault: None }
    }

    /// Decodes one more piece; `position` is where it stands in the raw letter.
    pub(crate) fn push(&mut self, piece: &[u8], position: u64) {
        if self.fault.is_some() && !self.lenient {
            return;
        }
        self.bytes.reserve_exact(piece.len() / 4 * 3 + 3);
        for (offset, &byte) in piece.iter().enumerate() {
            let value = VALUES[usize::from(byte)];
            if value < 64 && !self.padded {
                self.add(value);
            } else if value == SPACE {
            } else if byte == b'=' {
                self.padded = true;
            } else {
                self.fault.get_or_insert(position + offset as u64);
                if !self.lenient || self.padded {
                    return;
                }
            }
        }
    }

    /// The bytes, as far as they could be decoded, and where the first fault was. `end` is where
    /// the content ends in the raw letter.
    pub(crate) fn finish(mut self, end: u64) -> (Vec<u8>, Option<u64>) {
        match self.held {
            1 => _ = self.fault.get_or_insert(end),
            2 => self.bytes.push((self.bits >> 4) as u8),
            3 => self.bytes.extend_from_slice(&((self.bits >> 2) as u16).to_be_bytes()),
            _ => {}
        }
        // Reserving piece by piece leaves little slack, and giving it back would copy the document.
        (self.bytes, self.fault)
    }

    fn add(&mut self, value: u8) {
        self.bits = self.bits << 6 | u32::from(value);
        self.held += 1;
        if self.held == 4 {
            self.bytes.extend_from_slice(&self.bits.to_be_bytes()[1..]);
            (self.bits, self.held) = (0, 0);
        }
    }
}

/// base64 in one piece.
pub(crate) fn decode(text: &[u8], position: u64, lenient: bool) -> (Vec<u8>, Option<u64>) {
    let mut decoder = Decoder::new(lenient);
    decoder.push(text, position);
    decoder.finish(position + text.len() as u64)
}

const SPACE: u8 = 64;
const ALIEN: u8 = 65;

/// What each byte stands for: its six bits, `SPACE` or `ALIEN`.
static VALUES: [u8; 256] = {
    let mut values = [ALIEN; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut i = 0;
    while i < 64 {
        values[alphabet[i] as usize] = i as u8;
        i += 1;
    }
    values[b' ' as usize] = SPACE;
    values[b'\t' as usize] = SPACE;
    values[b'\r' as usize] = SPACE;
    values[b'\n' as usize] = SPACE;
    values
};

#[cfg(test)]
mod tests {
    use ::base64::Engine;
    use ::base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn gives_back_what_was_encoded_however_it_is_cut(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            cut in 0usize..300,
            width in 1usize..90,
        ) {
            let text = STANDARD.encode(&bytes);
            let lines: Vec<String> =
                text.as_bytes().chunks(width).map(|c| String::from_utf8_lossy(c).into()).collect();
            let text = lines.join("\r\n");
            let (a, b) = text.split_at(cut.min(text.len()));
            let mut decoder = Decoder::new(false);
            decoder.push(a.as_bytes(), 0);
            decoder.push(b.as_bytes(), a.len() as u64);
            prop_assert_eq!(decoder.finish(text.len() as u64), (bytes, None));
        }

        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), lenient: bool) {
            let (decoded, _) = decode(&bytes, 7, lenient);
            prop_assert!(decoded.len() <= bytes.len());
        }
    }

    #[test]
    fn a_fault_is_reported_at_its_byte_and_what_came_before_is_kept() {
        assert_eq!(decode(b"QUJD\nRE*G", 100, false), (b"ABC\x44".to_vec(), Some(107)));
    }

    #[test]
    fn missing_padding_is_no_fault_but_a_lone_digit_is() {
        assert_eq!(decode(b"QUI", 0, false), (b"AB".to_vec(), None));
        assert_eq!(decode(b"QUJDR", 0, false), (b"ABC".to_vec(), Some(5)));
    }

    #[test]
    fn lenient_skips_strange_characters_and_stops_at_what_follows_the_padding() {
        assert_eq!(decode(b"QU!JD", 0, true), (b"ABC".to_vec(), Some(2)));
        assert_eq!(decode(b"QUI=\n--\nfooter", 0, true), (b"AB".to_vec(), Some(5)));
    }
}
