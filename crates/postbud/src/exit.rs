//! How a command ends when it cannot do its job.

use std::fmt;

use postbud_pipeline::ports::{QueueError, StoreError};

/// Some of the work could not be done.
pub(crate) const FAILED: u8 = 1;
/// The command line or the configuration has faults.
pub(crate) const CONFIGURATION: u8 = 2;
/// The queue or the store cannot be reached or used.
pub(crate) const UNREACHABLE: u8 = 3;
/// The model cannot be loaded.
pub(crate) const MODEL: u8 = 4;

/// An error that knows its exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    /// One of the codes above.
    pub(crate) code: u8,
    message: String,
}

impl Failure {
    /// A failure with this code and this message.
    pub(crate) fn new(code: u8, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// The exit code for an error, from the outermost cause that has one.
pub(crate) fn code(error: &anyhow::Error) -> u8 {
    for cause in error.chain() {
        if let Some(failure) = cause.downcast_ref::<Failure>() {
            return failure.code;
        }
        if let Some(error) = cause.downcast_ref::<StoreError>() {
            return match error {
                StoreError::Unavailable { .. } | StoreError::Incompatible { .. } => UNREACHABLE,
                _ => FAILED,
            };
        }
        if cause.is::<QueueError>() {
            return UNREACHABLE;
        }
    }
    FAILED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_failure_has_its_code() {
        assert_eq!(code(&anyhow::anyhow!("x")), FAILED);
        assert_eq!(code(&Failure::new(MODEL, "x").into()), MODEL);
        let unknown = StoreError::UnknownLetter("x".into());
        assert_eq!(code(&anyhow::Error::new(unknown).context("looking")), FAILED);
        let away = QueueError::Unroutable { queue: "q".into() };
        assert_eq!(code(&anyhow::Error::new(away).context("sending")), UNREACHABLE);
    }
}
