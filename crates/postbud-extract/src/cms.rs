//! Signatures and envelopes as S/MIME and others make them (CMS, RFC 5652): what they hold, told from their
//! first fields. Nothing is verified and nothing is decrypted.

/// What a value of CMS is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cms {
    /// A signature of something else.
    Detached,
    /// A signature, and within it what was signed.
    Holds(Vec<u8>),
    /// Something that only its receiver can decrypt.
    Enveloped,
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const OBJECT_ID: u8 = 0x06;
const OCTETS: u8 = 0x04;
/// Octets in pieces.
const OCTETS_IN_PIECES: u8 = 0x24;
/// The first of several choices.
const FIRST: u8 = 0xa0;

/// 1.2.840.113549.1.7.2
const SIGNED: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
/// 1.2.840.113549.1.7.3
const ENVELOPED: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03";
/// 1.2.840.113549.1.9.16.1.23
const AUTHENTICATED_ENVELOPED: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17";

/// Pieces within pieces: nobody makes those, and each level costs the whole again.
const MOST_DEPTH: u32 = 4;

/// What these bytes are; `None` when they are no CMS.
pub(crate) fn read(bytes: &[u8]) -> Option<Cms> {
    let mut message = Fields(bytes).open(SEQUENCE)?;
    let kind = message.value(OBJECT_ID)?;
    if kind == ENVELOPED || kind == AUTHENTICATED_ENVELOPED {
        return Some(Cms::Enveloped);
    }
    if kind != SIGNED {
        return None;
    }
    let mut signed = message.open(FIRST)?.open(SEQUENCE)?;
    signed.value(INTEGER)?;
    // The digests: nothing of theirs is needed, but where they end.
    signed.skip(SET)?;
    let mut content = signed.open(SEQUENCE)?;
    content.value(OBJECT_ID)?;
    let Some(mut content) = content.open(FIRST) else { return Some(Cms::Detached) };
    let mut held = Vec::new();
    content.octets(&mut held, 0)?;
    Some(Cms::Holds(held))
}

/// Fields of BER one after another. Those of unknown length end with two zeros.
#[derive(Clone, Copy)]
struct Fields<'b>(&'b [u8]);

/// What a field begins with.
struct Head {
    tag: u8,
    /// `None` where an end mark says it.
    length: Option<usize>,
    /// Bytes of the head itself.
    size: usize,
}

impl<'b> Fields<'b> {
    fn head(self) -> Option<Head> {
        let (&tag, rest) = self.0.split_first()?;
        // Tags of several bytes are none that CMS begins with.
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (&first, rest) = rest.split_first()?;
        let more = usize::from(first & 0x7f);
        match first {
            0..=0x7f => Some(Head { tag, length: Some(more), size: 2 }),
            0x80 => Some(Head { tag, length: None, size: 2 }),
            _ => {
                let digits = rest.get(..more).filter(|_| more <= 4)?;
                let length = digits.iter().fold(0, |all, &digit| all << 8 | usize::from(digit));
                Some(Head { tag, length: Some(length), size: 2 + more })
            }
        }
    }

    /// What is within the next field, which must be this one. These fields go on behind it where its
    /// length is known; otherwise whoever opens it reads no further here.
    fn open(&mut self, tag: u8) -> Option<Self> {
        let head = self.head().filter(|head| head.tag == tag)?;
        let rest = self.0.get(head.size..)?;
        let Some(length) = head.length else {
            self.0 = &[];
            return Some(Self(rest));
        };
        // The end may be missing, and what is looked at is there all the same.
        let (within, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        self.0 = behind;
        Some(Self(within))
    }

    /// The bytes of the next field, which must be this one and say its length.
    fn value(&mut self, tag: u8) -> Option<&'b [u8]> {
        self.head().filter(|head| head.tag == tag && head.length.is_some())?;
        self.open(tag).map(|within| within.0)
    }

    /// Passes over the next field, which must be this one, also when its end must be looked for.
    fn skip(&mut self, tag: u8) -> Option<()> {
        let head = self.head().filter(|head| head.tag == tag)?;
        if head.length.is_some() {
            return self.open(tag).map(drop);
        }
        let mut within = Self(self.0.get(head.size..)?);
        let mut open = 1_u32;
        while open > 0 {
            let next = within.head()?;
            match next.length {
                Some(0) if next.tag == 0 => open -= 1,
                Some(_) => {}
                None => open += 1,
            }
            within.0 = within.0.get(next.size + next.length.unwrap_or(0)..)?;
        }
        self.0 = within.0;
        Some(())
    }

    /// Gathers octets, which may come in pieces.
    fn octets(&mut self, into: &mut Vec<u8>, depth: u32) -> Option<()> {
        let head = self.head()?;
        if head.tag == OCTETS {
            into.extend_from_slice(self.value(OCTETS)?);
            return Some(());
        }
        let mut pieces = self.open(OCTETS_IN_PIECES).filter(|_| depth < MOST_DEPTH)?;
        while pieces.head().is_some_and(|piece| piece.tag != 0) {
            pieces.octets(into, depth + 1)?;
        }
        if head.length.is_none() {
            // Goes on behind the end mark.
            self.0 = pieces.0.get(2..).unwrap_or_default();
        }
        Some(())
    }
}

#[cfg(test)]
#[path = "../tests/made/cms.rs"]
mod made;

#[cfg(test)]
mod tests {
    use super::made::{Make, enveloped, field, open_field, signed};
    use super::*;

    #[test]
    fn signatures_and_what_they_hold() {
        let octets = field(OCTETS, b"Hej");
        let pieces = [field(OCTETS, b"He"), field(OCTETS, b"j")].concat();
        for make in [field as Make, open_field] {
            assert_eq!(read(&signed(make, None)), Some(Cms::Detached));
            for held in [&octets, &make(OCTETS_IN_PIECES, &pieces)] {
                assert_eq!(read(&signed(make, Some(held))), Some(Cms::Holds(b"Hej".to_vec())));
            }
        }
    }

    #[test]
    fn envelopes_and_what_is_neither() {
        assert_eq!(read(&enveloped()), Some(Cms::Enveloped));
        let other = field(SEQUENCE, &field(OBJECT_ID, AUTHENTICATED_ENVELOPED));
        assert_eq!(read(&other), Some(Cms::Enveloped));
        assert_eq!(read(&field(SEQUENCE, &field(OBJECT_ID, b"\x2a"))), None);
        for bytes in [&b""[..], b"0", b"0\x80", b"0\x84\xff\xff\xff\xff", b"0000000000000000"] {
            assert_eq!(read(bytes), None, "{bytes:?}");
        }
        let deep = [OCTETS_IN_PIECES, 0x80].repeat(100_000);
        assert_eq!(read(&signed(field, Some(&deep))), None);
    }

    proptest::proptest! {
        #[test]
        fn a_damaged_one_never_panics(at in 0_usize..200, byte in 0_u8.., open in proptest::bool::ANY) {
            let make: Make = if open { open_field } else { field };
            let mut bytes = signed(make, Some(&make(OCTETS_IN_PIECES, &field(OCTETS, b"Hej"))));
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = read(&bytes);
            let _ = read(&bytes[..at]);
        }
    }
}
