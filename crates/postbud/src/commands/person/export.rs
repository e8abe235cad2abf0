//! Everything held about a person, as one archive that can be read without Postbud.

use std::fs::OpenOptions;
use std::io::{BufWriter, Seek, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context;
use postbud_decide::describe;
use postbud_letter::{Channel, LetterId};
use postbud_pipeline::ports::{
    Access, Desk as _, LabelFilter, Labels as _, LetterDetail, Store as _, Timestamp,
};
use postbud_store::{PersonKey, SqlStore};
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::dead::{AboutPerson, Fate, Found};
use super::index;
use crate::config::Config;
use crate::{output, wiring};

/// Rows of one letter's labels and accesses, at most.
const ROWS: u32 = 1_000;

/// What is held about a person.
pub(super) struct Holding {
    /// Letters of the store.
    pub(super) letters: Vec<LetterId>,
    /// Dead letters on the queue, which stay there.
    pub(super) dead: Found,
    /// Since when nothing about the person is decided automatically.
    pub(super) restricted: Option<Timestamp>,
}

impl Holding {
    /// Looks everywhere. Nothing is handed out while the queue is away: it would not be everything.
    pub(super) async fn of(
        config: &Config,
        store: &SqlStore,
        (key, cpr): (&PersonKey, &str),
    ) -> anyhow::Result<Self> {
        let queue = wiring::queue(config, store).await?;
        let judge = AboutPerson::new(config, store, cpr, Fate::HandedOut);
        let looked = queue.erase_dead(&judge).await;
        queue.shutdown().await?;
        looked?;
        index::catch_up(config, store, key).await?;
        Ok(Self {
            letters: store.letters_of(key, cpr).await?,
            dead: judge.found(),
            restricted: store.restricted_since(key, cpr).await?,
        })
    }
}

/// Writes the archive, and notes in the access log that every letter in it was handed out.
pub(super) async fn run(
    config: &Config,
    store: &SqlStore,
    holding: &Holding,
    by: &str,
    to: &Path,
) -> anyhow::Result<()> {
    let unusable = || format!("{} cannot be written", to.display());
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
    let file = file.with_context(unusable)?;
    let mut file = write(config, store, holding, by, BufWriter::new(file)).await?;
    file.flush().with_context(unusable)?;
    file.get_ref().sync_all().with_context(unusable)
}

/// The same into anything that takes bytes.
pub(super) async fn write<W: Write + Seek>(
    config: &Config,
    store: &SqlStore,
    holding: &Holding,
    by: &str,
    into: W,
) -> anyhow::Result<W> {
    let unusable = || "the archive cannot be written";
    let mut zip = ZipWriter::new(into);
    let mut overview = beginning(holding);
    for (number, id) in holding.letters.iter().enumerate() {
        let Some(detail) = store.letter(id).await? else { continue };
        let folder = format!("{:04}", number + 1);
        if let Some(raw) = store.raw(&detail.raw_id).await? {
            let name = format!("{folder}/brev.{}", ending(detail.row.channel));
            add(&mut zip, &name, &raw).with_context(unusable)?;
        }
        let held = held(store, &detail).await?;
        let text = serde_json::to_vec_pretty(&held)?;
        add(&mut zip, &format!("{folder}/oplysninger.json"), &text).with_context(unusable)?;
        overview.push_str(&told(config, &folder, &detail));
        store.log_access(&handed(by, id)).await?;
    }
    for (number, letter) in holding.dead.letters.iter().enumerate() {
        let name = format!("{DEAD}/{:04}.{}", number + 1, ending(letter.channel));
        add(&mut zip, &name, &letter.raw).with_context(unusable)?;
        overview.push_str(&format!("\n{name}  et brev, som Postbud ikke kunne bringe frem\n"));
        store.log_access(&handed(by, &letter.id)).await?;
    }
    add(&mut zip, "oversigt.txt", overview.as_bytes()).with_context(unusable)?;
    zip.finish().context("the archive cannot be finished")
}

/// The folder of dead letters.
const DEAD: &str = "strandede";

/// How much there is, and what holds for all of it.
fn beginning(holding: &Holding) -> String {
    let Holding { letters, dead, restricted } = holding;
    let mut text = format!(
        "Alt, hvad Postbud har om personen ({} UTC)\nMedarbejderes navne er udeladt.\n\n{} breve\n",
        output::moment(Timestamp::now()),
        letters.len()
    );
    text.push_str(&format!("{} strandede breve (mappen {DEAD})\n", dead.letters.len()));
    if dead.unread > 0 {
        text.push_str(&format!(
            "{} strandede breve kan ikke læses; om de nævner personen, vides ikke\n",
            dead.unread
        ));
    }
    match restricted {
        Some(since) => text.push_str(&format!(
            "Personen er begrænset siden {} UTC: en medarbejder fordeler hvert brev\n",
            output::moment(*since)
        )),
        None => text.push_str("Personen er ikke begrænset: breve fordeles som andres\n"),
    }
    text
}

fn ending(channel: Channel) -> &'static str {
    match channel {
        Channel::DigitalPost => "xml",
        Channel::Email => "eml",
        Channel::Unknown => "txt",
    }
}

/// That a letter was handed out.
fn handed(by: &str, letter: &LetterId) -> Access {
    Access {
        at: Timestamp::now(),
        by: by.to_owned(),
        letter: letter.to_string(),
        why: "export".to_owned(),
    }
}

fn add<W: Write + Seek>(zip: &mut ZipWriter<W>, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    zip.start_file(name, SimpleFileOptions::default()).map_err(std::io::Error::other)?;
    zip.write_all(bytes)
}

/// A letter in a few lines.
fn told(config: &Config, folder: &str, detail: &LetterDetail) -> String {
    let mut text = format!(
        "\n{folder}  modtaget {} UTC: {}\n",
        output::moment(detail.row.received_at),
        output::cut(&detail.row.subject, 120)
    );
    let mut decisions: Vec<_> = detail.decisions.clone();
    for decision in &mut decisions {
        if let postbud_decide::Reason::Assigned { by } = &mut decision.reason {
            WITHHELD.clone_into(by);
        }
        let said =
            describe::long(decision, &config.settings.mailboxes, postbud_decide::Lang::Danish);
        text.extend(said.lines().map(|line| format!("      {line}\n")));
    }
    text
}

/// What stands for the name of a member of staff.
const WITHHELD: &str = "en medarbejder";

/// Everything that the store holds about a letter, without names of staff.
async fn held(store: &SqlStore, detail: &LetterDetail) -> anyhow::Result<Value> {
    let letter = &detail.row.letter;
    let filter =
        LabelFilter { letter: Some(letter.clone()), limit: ROWS, ..LabelFilter::default() };
    let labels = store.label_rows(&filter).await?.into_iter().map(|label| {
        json!({
            "mailbox": label.mailbox,
            "at": label.at,
            "source": label.source.as_str(),
            "by": label.by,
            "withdrawn_at": label.withdrawn.map(|withdrawn| withdrawn.at),
        })
    });
    let notes = store.notes(letter).await?.into_iter();
    let notes = notes.map(|note| json!({ "at": note.at, "by": note.by, "text": note.text }));
    let accesses = store.accesses(Some(letter), ROWS).await?.into_iter();
    let accesses = accesses.map(|seen| json!({ "at": seen.at, "by": seen.by, "why": seen.why }));
    let mut all = json!({
        "letter": detail.row,
        "decisions": detail.decisions,
        "events": detail.events,
        "labels": labels.collect::<Vec<_>>(),
        "notes": notes.collect::<Vec<_>>(),
        "seen": accesses.collect::<Vec<_>>(),
    });
    withhold(&mut all);
    Ok(all)
}

/// Replaces every name of a person who acted. What Postbud did itself stays told.
fn withhold(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(withhold),
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                match value {
                    Value::String(name) if key == "by" && name != "postbud" => {
                        WITHHELD.clone_into(name);
                    }
                    value => withhold(value),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_staff_are_withheld_wherever_they_stand() {
        let mut value = json!({
            "by": "Anna", "a": [{ "by": "postbud" }, { "reason": { "step": "assigned", "by": "Bo" } }],
        });
        withhold(&mut value);
        assert_eq!(
            value,
            json!({
                "by": WITHHELD,
                "a": [{ "by": "postbud" }, { "reason": { "step": "assigned", "by": WITHHELD } }],
            })
        );
    }
}
