//! Content-Type and Content-Disposition: a value with parameters (RFC 2045, 2183, 2231).
//!
//! Our own, because the mail library loses the charset of a parameter that is continued over
//! several (RFC 2231), which is how file names with Danish letters travel.

use super::transfer::hex_pair;
use super::words;
use crate::{charset, tidy};

/// No field has more.
const MOST_PARAMETERS: usize = 100;

/// A parsed value.
#[derive(Default)]
pub(super) struct Parameters {
    /// The value before the first semicolon, lower case.
    pub(super) value: String,
    found: Vec<Parameter>,
}

/// One parameter, or one section of it.
struct Parameter {
    /// Lower case, without the marks of RFC 2231.
    name: String,
    /// The number of the section; `None` when it comes in one.
    section: Option<u32>,
    /// Percent-encoded.
    extended: bool,
    value: Vec<u8>,
}

impl Parameters {
    /// A value without parameters.
    pub(super) fn of_value(value: &str) -> Self {
        Self { value: value.to_owned(), found: Vec::new() }
    }

    /// Parses a field's value.
    pub(super) fn parse(field: Option<&[u8]>) -> Self {
        let Some(field) = field else {
            return Self::default();
        };
        let end = field.iter().position(|&b| b == b';').unwrap_or(field.len());
        // A forgotten semicolon: "multipart/mixed boundary=x".
        let space = field[..end].iter().position(u8::is_ascii_whitespace);
        let end = space.filter(|at| field[*at..end].contains(&b'=')).unwrap_or(end);
        let value = &field[..end];
        let comment = value.iter().position(|&b| b == b'(').unwrap_or(value.len());
        let value = String::from_utf8_lossy(&value[..comment]);
        let value = value.split_whitespace().collect::<String>().to_ascii_lowercase();
        let mut parameters = Self { value, found: Vec::new() };
        let mut rest = field.get(end + 1..).unwrap_or_default();
        while !rest.is_empty() && parameters.found.len() < MOST_PARAMETERS {
            rest = parameters.take_one(rest);
        }
        parameters
    }

    /// Takes in the parameter at the beginning of `rest`; returns what follows its semicolon.
    fn take_one<'f>(&mut self, rest: &'f [u8]) -> &'f [u8] {
        let stop = rest.iter().position(|b| matches!(b, b'=' | b';')).unwrap_or(rest.len());
        let name = String::from_utf8_lossy(&rest[..stop]);
        let name = name.rsplit(')').next().unwrap_or(&name).trim().to_ascii_lowercase();
        if rest.get(stop) != Some(&b'=') {
            return rest.get(stop + 1..).unwrap_or_default();
        }
        let (value, rest) = take_value(&rest[stop + 1..]);
        let extended = name.ends_with('*');
        let mut marks = name.trim_end_matches('*').split('*');
        let base = marks.next().unwrap_or_default().trim().to_owned();
        let section = marks.next().and_then(|number| number.trim().parse().ok());
        if !base.is_empty() {
            self.found.push(Parameter { name: base, section, extended, value });
        }
        rest
    }

    /// A parameter as text in one line. `mail_charset` is for raw bytes in it.
    pub(super) fn get(&self, name: &str, mail_charset: Option<&str>) -> Option<String> {
        let mut sections: Vec<&Parameter> = self
            .found
            .iter()
            .filter(|p| p.name == name && (p.section.is_some() || p.extended))
            .collect();
        let text = if sections.is_empty() {
            let plain = self.found.iter().find(|p| p.name == name)?;
            words::decode(&plain.value, mail_charset)
        } else {
            sections.sort_by_key(|section| section.section);
            join(&sections, mail_charset)
        };
        let text = tidy::line(&text, text.len());
        (!text.is_empty()).then_some(text)
    }
}

/// The bytes of all sections are joined before they are decoded.
fn join(sections: &[&Parameter], mail_charset: Option<&str>) -> String {
    let mut label = None;
    let mut bytes = Vec::new();
    for (at, section) in sections.iter().enumerate() {
        let mut value = section.value.as_slice();
        if at == 0 && section.extended {
            let mut quotes = value.iter().enumerate().filter(|(_, b)| **b == b'\'').map(|(i, _)| i);
            if let (Some(first), Some(second)) = (quotes.next(), quotes.next()) {
                label = std::str::from_utf8(&value[..first]).ok().filter(|l| !l.is_empty());
                value = &value[second + 1..];
            }
        }
        if section.extended {
            percent_decode(value, &mut bytes);
        } else {
            bytes.extend(value);
        }
    }
    match label {
        Some(label) => charset::decode(&bytes, Some(label)).0.into_owned(),
        None => words::raw_text(&bytes, mail_charset).into_owned(),
    }
}

fn percent_decode(value: &[u8], out: &mut Vec<u8>) {
    let mut rest = value;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match hex_pair(tail).filter(|_| byte == b'%') {
            Some(decoded) => {
                out.push(decoded);
                rest = &tail[2..];
            }
            None => out.push(byte),
        }
    }
}

/// A value, quoted or not, and what follows its semicolon.
fn take_value(rest: &[u8]) -> (Vec<u8>, &[u8]) {
    let rest = rest.trim_ascii_start();
    let Some(quoted) = rest.strip_prefix(b"\"") else {
        let end = rest.iter().position(|&b| b == b';').unwrap_or(rest.len());
        return (rest[..end].trim_ascii().to_vec(), rest.get(end + 1..).unwrap_or_default());
    };
    let mut value = Vec::new();
    let mut bytes = quoted.iter().enumerate();
    while let Some((at, &byte)) = bytes.next() {
        match byte {
            b'"' => {
                let rest = &quoted[at + 1..];
                let end = rest.iter().position(|&b| b == b';').unwrap_or(rest.len());
                return (value, rest.get(end + 1..).unwrap_or_default());
            }
            b'\\' => value.extend(bytes.next().map(|(_, b)| *b)),
            b'\r' | b'\n' => {}
            byte => value.push(byte),
        }
    }
    (value, b"")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filename(field: &[u8]) -> Option<String> {
        Parameters::parse(Some(field)).get("filename", None)
    }

    #[test]
    fn plain_quoted_and_sloppy_values() {
        let parameters = Parameters::parse(Some(
            b"Text/Plain (a comment) ; charset=\"utf-8\";format = flowed; boundary=\"a;b=\\\"c\"",
        ));
        assert_eq!(parameters.value, "text/plain");
        assert_eq!(parameters.get("charset", None).as_deref(), Some("utf-8"));
        assert_eq!(parameters.get("format", None).as_deref(), Some("flowed"));
        assert_eq!(parameters.get("boundary", None).as_deref(), Some("a;b=\"c"));
        assert_eq!(
            filename(b"attachment; filename=min fil (1).pdf").as_deref(),
            Some("min fil (1).pdf")
        );
        assert_eq!(filename(b"attachment"), None);
        assert_eq!(filename(b"attachment\r\n\tfilename=\"a b\"; x=y").as_deref(), Some("a b"));
        assert_eq!(filename(b"attachment; filename=\"open").as_deref(), Some("open"));
    }

    #[test]
    fn file_names_with_danish_letters_in_every_way_they_come() {
        let blue = Some("blåbær.pdf");
        for field in [
            "attachment; filename=\"blåbær.pdf\"",
            "attachment; filename=\"=?utf-8?Q?bl=C3=A5b=C3=A6r.pdf?=\"",
            "attachment; filename*=utf-8''bl%C3%A5b%C3%A6r.pdf",
            "attachment; filename*=iso-8859-1'da'bl%E5b%E6r.pdf",
            "attachment; filename*0*=iso-8859-1''bl%E5;\r\n filename*1*=b%E6r; filename*2=.pdf",
            "attachment; filename*1*=%A5b%C3%A6r.pdf; filename*0*=utf-8''bl%C3",
            "attachment; filename=blaabaer.pdf; filename*=utf-8''bl%C3%A5b%C3%A6r.pdf",
        ] {
            assert_eq!(filename(field.as_bytes()).as_deref(), blue, "{field}");
        }
        assert_eq!(filename(b"attachment; filename=\"bl\xe5b\xe6r.pdf\"").as_deref(), blue);
    }

    proptest! {
        #[test]
        fn anything_parses(field in prop::collection::vec(any::<u8>(), 0..120)) {
            let parameters = Parameters::parse(Some(&field));
            for name in ["filename", "charset", "boundary"] {
                let _ = parameters.get(name, Some("iso-8859-1"));
            }
        }

        #[test]
        fn many_sections_come_back_in_order(text in "[a-zæøå ]{1,40}") {
            let mut field = String::from("attachment");
            for (n, byte) in text.bytes().enumerate().collect::<Vec<_>>().into_iter().rev() {
                let start = if n == 0 { "utf-8''" } else { "" };
                field.push_str(&format!("; filename*{n}*={start}%{byte:02X}"));
            }
            let expected = text.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert_eq!(filename(field.as_bytes()).unwrap_or_default(), expected);
        }
    }
}
