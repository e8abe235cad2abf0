//! The keys under which letters lie encrypted.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::finding::{Finding, fault, good, note};
use crate::config::{Config, KeySource};
use crate::keys;

/// Are letters encrypted, can the keys be had, and can nobody else have them?
pub(super) async fn keys(config: &Config) -> Vec<Finding> {
    let Some(sources) = &config.store_keys else {
        let english = "letters lie in plain in the store".to_owned();
        return vec![note("keys", english, "breve ligger ukrypteret i lageret".to_owned()).advise(
            "`postbud key new FILE`, then key_file in [store]; or an encrypted disk",
            "`postbud key new FIL`, så key_file i [store]; eller en krypteret disk",
        )];
    };
    let mut findings = match keys::load(config).await {
        Ok(_) => vec![good(
            "keys",
            "letters are encrypted; the keys can be had".to_owned(),
            "breve krypteres; nøglerne er til at få fat i".to_owned(),
        )],
        Err(error) => {
            let what = error.to_string();
            vec![fault("keys", what.clone(), what).advise(
                "put the key back: without it no letter can be read",
                "læg nøglen tilbage: uden den kan intet brev læses",
            )]
        }
    };
    let own = match &sources.current {
        KeySource::File(path) => Some(path),
        KeySource::Command(_) => None,
    };
    findings.extend(own.into_iter().chain(&sources.more).filter_map(|path| open_to_others(path)));
    findings
}

fn open_to_others(path: &Path) -> Option<Finding> {
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    let shown = path.display();
    (mode & 0o007 != 0).then(|| {
        let english = format!("everybody on this machine can read {shown}");
        fault("keys", english, format!("enhver på denne maskine kan læse {shown}"))
            .advise(&format!("chmod 400 {shown}"), &format!("chmod 400 {shown}"))
    })
}
