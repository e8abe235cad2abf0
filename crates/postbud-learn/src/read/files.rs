//! One file: what it is, and its letters.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

use postbud_letter::Limits;
use rayon::prelude::*;

use super::mbox::{Message, Messages};
use super::{MAX_FILE_BYTES, MAX_LETTERS, ReadError, Reading, Skipped, Why, content, jsonl, name};
use crate::letter::LabelledLetter;

/// Messages of an mbox that are held at a time: so many, or so many bytes.
const BATCH: usize = 1_024;
const BATCH_BYTES: usize = 32 << 20;

/// A file that somebody named: JSON Lines, or an mbox.
pub(super) fn read_named(path: &Path, reading: &mut Reading) -> Result<(), ReadError> {
    let io = |source| ReadError::Io { path: path.to_owned(), source };
    let (file, head) = open(path).map_err(io)?;
    let bytes = file.metadata().map_err(io)?.len();
    if bytes > MAX_FILE_BYTES {
        return Err(ReadError::TooLarge { path: path.to_owned(), bytes });
    }
    if head.starts_with(b"From ") {
        let bad = || ReadError::BadName { path: path.to_owned() };
        let label = path.file_name().and_then(name::of_mbox).ok_or_else(bad)?;
        let found = mbox(file, &label, &path.display().to_string()).map_err(io)?;
        return take(found, path, reading);
    }
    if !is_jsonl(path, &head) {
        return Err(ReadError::NoLabels { path: path.to_owned() });
    }
    jsonl::read(path, file, &mut reading.letters)
}

/// JSON Lines by their first byte, or by name: a file that wants to be some is told its faults.
pub(super) fn is_jsonl(path: &Path, head: &[u8]) -> bool {
    let head = head.strip_prefix("\u{feff}".as_bytes()).unwrap_or(head).trim_ascii_start();
    let named = path.extension().and_then(|end| end.to_str());
    head.starts_with(b"{")
        || named.is_some_and(|end| ["jsonl", "ndjson", "json"].contains(&end))
        || head.is_empty()
}

/// Opens a file and reads its first bytes; they are read again.
pub(super) fn open(path: &Path) -> io::Result<(File, Vec<u8>)> {
    let mut file = File::open(path)?;
    let mut head = Vec::new();
    file.by_ref().take(512).read_to_end(&mut head)?;
    file.rewind()?;
    Ok((file, head))
}

/// The letters of a file, and what was none.
pub(super) type Found = (Vec<LabelledLetter>, Vec<Skipped>);

pub(super) fn take(found: Found, path: &Path, reading: &mut Reading) -> Result<(), ReadError> {
    reading.letters.extend(found.0);
    found.1.into_iter().for_each(|skipped| reading.skip(skipped));
    if reading.letters.len() > MAX_LETTERS {
        return Err(ReadError::TooMany { path: path.to_owned() });
    }
    Ok(())
}

/// A file in the folder of a mailbox: one letter, or an mbox of several.
pub(super) fn in_mailbox(path: &Path, label: &str, place: &str) -> Found {
    read_file(path, label, place)
        .unwrap_or_else(|why| (Vec::new(), vec![Skipped::new(place, &why)]))
}

fn read_file(path: &Path, label: &str, place: &str) -> Result<Found, Why> {
    let limits = Limits::default();
    let mut file = File::open(path).map_err(Why::Unreadable)?;
    let length = file.metadata().map_err(Why::Unreadable)?.len();
    let mut raw = Vec::with_capacity(usize::try_from(length).unwrap_or(0).min(1 << 20));
    file.by_ref().take(512).read_to_end(&mut raw).map_err(Why::Unreadable)?;
    if raw.starts_with(b"From ") {
        if length > MAX_FILE_BYTES {
            return Err(Why::TooLarge { most: MAX_FILE_BYTES });
        }
        file.rewind().map_err(Why::Unreadable)?;
        return mbox(file, label, place).map_err(Why::Unreadable);
    }
    let most = limits.letter_bytes as u64;
    let rest = most.saturating_sub(raw.len() as u64) + 1;
    file.take(rest).read_to_end(&mut raw).map_err(Why::Unreadable)?;
    if raw.len() as u64 > most {
        return Err(Why::TooLarge { most });
    }
    let mut letter = content::letter(&raw, label, &limits)?;
    letter.place = Some(place.to_owned());
    Ok((vec![letter], Vec::new()))
}

/// The messages of an mbox, read in batches so that a large one needs little memory.
pub(super) fn mbox(file: File, label: &str, place: &str) -> io::Result<Found> {
    let limits = Limits::default();
    let mut messages =
        Messages::new(BufReader::new(file.take(MAX_FILE_BYTES)), limits.letter_bytes);
    let (mut letters, mut skipped) = (Vec::new(), Vec::new());
    let mut number = 0;
    loop {
        let mut batch: Vec<(usize, Message)> = Vec::new();
        let mut bytes = 0;
        while batch.len() < BATCH && bytes < BATCH_BYTES {
            let Some(message) = messages.next()? else { break };
            number += 1;
            bytes += message.as_ref().map_or(0, Vec::len);
            batch.push((number, message));
        }
        if batch.is_empty() || letters.len() > MAX_LETTERS {
            return Ok((letters, skipped));
        }
        let read = |(number, message): &(usize, Message)| {
            let place = format!("{place}#{number}");
            let most = limits.letter_bytes as u64;
            let raw = message.as_ref().map_err(|_| Why::TooLarge { most });
            let letter = raw.and_then(|raw| content::letter(raw, label, &limits));
            let letter = letter.map_err(|why| Skipped::new(place.as_str(), &why))?;
            Ok(LabelledLetter { place: Some(place), ..letter })
        };
        let read: Vec<Result<LabelledLetter, Skipped>> = batch.par_iter().map(read).collect();
        for each in read {
            match each {
                Ok(letter) => letters.push(letter),
                Err(why) => skipped.push(why),
            }
        }
    }
}
