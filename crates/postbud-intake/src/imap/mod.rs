//! A mailbox on a mail server, read over IMAP: each letter is fetched, made durable, and only then
//! moved to a folder for processed ones.
//!
//! Nothing is remembered between two rounds: what is in the mailbox is yet to be taken. A crash
//! before the move takes the letter again, and its bytes are recognised.

mod client;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_imap::error::Error;
use async_imap::types::Fetch;
use futures::TryStreamExt as _;
use postbud_pipeline::{RetryPolicy, Stop};
use rustls::ClientConfig;
use tokio::time::timeout;
use tracing::{info, warn};

use crate::acceptor::{AcceptError, Acceptor, Kind};
use crate::activity::Activity;
use crate::arriving::Arriving;
use crate::room::Room;
use crate::tls::{self, TlsError};

use client::{Moves, Session};

/// Letters taken in one round; then the connection is made anew.
const LETTERS: usize = 500;
/// So much of a letter is passed on at once, in bytes.
const PIECE: usize = 256 << 10;
/// When the server is away.
const AWAY: RetryPolicy = RetryPolicy {
    attempts: u32::MAX,
    first: Duration::from_secs(5),
    longest: Duration::from_secs(300),
};

/// A password. Shown to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct ImapPassword(String);

impl ImapPassword {
    /// The password itself.
    #[must_use]
    pub fn new(password: String) -> Self {
        Self(password)
    }
}

impl fmt::Debug for ImapPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ImapPassword(hidden)")
    }
}

/// How the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImapTls {
    /// From the first byte.
    Tls,
    /// Plain at first, encrypted before anything is said.
    StartTls,
    /// Not at all: for a server on this machine.
    None,
}

/// Which mailbox is read, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImapOptions {
    /// The server's name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: ImapTls,
    /// Authorities to trust instead of those of the operating system, in PEM form.
    pub ca: Option<PathBuf>,
    /// Who we are.
    pub user: String,
    /// Our password.
    pub password: ImapPassword,
    /// The folder that letters are taken from, such as `INBOX`.
    pub folder: String,
    /// Where letters go when they are durable. Made when it is not there.
    pub processed: String,
    /// Where messages go that are no letters: empty, or too large.
    pub failed: String,
    /// How often to look.
    pub every: Duration,
    /// How long the server may be silent.
    pub idle: Duration,
    /// How long one letter may take in all.
    pub deadline: Duration,
}

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
    #[error("the mail server took too long")]
    TooSlow,
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

impl From<Error> for ImapError {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => Self::Unreachable(error),
            Error::ConnectionLost => Self::Unreachable(io::ErrorKind::UnexpectedEof.into()),
            Error::No(_) | Error::Bad(_) => Self::Declined,
            _ => Self::Garbage,
        }
    }
}

impl ImapError {
    /// One word for logs and metrics.
    fn word(&self) -> &'static str {
        match self {
            Self::Tls(_) | Self::Name | Self::Unable | Self::NoFolder(_) => "settings",
            Self::Unreachable(_) => "unreachable",
            Self::TooSlow => "broken",
            Self::Refused => "refused",
            Self::Declined | Self::Garbage => "garbage",
            Self::Accept(AcceptError::NoRoom) => "no-room",
            Self::Accept(_) => "not-taken",
        }
    }
}

/// Takes letters from a mailbox.
pub struct Imap {
    options: ImapOptions,
    tls: Option<Arc<ClientConfig>>,
    room: Room,
    activity: Arc<Activity>,
}

fn tls_of(options: &ImapOptions) -> Result<Option<Arc<ClientConfig>>, ImapError> {
    if options.tls == ImapTls::None {
        return Ok(None);
    }
    let config = tls::client(None, options.ca.as_deref()).map_err(ImapError::Tls)?;
    Ok(Some(Arc::new(config)))
}

impl Imap {
    /// Reads what to trust; calls nobody yet.
    ///
    /// # Errors
    /// When the certificates to trust cannot be used.
    pub fn open(options: ImapOptions, room: Room) -> Result<Self, ImapError> {
        let tls = tls_of(&options)?;
        let name = format!("{}/{}", options.host, options.folder);
        let activity = Arc::new(Activity::new("imap", name));
        Ok(Self { options, tls, room, activity })
    }

    /// Its figures.
    #[must_use]
    pub fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }

    /// Takes letters until `stop`.
    pub async fn run(&self, acceptor: &Acceptor, stop: &Stop) {
        let mut failed = 0;
        while !stop.is_set() {
            // Stopping in the middle of a letter is no loss: it is still in the mailbox.
            let round = tokio::select! {
                round = self.round(acceptor) => round,
                () = stop.wait() => return,
            };
            let pause = match round {
                Ok(taken) => {
                    failed = 0;
                    self.activity.success();
                    self.activity.well();
                    if taken >= LETTERS { Duration::ZERO } else { self.options.every }
                }
                Err(error) => {
                    failed += 1;
                    self.activity.trouble(error.word(), &error);
                    AWAY.pause_for_ever(&self.options.host, failed)
                }
            };
            stop.sleep(pause).await;
        }
    }

    /// Takes what is in the mailbox now; returns how many messages left it.
    ///
    /// # Errors
    /// When the server, the queue or the store cannot be used. What was not taken is still there.
    pub async fn round(&self, acceptor: &Acceptor) -> Result<usize, ImapError> {
        // A renewed file is taken up; what the operating system trusts takes long to read.
        let tls = if self.options.ca.is_some() { tls_of(&self.options)? } else { self.tls.clone() };
        let mut session = client::open(&self.options, tls).await?;
        let found = session.imap.uid_search("UNDELETED");
        let found = timeout(self.options.idle, found).await.map_err(|_| ImapError::TooSlow)??;
        let mut uids: Vec<u32> = found.into_iter().collect();
        uids.sort_unstable();
        let found = uids.len();
        self.activity.set_waiting(found);
        uids.truncate(LETTERS);
        for (taken, uid) in uids.iter().enumerate() {
            let letter = self.letter(*uid, &mut session, acceptor);
            timeout(self.options.deadline, letter).await.map_err(|_| ImapError::TooSlow)??;
            self.activity.set_waiting(found - taken - 1);
        }
        // Everything is done; whether the server says goodbye does not matter.
        let _ = timeout(self.options.idle, session.imap.logout()).await;
        Ok(uids.len())
    }

    async fn letter(
        &self,
        uid: u32,
        session: &mut Session,
        acceptor: &Acceptor,
    ) -> Result<(), ImapError> {
        let limit = acceptor.letter_bytes();
        let size = fetch(session, uid, "(UID RFC822.SIZE)").await?.and_then(|one| one.size);
        let Some(size) = size else {
            // Another client has taken it.
            return Ok(());
        };
        let bytes = usize::try_from(size).unwrap_or(usize::MAX);
        if bytes > limit {
            return self.refuse(uid, session, &AcceptError::TooLarge { bytes, limit }).await;
        }
        let fetched = fetch(session, uid, "(UID BODY.PEEK[])").await?;
        let Some(fetched) = fetched else { return Ok(()) };
        let arrived = async { self.pass_on(fetched, acceptor).await?.finish().await };
        match arrived.await {
            Ok(letter) => {
                leave(session, uid, &self.options.processed).await?;
                self.activity.accepted();
                info!(letter = %letter.id, bytes = letter.bytes, "taken from a mailbox by IMAP");
                Ok(())
            }
            Err(error) if error.is_final() => self.refuse(uid, session, &error).await,
            Err(error) => Err(ImapError::Accept(error)),
        }
    }

    /// Passes a message on in pieces. It has left the memory before the letter is made durable.
    async fn pass_on(&self, fetched: Fetch, acceptor: &Acceptor) -> Result<Arriving, AcceptError> {
        let mut letter = acceptor.arriving(&self.room, Kind::Anything, None);
        for piece in fetched.body().unwrap_or_default().chunks(PIECE) {
            letter.push(piece).await?;
        }
        Ok(letter)
    }

    async fn refuse(
        &self,
        uid: u32,
        session: &mut Session,
        error: &AcceptError,
    ) -> Result<(), ImapError> {
        leave(session, uid, &self.options.failed).await?;
        self.activity.refused();
        warn!(uid, %error, folder = %self.options.failed, "a message in a mailbox is no letter and was moved");
        Ok(())
    }
}

/// What the server has of one message; `None` when it is gone.
async fn fetch(session: &mut Session, uid: u32, what: &str) -> Result<Option<Fetch>, ImapError> {
    let mut answers = session.imap.uid_fetch(uid.to_string(), what).await?;
    let mut found = None;
    while let Some(answer) = answers.try_next().await? {
        // A server may tell of other messages in between.
        if answer.uid == Some(uid) {
            found = Some(answer);
        }
    }
    Ok(found)
}

/// Moves one message to another folder.
async fn leave(session: &mut Session, uid: u32, folder: &str) -> Result<(), ImapError> {
    let set = uid.to_string();
    match session.moves {
        Moves::Move => session.imap.uid_mv(&set, folder).await?,
        Moves::Copy => {
            session.imap.uid_copy(&set, folder).await?;
            let marked = session.imap.uid_store(&set, "+FLAGS.SILENT (\\Deleted)").await?;
            marked.try_collect::<Vec<_>>().await?;
            let gone = session.imap.uid_expunge(&set).await?;
            gone.try_collect::<Vec<_>>().await?;
        }
    }
    Ok(())
}
