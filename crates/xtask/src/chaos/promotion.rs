//! Another model every second while letters flow: each decision is wholly one model's.

use std::collections::BTreeMap;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use postbud_testkit::letters::{ChaosLetter, Wanted};
use serde_json::Value;

use super::place::{DIRECT, Place};
use super::stage::{PATIENCE, Stage};

const GONE: Duration = Duration::from_secs(10);
const EVERY: Duration = Duration::from_secs(1);
/// So many decisions are made again by each of the models, to compare with.
const SAMPLE: usize = 2_000;
const VERSIONS: [&str; 2] = ["models/1", "models/2"];

/// Promotes one version and rolls it back, in turn, a change a second.
pub(super) fn promotion(stage: &mut Stage<'_>) -> Result<()> {
    for (file, letters) in [("few.jsonl", 90), ("more.jsonl", 240)] {
        fs::write(stage.place.dir.join(file), examples(letters))?;
        stage.place.json(&["train", "--letters", file, "--out", "models", "--json"])?;
    }
    let load = stage.flow()?;
    let mut worker = stage.worker(None)?;
    worker.at_work(PATIENCE)?;
    while stage.goes_on() {
        let begun = Instant::now();
        let other: &[&str] = if stage.faults.is_multiple_of(2) {
            &["model", "promote", "2", "--why", "kaos"]
        } else {
            &["model", "rollback", "--why", "kaos"]
        };
        stage.place.json(&[other, &["--by", "kaos", "--config", DIRECT, "--json"]].concat())?;
        stage.faults += 1;
        thread::sleep(EVERY.saturating_sub(begun.elapsed()));
    }
    worker.terminate(GONE)?;
    stage.end_flow(load)?;
    compare(stage)
}

/// A decision is the same for the same letter and model, to the byte. So each that was made while
/// the models changed must be the one that the model it names makes of that letter alone.
fn compare(stage: &mut Stage<'_>) -> Result<()> {
    let sql = format!(
        "SELECT letter || ' ' || body FROM decisions
         WHERE body LIKE '%\"step\":\"person\"%' ORDER BY letter LIMIT {SAMPLE}"
    );
    let found = stage.campaign.postgres.query(stage.database(), &sql)?;
    let stored: Vec<(&str, Value)> = found
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(letter, body)| Ok((letter, serde_json::from_str(body)?)))
        .collect::<Result<_>>()?;
    let (seed, sent) = stage.letters()?;
    let folder = stage.place.dir.join("again");
    fs::create_dir_all(&folder)?;
    for letter in (0..sent).map(|number| ChaosLetter::new(seed, number)) {
        let id = letter.id();
        if letter.wanted == Wanted::Person && stored.iter().any(|(known, _)| *known == id) {
            fs::write(folder.join(format!("{id}.eml")), &letter.raw)?;
        }
    }
    let alone = [decided(&stage.place, VERSIONS[0])?, decided(&stage.place, VERSIONS[1])?];
    let mut counts = [0, 0];
    for (letter, decision) in &stored {
        let named = decision["reason"]["model"].as_str().unwrap_or_default();
        let by = VERSIONS.iter().position(|version| named.starts_with(&format!("{version}@")));
        match by.and_then(|by| alone[by].get(*letter).map(|alone| (by, alone))) {
            Some((by, alone)) if alone == decision => counts[by] += 1,
            _ => stage.broken.push(format!("{letter}: the decision is not that of {named:?}")),
        }
    }
    stage.notes.push(format!(
        "{} decisions of one model and {} of the other, as each alone makes them",
        counts[0], counts[1]
    ));
    ensure!(counts.iter().all(|count| *count > 0), "only one model decided: {counts:?}");
    Ok(())
}

/// What one model alone decides about the letters in the folder `again`.
fn decided(place: &Place, model: &str) -> Result<BTreeMap<String, Value>> {
    let args = ["classify", "again", "--model", model, "--config", DIRECT, "--json"];
    let list = place.json(&args)?;
    let rows = list["letters"].as_array().context("a list of decisions")?;
    let row = |row: &Value| {
        let letter = row["letter"].as_str().unwrap_or_default().to_owned();
        (letter, row["decision"].clone())
    };
    Ok(rows.iter().map(row).collect())
}

/// Letters to learn from, as JSON Lines.
fn examples(count: usize) -> String {
    let line = |n: usize| {
        let (mailbox, words) = [
            ("affald", "skraldespanden er ikke tømt"),
            ("vej-park", "der er et hul i vejen"),
            ("andet", "tillykke med fødselsdagen og hilsen"),
        ][n % 3];
        let body = format!("{words}, nummer {n} og {}", n * 7919 % 1000);
        let line = serde_json::json!({
            "id": format!("B{n}"), "category": mailbox, "subject": format!("Sag {n}"), "body": body
        });
        format!("{line}\n")
    };
    (0..count).map(line).collect()
}
