//! The last look at a mail before it goes over the wire.
//!
//! A lone LF or CR is read as a line end by some servers and not by others; a letter could use the
//! difference to end early and have its own text read as commands (SMTP smuggling). So only mails
//! whose every line ends in CRLF are sent. lettre neither checks this nor doubles a dot after a
//! lone LF.

/// Longest line without its CRLF, in octets (RFC 5321, 4.5.3.1.6).
const LINE_MAX_BYTES: usize = 998;

/// A mail that any server reads in one way: CRLF only, no NUL, no long line. The final CRLF is
/// left off, since lettre always adds one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wire {
    bytes: Vec<u8>,
    eight_bit: bool,
}

impl Wire {
    /// The mail in a form that is safe to send, or `None` when there is none: lines that end in
    /// different ways, NULs, or lines that are too long. A mail with LF only gets CRLF.
    pub(crate) fn new(mail: Vec<u8>) -> Option<Self> {
        let mut bytes = match line_ends(&mail)? {
            LineEnds::Crlf => mail,
            LineEnds::Lf => with_crlf(&mail),
        };
        if bytes.ends_with(b"\r\n") {
            bytes.truncate(bytes.len() - 2);
        }
        let eight_bit = !bytes.is_ascii();
        Some(Self { bytes, eight_bit })
    }

    /// The bytes, without the final CRLF.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Does it need a server with 8BITMIME?
    pub(crate) fn is_eight_bit(&self) -> bool {
        self.eight_bit
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineEnds {
    Crlf,
    Lf,
}

/// How the lines end, when all end alike and none is unsafe.
fn line_ends(mail: &[u8]) -> Option<LineEnds> {
    let mut ends = None;
    let mut pieces = mail.split(|&b| b == b'\n').peekable();
    while let Some(piece) = pieces.next() {
        let ended = pieces.peek().is_some();
        let (line, end) = match piece.strip_suffix(b"\r") {
            Some(line) if ended => (line, LineEnds::Crlf),
            _ => (piece, LineEnds::Lf),
        };
        if line.len() > LINE_MAX_BYTES || line.iter().any(|&b| b == b'\r' || b == 0) {
            return None;
        }
        if ended && *ends.get_or_insert(end) != end {
            return None;
        }
    }
    Some(ends.unwrap_or(LineEnds::Crlf))
}

fn with_crlf(mail: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(mail.len() + mail.len() / 40);
    for &byte in mail {
        if byte == b'\n' {
            out.push(b'\r');
        }
        out.push(byte);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sent(mail: &[u8]) -> Option<Vec<u8>> {
        Wire::new(mail.to_vec()).map(|wire| wire.bytes)
    }

    #[test]
    fn lines_that_end_alike_are_sent() {
        assert_eq!(sent(b"a\r\n\r\nb\r\n").as_deref(), Some(&b"a\r\n\r\nb"[..]));
        assert_eq!(sent(b"a\n\n.\nb").as_deref(), Some(&b"a\r\n\r\n.\r\nb"[..]));
        assert_eq!(sent(b"a").as_deref(), Some(&b"a"[..]));
        assert_eq!(sent(b"").as_deref(), Some(&b""[..]));
        assert_eq!(sent(&[b'x'; 998]).map(|bytes| bytes.len()), Some(998));
    }

    #[test]
    fn smuggling_is_not() {
        for evil in [
            &b"a\r\n\r\nb\n.\r\nMAIL FROM:<evil@example.org>\r\n"[..],
            b"a\r\n\r\nb\r\n.\nMAIL FROM:<evil@example.org>\r\n",
            b"a\n\nb\r.\r\nMAIL FROM:<evil@example.org>\n",
            b"a\r\n\r\nb\r.\r",
            b"a\r",
            b"a\r\r\n",
            b"a\0b\r\n",
            &[b'x'; 999],
        ] {
            assert_eq!(sent(evil), None, "{evil:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_sent_is_safe_and_nothing_is_lost(
            mail in prop::collection::vec(
                prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), Just(0), Just(b'x'), Just(0xE6)],
                0..24,
            ),
            unix in any::<bool>(),
        ) {
            let mut mail = mail;
            if unix {
                mail.retain(|&b| b != b'\r' && b != 0);
            }
            let lone_lf = mail.iter().enumerate()
                .any(|(at, &b)| b == b'\n' && (at == 0 || mail[at - 1] != b'\r'));
            let Some(wire) = Wire::new(mail.clone()) else {
                prop_assert!(mail.contains(&b'\r') || mail.contains(&0));
                return Ok(());
            };
            let mut bytes = wire.bytes.clone();
            prop_assert_eq!(wire.eight_bit, mail.contains(&0xE6));
            for (at, &byte) in bytes.iter().enumerate() {
                prop_assert!(byte != 0);
                prop_assert!(byte != b'\n' || (at > 0 && bytes[at - 1] == b'\r'));
                prop_assert!(byte != b'\r' || bytes.get(at + 1) == Some(&b'\n'));
            }
            if mail.ends_with(b"\n") {
                bytes.extend(b"\r\n");
            }
            if lone_lf {
                bytes.retain(|&b| b != b'\r');
            }
            prop_assert_eq!(bytes, mail);
        }
    }
}
