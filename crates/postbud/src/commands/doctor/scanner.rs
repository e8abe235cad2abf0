//! The malware scanner.

use postbud_extract::clamd::Clamd;

use super::finding::{Finding, fault, good};
use crate::config::Config;

/// Asks it for its version; nothing when there is none.
pub(super) fn scanner(config: &Config) -> Option<Finding> {
    let crate::config::Clamd { options, wait } = config.clamd.clone()?;
    let minutes = wait.as_secs() / 60;
    Some(match Clamd::new(options).version() {
        Ok(version) => good(
            "clamd",
            format!("letters are checked for malware by {version}"),
            format!("breve kontrolleres for virus af {version}"),
        ),
        Err(error) => {
            let danish = format!("breve kontrolleres ikke for virus: {error}");
            let advice = [
                format!(
                    "letters wait for it for {minutes} minutes, then they go to a person: look at the \
                     service clamav-daemon"
                ),
                format!(
                    "breve venter på den i {minutes} minutter, så går de til en medarbejder: se til \
                     tjenesten clamav-daemon"
                ),
            ];
            fault("clamd", format!("letters are not checked for malware: {error}"), danish)
                .advise(&advice[0], &advice[1])
        }
    })
}
