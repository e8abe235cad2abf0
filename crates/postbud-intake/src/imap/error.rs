//! What can go wrong with a mail server, and whom it concerns.

use std::io;

use async_imap::error::Error;

use crate::acceptor::AcceptError;
use crate::tls::TlsError;

/// What can go wrong with an IMAP server.
#[derive(Debug, thiserror::Error)]
pub enum ImapError {
    /// What to trust cannot be used.
    #[error("the certificates to trust cannot be used")]
    Tls(#[source] TlsError),
    /// No connection, or it broke.
    #[error("the mail server cannot be reached")]
    Unreachable(#[source] io::Error),
    /// The host name is none.
    #[error("the name of the mail server is no host name")]
    Name,
    /// Silence, or an answer without end.
    #[error("the mail server took too long {0}")]
    TooSlow(&'static str),
    /// User or password are wrong.
    #[error("the mail server refuses user or password")]
    Refused,
    /// The server cannot move one letter.
    #[error("the mail server can neither MOVE (RFC 6851) nor expunge a single letter (UIDPLUS)")]
    Unable,
    /// The mailbox is not there.
    #[error("the mail server has no folder {0}")]
    NoFolder(String),
    /// It would not do something.
    #[error("the mail server did not do what it was asked to")]
    Declined,
    /// An answer that cannot be understood. What it was is not told: it may hold a letter.
    #[error("the mail server answers what it should not")]
    Garbage,
    /// Too many letters at once, or queue and store are away.
    #[error("the letter is not accepted")]
    Accept(#[source] AcceptError),
}

impl From<io::Error> for ImapError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut => Self::TooSlow("with an answer"),
            // An answer that cannot be parsed comes this way, with its text.
            io::ErrorKind::Other => Self::Garbage,
            _ => Self::Unreachable(error),
        }
    }
}

impl From<Error> for ImapError {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => error.into(),
            Error::ConnectionLost => Self::lost(),
            Error::No(_) | Error::Bad(_) => Self::Declined,
            _ => Self::Garbage,
        }
    }
}

impl ImapError {
    /// The connection ended.
    pub(super) fn lost() -> Self {
        Self::Unreachable(io::ErrorKind::UnexpectedEof.into())
    }

    /// Is it about the server (or about us), and not about the letter in hand?
    pub(super) fn concerns_all(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::TooSlow(_) | Self::Declined | Self::Garbage => false,
            Self::Tls(_) | Self::Name | Self::Refused | Self::Unable => true,
            Self::NoFolder(_) | Self::Accept(_) => true,
        }
    }

    /// Can the same connection be used after it?
    pub(super) fn leaves_the_connection(&self) -> bool {
        matches!(self, Self::Declined)
    }

    /// One word for logs and metrics.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Tls(_) | Self::Name | Self::Unable | Self::NoFolder(_) => "settings",
            Self::Unreachable(_) => "unreachable",
            Self::TooSlow(_) => "broken",
            Self::Refused => "refused",
            Self::Declined | Self::Garbage => "garbage",
            Self::Accept(AcceptError::NoRoom) => "no-room",
            Self::Accept(_) => "not-taken",
        }
    }
}
