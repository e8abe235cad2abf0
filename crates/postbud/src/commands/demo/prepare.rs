//! What the demo needs before it begins: its folder, the shipped model, the letters.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context;
use bytes::Bytes;
use postbud_letter::{LetterId, Limits, read};

use crate::exit::{self, Failure};
use crate::input::Line;
use crate::shipped::{LETTERS, MODEL_NAME, VERSION};

/// The file by which the demo knows its own folder again.
const MARK: &str = "this-is-a-postbud-demo";

/// A letter that the model has never seen, and where it belongs.
pub(crate) struct DemoLetter {
    pub(crate) id: LetterId,
    pub(crate) truth: String,
    pub(crate) raw: Bytes,
}

/// Makes the demo's folder ready. Returns whether an earlier demo is continued.
pub(crate) fn folder(data: &Path, fresh: bool) -> anyhow::Result<bool> {
    let shown = data.display();
    let mark = data.join(MARK);
    if data.exists() && !mark.exists() && !is_empty(data)? {
        let message = format!(
            "{shown} exists and no demo made it, so nothing in it is touched; name another folder with --data"
        );
        return Err(Failure::new(exit::FAILED, message).into());
    }
    if fresh && mark.exists() {
        // The mark goes last, so that an interrupted removal can be repeated.
        for entry in fs::read_dir(data).with_context(|| format!("{shown} cannot be listed"))? {
            let path = entry?.path();
            if path != mark {
                remove(&path).with_context(|| format!("{} cannot be removed", path.display()))?;
            }
        }
    }
    let continued = mark.exists() && !fresh;
    write(
        &mark,
        b"Made by `postbud demo`. `postbud demo --fresh` deletes everything in this folder.\n",
    )
    .and_then(|()| version(&data.join("models").join(MODEL_NAME)))
    .with_context(|| format!("{shown} cannot be written"))?;
    Ok(continued)
}

/// Writes the files of the shipped version that are not there, the model last.
fn version(folder: &Path) -> std::io::Result<()> {
    for (name, bytes) in VERSION {
        let path = folder.join(name);
        if !path.exists() {
            write(&path, bytes)?;
        }
    }
    Ok(())
}

fn is_empty(folder: &Path) -> anyhow::Result<bool> {
    let mut entries =
        fs::read_dir(folder).with_context(|| format!("{} is no folder", folder.display()))?;
    Ok(entries.next().is_none())
}

fn remove(path: &Path) -> std::io::Result<()> {
    if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

/// Whole or not at all: an interrupted demo leaves no half model.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    let half = path.with_extension("half");
    fs::write(&half, bytes)?;
    fs::rename(&half, path)
}

/// The letters that were held out of training, as real MeMo XML and real mail.
pub(crate) fn letters(limits: &Limits) -> anyhow::Result<Vec<DemoLetter>> {
    let mut letters = Vec::new();
    for (index, text) in LETTERS.lines().enumerate() {
        let number = index + 1;
        let line =
            Line::parse(text).map_err(|what| anyhow::anyhow!("shipped letter {number} {what}"))?;
        let id = line.id.as_deref().unwrap_or_default();
        if !postbud_learn::held_out(id) {
            continue;
        }
        let raw = line.raw(number);
        letters.push(DemoLetter {
            id: read(&raw, limits).id,
            truth: line.category.clone().unwrap_or_default(),
            raw,
        });
    }
    Ok(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_somebody_else_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("thesis.txt"), "mine").unwrap();
        for fresh in [false, true] {
            let error = folder(dir.path(), fresh).unwrap_err();
            assert_eq!(exit::code(&error), exit::FAILED);
            assert!(dir.path().join("thesis.txt").exists());
        }
    }

    #[test]
    fn a_second_demo_continues_and_a_fresh_one_begins_anew() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        assert!(!folder(&data, false).unwrap());
        fs::write(data.join("postbud.db"), "x").unwrap();
        assert!(folder(&data, false).unwrap());
        assert!(data.join("postbud.db").exists());
        assert!(!folder(&data, true).unwrap());
        assert!(!data.join("postbud.db").exists());
        for file in ["model.postbud", "card.md", "evaluation.json"] {
            assert!(data.join("models/klitkobing/1").join(file).exists(), "{file}");
        }
    }

    #[test]
    fn the_held_out_letters_are_a_fifth_and_all_different() {
        let letters = letters(&Limits::default()).unwrap();
        let all = LETTERS.lines().count();
        assert!((all * 17 / 100..all * 23 / 100).contains(&letters.len()), "{}", letters.len());
        let ids: std::collections::HashSet<_> = letters.iter().map(|letter| &letter.id).collect();
        assert_eq!(ids.len(), letters.len());
        assert!(letters.iter().all(|letter| !letter.truth.is_empty()));
    }
}
