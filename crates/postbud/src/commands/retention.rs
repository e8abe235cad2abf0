//! `postbud retention`: removes what is too old, and says what went when. `postbud run` does it once
//! a day by itself.

use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::Context as _;
use postbud_pipeline::Stop;
use postbud_pipeline::ports::Timestamp;
use postbud_store::{Purpose, SqlStore};
use serde_json::json;
use tracing::{error, info};

use crate::cli::{Lang, RetentionArgs};
use crate::clock::Trust;
use crate::config::Config;
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
        return output::json(&json!({ "enforced": enforced, "runs": runs.collect::<Vec<_>>() }));
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
    output::line(&output::table(&header, &[1, 3], rows.collect()))
}

fn purpose_name(purpose: Purpose, lang: Lang) -> &'static str {
    match (lang, purpose) {
        (Lang::En, purpose) => purpose.as_str(),
        (Lang::Da, Purpose::Letters) => "breve",
        (Lang::Da, Purpose::Training) => "træning",
        (Lang::Da, Purpose::Decisions) => "afgørelser",
        (Lang::Da, Purpose::Access) => "adgangslog",
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
    let gone = store.retain(purpose, before, now).await?;
    let Some(sf2900) = config.delivery.sf2900.as_ref().filter(|_| purpose == Purpose::Letters)
    else {
        return Ok(gone);
    };
    let folder = sf2900.documents.clone();
    Ok(gone + tokio::task::spawn_blocking(move || remove_files(&folder, before)).await??)
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
