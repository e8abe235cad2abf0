//! Encoded words (RFC 2047) and raw 8-bit text in header fields.
//!
//! The mail library decodes each encoded word by itself and takes raw bytes for UTF-8. Senders cut
//! characters in two between words, and old ones write Latin-1 as it is; so both are put right
//! before the library sees the field.

use std::borrow::Cow;

use ::base64::Engine;
use ::base64::engine::general_purpose::STANDARD;
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use crate::{base64, charset};

/// A field's value as text, its encoded words decoded. `charset` is the mail's own, for raw bytes.
pub(super) fn decode(value: &[u8], charset: Option<&str>) -> String {
    let unfolded = unfold(value);
    let mut out = String::new();
    for piece in pieces(&unfolded) {
        match piece {
            Piece::Raw(bytes) => out.push_str(&raw_text(bytes, charset)),
            Piece::Words(text) => out.push_str(&text),
        }
    }
    out
}

/// A field's value as the library reads it without loss: one line of UTF-8, in which every run of
/// encoded words is one word.
pub(super) fn repair(value: &[u8], charset: Option<&str>) -> String {
    let unfolded = unfold(value);
    let mut out = String::new();
    for piece in pieces(&unfolded) {
        match piece {
            Piece::Raw(bytes) => out.push_str(&raw_text(bytes, charset).replace(['\r', '\n'], " ")),
            Piece::Words(text) => {
                let text = text.replace(['\r', '\n', '\0'], " ");
                out.push_str(&format!("=?utf-8?B?{}?=", STANDARD.encode(text)));
            }
        }
    }
    out
}

/// Raw bytes: UTF-8 when they are, else the mail's charset, else what Danish mail has always used.
pub(super) fn raw_text<'b>(bytes: &'b [u8], charset: Option<&str>) -> Cow<'b, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let named = charset.and_then(|label| Encoding::for_label(label.as_bytes()));
    let encoding = named.filter(|encoding| encoding.is_single_byte()).unwrap_or(WINDOWS_1252);
    encoding.decode_without_bom_handling(bytes).0
}

/// Without line ends: a folded value is one line.
fn unfold(value: &[u8]) -> Vec<u8> {
    value.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect()
}

enum Piece<'v> {
    Raw(&'v [u8]),
    Words(String),
}

/// Cuts a value into raw text and runs of encoded words. White space between two words of a run
/// is not text.
fn pieces(value: &[u8]) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut run: Vec<Word<'_>> = Vec::new();
    let (mut raw_from, mut at) = (0, 0);
    while let Some(start) = find(value, at, b"=?") {
        let Some((word, end)) = Word::parse(value, start) else {
            at = start + 2;
            continue;
        };
        let between = &value[raw_from..start];
        let joins = !run.is_empty() && between.iter().all(u8::is_ascii_whitespace);
        if !joins {
            flush(&mut run, &mut pieces);
            if !between.is_empty() {
                pieces.push(Piece::Raw(between));
            }
        }
        run.push(word);
        (raw_from, at) = (end, end);
    }
    flush(&mut run, &mut pieces);
    if raw_from < value.len() {
        pieces.push(Piece::Raw(&value[raw_from..]));
    }
    pieces
}

fn flush<'v>(run: &mut Vec<Word<'_>>, pieces: &mut Vec<Piece<'v>>) {
    if !run.is_empty() {
        pieces.push(Piece::Words(decode_run(run)));
        run.clear();
    }
}

/// Words of one charset are decoded together, so that a character may lie across them.
fn decode_run(run: &[Word<'_>]) -> String {
    let mut out = String::new();
    for same in run.chunk_by(|a, b| a.charset.eq_ignore_ascii_case(b.charset)) {
        let bytes: Vec<u8> = same
            .chunk_by(|a, b| a.is_base64 && b.is_base64 && !a.is_whole())
            .flat_map(decode_words)
            .collect();
        let label = same.first().map_or("", |word| word.charset);
        out.push_str(&charset::decode(&bytes, Some(label)).0);
    }
    out
}

/// base64 that was cut between its digits is put together before it is decoded.
fn decode_words(words: &[Word<'_>]) -> Vec<u8> {
    match words {
        [word] if !word.is_base64 => q_decode(word.data),
        words => {
            base64::decode(
                &words.iter().flat_map(|w| w.data).copied().collect::<Vec<u8>>(),
                0,
                true,
            )
            .0
        }
    }
}

struct Word<'v> {
    charset: &'v str,
    is_base64: bool,
    data: &'v [u8],
}

impl<'v> Word<'v> {
    /// The word that begins at `start` with `=?`, and where it ends.
    fn parse(value: &'v [u8], start: usize) -> Option<(Self, usize)> {
        const LONGEST_CHARSET: usize = 60;
        let charset_from = start + 2;
        let name = value.get(charset_from..)?;
        let length = name.iter().take(LONGEST_CHARSET).position(|&b| b == b'?')?;
        let charset = std::str::from_utf8(&name[..length]).ok()?;
        // A language may follow (RFC 2231).
        let charset = charset.split('*').next().unwrap_or(charset);
        if charset.is_empty() || !charset.bytes().all(|b| b.is_ascii_graphic()) {
            return None;
        }
        let after = charset_from + length;
        let is_base64 = match value.get(after + 1)? {
            b'b' | b'B' => true,
            b'q' | b'Q' => false,
            _ => return None,
        };
        if value.get(after + 2) != Some(&b'?') {
            return None;
        }
        let data_from = after + 3;
        let end = find(value, data_from, b"?")?;
        if value.get(end + 1) != Some(&b'=') {
            return None;
        }
        Some((Self { charset, is_base64, data: &value[data_from..end] }, end + 2))
    }

    /// Does the base64 end with a whole group?
    fn is_whole(&self) -> bool {
        let digits = self.data.iter().filter(|b| !b.is_ascii_whitespace()).count();
        digits % 4 == 0 || self.data.contains(&b'=')
    }
}

/// The Q encoding: `_` for a space, `=XX` for a byte. What is neither stays.
fn q_decode(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    let mut rest = data;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'_' => out.push(b' '),
            b'=' => match super::transfer::hex_pair(tail) {
                Some(byte) => {
                    out.push(byte);
                    rest = &tail[2..];
                }
                None => out.push(b'='),
            },
            byte => out.push(byte),
        }
    }
    out
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(what.len()).position(|window| window == what).map(|at| from + at)
}

/// The charset label, unless it says no more than UTF-8 would.
pub(super) fn useful_charset(label: Option<&str>) -> Option<&str> {
    label.filter(|label| Encoding::for_label(label.as_bytes()).is_some_and(|e| e != UTF_8))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(value: &str) -> String {
        decode(value.as_bytes(), None)
    }

    #[test]
    fn words_are_decoded_and_the_space_between_them_dropped() {
        assert_eq!(text("=?utf-8?Q?Sm=C3=B8r?= =?utf-8?q?rebr=C3=B8d?= i dag"), "Smørrebrød i dag");
        assert_eq!(text("Re: =?iso-8859-1?Q?bl=E5_b=E6r?="), "Re: blå bær");
        assert_eq!(text("=?UTF-8*da?B?w6ViZW4=?="), "åben");
        assert_eq!(text("=?utf-8?Q?a?=\r\n =?iso-8859-1?Q?=E5?="), "aå");
    }

    #[test]
    fn characters_cut_between_words_are_whole_again() {
        assert_eq!(text("=?utf-8?Q?bl=C3?= =?utf-8?Q?=A5b=C3=A6r?="), "blåbær");
        assert_eq!(text("=?utf-8?B?YmzD?=\r\n =?UTF-8?B?pWLDpnI=?="), "blåbær");
        // Cut between the digits of base64 itself.
        assert_eq!(text("=?utf-8?B?YmzDp?= =?utf-8?B?WLDpnI=?="), "blåbær");
    }

    #[test]
    fn raw_bytes_are_read_as_the_mail_or_denmark_would() {
        assert_eq!(decode(b"Ans\xf8gning", None), "Ansøgning");
        assert_eq!(decode(b"za\xbf\xf3\xb3\xe6", Some("iso-8859-2")), "zażółć");
        assert_eq!(decode("Ansøgning".as_bytes(), Some("iso-8859-1")), "Ansøgning");
    }

    #[test]
    fn what_is_no_word_stays() {
        for value in ["=?", "=??=", "=?utf-8?X?a?=", "=?utf-8?Q?a", "2 =? 3", "=?utf-8?Q?a?b?="] {
            assert_eq!(text(value), value);
        }
        assert_eq!(text("=?utf-8?Q?100=_=ZZ?="), "100= =ZZ");
    }

    #[test]
    fn repaired_values_say_the_same() {
        for value in ["=?utf-8?Q?bl=C3?= =?utf-8?Q?=A5?= <a@b>", "plain", "a\r\n b"] {
            assert_eq!(text(&repair(value.as_bytes(), None)), text(value));
        }
    }

    proptest! {
        #[test]
        fn anything_decodes_to_something_in_one_line(
            value in prop::collection::vec(any::<u8>(), 0..100),
            words in "(=\\?(utf-8|x|)\\?[BQbq]\\?[ -~]{0,9}\\?=| ){0,9}",
        ) {
            let mut bytes = value;
            bytes.extend_from_slice(words.as_bytes());
            let _ = decode(&bytes, Some("iso-8859-1"));
            prop_assert!(!repair(&bytes, None).contains(['\r', '\n']));
        }
    }
}
