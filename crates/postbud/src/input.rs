//! Letters from files: MeMo XML, mails, folders of them, and `letters.jsonl`.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use postbud_letter::write::Draft;
use postbud_letter::{Channel, Limits, read};
use serde::Deserialize;

/// Folders inside folders are followed this deep.
const DEPTH: usize = 8;
/// The longest line of a `letters.jsonl`, in bytes.
const LINE_BYTES: u64 = 8 << 20;
/// Letters in a file carry no date: the first gets this one (5 January 2026, 08:00 UTC), each
/// further one comes a minute later.
const FIRST_SENT_AT: i64 = 1_767_600_000_000;

/// One letter, or why there is none.
pub(crate) struct Input {
    /// Where it stands: a path, with a line number for `letters.jsonl`.
    pub(crate) name: String,
    /// The raw bytes, or what is wrong and what to do.
    pub(crate) raw: Result<Bytes, String>,
}

/// A line of `letters.jsonl`. Other keys are left alone: they belong to training.
#[derive(Deserialize)]
pub(crate) struct Line {
    #[serde(default)]
    pub(crate) id: Option<String>,
    #[serde(default)]
    pub(crate) category: Option<String>,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default, alias = "text")]
    body: Option<String>,
    #[serde(default)]
    channel: Option<Channel>,
}

impl Line {
    /// Reads line number `number`, counted from 1.
    ///
    /// # Errors
    /// What is wrong with it, without its text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let line: Self = serde_json::from_str(text).map_err(|error| {
            format!("is no letter in JSON (fault at column {}); a line holds an object with \"subject\" and \"body\"", error.column())
        })?;
        // Empty ones are letters too; an object without either is something else.
        if line.subject.is_none() && line.body.is_none() {
            return Err("has neither \"subject\" nor \"body\"".to_owned());
        }
        Ok(line)
    }

    /// Subject and body.
    pub(crate) fn text(&self) -> (&str, &str) {
        (self.subject.as_deref().unwrap_or_default(), self.body.as_deref().unwrap_or_default())
    }

    /// The letter as its channel writes it; the number gives it a name where it has none.
    pub(crate) fn raw(&self, number: usize) -> Bytes {
        let id = self.id.clone().unwrap_or_else(|| format!("line {number}"));
        let channel = self.channel.unwrap_or(Channel::Email);
        let sent_at = FIRST_SENT_AT + 60_000 * i64::try_from(number).unwrap_or_default();
        let (subject, body) = self.text();
        Draft::new(&id, channel, subject, body, sent_at).to_bytes().into()
    }
}

/// Hands every letter of `paths` to `each`, one at a time, so that a folder of large letters needs
/// the memory of one. Files of a folder come in the order of their names.
pub(crate) fn letters(paths: &[PathBuf], limits: &Limits, each: &mut dyn FnMut(Input)) {
    for path in paths {
        walk(path, limits, DEPTH, each);
    }
}

fn walk(path: &Path, limits: &Limits, depth: usize, each: &mut dyn FnMut(Input)) {
    let name = path.display().to_string();
    let failed = |what: String| Input { name: name.clone(), raw: Err(what) };
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) => return each(failed(format!("cannot be read: {error}"))),
    };
    if metadata.is_dir() {
        if depth == 0 {
            return each(failed(format!("is more than {DEPTH} folders deep; name it directly")));
        }
        match entries(path) {
            Ok(paths) => paths.iter().for_each(|path| walk(path, limits, depth - 1, each)),
            Err(error) => each(failed(format!("cannot be listed: {error}"))),
        }
    } else if path.extension().is_some_and(|extension| extension == "jsonl") {
        if let Err(what) = lines(path, each) {
            each(failed(what));
        }
    } else {
        each(Input { name: name.clone(), raw: file(path, metadata.len(), limits) });
    }
}

/// What a folder holds, by name, without hidden files.
fn entries(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

fn file(path: &Path, length: u64, limits: &Limits) -> Result<Bytes, String> {
    if length > limits.letter_bytes as u64 {
        return Err(format!(
            "is {length} bytes long; a letter may have {} (limits.letter_bytes)",
            limits.letter_bytes
        ));
    }
    let raw = fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    if raw.iter().all(u8::is_ascii_whitespace) {
        return Err("is empty".to_owned());
    }
    // Only what a person hands over is refused like this; what arrives by the queue never is.
    if read(&raw, limits).channel == Channel::Unknown {
        return Err("is neither MeMo XML nor a mail (RFC 5322)".to_owned());
    }
    Ok(raw.into())
}

fn lines(path: &Path, each: &mut dyn FnMut(Input)) -> Result<(), String> {
    let file = File::open(path).map_err(|error| format!("cannot be read: {error}"))?;
    let mut reader = BufReader::new(file);
    let mut text = String::new();
    for number in 1.. {
        text.clear();
        let read = (&mut reader).take(LINE_BYTES).read_line(&mut text);
        let read = read.map_err(|error| format!("line {number} cannot be read: {error}"))?;
        if read == 0 {
            break;
        }
        if read as u64 == LINE_BYTES {
            return Err(format!(
                "line {number} is longer than {LINE_BYTES} bytes; the rest was not read"
            ));
        }
        if !text.trim().is_empty() {
            let raw = Line::parse(&text).map(|line| line.raw(number));
            each(Input { name: format!("{}:{number}", path.display()), raw });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(paths: &[PathBuf]) -> Vec<(String, Result<Bytes, String>)> {
        let mut found = Vec::new();
        letters(paths, &Limits::default(), &mut |input| {
            found.push((input.name, input.raw));
        });
        found
    }

    #[test]
    fn a_folder_gives_its_letters_by_name_and_says_what_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
        put("b.eml", "From: a@example.dk\r\nSubject: B\r\n\r\nGoddag\r\n");
        put("c.txt", " \n ");
        put(".hidden", "x");
        put("a.jsonl", "{\"subject\":\"A\",\"body\":\"x\"}\n\nnot json\n{\"id\":\"x\"}\n");
        let found = all(&[dir.path().to_owned(), dir.path().join("missing")]);
        let outcomes: Vec<bool> = found.iter().map(|(_, raw)| raw.is_ok()).collect();
        assert_eq!(outcomes, [true, false, false, true, false, false]);
        let said: Vec<&String> = found.iter().filter_map(|(_, raw)| raw.as_ref().err()).collect();
        assert!(said[0].contains("no letter in JSON") && !said[0].contains("not json"));
        assert!(said[1].contains("neither \"subject\""));
        assert_eq!(said[2], "is empty");
        assert!(said[3].contains("cannot be read"));
    }

    #[test]
    fn a_file_above_the_limit_is_refused_before_it_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("large");
        File::create(&path).unwrap().set_len(200 << 20).unwrap();
        let found = all(&[path]);
        assert!(found[0].1.as_ref().unwrap_err().contains("limits.letter_bytes"));
    }

    #[test]
    fn the_same_line_always_gives_the_same_letter() {
        let line = r#"{"id":"L1","subject":"A","body":"x","channel":"digital_post"}"#;
        let raw = |number| Line::parse(line).unwrap().raw(number);
        assert_eq!(raw(1), raw(1));
        let letter = read(&raw(1), &Limits::default());
        assert_eq!(letter.id, read(&raw(7), &Limits::default()).id);
        assert_eq!(letter.channel, Channel::DigitalPost);
    }
}
