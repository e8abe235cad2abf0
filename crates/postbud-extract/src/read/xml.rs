//! XML as a stream of starts, ends and texts. Nothing is expanded and nothing is fetched: an entity
//! that XML itself does not define leaves nothing.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// What stands in the stream. Names are without their prefix.
pub(super) enum Piece<'x> {
    /// An element begins; also one that ends at once, which is followed by its end.
    Start(&'x str, &'x BytesStart<'x>),
    /// An element ends.
    End(&'x str),
    /// Text.
    Text(&'x str),
}

/// Walks through `bytes` until `each` says `false` or the stream ends; `false` when the XML is
/// broken.
pub(super) fn walk(bytes: &[u8], mut each: impl FnMut(Piece<'_>) -> bool) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let mut reader = Reader::from_str(&text);
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    config.allow_dangling_amp = true;
    config.check_end_names = false;
    loop {
        let go_on = match reader.read_event() {
            Ok(Event::Start(start)) => each(Piece::Start(start.local_name().as_ref(), &start)),
            Ok(Event::End(end)) => each(Piece::End(end.local_name().as_ref())),
            Ok(Event::Text(text)) => each(Piece::Text(&text)),
            Ok(Event::CData(text)) => each(Piece::Text(&text)),
            Ok(Event::GeneralRef(reference)) => match character(&reference) {
                Some(c) => each(Piece::Text(c.encode_utf8(&mut [0; 4]))),
                None => true,
            },
            Ok(Event::Eof) => return true,
            Ok(_) => true,
            Err(_) => return false,
        };
        if !go_on {
            return true;
        }
    }
}

/// The value of an attribute, by its name without a prefix.
pub(super) fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = start.attributes();
    let mut all = attributes.with_checks(false).flatten();
    let found = all.find(|attribute| attribute.key.local_name().as_ref() == name);
    found.map(|attribute| attribute.value.into_owned())
}

fn character(name: &str) -> Option<char> {
    let Some(number) = name.strip_prefix('#') else {
        return match name {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "apos" => Some('\''),
            "quot" => Some('"'),
            _ => None,
        };
    };
    let number = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    number.ok().and_then(char::from_u32)
}
