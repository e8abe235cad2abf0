//! A delivery that failed, before the mailbox's name is added.

use postbud_decide::MailboxId;
use postbud_pipeline::ports::{DeliveryError, QueueError};
use tokio::task::JoinError;

use crate::disk::DiskError;
use crate::https::Verdict;
use crate::smtp::SmtpFault;

/// What is said when composing panics or ends in nothing that can be sent.
pub(crate) const NOT_COMPOSED: &str = "the letter could not be made into a mail";

/// What went wrong, and whether it will again.
pub(crate) struct Failure {
    permanent: bool,
    what: String,
}

impl Failure {
    pub(crate) fn permanent(what: impl Into<String>) -> Self {
        Self { permanent: true, what: what.into() }
    }

    pub(crate) fn transient(what: impl Into<String>) -> Self {
        Self { permanent: false, what: what.into() }
    }

    /// A panic is this letter's and comes again; a cancelled task means that the process stops.
    pub(crate) fn not_composed(error: &JoinError) -> Self {
        if error.is_panic() {
            Self::permanent(NOT_COMPOSED)
        } else {
            Self::transient("Postbud is stopping")
        }
    }

    /// The letter is there, or not.
    pub(crate) fn unless_accepted(verdict: Verdict) -> Result<(), Self> {
        match verdict {
            Verdict::Accepted => Ok(()),
            Verdict::Refused(what) => Err(Self::permanent(what)),
            Verdict::NotNow(what) => Err(Self::transient(what)),
        }
    }

    pub(crate) fn of(self, mailbox: &MailboxId) -> DeliveryError {
        let (mailbox, what) = (mailbox.to_string(), self.what);
        if self.permanent {
            DeliveryError::Permanent { mailbox, what, source: None }
        } else {
            DeliveryError::Transient { mailbox, what, source: None }
        }
    }
}

impl From<SmtpFault> for Failure {
    fn from(fault: SmtpFault) -> Self {
        Self { permanent: fault.permanent, what: fault.what }
    }
}

impl From<DiskError> for Failure {
    fn from(error: DiskError) -> Self {
        Self { permanent: error.is_permanent(), what: error.to_string() }
    }
}

impl From<QueueError> for Failure {
    /// Tried again whatever the broker said: a queue can be made, a right given, room freed.
    fn from(error: QueueError) -> Self {
        let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
        Self::transient(format!("{error}{}", source.unwrap_or_default()))
    }
}
