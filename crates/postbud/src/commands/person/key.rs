//! The key of the index of people: a file that only Postbud may read, made when it is first needed.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context;
use postbud_store::PersonKey;
use sha2::{Digest as _, Sha256};

use super::no_key;
use crate::config::Config;

/// A key file is never longer.
const FILE_BYTES: u64 = 256;

/// The key, made anew when there is none.
pub(super) fn key(config: &Config) -> anyhow::Result<PersonKey> {
    let path = &config.privacy.key_file;
    if let Some(key) = read(path)? {
        return Ok(key);
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| unusable(path))?;
    }
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Ok(mut file) => {
            writeln!(file, "{}", fresh()).with_context(|| unusable(path))?;
            file.sync_all().with_context(|| unusable(path))?;
        }
        // Another process was quicker: its key counts.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error).with_context(|| unusable(path)),
    }
    Ok(read(path)?.ok_or_else(|| no_key(config))?)
}

/// The key, which must be there.
pub(crate) fn existing_key(config: &Config) -> anyhow::Result<PersonKey> {
    Ok(read(&config.privacy.key_file)?.ok_or_else(|| no_key(config))?)
}

fn read(path: &Path) -> anyhow::Result<Option<PersonKey>> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| unusable(path)),
    };
    let mut text = String::new();
    file.take(FILE_BYTES).read_to_string(&mut text).with_context(|| unusable(path))?;
    Ok(Some(PersonKey::parse(&text).with_context(|| unusable(path))?))
}

fn unusable(path: &Path) -> String {
    format!("the key of the index of people in {} cannot be used", path.display())
}

/// 256 bits from the system's generator.
fn fresh() -> String {
    let mut hash = Sha256::new();
    // Each has 122 bits of chance.
    for _ in 0..4 {
        hash.update(uuid::Uuid::new_v4().as_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
