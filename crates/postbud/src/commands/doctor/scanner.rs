//! The malware scanner.

use postbud_extract::clamd::Clamd;

use super::finding::{Finding, fault, good};
use crate::config::Config;

/// Asks it for its version; nothing when there is none.
pub(super) fn scanner(config: &Config) -> Option<Finding> {
    let options = config.clamd.clone()?;
    Some(match Clamd::new(options).version() {
        Ok(version) => good(
            "clamd",
            format!("letters are checked for malware by {version}"),
            format!("breve kontrolleres for virus af {version}"),
        ),
        Err(error) => {
            let danish = format!("breve kontrolleres ikke for virus: {error}");
            fault("clamd", format!("letters are not checked for malware: {error}"), danish).advise(
                "until it answers, every letter goes to a person: look at the service clamav-daemon",
                "til den svarer, går hvert brev til en medarbejder: se til tjenesten clamav-daemon",
            )
        }
    })
}
