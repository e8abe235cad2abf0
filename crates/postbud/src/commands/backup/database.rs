//! The database's part: SQLite by a copy of the file, PostgreSQL by its own tools.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use tokio::process::Command;
use url::Url;

use crate::config::{Config, Store};
use crate::wiring;

const SQLITE: &str = "store.db";
const POSTGRES: &str = "store.dump";

/// Saves the store into `folder`. `current`: does it have this version's schema?
pub(super) async fn save(config: &Config, folder: &Path, current: bool) -> anyhow::Result<()> {
    match &config.store {
        Store::Sqlite { .. } => {
            // Opening a store brings it up to date, and a backup must come before that.
            ensure!(
                current,
                "the store waits for `postbud migrate`; before that, stop Postbud and copy its file"
            );
            let store = wiring::store(config).await?;
            let file = folder.join(SQLITE);
            store.copy_to(&file).await?;
            store.close().await;
            File::open(&file)?.sync_all()?;
            Ok(())
        }
        Store::Postgres { url } => {
            let mut dump = tool("pg_dump", url.expose())?;
            dump.args(["--format=custom", "--no-owner", "--no-privileges", "--file"]);
            finish(dump.arg(folder.join(POSTGRES)), "pg_dump").await
        }
    }
}

/// Puts the saved store in the place of the configured one.
pub(super) async fn load(config: &Config, folder: &Path) -> anyhow::Result<()> {
    match &config.store {
        Store::Sqlite { path } => {
            let saved = folder.join(SQLITE);
            ensure!(saved.exists(), "the backup holds no SQLite store; name a PostgreSQL server");
            replace_file(&saved, path)
        }
        Store::Postgres { url } => {
            let saved = folder.join(POSTGRES);
            ensure!(saved.exists(), "the backup holds no PostgreSQL store; name a SQLite file");
            let mut load = tool("pg_restore", url.expose())?;
            // One transaction: a restore that fails leaves what was there.
            load.args(["--clean", "--if-exists", "--no-owner", "--no-privileges"]);
            load.args(["--single-transaction", "--exit-on-error"]);
            finish(load.arg(saved), "pg_restore").await
        }
    }
}

/// Writes beside the old file and changes the name at the end. The old one stays, moved aside.
fn replace_file(saved: &Path, path: &Path) -> anyhow::Result<()> {
    let beside = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let new = beside(".restoring");
    fs::copy(saved, &new).with_context(|| format!("{} cannot be written", new.display()))?;
    fs::set_permissions(&new, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    File::open(&new)?.sync_all()?;
    // A log of the old file, applied to the new one, would destroy it: it moves with its file.
    for suffix in ["", "-wal", "-shm"] {
        let old = beside(suffix);
        if old.exists() {
            fs::rename(&old, beside(&format!(".before-restore{suffix}")))?;
        }
    }
    fs::rename(&new, path)?;
    Ok(())
}

/// A tool of PostgreSQL for the database at `url`; the password is in its environment, where other
/// users of the machine do not see it.
fn tool(program: &str, url: &str) -> anyhow::Result<Command> {
    let mut url = Url::parse(url).context("the URL of the store cannot be read")?;
    let mut command = Command::new(program);
    if let Some(password) = url.password() {
        let password = percent_encoding::percent_decode_str(password).decode_utf8()?.into_owned();
        command.env("PGPASSWORD", password);
        // Fails only for URLs without a host, which the configuration refuses.
        let _ = url.set_password(None);
    }
    command.arg("--dbname").arg(url.as_str()).kill_on_drop(true);
    Ok(command)
}

async fn finish(command: &mut Command, program: &str) -> anyhow::Result<()> {
    let output = command.output().await.with_context(|| {
        format!("{program} cannot be started; install PostgreSQL's client programs")
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    // Rows of a failed statement may follow; the first line names the cause.
    let first = said.lines().next().unwrap_or_default();
    bail!("{program} failed: {first}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_no_argument() {
        let command =
            tool("pg_dump", "postgres://postbud:p%40ss@db.example/postbud").expect("a tool");
        let args: Vec<_> = command.as_std().get_args().map(|arg| arg.to_string_lossy()).collect();
        assert_eq!(args, ["--dbname", "postgres://postbud@db.example/postbud"]);
        let envs: Vec<_> = command.as_std().get_envs().collect();
        assert_eq!(envs.len(), 1);
        assert_eq!(envs[0].1.expect("a value"), "p@ss");
    }

    #[test]
    fn what_was_there_is_kept_beside_the_restored_file() {
        let dir = tempfile::tempdir().expect("a folder");
        let (saved, path) = (dir.path().join("saved"), dir.path().join("data/postbud.db"));
        fs::write(&saved, "new").expect("writes");
        replace_file(&saved, &path).expect("restores into nothing");
        fs::write(dir.path().join("data/postbud.db-wal"), "log").expect("writes");
        fs::write(&path, "old").expect("writes");
        replace_file(&saved, &path).expect("restores");
        assert_eq!(fs::read_to_string(&path).expect("reads"), "new");
        let aside = dir.path().join("data/postbud.db.before-restore");
        assert_eq!(fs::read_to_string(aside).expect("reads"), "old");
        assert!(!dir.path().join("data/postbud.db-wal").exists(), "no log of another file");
    }
}
