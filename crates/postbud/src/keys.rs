//! The master keys of the store, from the files or the program that the configuration names. No error
//! holds a key or anything that such a program printed.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use postbud_store::{MasterKey, StoreKeys};
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use tokio::time::timeout;

use crate::config::{Config, KeySource, read_password};
use crate::exit::{self, Failure};

/// How long a program may take to say the key.
const PATIENCE: Duration = Duration::from_secs(30);
/// Nothing longer is a key.
const KEY_BYTES: u64 = 4_096;

/// The master keys; `None` when letters are written in plain.
pub(crate) async fn load(config: &Config) -> anyhow::Result<Option<StoreKeys>> {
    let Some(keys) = &config.store_keys else { return Ok(None) };
    let current = match &keys.current {
        KeySource::File(path) => from_file(path)?,
        KeySource::Command(words) => from_command(words).await?,
    };
    let more = keys.more.iter().map(|path| from_file(path)).collect::<Result<Vec<_>, _>>()?;
    Ok(Some(StoreKeys::new(current, more)))
}

fn from_file(path: &Path) -> Result<MasterKey, Failure> {
    let failure = |what: String| Failure::new(exit::CONFIGURATION, what);
    let text = read_password(path).map_err(failure)?;
    MasterKey::parse(text.expose())
        .map_err(|error| failure(format!("{} cannot be used: {error}", path.display())))
}

async fn from_command(words: &[String]) -> Result<MasterKey, Failure> {
    let program = words.first().map(String::as_str).unwrap_or_default();
    let failure =
        |what: String| Failure::new(exit::CONFIGURATION, format!("key_command: {program} {what}"));
    let mut child = Command::new(program)
        .args(words.iter().skip(1))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        // What it complains of may hold what it must not.
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failure(format!("cannot be started: {error}")))?;
    let mut text = String::new();
    let said = async {
        if let Some(out) = child.stdout.take() {
            out.take(KEY_BYTES).read_to_string(&mut text).await?;
        }
        child.wait().await
    };
    let status = timeout(PATIENCE, said)
        .await
        .map_err(|_| failure(format!("did not end within {} s", PATIENCE.as_secs())))?
        .map_err(|error| failure(format!("cannot be read from: {error}")))?;
    if !status.success() {
        return Err(failure(format!("failed ({status})")));
    }
    MasterKey::parse(&text).map_err(|error| failure(format!("printed no key: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(script: &str) -> Vec<String> {
        ["/bin/sh", "-c", script].map(str::to_owned).to_vec()
    }

    #[tokio::test]
    async fn a_program_says_the_key() {
        let text = MasterKey::generate().unwrap();
        let said = from_command(&words(&format!("echo {text}"))).await.unwrap();
        assert_eq!(said.name(), MasterKey::parse(&text).unwrap().name());
    }

    #[tokio::test]
    async fn a_program_that_says_none_is_named_and_not_quoted() {
        for script in ["echo hemmelig", "echo hemmelig >&2; exit 3", "yes hemmelig", "true"] {
            let said = from_command(&words(script)).await.unwrap_err().to_string();
            assert!(
                said.starts_with("key_command: /bin/sh ") && !said.contains("hemmelig"),
                "{said}"
            );
        }
        let missing = vec!["/no/such/program".to_owned()];
        let said = from_command(&missing).await.unwrap_err().to_string();
        assert!(said.contains("cannot be started"), "{said}");
    }

    #[test]
    fn a_file_without_a_key_is_named_and_not_quoted() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "hemmelig").unwrap();
        let said = from_file(file.path()).unwrap_err().to_string();
        assert!(said.contains("64 hexadecimal digits") && !said.contains("hemmelig"), "{said}");
        let said = from_file(Path::new("/no/such/key")).unwrap_err().to_string();
        assert!(said.contains("/no/such/key cannot be read"), "{said}");
    }
}
