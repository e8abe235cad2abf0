//! `postbud backup` and `postbud restore`: letters, decisions, labels, the embedded queue and the
//! models, in one folder with a list that proves it whole.
//!
//! What lies on RabbitMQ is not in it: those letters are with the broker, which keeps them on its
//! own disks; docs/operations.md says how to go about both together. The configuration and its
//! password files are the operator's.

mod database;
mod files;
mod manifest;

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use postbud_pipeline::ports::{HeldBackup, Timestamp};
use postbud_store::{StoreOptions, schema};

use crate::cli::{BackupArgs, RestoreArgs};
use crate::config::{Config, Privacy};
use crate::exit::{self, Failure};
use crate::{output, telemetry, wiring};

use manifest::Manifest;

const DAY_MS: i64 = 24 * 3_600_000;
/// The models in a backup.
const MODELS: &str = "models";

/// Makes a backup while everything goes on.
pub(crate) async fn backup(args: &BackupArgs) -> anyhow::Result<()> {
    let config = wiring::installation(&args.config)?;
    telemetry::start(config.log.format, "warn");
    let options = StoreOptions::new(config.store.expose());
    let found = schema(&options).await?;
    let Some(applied) = found.applied else {
        return Err(Failure::new(exit::FAILED, "there is no store yet, and nothing to keep").into());
    };
    let now = Timestamp::now();
    let folder = new_folder(&args.into, now)?;
    // The models first: a decision in the backup then never names a model that is not in it.
    if config.model.exists() {
        files::copy(&config.model, &folder.join(MODELS)).context("the models cannot be copied")?;
    }
    database::save(&config, &folder, applied == found.known).await?;
    let manifest = Manifest::of(&folder, now, applied)?;
    manifest.write(&folder)?;
    let size = manifest.files.iter().map(|file| file.bytes).sum::<u64>();
    output::line(&format!(
        "{} holds {} files, {:.1} MiB; keep it where only few may read: it holds people's letters",
        folder.display(),
        manifest.files.len(),
        size as f64 / f64::from(1 << 20),
    ))
}

/// The backups in the configured folders, oldest first, and how long each may be kept.
pub(crate) fn held(privacy: &Privacy) -> anyhow::Result<Vec<HeldBackup>> {
    let mut held = Vec::new();
    for folder in &privacy.backups {
        for (folder, made_at) in made(folder)? {
            let kept_until = made_at.plus_ms(i64::from(privacy.backups_days) * DAY_MS);
            let folder = folder.display().to_string();
            held.push(HeldBackup { folder, made_at, kept_until });
        }
    }
    held.sort_by(|a, b| (a.made_at, &a.folder).cmp(&(b.made_at, &b.folder)));
    Ok(held)
}

/// The whole backups in a folder, and when each was made. A folder that is not there holds none.
fn made(folder: &Path) -> anyhow::Result<Vec<(PathBuf, Timestamp)>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(error).with_context(|| format!("{} cannot be read", folder.display()));
        }
    };
    let mut made = Vec::new();
    for entry in entries {
        let path = entry?.path();
        // What is no backup, or is not finished, has no list.
        if let Ok(manifest) = Manifest::read(&path) {
            made.push((path, manifest.at));
        }
    }
    Ok(made)
}

/// For nobody else to read.
fn new_folder(into: &Path, now: Timestamp) -> anyhow::Result<PathBuf> {
    let name = format!("postbud-{}", output::moment(now).replace([' ', ':'], "-"));
    let make = |path: &Path| DirBuilder::new().recursive(true).mode(0o700).create(path);
    make(into).with_context(|| format!("{} cannot be made", into.display()))?;
    let folder = into.join(name);
    DirBuilder::new().mode(0o700).create(&folder).with_context(|| {
        format!("{} cannot be made; one backup a minute is enough", folder.display())
    })?;
    Ok(folder)
}

/// Brings a backup back. Nothing else may use the store meanwhile.
pub(crate) async fn restore(args: &RestoreArgs) -> anyhow::Result<()> {
    let config = wiring::installation(&args.config)?;
    telemetry::start(config.log.format, "warn");
    let manifest = Manifest::read(&args.from)?;
    manifest.verify(&args.from)?;
    let known = schema(&StoreOptions::new(config.store.expose())).await?;
    ensure!(
        manifest.schema <= known.known,
        "the backup has schema {}, newer than this version's {}; use a newer Postbud",
        manifest.schema,
        known.known
    );
    if known.applied.is_some() && !args.replace {
        let what = format!(
            "there is a store at {} already; stop every Postbud that uses it, then say --replace",
            config.store
        );
        return Err(Failure::new(exit::FAILED, what).into());
    }
    database::load(&config, &args.from).await?;
    models(&config, &args.from, args.replace)?;
    output::line(&format!(
        "{} is restored into {}. Now: `postbud migrate`, `postbud doctor`, and start it",
        args.from.display(),
        config.store
    ))
}

fn models(config: &Config, from: &Path, replace: bool) -> anyhow::Result<()> {
    let saved = from.join(MODELS);
    if !saved.exists() {
        return Ok(());
    }
    if config.model.exists() {
        if !replace {
            return output::line(&format!(
                "the models at {} stay as they are",
                config.model.display()
            ));
        }
        let aside = config.model.with_extension(format!("before-{}", Timestamp::now().0));
        fs::rename(&config.model, &aside).context("the models cannot be moved aside")?;
        output::line(&format!("the models that were there are at {}", aside.display()))?;
    }
    files::copy(&saved, &config.model).context("the models cannot be copied")
}
