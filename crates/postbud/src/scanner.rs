//! The malware scanner behind the pipeline's port, and in front of whoever else opens documents.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use postbud_decide::NotChecked;
use postbud_extract::clamd::{Answer, Clamd, ClamdError};
use postbud_letter::Letter;
use postbud_pipeline::ports::{Documents, Scanned, Scanner};
use tracing::{info, warn};

use crate::config::Config;

struct ByClamd {
    clamd: Clamd,
    /// How long letters wait for it.
    wait: Duration,
    /// Since when it is away.
    away_since: Mutex<Option<Instant>>,
}

impl Scanner for ByClamd {
    /// clamd takes a mail apart itself, but not what lies in Digital Post; so it is shown both.
    fn check(&self, letter: &Letter, raw: &[u8]) -> Scanned {
        let documents = letter.documents.iter().map(|document| document.bytes.as_ref());
        match self.clamd.check(std::iter::once(raw).chain(documents)) {
            Ok(Answer::Clean) => {
                self.answers();
                Scanned::Clean
            }
            Ok(Answer::Found { signature }) => {
                self.answers();
                warn!(letter = %letter.id, signature, "malware found: the letter is quarantined");
                Scanned::Infected { signature }
            }
            Err(error) => self.unchecked(&error, letter),
        }
    }

    fn state(&self) -> Result<String, String> {
        self.clamd.version().map_err(|error| error.to_string())
    }
}

impl ByClamd {
    fn new(options: crate::config::Clamd) -> Self {
        let crate::config::Clamd { options, wait } = options;
        Self { clamd: Clamd::new(options), wait, away_since: Mutex::default() }
    }

    fn unchecked(&self, error: &ClamdError, letter: &Letter) -> Scanned {
        let (why, blamed) = match error {
            ClamdError::Away(_) => (NotChecked::Away, false),
            ClamdError::Silent => (NotChecked::Late, false),
            ClamdError::Broke(_) => (NotChecked::Away, true),
            // It is there: the letter is what it cannot do.
            ClamdError::Late => return unseen(error, letter, NotChecked::Late),
            ClamdError::TooLarge => return unseen(error, letter, NotChecked::TooLarge),
            ClamdError::BadAnswer => return unseen(error, letter, NotChecked::BadAnswer),
        };
        if self.away(error) < self.wait {
            return Scanned::Later { why, blamed };
        }
        unseen(error, letter, why)
    }

    fn since(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.away_since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that it is away; for how long.
    fn away(&self, error: &ClamdError) -> Duration {
        let mut since = self.since();
        if since.is_none() && !self.wait.is_zero() {
            let minutes = self.wait.as_secs() / 60;
            let source = source(error);
            warn!(error = %error, source, minutes, "no malware scanner: letters wait for it");
        }
        since.get_or_insert_with(Instant::now).elapsed()
    }

    fn answers(&self) {
        if let Some(since) = self.since().take() {
            let seconds = since.elapsed().as_secs();
            info!(seconds, "the malware scanner answers again");
        }
    }
}

fn source(error: &ClamdError) -> Option<String> {
    std::error::Error::source(error).map(ToString::to_string)
}

fn unseen(error: &ClamdError, letter: &Letter, why: NotChecked) -> Scanned {
    let source = source(error);
    warn!(letter = %letter.id, error = %error, source, "not checked for malware: a person decides");
    Scanned::Unchecked(why)
}

/// The scanner of this configuration; `None` when nobody looks for malware.
pub(crate) fn scanner(config: &Config) -> Option<Arc<dyn Scanner>> {
    config.clamd.clone().map(|clamd| Arc::new(ByClamd::new(clamd)) as _)
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
