//! The malware scanner behind the pipeline's port, and in front of whoever else opens documents.

use std::sync::Arc;

use postbud_decide::NotChecked;
use postbud_extract::clamd::{Answer, Clamd, ClamdError};
use postbud_letter::Letter;
use postbud_pipeline::ports::{Documents, Scanned, Scanner};
use tracing::warn;

use crate::config::Config;

struct ByClamd(Clamd);

impl Scanner for ByClamd {
    /// clamd takes a mail apart itself, but not what lies in Digital Post; so it is shown both.
    fn check(&self, letter: &Letter, raw: &[u8]) -> Scanned {
        let documents = letter.documents.iter().map(|document| document.bytes.as_ref());
        scanned(self.0.check(std::iter::once(raw).chain(documents)), letter)
    }
}

fn scanned(answer: Result<Answer, ClamdError>, letter: &Letter) -> Scanned {
    let error = match answer {
        Ok(Answer::Clean) => return Scanned::Clean,
        Ok(Answer::Found { signature }) => {
            warn!(letter = %letter.id, signature, "malware found: the letter is quarantined");
            return Scanned::Infected { signature };
        }
        Err(error) => error,
    };
    let source = std::error::Error::source(&error).map(ToString::to_string);
    warn!(letter = %letter.id, error = %error, source, "not checked for malware: a person decides");
    Scanned::Unchecked(match error {
        ClamdError::Away(_) => NotChecked::Away,
        ClamdError::Late => NotChecked::Late,
        ClamdError::TooLarge => NotChecked::TooLarge,
        ClamdError::BadAnswer => NotChecked::BadAnswer,
    })
}

/// The scanner of this configuration; `None` when nobody looks for malware.
pub(crate) fn scanner(config: &Config) -> Option<Arc<dyn Scanner>> {
    let options = config.clamd.clone()?;
    Some(Arc::new(ByClamd(Clamd::new(options))))
}

/// Reads documents only of letters in which the scanner finds nothing.
struct Guarded {
    documents: Arc<dyn Documents>,
    scanner: Arc<dyn Scanner>,
}

impl Documents for Guarded {
    fn attach(&self, letter: &mut Letter) {
        // The raw bytes are not at hand here; what is opened are the documents.
        if self.scanner.check(letter, &[]) == Scanned::Clean {
            self.documents.attach(letter);
        }
    }
}

/// `documents` behind the scanner of this configuration, for those who open documents without
/// going through the steps of a letter.
pub(crate) fn guarded(config: &Config, documents: Arc<dyn Documents>) -> Arc<dyn Documents> {
    match scanner(config) {
        Some(scanner) => Arc::new(Guarded { documents, scanner }),
        None => documents,
    }
}
