//! Marks of personal data: every letter of the tests bears them, and no log, metric, trace, error or
//! reason may.
//!
//! Tests put what processes say into a folder ([`OUTPUTS`] names it); when they are over, `cargo xtask
//! test` looks for the marks in all of it ([`search`]).

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

/// The variable that names the folder with what processes said.
pub const OUTPUTS: &str = "POSTBUD_TEST_OUTPUTS";

/// The name of whoever writes.
pub const NAME: &str = "Sporhilde Maerkegaard";
/// Her address.
pub const EMAIL: &str = "sporhilde@maerket.example";
/// Her CPR number.
pub const CPR: &str = "2909854673";
/// A word that she alone writes.
pub const WORD: &str = "Kendeordsproeve";

/// What is searched for. Two parts of the name, since either alone is personal data, too.
const SOUGHT: [(&str, &str); 6] = [
    ("a name", "Sporhilde"),
    ("a name", "Maerkegaard"),
    ("an e-mail address", "maerket.example"),
    ("a CPR number", CPR),
    ("a CPR number", "290985-4673"),
    ("a word of a letter", WORD),
];

/// What a letter says so that it bears the marks that its head does not.
#[must_use]
pub fn line() -> String {
    format!("{WORD} {}-{}", &CPR[..6], &CPR[6..])
}

/// A text in base64 with the marks quoted at its end, in base64. What is none comes back as it is.
#[must_use]
pub fn quoted_in_base64(text: &str) -> String {
    let Ok(mut bytes) = STANDARD.decode(text) else { return text.to_owned() };
    bytes.extend_from_slice(format!("\r\n\r\n> {} {EMAIL}\r\n", line()).as_bytes());
    STANDARD.encode(bytes)
}

/// A mark where none may be. Says where and of what kind, and never the mark itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    /// The file.
    pub file: PathBuf,
    /// Its line, from 1.
    pub line: usize,
    /// What kind of mark.
    pub kind: &'static str,
}

impl fmt::Display for Marked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.kind)
    }
}

/// Every mark in the files below `folder`.
///
/// # Errors
/// A file cannot be read.
pub fn search(folder: &Path) -> io::Result<Vec<Marked>> {
    let mut found = Vec::new();
    let mut paths =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            found.extend(search(&path)?);
        } else {
            found.extend(in_file(&path)?);
        }
    }
    Ok(found)
}

/// Every mark in one file.
///
/// # Errors
/// It cannot be read.
pub fn in_file(path: &Path) -> io::Result<Vec<Marked>> {
    let marks = marks_in(&fs::read(path)?);
    let marked = |(line, kind)| Marked { file: path.to_owned(), line, kind };
    Ok(marks.into_iter().map(marked).collect())
}

/// Line and kind of every mark: as it is written, in any case, or in base64.
fn marks_in(bytes: &[u8]) -> Vec<(usize, &'static str)> {
    let forms: Vec<(&'static str, Vec<u8>, bool)> = SOUGHT
        .iter()
        .flat_map(|(kind, mark)| {
            let plain = (*kind, mark.to_lowercase().into_bytes(), true);
            let coded = in_base64(mark).into_iter().map(|code| (*kind, code, false));
            std::iter::once(plain).chain(coded)
        })
        .collect();
    let mut found = Vec::new();
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let lower = line.to_ascii_lowercase();
        for (kind, form, any_case) in &forms {
            let text = if *any_case { lower.as_slice() } else { line };
            if text.windows(form.len()).any(|window| window == form.as_slice()) {
                found.push((number + 1, *kind));
            }
        }
    }
    found.dedup();
    found
}

/// What is the same in base64 whatever stands before and behind, for each of the three places where
/// it can begin.
fn in_base64(mark: &str) -> Vec<Vec<u8>> {
    let inner = |before: usize| {
        let text = [&vec![b' '; before], mark.as_bytes()].concat();
        let coded = STANDARD_NO_PAD.encode(&text).into_bytes();
        // Characters that hold a bit of a neighbour differ.
        let from = (before * 8).div_ceil(6);
        let to = text.len() * 8 / 6;
        coded.get(from..to).unwrap_or_default().to_vec()
    };
    (0..3).map(inner).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(usize, &'static str)> {
        marks_in(text.as_bytes())
    }

    #[test]
    fn every_mark_is_found_in_every_form() {
        for (kind, mark) in SOUGHT {
            for before in ["", "x", "xy", "xyz"] {
                let text = format!("{before}{mark} og mere");
                let coded = STANDARD_NO_PAD.encode(&text);
                for form in [text.clone(), text.to_lowercase(), text.to_uppercase(), coded] {
                    assert!(kinds(&form).contains(&(1, kind)), "{mark} in {form}");
                }
            }
        }
        assert_eq!(
            kinds(&format!("et\nto {}\n", line())),
            [(2, "a CPR number"), (2, "a word of a letter"),]
        );
        assert_eq!(kinds(EMAIL), [(1, "a name"), (1, "an e-mail address")]);
    }

    #[test]
    fn what_bears_no_mark_is_clean() {
        let log = "2026-11-23 INFO letter=sha-2909854673f moved 290985 of 4673 example.org";
        assert_eq!(kinds(&log.replace("2909854673", "290985467")), []);
        assert_eq!(kinds(""), []);
    }

    #[test]
    fn a_finding_names_the_place_and_never_the_mark() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("deep")).unwrap();
        fs::write(folder.path().join("deep/1-run.err"), format!("godt\n{NAME}\n")).unwrap();
        fs::write(folder.path().join("2-send.err"), "godt\n").unwrap();
        let found = search(folder.path()).unwrap();
        assert_eq!(found.len(), 1, "once for each kind and line: {found:?}");
        let said = found[0].to_string();
        assert!(said.ends_with("deep/1-run.err:2: a name"), "{said}");
        assert!(SOUGHT.iter().all(|(_, mark)| !said.contains(mark)));
    }
}
