//! The header fields of a mail or of one of its parts, as bytes.
//!
//! Only the fields that a letter needs are kept, the first of each and each cut to a limit: however
//! many headers a mail has, what is kept stays small.

/// The fields that are kept; also what a mail is recognised by.
const WANTED: [&str; 15] = [
    "from",
    "to",
    "subject",
    "date",
    "sender",
    "cc",
    "delivered-to",
    "message-id",
    "content-type",
    "content-disposition",
    "content-transfer-encoding",
    "mime-version",
    "received",
    "return-path",
    "reply-to",
];

/// The kept fields of one header block.
pub(super) struct Fields<'r> {
    found: Vec<(&'static str, &'r [u8])>,
    /// The length of the block with the empty line that ends it.
    pub(super) length: usize,
    /// Was a kept field cut?
    pub(super) cut: bool,
}

impl<'r> Fields<'r> {
    /// Reads the block at the beginning of `bytes`.
    pub(super) fn read(bytes: &'r [u8], most_bytes: usize) -> Self {
        let mut fields = Self { found: Vec::new(), length: bytes.len(), cut: false };
        let mut at = 0;
        while at < bytes.len() {
            let end = line_end(bytes, at);
            if is_blank(&bytes[at..end]) {
                fields.length = end;
                break;
            }
            let name = name_of(&bytes[at..end]);
            let mut field_end = end;
            while bytes.get(field_end).is_some_and(|b| matches!(b, b' ' | b'\t')) {
                let next = line_end(bytes, field_end);
                if is_blank(&bytes[field_end..next]) {
                    break;
                }
                field_end = next;
            }
            if let Some((name, colon)) = name {
                fields.keep(name, &bytes[at + colon + 1..field_end], most_bytes);
            }
            at = field_end;
        }
        fields
    }

    fn keep(&mut self, name: &[u8], value: &'r [u8], most_bytes: usize) {
        let wanted = WANTED.iter().find(|wanted| wanted.as_bytes().eq_ignore_ascii_case(name));
        let Some(wanted) = wanted else { return };
        let value = value.trim_ascii();
        if value.is_empty() || self.get(wanted).is_some() {
            return;
        }
        self.cut |= value.len() > most_bytes && *wanted != "received";
        self.found.push((wanted, value.get(..most_bytes).unwrap_or(value)));
    }

    /// The first field of this name (lower case) that is not blank.
    pub(super) fn get(&self, name: &str) -> Option<&'r [u8]> {
        self.found.iter().find(|(found, _)| *found == name).map(|(_, value)| *value)
    }

    /// How many fields were kept: what is the header of a mail has at least one.
    pub(super) fn count(&self) -> usize {
        self.found.len()
    }
}

/// Does the first line that is not blank have the form of a header field, or of an mbox separator?
pub(super) fn begins_like_mail(bytes: &[u8]) -> bool {
    let trimmed = bytes.trim_ascii_start();
    let line = &trimmed[..line_end(trimmed, 0)];
    line.starts_with(b"From ") || name_of(line).is_some()
}

/// Past what may stand before a mail: empty lines and an mbox separator.
pub(super) fn skip_preamble(bytes: &[u8]) -> usize {
    let mut at = bytes.len() - bytes.trim_ascii_start().len();
    while bytes[at..].starts_with(b"From ") || bytes[at..].starts_with(b">From ") {
        at = line_end(bytes, at);
    }
    at
}

/// The field name of a line, and where its colon stands.
fn name_of(line: &[u8]) -> Option<(&[u8], usize)> {
    let colon = line.iter().take(100).position(|&b| b == b':')?;
    let name = line[..colon].trim_ascii_end();
    let fits = !name.is_empty() && name.iter().all(|b| (33..127).contains(b));
    fits.then_some((name, colon))
}

/// Just past the line that begins at `at`.
pub(super) fn line_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().position(|&b| b == b'\n').map_or(bytes.len(), |newline| at + newline + 1)
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_repeated_and_broken_fields() {
        let raw = b"Subject: one\r\n two\r\nnonsense line\r\nSUBJECT: three\r\nX-A: b\r\n\
                    To:\r\nTo : a@b\r\n\r\nFrom: body\r\n";
        let fields = Fields::read(raw, 100);
        assert_eq!(fields.get("subject"), Some(b"one\r\n two".as_slice()));
        assert_eq!(fields.get("to"), Some(b"a@b".as_slice()));
        assert_eq!(fields.get("from"), None);
        assert_eq!(&raw[fields.length..], b"From: body\r\n");
    }

    #[test]
    fn what_begins_like_mail() {
        assert!(begins_like_mail(b"\r\nFrom a@b Mon\nSubject: x"));
        assert!(begins_like_mail(b"Received: x"));
        assert!(!begins_like_mail("Kære kommune: hej".as_bytes()));
        assert!(!begins_like_mail(b""));
    }

    #[test]
    fn many_headers_leave_little() {
        let raw = "X-Header: value\r\n".repeat(100_000) + "Subject: a\r\n\r\n";
        let fields = Fields::read(raw.as_bytes(), 100);
        assert_eq!(fields.found.len(), 1);
        let long = format!("Subject: {}\r\n\r\n", "a".repeat(1 << 20));
        let fields = Fields::read(long.as_bytes(), 100);
        assert!(fields.cut && fields.get("subject").is_some_and(|value| value.len() == 100));
    }
}
