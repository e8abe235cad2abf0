//! `postbud labels import`: sorted mail from before Postbud becomes labelled letters.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use postbud_decide::{MailboxId, assigned};
use postbud_letter::{raw_sha256_hex, read};
use postbud_pipeline::ports::{ImportOutcome, Imported, RawId, Timestamp};
use postbud_store::SqlStore;
use serde_json::json;

use crate::cli::ImportArgs;
use crate::commands::letters::known;
use crate::config::Config;
use crate::exit::{self, Failure};
use crate::input::{self, Line};
use crate::{output, telemetry, wiring};

/// The longest line of a `letters.jsonl`, in bytes.
const LINE_BYTES: u64 = 8 << 20;
/// So many letters that could not be imported are named.
const NAMED: usize = 10;

/// What came of an import.
#[derive(Default)]
struct Count {
    stored: u64,
    known: u64,
    erased: u64,
    failed: u64,
    faults: Vec<String>,
}

/// A letter to import, or why it is none.
struct Found {
    place: String,
    letter: Result<(MailboxId, Bytes), String>,
    /// Letters in JSON Lines carry no date of their own.
    dated: bool,
}

/// Imports everything that can be, and says what could not.
pub(super) async fn run(args: &ImportArgs) -> anyhow::Result<()> {
    let config = wiring::installation(&args.config)?;
    telemetry::start(config.log.format, "warn");
    let store = wiring::store(&config).await?;
    let mut count = Count::default();
    // Reading and storing take turns over a short channel, so that memory stays bounded.
    let (sender, mut receiver) = tokio::sync::mpsc::channel::<Found>(4);
    let (paths, own) = (args.paths.clone(), config.clone());
    let reading = tokio::task::spawn_blocking(move || {
        for path in &paths {
            // The receiver is gone when storing failed: then there is nothing more to read for.
            walk(path, &own, &mut |found| sender.blocking_send(found).is_ok());
        }
    });
    while let Some(found) = receiver.recv().await {
        import(&store, &config, args, found, &mut count).await?;
    }
    reading.await?;
    report(args, &count)
}

async fn import(
    store: &SqlStore,
    config: &Config,
    args: &ImportArgs,
    found: Found,
    count: &mut Count,
) -> anyhow::Result<()> {
    let (mailbox, raw) = match found.letter {
        Ok(letter) => letter,
        Err(what) => {
            count.failed += 1;
            if count.faults.len() < NAMED {
                count.faults.push(format!("{} {what}", found.place));
            }
            return Ok(());
        }
    };
    let letter = read(&raw, &config.limits);
    let now = Timestamp::now();
    let sent_at = letter.sent_at.filter(|at| found.dated && *at <= now.0).map(Timestamp);
    let imported = Imported {
        decision: assigned(&letter.id, &mailbox, args.by.trim(), Vec::new()),
        letter: letter.id.clone(),
        channel: letter.channel,
        subject: letter.subject.clone(),
        received_at: sent_at.unwrap_or(now),
        raw_id: RawId(raw_sha256_hex(&raw)),
        raw,
        mailbox,
        by: args.by.trim().to_owned(),
        at: now,
    };
    match store.import(&imported).await? {
        ImportOutcome::Stored => count.stored += 1,
        ImportOutcome::Known => count.known += 1,
        ImportOutcome::Erased => count.erased += 1,
    }
    Ok(())
}

/// Hands every letter below a path to `each` until that says no.
fn walk(path: &Path, config: &Config, each: &mut dyn FnMut(Found) -> bool) {
    let fault =
        |what: String| Found { place: path.display().to_string(), letter: Err(what), dated: false };
    if path.extension().is_some_and(|end| end == "jsonl") {
        if let Err(what) = lines(path, config, each) {
            each(fault(what));
        }
        return;
    }
    let folders = match folders(path) {
        Ok(folders) if folders.is_empty() => {
            each(fault("holds no sub-folder; a folder has one per mailbox".to_owned()));
            return;
        }
        Ok(folders) => folders,
        Err(error) => {
            each(fault(format!("cannot be read: {error}")));
            return;
        }
    };
    for folder in folders {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mailbox = known(config, &name).map_err(|error| format!("is no mailbox: {error}"));
        let mailbox = match mailbox {
            Ok(mailbox) => mailbox,
            Err(what) => {
                let place = folder.display().to_string();
                each(Found { place, letter: Err(what), dated: false });
                continue;
            }
        };
        let mut go_on = true;
        input::letters(std::slice::from_ref(&folder), &config.limits, &mut |input| {
            let letter = input.raw.map(|raw| (mailbox.clone(), raw));
            go_on = go_on && each(Found { place: input.name, letter, dated: true });
        });
        if !go_on {
            return;
        }
    }
}

fn folders(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

fn lines(path: &Path, config: &Config, each: &mut dyn FnMut(Found) -> bool) -> Result<(), String> {
    let file = File::open(path).map_err(|error| format!("cannot be read: {error}"))?;
    let mut reader = BufReader::new(file);
    let mut text = String::new();
    for number in 1.. {
        text.clear();
        let read = (&mut reader).take(LINE_BYTES).read_line(&mut text);
        let read = read.map_err(|error| format!("line {number} cannot be read: {error}"))?;
        if read as u64 == LINE_BYTES {
            return Err(format!("line {number} is longer than {LINE_BYTES} bytes"));
        }
        if read == 0 {
            break;
        }
        if text.trim().is_empty() {
            continue;
        }
        let letter = Line::parse(&text).and_then(|line| {
            let label = line.category.as_deref().map_or("", str::trim);
            let mailbox = known(config, label).map_err(|error| error.to_string())?;
            Ok((mailbox, line.raw(number)))
        });
        let place = format!("{}:{number}", path.display());
        if !each(Found { place, letter, dated: false }) {
            break;
        }
    }
    Ok(())
}

fn report(args: &ImportArgs, count: &Count) -> anyhow::Result<()> {
    if args.output.json {
        output::json(&json!({
            "stored": count.stored,
            "known": count.known,
            "erased": count.erased,
            "failed": count.failed,
            "faults": count.faults,
        }))?;
    } else {
        for fault in &count.faults {
            output::line(&output::plain(fault))?;
        }
        let lang = output::lang(args.output.lang);
        output::line(&super::words::imported(
            lang,
            [count.stored, count.known, count.erased, count.failed],
        ))?;
    }
    if count.failed > 0 {
        let message = format!("{} letters could not be imported", count.failed);
        return Err(Failure::new(exit::FAILED, message).into());
    }
    Ok(())
}
