//! Attachments: safe file names, checked media types, and always base64.
//!
//! mail-builder writes text attachments as `7bit` when it can, which lets a bare CR or a NUL
//! through. Here every attachment travels as base64: any bytes come out as they went in.

use std::collections::HashSet;

use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::{BodyPart, MimePart};

use super::header::{is_invisible, one_line};

/// Longest file name, in characters: mail programs and Windows cope with it.
const NAME_MAX_CHARS: usize = 120;

/// Hands out file names, each only once.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: HashSet<String>,
}

impl Names {
    /// A safe file name as close to `wanted` as possible: no path, no control characters, nothing
    /// that a file system forbids, and different from all before it.
    pub(super) fn give(&mut self, wanted: &str, otherwise: &str) -> String {
        let (stem, extension) = split(&safe(wanted, otherwise));
        for number in 1.. {
            let name = match number {
                1 => format!("{stem}{extension}"),
                _ => format!("{stem} ({number}){extension}"),
            };
            if self.taken.insert(name.to_lowercase()) {
                return name;
            }
        }
        otherwise.to_owned()
    }
}

/// An attachment of `bytes`.
pub(super) fn part<'x>(media_type: &str, name: String, bytes: &'x [u8]) -> MimePart<'x> {
    let mut media_type = checked(media_type);
    if media_type.starts_with("text/") && std::str::from_utf8(bytes).is_ok() {
        media_type.push_str("; charset=utf-8");
    }
    let disposition = ContentType::new("attachment").attribute("filename", name);
    MimePart::raw(BodyPart::Binary(bytes.into()))
        // As `Raw`, since mail-builder would see a text type and leave base64.
        .header("Content-Type", Raw::new(media_type))
        .header("Content-Disposition", disposition)
}

/// `claimed` when it is a media type that may be base64, else `application/octet-stream`.
fn checked(claimed: &str) -> String {
    let claimed = claimed.trim().to_ascii_lowercase();
    let token = |part: &str| {
        (1..=64).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    match claimed.split_once('/') {
        Some(("multipart" | "message", _)) => "application/octet-stream".to_owned(),
        Some((kind, subtype)) if token(kind) && token(subtype) => claimed,
        _ => "application/octet-stream".to_owned(),
    }
}

fn safe(wanted: &str, otherwise: &str) -> String {
    let base = wanted.rsplit(['/', '\\']).next().unwrap_or_default();
    let base = one_line(base, usize::MAX / 8);
    let name: String = base
        .chars()
        .filter(|&c| !is_invisible(c))
        .map(|c| if matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*') { '_' } else { c })
        .collect();
    let name = name.trim_matches(|c: char| c == '.' || c.is_whitespace());
    if name.is_empty() {
        return otherwise.to_owned();
    }
    let (stem, extension) = split(name);
    let room = NAME_MAX_CHARS.saturating_sub(extension.chars().count());
    let stem: String = stem.chars().take(room).collect();
    let reserved = is_reserved(&stem);
    format!("{}{}{extension}", if reserved { "_" } else { "" }, stem.trim_end())
}

/// Stem and extension (with its dot; at most 12 characters, else it is none).
fn split(name: &str) -> (String, String) {
    match name.rfind('.') {
        Some(at) if at > 0 && name.get(at..).is_some_and(|end| end.chars().count() <= 12) => {
            let (stem, extension) = name.split_at(at);
            (stem.to_owned(), extension.to_owned())
        }
        _ => (name.to_owned(), String::new()),
    }
}

/// Names of devices on Windows, with or without an extension.
fn is_reserved(stem: &str) -> bool {
    let stem = stem.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered = |start: &str| {
        stem.strip_prefix(start)
            .is_some_and(|n| n.len() == 1 && n.bytes().all(|b| b.is_ascii_digit()))
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT")
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail_parser::decoders::base64::base64_decode;
    use mail_parser::{MessageParser, MimeHeaders};
    use proptest::prelude::*;

    #[test]
    fn names_are_safe_and_stay_recognisable() {
        let mut names = Names::default();
        let given: Vec<String> = [
            "ansøgning.pdf",
            "../../etc/passwd",
            "C:\\Users\\a\\brev.docx",
            "Ansøgning.PDF",
            "con.txt",
            "…\u{202E}fdp.exe",
            "a\r\nContent-Type: x",
            "",
            "...",
            "  .htaccess ",
            "\"><script>.html",
        ]
        .iter()
        .map(|wanted| names.give(wanted, "bilag-1"))
        .collect();
        insta::assert_snapshot!(given.join("\n"));
    }

    #[test]
    fn odd_media_types_become_plain_bytes() {
        assert_eq!(checked(" Application/PDF"), "application/pdf");
        for odd in ["", "pdf", "message/rfc822", "multipart/mixed", "a/b\r\nX: y", "a/b; c=d"] {
            assert_eq!(checked(odd), "application/octet-stream", "{odd:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_and_any_name_survive(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            wanted in any::<String>(),
            media_type in "(text/plain|application/pdf|text/html|.{0,12})",
        ) {
            let name = Names::default().give(&wanted, "bilag-1");
            prop_assert!(name.chars().count() <= NAME_MAX_CHARS + 1);
            prop_assert!(!name.contains(['/', '\\']) && !name.chars().any(char::is_control));
            let mut mail = b"MIME-Version: 1.0\r\n".to_vec();
            part(&media_type, name.clone(), &bytes).write_part(&mut mail);
            prop_assert!(mail.is_ascii());
            let parsed = MessageParser::new().parse(&mail).unwrap();
            let part = parsed.part(0).unwrap();
            // Decoded here: the parser would turn a text into UTF-8.
            let body = &mail[part.raw_body_offset() as usize..];
            prop_assert_eq!(base64_decode(body).unwrap(), bytes);
            prop_assert_eq!(part.attachment_name(), Some(name.as_str()));
        }
    }
}
