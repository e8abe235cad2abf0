//! Header fields, written so that no value can become a header of its own.

use mail_builder::headers::Header;
use mail_builder::headers::address::Address;
use mail_builder::headers::date::Date;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::text::Text;

/// No header value is longer, in characters. MeMo allows 256 for a label.
const VALUE_MAX_CHARS: usize = 512;

/// A block of header fields, each ending in CRLF and folded below 78 octets where it can be.
#[derive(Debug, Default)]
pub(super) struct HeaderBlock(Vec<u8>);

impl HeaderBlock {
    /// Free text: cleaned, cut and, when it is not plain ASCII, written as encoded words.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.field(name, &Text::new(one_line(value, VALUE_MAX_CHARS)));
    }

    /// A mailbox with its display name.
    pub(super) fn address(&mut self, name: &str, display: &str, address: &str) {
        let display = one_line(display, VALUE_MAX_CHARS);
        let display = (!display.is_empty()).then_some(display);
        self.field(name, &Address::new_address(display, one_line(address, 320)));
    }

    /// A name without an address: an empty group (RFC 5322, 3.4).
    pub(super) fn nowhere(&mut self, name: &str, display: &str) {
        let display = one_line(display, VALUE_MAX_CHARS);
        self.field(name, &Address::new_group(Some(display), Vec::new()));
    }

    /// A message id, given without its angle brackets.
    pub(super) fn message_id(&mut self, name: &str, id: &str) {
        self.field(name, &MessageId::new(id));
    }

    /// A date, given in UTC milliseconds since 1970.
    pub(super) fn date(&mut self, name: &str, ms: i64) {
        self.field(name, &Date::new(ms.div_euclid(1000)));
    }

    /// The bytes.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn field(&mut self, name: &str, value: &impl Header) {
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b": ");
        value.write_header(&mut self.0, name.len() + 2);
    }
}

/// `text` as one line: control characters and line breaks of any kind become spaces, runs of
/// white space one space, characters that reverse the direction of writing go, and so does
/// everything after `max` characters. What looks like an encoded word is broken up, so that it is
/// read as it stands.
pub(crate) fn one_line(text: &str, max: usize) -> String {
    let mut line = String::with_capacity(text.len().min(max * 4));
    let mut count = 0;
    for word in text.split(|c: char| c.is_control() || c.is_whitespace()) {
        let mut letters = word.chars().filter(|&c| !is_invisible(c)).peekable();
        if letters.peek().is_some() && !line.is_empty() {
            line.push(' ');
            count += 1;
        }
        for c in letters {
            if count >= max {
                line.truncate(line.trim_end().len());
                return line;
            }
            if c == '?' && line.ends_with('=') {
                line.push(' ');
                count += 1;
            }
            line.push(c);
            count += 1;
        }
    }
    line
}

/// Characters that show nothing themselves but change how others are shown.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail_parser::MessageParser;
    use proptest::prelude::*;

    fn block(value: &str) -> Vec<u8> {
        let mut block = HeaderBlock::default();
        block.text("Subject", value);
        block.address("From", value, "postbud@klitkobing.dk");
        block.nowhere("To", value);
        block.into_bytes()
    }

    #[test]
    fn a_value_cannot_start_a_header_of_its_own() {
        let evil = "Hej\r\nBcc: ond@example.org\r\n\r\nbrødtekst\u{2028}X: y\0\u{202E}fdp.exe";
        let written = block(evil);
        let mail = MessageParser::new().parse(&written).unwrap();
        assert_eq!(mail.headers().len(), 3);
        assert_eq!(mail.subject(), Some("Hej Bcc: ond@example.org brødtekst X: y fdp.exe"));
    }

    #[test]
    fn what_looks_encoded_is_read_as_it_stands() {
        let written = block("=?utf-8?Q?snyd=0D=0A?=");
        let mail = MessageParser::new().parse(&written).unwrap();
        assert_eq!(mail.subject(), Some("= ?utf-8?Q?snyd=0D=0A?="));
    }

    proptest! {
        #[test]
        fn lines_are_safe_short_and_ascii(value in any::<String>()) {
            let written = block(&value);
            let text = String::from_utf8(written).unwrap();
            prop_assert!(text.is_ascii());
            prop_assert!(text.ends_with("\r\n"));
            let lines: Vec<&str> = text.trim_end_matches("\r\n").split("\r\n").collect();
            for line in &lines {
                prop_assert!(line.len() <= 998);
                prop_assert!(!line.bytes().any(|b| matches!(b, b'\r' | b'\n' | 0)));
            }
            let starts = lines.iter().filter(|line| !line.starts_with([' ', '\t'])).count();
            prop_assert_eq!(starts, 3);
        }

        #[test]
        fn a_clean_line_stays_clean(value in any::<String>(), max in 0usize..64) {
            let line = one_line(&value, max);
            prop_assert!(line.chars().count() <= max + 1);
            prop_assert!(!line.chars().any(|c| c.is_control() || is_invisible(c)));
            prop_assert_eq!(line.trim(), line.as_str());
        }
    }
}
