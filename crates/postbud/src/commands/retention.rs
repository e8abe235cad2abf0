//! `postbud retention`: removes what is too old, and says what went when. `postbud run` does it once
//! a day by itself.

use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::Context as _;
use async_trait::async_trait;
use postbud_pipeline::Stop;
use postbud_pipeline::ports::{Body, DeadJudge, HeldBackup, Timestamp};
use postbud_store::{Purpose, SqlStore};
use serde_json::json;
use tracing::{error, info};

use crate::cli::{Lang, RetentionArgs};
use crate::clock::Trust;
use crate::commands::backup;
use crate::config::{Config, Privacy, QueueKind};
use crate::{output, telemetry, wiring};

const DAY_MS: i64 = 86_400_000;
/// How often `postbud run` looks whether a day has passed.
const EVERY: Duration = Duration::from_secs(600);

/// Does what was asked.
pub(crate) async fn run(args: &RetentionArgs) -> anyhow::Result<()> {
    let config = wiring::installation(&args.config)?;
    telemetry::start(config.log.format, "warn");
    let store = wiring::store(&config).await?;
    if args.now {
        for purpose in Purpose::ALL {
            remove(&config, &store, purpose, Timestamp::now()).await?;
        }
    }
    let mut runs = Vec::new();
    for purpose in Purpose::ALL {
        runs.push((purpose, config.privacy.days(purpose), store.last_retention(purpose).await?));
    }
    let overdue = overdue(&config.privacy, Timestamp::now())?;
    if args.output.json {
        let runs = runs.iter().map(|(purpose, days, last)| {
            let last = last.as_ref();
            json!({
                "purpose": purpose.as_str(),
                "days": days,
                "last_run": last.map(|run| run.at),
                "older_than": last.map(|run| run.older_than),
                "gone": last.map(|run| run.gone),
            })
        });
        let enforced = config.privacy.retention;
        return output::json(&json!({
            "enforced": enforced,
            "runs": runs.collect::<Vec<_>>(),
            "overdue_backups": overdue.iter().map(|backup| json!({
                "folder": backup.folder,
                "made_at": backup.made_at,
                "kept_until": backup.kept_until,
            })).collect::<Vec<_>>(),
        }));
    }
    let lang = output::lang(args.output.lang);
    let header = match lang {
        Lang::En => ["purpose", "days", "last run (UTC)", "gone"],
        Lang::Da => ["formål", "dage", "sidst kørt (UTC)", "fjernet"],
    };
    let rows = runs.iter().map(|(purpose, days, last)| {
        let last = last.as_ref();
        vec![
            purpose_name(*purpose, lang).to_owned(),
            days.to_string(),
            last.map_or_else(|| "-".to_owned(), |run| output::moment(run.at)),
            last.map_or_else(String::new, |run| run.gone.to_string()),
        ]
    });
    output::line(&output::table(&header, &[1, 3], rows.collect()))?;
    for backup in overdue {
        let (folder, until) = (&backup.folder, output::moment(backup.kept_until));
        output::line(&match lang {
            Lang::En => format!("{folder} should have been deleted on {until}"),
            Lang::Da => format!("{folder} skulle være slettet den {until}"),
        })?;
    }
    Ok(())
}

/// The backups that are older than the operator keeps them. They are the operator's to delete.
fn overdue(privacy: &Privacy, now: Timestamp) -> anyhow::Result<Vec<HeldBackup>> {
    let mut held = backup::held(privacy)?;
    held.retain(|backup| backup.kept_until < now);
    Ok(held)
}

fn purpose_name(purpose: Purpose, lang: Lang) -> &'static str {
    match (lang, purpose) {
        (Lang::En, purpose) => purpose.as_str(),
        (Lang::Da, Purpose::Letters) => "breve",
        (Lang::Da, Purpose::Training) => "træning",
        (Lang::Da, Purpose::Decisions) => "afgørelser",
        (Lang::Da, Purpose::Access) => "adgangslog",
        (Lang::Da, Purpose::Quarantined) => "karantæne",
        (Lang::Da, Purpose::Statistics) => "statistik",
        (Lang::Da, Purpose::Leftovers) => "rester",
    }
}

async fn remove(
    config: &Config,
    store: &SqlStore,
    purpose: Purpose,
    now: Timestamp,
) -> anyhow::Result<u64> {
    let days = i64::from(config.privacy.days(purpose));
    let before = now.plus_ms(days.saturating_mul(-DAY_MS));
    // First: what fails is tried again, as long as the store has not noted that it was done.
    let dead = match purpose {
        Purpose::Leftovers => dead_letters(config, store, before).await?,
        _ => 0,
    };
    let gone = dead + store.retain(purpose, before, now).await?;
    let Some(sf2900) = config.delivery.sf2900.as_ref().filter(|_| purpose == Purpose::Letters)
    else {
        return Ok(gone);
    };
    let folder = sf2900.documents.clone();
    Ok(gone + tokio::task::spawn_blocking(move || remove_files(&folder, before)).await??)
}

/// Removes what was given up on the broker before a moment. The built-in queue lies in the store, which
/// removes its own.
async fn dead_letters(config: &Config, store: &SqlStore, before: Timestamp) -> anyhow::Result<u64> {
    if matches!(config.queue.kind, QueueKind::Embedded) {
        return Ok(0);
    }
    let queue = wiring::queue(config, store).await?;
    let gone = queue.erase_dead(&TooOld { before }).await;
    queue.shutdown().await?;
    Ok(gone?)
}

/// Condemns dead letters for their age alone. One of which nobody knows when it was given up stays.
struct TooOld {
    before: Timestamp,
}

#[async_trait]
impl DeadJudge for TooOld {
    async fn condemns(&self, _id: &str, _body: &Body, given_up_at: Option<Timestamp>) -> bool {
        given_up_at.is_some_and(|at| at < self.before)
    }
}

/// Removes the files of a folder that were last written before a moment, and says how many. Letters that
/// were handed over lie in such a folder until whoever carries them on removes them, or this does.
fn remove_files(folder: &Path, before: Timestamp) -> anyhow::Result<u64> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        entries => entries.with_context(|| format!("{} cannot be listed", folder.display()))?,
    };
    let before = UNIX_EPOCH + Duration::from_millis(before.0.try_into().unwrap_or(0));
    let mut gone = 0;
    for entry in entries {
        let entry = entry?;
        let about = entry.metadata()?;
        if about.is_file() && about.modified()? < before {
            let path = entry.path();
            std::fs::remove_file(&path)
                .with_context(|| format!("{} cannot be removed", path.display()))?;
            gone += 1;
        }
    }
    Ok(gone)
}

/// Once a day until `stop`, for each purpose on its own. What fails is tried again.
pub(crate) async fn by_day(config: &Config, store: &SqlStore, stop: &Stop) {
    if !config.privacy.retention {
        return;
    }
    let mut trust = Trust::begin();
    loop {
        for purpose in Purpose::ALL {
            if stop.is_set() {
                return;
            }
            // A clock that is years ahead would make every letter too old.
            if !trust.holds() {
                break;
            }
            match due(config, store, purpose).await {
                Ok(None | Some(0)) => {}
                Ok(Some(gone)) => {
                    info!(purpose = purpose.as_str(), gone, "what was too old is removed");
                }
                Err(error) => {
                    let purpose = purpose.as_str();
                    error!(purpose, error = %error, "what is too old could not be removed");
                }
            }
        }
        if stop.sleep(EVERY).await {
            return;
        }
    }
}

/// Removes what is too old, when the last time was a day ago.
async fn due(config: &Config, store: &SqlStore, purpose: Purpose) -> anyhow::Result<Option<u64>> {
    let now = Timestamp::now();
    let last = store.last_retention(purpose).await?;
    if last.is_some_and(|last| last.at.plus_ms(DAY_MS) > now) {
        return Ok(None);
    }
    remove(config, store, purpose, now).await.map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};

    #[test]
    fn only_files_that_are_too_old_go() {
        let root = tempfile::tempdir().unwrap();
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        for (name, seconds) in [("o-1.xml", 1_000), (".o-2.xml,7-0", 1_999), ("o-3.eml", 2_000)] {
            fs::write(root.path().join(name), b"x").unwrap();
            File::open(root.path().join(name)).unwrap().set_modified(at(seconds)).unwrap();
        }
        fs::create_dir(root.path().join("folder")).unwrap();
        let before = Timestamp(2_000_000);
        assert_eq!(remove_files(root.path(), before).unwrap(), 2);
        assert!(root.path().join("o-3.eml").is_file() && root.path().join("folder").is_dir());
        assert_eq!(remove_files(&root.path().join("not there"), before).unwrap(), 0);
    }
}
