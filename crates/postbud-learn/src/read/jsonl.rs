//! Labelled letters from JSON Lines: one letter a line.
//!
//! A line is an object with `subject`, `body` (or `text`) and `category` (or `label`); `id`,
//! `channel`, `also`, `language`, `thread` (the same for letters of one conversation), `sender` (the
//! same for letters of one sender; only a hash of it stays), `date` (when the letter was sent) and
//! `labelled_at` (when its label was set) are kept, other keys are left alone. A file with a faulty line is refused as a whole, with the first faults and their
//! lines: a model trained on what happened to be readable would be another model than the one
//! asked for.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use postbud_letter::privacy::mask;
use serde::Deserialize;
use serde_json::error::Category;

use super::thread::sender_key;
use super::{
    Fault, LineFault, MAX_FILE_BYTES, MAX_LABEL_CHARS, MAX_LETTERS, MAX_LINE_BYTES, ReadError,
};
use crate::letter::LabelledLetter;

/// So many faults are listed; the rest is counted.
const FAULTS: usize = 10;

#[derive(Deserialize)]
struct Line {
    id: Option<String>,
    #[serde(alias = "label")]
    category: Option<String>,
    #[serde(default)]
    also: Vec<String>,
    channel: Option<String>,
    language: Option<String>,
    thread: Option<String>,
    sender: Option<String>,
    date: Option<String>,
    labelled_at: Option<String>,
    subject: Option<String>,
    #[serde(alias = "text")]
    body: Option<String>,
}

/// Adds the letters of a file; of a file with faults none.
pub(super) fn read(
    path: &Path,
    file: File,
    letters: &mut Vec<LabelledLetter>,
) -> Result<(), ReadError> {
    let before = letters.len();
    let read = read_lines(path, file, letters);
    if read.is_err() {
        letters.truncate(before);
    }
    read
}

fn read_lines(path: &Path, file: File, letters: &mut Vec<LabelledLetter>) -> Result<(), ReadError> {
    let io = |source| ReadError::Io { path: path.to_owned(), source };
    // What grows while it is read, or is no file, ends there too.
    let mut reader = BufReader::new(file.take(MAX_FILE_BYTES));
    let (mut faults, mut count) = (Vec::new(), 0);
    let mut buffer = Vec::new();
    for line in 1.. {
        buffer.clear();
        let fits = next_line(&mut reader, &mut buffer).map_err(io)?;
        let Some(fits) = fits else { break };
        let parsed = if fits { parse(&buffer) } else { Err(Fault::TooLong) };
        match parsed {
            Ok(Some(_)) if letters.len() >= MAX_LETTERS => {
                return Err(ReadError::TooMany { path: path.to_owned() });
            }
            Ok(letter) => letters.extend(letter.map(|letter| LabelledLetter {
                place: Some(format!("{}:{line}", path.display())),
                ..letter
            })),
            Err(fault) => {
                count += 1;
                if faults.len() < FAULTS {
                    faults.push(LineFault { line, fault });
                }
            }
        }
    }
    if count == 0 {
        return Ok(());
    }
    Err(ReadError::Lines { path: path.to_owned(), count, faults })
}

/// Reads a line into `buffer`, without its end. `None` at the end of the file, false when it is
/// too long; it is then passed over.
fn next_line(reader: &mut impl BufRead, buffer: &mut Vec<u8>) -> io::Result<Option<bool>> {
    let most = MAX_LINE_BYTES as u64 + 1;
    if reader.by_ref().take(most).read_until(b'\n', buffer)? == 0 {
        return Ok(None);
    }
    if buffer.last() == Some(&b'\n') {
        buffer.pop();
        return Ok(Some(true));
    }
    if buffer.len() <= MAX_LINE_BYTES {
        return Ok(Some(true));
    }
    buffer.clear();
    reader.skip_until(b'\n')?;
    Ok(Some(false))
}

/// A letter, or nothing for an empty line.
fn parse(line: &[u8]) -> Result<Option<LabelledLetter>, Fault> {
    let text = std::str::from_utf8(line).map_err(|_| Fault::NotUtf8)?;
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Ok(None);
    }
    // serde's own message quotes what it found, which may be text of the letter.
    let line: Line = serde_json::from_str(text).map_err(|error| {
        let column = error.column();
        match error.classify() {
            Category::Data => Fault::NotALetter { column },
            _ => Fault::NotJson { column },
        }
    })?;
    let label = line.category.as_deref().map_or("", str::trim);
    if label.is_empty() {
        return Err(Fault::NoLabel);
    }
    if label.chars().count() > MAX_LABEL_CHARS || label.chars().any(char::is_control) {
        return Err(Fault::BadLabel);
    }
    if line.subject.is_none() && line.body.is_none() {
        return Err(Fault::NoText);
    }
    let (subject, body) = (line.subject.unwrap_or_default(), line.body.unwrap_or_default());
    let mut letter = LabelledLetter::new(label, &subject, &body);
    // As a letter's own reader does: see `Letter::classifier_text`.
    for text in [&mut letter.subject, &mut letter.body] {
        *text = mask(text).into_owned();
    }
    if let Some(id) = line.id.filter(|id| !id.trim().is_empty()) {
        letter.id = id;
    }
    letter.also = line.also;
    letter.channel = line.channel;
    letter.language = line.language;
    letter.sent_at = line.date.as_deref().map(moment).transpose()?;
    letter.labelled_at = line.labelled_at.as_deref().map(moment).transpose()?;
    letter.sender = line.sender.as_deref().and_then(sender_key);
    letter.thread = line.thread.into_iter().filter(|thread| !thread.trim().is_empty()).collect();
    Ok(Some(letter))
}

/// Milliseconds since 1970: `2026-11-25T08:00:00Z`, with another offset, or a day in UTC.
fn moment(text: &str) -> Result<i64, Fault> {
    let text = text.trim();
    let day = || text.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
    let moment = text.parse().ok().or_else(|| day().map(|day| day.timestamp()));
    moment.map(jiff::Timestamp::as_millisecond).ok_or(Fault::BadDate)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::read_letters;
    use super::*;

    fn read(content: &[u8]) -> Result<Vec<LabelledLetter>, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("letters.jsonl");
        fs::write(&path, content).unwrap();
        let shown =
            |error: ReadError| error.to_string().replace(&path.display().to_string(), "FILE");
        read_letters(&[&path]).map_err(shown)
    }

    #[test]
    fn both_spellings_and_what_is_optional() {
        let letters = read(
            "\u{feff}{\"id\": \"7\", \"category\": \" vej-park \", \"subject\": \"s\", \"body\": \"b\", \"also\": [\"affald\"], \"channel\": \"email\", \"difficulty\": {\"x\": 1}}\r\n\n{\"text\": \"t\", \"label\": \"Ældre og pleje\"}"
                .as_bytes(),
        )
        .unwrap();
        assert_eq!((letters[0].id.as_str(), letters[0].label.as_str()), ("7", "vej-park"));
        assert_eq!(letters[0].also, ["affald"]);
        assert_eq!(letters[0].channel.as_deref(), Some("email"));
        assert_eq!((letters[1].body.as_str(), letters[1].subject.as_str()), ("t", ""));
        assert_eq!(letters[1].label, "Ældre og pleje");
        assert!(letters[1].id.starts_with("text-"));
        assert!(letters[1].place.as_ref().unwrap().ends_with("letters.jsonl:3"));
    }

    #[test]
    fn dates_threads_and_languages_are_kept() {
        let line = "{\"label\": \"a\", \"text\": \"t\", \"date\": \"1970-01-02\", \"labelled_at\": \"1970-01-01T02:00:01+01:00\", \"thread\": \"T\", \"language\": \"da\"}";
        let letter = &read(line.as_bytes()).unwrap()[0];
        assert_eq!((letter.sent_at, letter.labelled_at), (Some(86_400_000), Some(3_601_000)));
        assert_eq!((letter.thread[0].as_str(), letter.language.as_deref()), ("T", Some("da")));
        let error = read(line.replace("1970-01-02", "i går").as_bytes()).unwrap_err();
        assert!(error.contains("line 1: \"date\"") && !error.contains("i går"), "{error}");
    }

    #[test]
    fn every_fault_is_named_with_its_line_and_without_the_text() {
        let long = format!("{{\"label\": \"x\", \"text\": \"{}\"}}\n", "a".repeat(MAX_LINE_BYTES));
        let mut content = concat!(
            "{\"category\": \"a\", \"body\": \"hemmeligt\n",
            "{\"category\": 5, \"body\": \"hemmeligt\"}\n",
            "{\"category\": \"a\", \"body\": \"fint\"}\n",
            "{\"category\": \"a\", \"body\": \"hemmeligt\", \"text\": \"hemmeligt\"}\n",
            "{\"category\": \" \", \"body\": \"hemmeligt\"}\n",
            "{\"category\": \"a\"}\n",
        )
        .as_bytes()
        .to_vec();
        content.extend(format!("{{\"label\": \"{}\", \"text\": \"x\"}}\n", "é".repeat(65)).bytes());
        content.extend(b"{\"label\": \"a\xff\"}\n");
        content.extend(long.bytes());
        insta::assert_snapshot!(read(&content).unwrap_err());
    }

    #[test]
    fn an_empty_file_and_none_at_all() {
        insta::assert_snapshot!(read(b"\n\n").unwrap_err());
        let missing = read_letters(&["/nonexistent/letters.jsonl"]).unwrap_err();
        assert!(matches!(missing, ReadError::Io { .. }));
    }

    #[test]
    fn only_the_first_faults_are_listed() {
        let error = read("nonsense\n".repeat(2_000).as_bytes()).unwrap_err();
        assert!(error.starts_with("FILE: 2000 lines are"));
        assert_eq!(error.lines().count(), 1 + FAULTS);
    }
}
