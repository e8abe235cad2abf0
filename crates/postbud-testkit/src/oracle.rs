//! The oracle: a process of its own that keeps what was promised, so that no fault of the tested
//! or the testing process can make it forget.
//!
//! Before letters are published it is told that they are *attempted*, and *confirmed* after the
//! broker has confirmed them. It answers when the line is on disk.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::letters::ChaosLetter;

/// What one letter is owed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obligation {
    /// The id that Postbud gives it.
    pub id: String,
    /// The SHA-256 of its bytes.
    pub hash: String,
    /// How many bytes.
    pub len: usize,
    /// The mailbox it must reach, or `person`.
    pub wanted: String,
    /// Has the broker confirmed it? If not, it may be lost.
    pub confirmed: bool,
}

/// What all letters are owed, by number.
pub type Obligations = BTreeMap<u64, Obligation>;

/// The body of the oracle's process: appends each line of standard input to the file, flushes it to
/// disk at every empty line, and then says `ok`.
///
/// # Errors
/// When the file cannot be written.
pub fn serve(file: &Path) -> Result<()> {
    let mut file = File::options().create(true).append(true).open(file)?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        if line.is_empty() {
            file.sync_data()?;
            println!("ok");
        } else {
            file.write_all(format!("{line}\n").as_bytes())?;
        }
    }
    Ok(())
}

/// The running oracle.
pub struct Oracle {
    child: Child,
    ask: ChildStdin,
    answer: BufReader<ChildStdout>,
}

impl Oracle {
    /// Starts `command`, which must call [`serve`].
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(mut command: Command) -> Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("start the oracle")?;
        let ask = child.stdin.take().context("the oracle's input")?;
        let answer = BufReader::new(child.stdout.take().context("the oracle's output")?);
        Ok(Self { child, ask, answer })
    }

    /// These letters are about to be published.
    ///
    /// # Errors
    /// When the oracle does not answer.
    pub fn attempted(&mut self, letters: &[ChaosLetter]) -> Result<()> {
        self.tell("attempted", letters)
    }

    /// The broker has confirmed these letters.
    ///
    /// # Errors
    /// When the oracle does not answer.
    pub fn confirmed(&mut self, letters: &[ChaosLetter]) -> Result<()> {
        self.tell("confirmed", letters)
    }

    fn tell(&mut self, what: &str, letters: &[ChaosLetter]) -> Result<()> {
        let mut text = String::new();
        for letter in letters {
            let ChaosLetter { number, wanted, raw } = letter;
            let (id, hash) = (letter.id(), letter.hash());
            let (len, wanted) = (raw.len(), wanted.as_str());
            text.push_str(&format!("{what} {number} {id} {hash} {len} {wanted}\n"));
        }
        text.push('\n');
        self.ask.write_all(text.as_bytes())?;
        self.ask.flush()?;
        let mut answer = String::new();
        self.answer.read_line(&mut answer)?;
        if answer.trim() != "ok" {
            bail!("the oracle has ended");
        }
        Ok(())
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads what an oracle has written.
///
/// # Errors
/// When the file cannot be read or holds something else. A last line without its end was never
/// answered and does not count.
pub fn read(file: &Path) -> Result<Obligations> {
    let text = fs::read_to_string(file).context("read what the oracle wrote")?;
    let whole = text.rfind('\n').map_or("", |end| text.get(..end).unwrap_or_default());
    let mut obligations = Obligations::new();
    for line in whole.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [what, number, id, hash, len, wanted] = words[..] else {
            bail!("the oracle wrote {line:?}");
        };
        let entry = obligations.entry(number.parse()?).or_insert_with(|| Obligation {
            id: id.to_owned(),
            hash: hash.to_owned(),
            len: 0,
            wanted: wanted.to_owned(),
            confirmed: false,
        });
        entry.len = len.parse()?;
        entry.confirmed |= what == "confirmed";
    }
    Ok(obligations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_counts_from_its_confirmation() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("oracle");
        let lines = "attempted 1 sha-a aa 10 affald\nattempted 2 sha-b bb 20 person\n\
                     confirmed 2 sha-b bb 20 person\nconfirmed 1 sha-a a";
        fs::write(&file, lines).unwrap();
        let read = read(&file).unwrap();
        assert_eq!(read.len(), 2);
        assert!(!read[&1].confirmed, "its line was cut off");
        assert!(read[&2].confirmed);
        assert_eq!((read[&2].len, read[&2].wanted.as_str()), (20, "person"));
    }

    #[test]
    fn what_is_no_line_of_an_oracle_is_told() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("o"), "something else\n").unwrap();
        assert!(read(&dir.path().join("o")).is_err());
    }
}
