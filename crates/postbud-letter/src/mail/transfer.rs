//! Content-Transfer-Encoding: a part's body as the bytes that were meant.

use std::borrow::Cow;

use crate::base64;

/// How a body is wrapped for transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// 7bit, 8bit, binary, or something unknown.
    Plain,
    /// base64.
    Base64,
    /// quoted-printable.
    QuotedPrintable,
}

impl Encoding {
    /// From the field's value.
    pub(super) fn of(value: Option<&[u8]>) -> Self {
        let value = value.unwrap_or_default().trim_ascii();
        let is = |name: &[u8]| {
            value.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
        };
        if is(b"base64") {
            Self::Base64
        } else if is(b"quoted-printable") {
            Self::QuotedPrintable
        } else {
            Self::Plain
        }
    }

    /// The body unwrapped, and the offset of the first fault, where it has one.
    pub(super) fn unwrap(self, body: &[u8]) -> (Cow<'_, [u8]>, Option<u64>) {
        match self {
            Self::Plain => (Cow::Borrowed(body), None),
            Self::QuotedPrintable => (Cow::Owned(quoted_printable(body)), None),
            Self::Base64 => {
                let (bytes, fault) = base64::decode(body, 0, true);
                (Cow::Owned(bytes), fault)
            }
        }
    }
}

/// quoted-printable. Many senders get it slightly wrong, so what is no escape stays as it stands.
fn quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|&b| b == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let ending = &line[text.len()..];
        // White space at the end of a line was added on the way.
        let mut rest = text.trim_ascii_end();
        let soft = rest.last() == Some(&b'=');
        if soft {
            rest = &rest[..rest.len() - 1];
        }
        // Most bytes stand for themselves: they are copied a run at a time.
        while let Some(at) = rest.iter().position(|&byte| byte == b'=') {
            out.extend_from_slice(&rest[..at]);
            let tail = &rest[at + 1..];
            match hex_pair(tail) {
                Some(decoded) => {
                    out.push(decoded);
                    rest = &tail[2..];
                }
                None => {
                    out.push(b'=');
                    rest = tail;
                }
            }
        }
        out.extend_from_slice(rest);
        if !soft {
            out.extend_from_slice(ending);
        }
    }
    out
}

/// The byte that two hexadecimal digits stand for.
pub(super) fn hex_pair(digits: &[u8]) -> Option<u8> {
    let digit = |b: &u8| char::from(*b).to_digit(16);
    let (high, low) = (digits.first().and_then(digit)?, digits.get(1).and_then(digit)?);
    u8::try_from(high * 16 + low).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quoted_printable_and_its_usual_faults() {
        let text =
            |body: &str| String::from_utf8_lossy(&quoted_printable(body.as_bytes())).into_owned();
        assert_eq!(text("Sm=C3=B8r =\r\nog br=c3=b8d  \r\nslut"), "Smør og brød\r\nslut");
        assert_eq!(text("a=b=ZZ=4"), "a=b=ZZ=4");
        assert_eq!(text("=\n=\n"), "");
        assert_eq!(text("100 =3D 100="), "100 = 100");
        assert_eq!(text("==3D=3=3D"), "===3=");
    }

    #[test]
    fn names() {
        assert_eq!(Encoding::of(Some(b" BASE64 (x)")), Encoding::Base64);
        assert_eq!(Encoding::of(Some(b"Quoted-Printable;")), Encoding::QuotedPrintable);
        assert_eq!(Encoding::of(Some(b"8bit")), Encoding::Plain);
        assert_eq!(Encoding::of(None), Encoding::Plain);
    }

    proptest! {
        #[test]
        fn never_grows(body in prop::collection::vec(any::<u8>(), 0..200)) {
            for encoding in [Encoding::Plain, Encoding::Base64, Encoding::QuotedPrintable] {
                prop_assert!(encoding.unwrap(&body).0.len() <= body.len());
            }
        }
    }
}
