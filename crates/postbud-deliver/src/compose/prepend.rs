//! A mail with trace headers in front. The original is an exact suffix of the result, so that
//! signatures hold and nobody can say that Postbud changed a letter.

use mail_builder::Writer;
use postbud_decide::Mailbox;
use postbud_letter::Letter;
use postbud_pipeline::ports::Outgoing;

use super::header::HeaderBlock;
use super::{Settings, trace};

/// Can headers be put in front of `raw`? Only when it begins with a header field, or with the
/// empty line of a mail without any: in front of anything else they would end up in the middle of
/// something, or swallow the first line as a continuation.
pub(super) fn fits(raw: &[u8]) -> bool {
    let line = first_line(raw);
    if line.is_empty() {
        return !raw.is_empty();
    }
    let name = line.split(|&b| b == b':').next().unwrap_or_default().trim_ascii_end();
    name.len() < line.len() && !name.is_empty() && name.iter().all(u8::is_ascii_graphic)
}

/// The trace headers, then `item.raw` as it is. A mail without a Message-ID gets a stable one.
pub(super) fn compose(
    letter: &Letter,
    item: &Outgoing,
    mailbox: &Mailbox,
    settings: &Settings,
    mail: &mut impl Writer,
) {
    let raw = &item.raw;
    let mut block = HeaderBlock::default();
    trace::write(&mut block, letter, item, mailbox, settings);
    if !has_field(raw, b"message-id") {
        block.message_id("Message-ID", &trace::delivery_id(&item.key, &settings.domain));
    }
    let mut headers = block.into_bytes();
    if has_unix_lines(raw) {
        headers.retain(|&b| b != b'\r');
    }
    mail.write(&headers);
    mail.write(raw);
}

/// Is there a field called `name` (lower case) in the header of `raw`?
fn has_field(raw: &[u8], name: &[u8]) -> bool {
    raw.split(|&b| b == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_at_checked(name.len()))
        .any(|(start, rest)| {
            start.eq_ignore_ascii_case(name) && rest.trim_ascii_start().starts_with(b":")
        })
}

/// Does the first line of `raw` end in a bare LF?
fn has_unix_lines(raw: &[u8]) -> bool {
    match raw.iter().position(|&b| b == b'\n') {
        Some(0) => true,
        Some(at) => raw.get(at - 1) != Some(&b'\r'),
        None => false,
    }
}

fn first_line(raw: &[u8]) -> &[u8] {
    let line = raw.split(|&b| b == b'\n').next().unwrap_or_default();
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_header_can_have_headers_in_front() {
        for good in [&b"Subject: x\r\n\r\ny"[..], b"X-A :y\n", b"\r\nbody", b"\nbody"] {
            assert!(fits(good), "{good:?}");
        }
        for bad in [
            &b""[..],
            b" folded: line\r\n",
            b"\tx: y\r\n",
            b"From a@b Mon Nov 24 10:00:00 2026\n",
            b"no header at all",
            b": nameless\r\n",
            b"\xc3\xa6: y\r\n",
        ] {
            assert!(!fits(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_field_is_found_in_the_header_only() {
        assert!(has_field(b"A: b\r\nMESSAGE-id : <x>\r\n\r\n", b"message-id"));
        assert!(!has_field(b"A: b\r\n\r\nMessage-ID: <x>\r\n", b"message-id"));
        assert!(!has_field(b"A: b\n Message-ID: folded\n", b"message-id"));
        assert!(!has_field(b"Message-ID-Old: x\n", b"message-id"));
    }
}
