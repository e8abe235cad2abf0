//! Labelled letters from JSON Lines: one letter a line.
//!
//! A line is an object with `subject`, `body` (or `text`) and `category` (or `label`); `id`,
//! `channel` and `also` are kept, other keys are left alone. A file with a faulty line is refused
//! as a whole, with the first faults and their lines: a model trained on what happened to be
//! readable would be another model than the one asked for.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::error::Category;

use crate::letter::LabelledLetter;

/// The longest line, in bytes.
pub const MAX_LINE_BYTES: usize = 8 << 20;
/// The largest file, in bytes.
pub const MAX_FILE_BYTES: u64 = 4 << 30;
/// The most letters of one training.
pub const MAX_LETTERS: usize = postbud_model::MAX_LETTERS;
/// The longest label, in characters: it is a mailbox id.
pub const MAX_LABEL_CHARS: usize = 64;
/// So many faults are listed; the rest is counted.
const FAULTS: usize = 10;

/// Why no letters were read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be opened or read.
    #[error("{}: could not be read", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// From the operating system.
        source: io::Error,
    },
    /// It is larger than [`MAX_FILE_BYTES`].
    #[error("{}: {bytes} bytes are too many, at most {MAX_FILE_BYTES} are read; divide the file", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// There are more letters than [`MAX_LETTERS`].
    #[error("{}: more than {MAX_LETTERS} letters are too many for one training", path.display())]
    TooMany {
        /// The file.
        path: PathBuf,
    },
    /// It holds no letter.
    #[error("{}: holds no letter; a letter is one line {{\"subject\": …, \"body\": …, \"category\": …}}", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// Lines that are no labelled letters.
    #[error("{}: {count} {} no labelled letter\n{}", path.display(), plural(*count), list(faults))]
    Lines {
        /// The file.
        path: PathBuf,
        /// How many.
        count: usize,
        /// The first of them.
        faults: Vec<LineFault>,
    },
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "line is" } else { "lines are" }
}

fn list(faults: &[LineFault]) -> String {
    let lines: Vec<String> = faults.iter().map(|fault| format!("  {fault}")).collect();
    lines.join("\n")
}

/// A line that is no labelled letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineFault {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a line. Never holds text of the letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Not JSON.
    NotJson {
        /// Where it stops being JSON, in bytes counted from 1.
        column: usize,
    },
    /// JSON, but a key has a value of the wrong kind, or stands there twice.
    NotALetter {
        /// Where, in bytes counted from 1.
        column: usize,
    },
    /// Not UTF-8.
    NotUtf8,
    /// Longer than [`MAX_LINE_BYTES`].
    TooLong,
    /// No label, or an empty one.
    NoLabel,
    /// A label that cannot be a mailbox.
    BadLabel,
    /// Neither subject nor body.
    NoText,
}

impl fmt::Display for LineFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match &self.fault {
            Fault::NotJson { column } => write!(f, "no JSON from column {column} on"),
            Fault::NotALetter { column } => write!(
                f,
                "column {column}: \"subject\", \"body\", \"category\", \"id\" and \"channel\" are texts, \"also\" is a list of texts, each given once"
            ),
            Fault::NotUtf8 => f.write_str("is not UTF-8; convert the file"),
            Fault::TooLong => write!(f, "longer than {MAX_LINE_BYTES} bytes"),
            Fault::NoLabel => {
                f.write_str("has no \"category\" (or \"label\"): the mailbox it belongs to")
            }
            Fault::BadLabel => write!(
                f,
                "its label is longer than {MAX_LABEL_CHARS} characters or has control characters; a label is the id of a mailbox"
            ),
            Fault::NoText => f.write_str("has neither \"subject\" nor \"body\" (or \"text\")"),
        }
    }
}

#[derive(Deserialize)]
struct Line {
    id: Option<String>,
    #[serde(alias = "label")]
    category: Option<String>,
    #[serde(default)]
    also: Vec<String>,
    channel: Option<String>,
    subject: Option<String>,
    #[serde(alias = "text")]
    body: Option<String>,
}

/// Reads the letters of several files, in order.
///
/// # Errors
/// [`ReadError`] for the first file that cannot be used.
pub fn read_letters(paths: &[impl AsRef<Path>]) -> Result<Vec<LabelledLetter>, ReadError> {
    let mut letters = Vec::new();
    for path in paths {
        let path = path.as_ref();
        let before = letters.len();
        read_file(path, &mut letters)?;
        if letters.len() == before {
            return Err(ReadError::Empty { path: path.to_owned() });
        }
    }
    Ok(letters)
}

fn read_file(path: &Path, letters: &mut Vec<LabelledLetter>) -> Result<(), ReadError> {
    let io = |source| ReadError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    let bytes = file.metadata().map_err(io)?.len();
    if bytes > MAX_FILE_BYTES {
        return Err(ReadError::TooLarge { path: path.to_owned(), bytes });
    }
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
            Ok(letter) => letters.extend(letter),
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
    if let Some(id) = line.id.filter(|id| !id.trim().is_empty()) {
        letter.id = id;
    }
    letter.also = line.also;
    letter.channel = line.channel;
    Ok(Some(letter))
}

#[cfg(test)]
mod tests {
    use std::fs;

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
