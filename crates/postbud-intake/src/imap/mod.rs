//! A mailbox on a mail server, read over IMAP: each letter is fetched, made durable, and only then
//! moved to a folder for processed ones.
//!
//! What is in the mailbox is yet to be taken; nothing else is remembered, except which letters could
//! not be had: they keep no other waiting. A crash before the move takes the letter again, and its
//! bytes are recognised.

mod client;
mod commands;
mod error;
mod patience;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_imap::types::Fetch;
use postbud_pipeline::{RetryPolicy, Stop};
use rustls::ClientConfig;
use tokio::time::timeout;
use tracing::{info, warn};

use crate::acceptor::{AcceptError, Acceptor, Kind};
use crate::activity::{Activity, chain};
use crate::arriving::Arriving;
use crate::aside::{Aside, IN_A_ROW};
use crate::room::Room;
use crate::tls;

use client::{Session, within};

pub use error::ImapError;

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
    /// Pauses of a letter that cannot be had while others can; `None` for the usual ones (30
    /// seconds to 10 minutes).
    pub aside: Option<RetryPolicy>,
}

/// Takes letters from a mailbox.
pub struct Imap {
    options: ImapOptions,
    tls: Option<Arc<ClientConfig>>,
    room: Room,
    activity: Arc<Activity>,
    aside: Aside<u32>,
    /// Of the mailbox that the numbers in `aside` belong to.
    validity: Option<u32>,
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
        let aside = Aside::new(options.aside);
        Ok(Self { options, tls, room, activity, aside, validity: None })
    }

    /// Its figures.
    #[must_use]
    pub fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }

    /// Takes letters until `stop`.
    pub async fn run(&mut self, acceptor: &Acceptor, stop: &Stop) {
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
                    if !self.aside.may_concern_all() {
                        self.activity.success();
                        self.activity.well();
                    }
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
    /// When the server, the queue or the store cannot be used, or when no letter at all could be had.
    /// What was not taken is still there. A fault of one letter is no error when others come: it is
    /// counted and the letter tried again later.
    pub async fn round(&mut self, acceptor: &Acceptor) -> Result<usize, ImapError> {
        let mut session = self.session().await?;
        self.is_as_before(&session);
        let search = session.search("UNDELETED");
        let found = within(self.options.idle, "to list its letters", search).await?;
        self.aside.retain(|uid| found.binary_search(uid).is_ok());
        self.activity.set_waiting(found.len());
        let (mut taken, mut gone, mut in_a_row, mut fault) = (0, 0, 0, None);
        for uid in self.due(&found) {
            let letter = self.letter(uid, &mut session, acceptor);
            let error = match within(self.options.deadline, "with a letter", letter).await {
                Ok(left) => {
                    in_a_row = 0;
                    *if left { &mut taken } else { &mut gone } += 1;
                    self.aside.taken(uid);
                    self.activity.set_waiting(found.len() - taken - gone);
                    continue;
                }
                Err(error) => error,
            };
            if error.concerns_all() {
                self.aside.blame(uid);
                return Err(error);
            }
            self.set_aside(uid, &error);
            in_a_row += 1;
            if in_a_row >= IN_A_ROW {
                return Err(error);
            }
            if !error.leaves_the_connection() {
                session = self.session().await?;
                if !self.is_as_before(&session) {
                    break;
                }
            }
            fault = Some(error);
        }
        // Everything is done; whether the server says goodbye does not matter.
        let _ = timeout(self.options.idle, session.imap.logout()).await;
        match fault {
            Some(error) if self.aside.may_concern_all() => Err(error),
            _ => Ok(taken),
        }
    }

    async fn session(&self) -> Result<Session, ImapError> {
        // A renewed file is taken up; what the operating system trusts takes long to read.
        let tls = if self.options.ca.is_some() { tls_of(&self.options)? } else { self.tls.clone() };
        client::open(&self.options, tls).await
    }

    /// Do numbers still name the same letters? Otherwise what is known of them is forgotten.
    fn is_as_before(&mut self, session: &Session) -> bool {
        let same = self.validity == session.validity;
        if !same {
            self.aside.retain(|_| false);
            self.validity = session.validity;
        }
        same
    }

    /// What is tried in this round.
    fn due(&self, found: &[u32]) -> Vec<u32> {
        let mut due: Vec<u32> =
            found.iter().copied().filter(|uid| self.aside.is_due(*uid)).collect();
        self.aside.order(&mut due);
        due.truncate(LETTERS);
        due
    }

    /// Puts a letter aside for a while.
    fn set_aside(&mut self, uid: u32, error: &ImapError) {
        let failed = self.aside.set(uid);
        let error = chain(error);
        warn!(uid, failed, error, folder = %self.options.folder, "a letter in a mailbox is set aside; it stays there and is tried again");
    }

    /// Takes one letter; returns whether it was still there.
    async fn letter(
        &self,
        uid: u32,
        session: &mut Session,
        acceptor: &Acceptor,
    ) -> Result<bool, ImapError> {
        let limit = acceptor.letter_bytes();
        let size = session.fetch(uid, "(UID RFC822.SIZE)").await?.and_then(|one| one.size);
        let Some(size) = size else {
            // Another client has taken it.
            return Ok(false);
        };
        let bytes = usize::try_from(size).unwrap_or(usize::MAX);
        if bytes > limit {
            return self.refuse(uid, session, &AcceptError::TooLarge { bytes, limit }).await;
        }
        let fetched = session.fetch(uid, "(UID BODY.PEEK[])").await?;
        let Some(fetched) = fetched else { return Ok(false) };
        let arrived = async { self.pass_on(fetched, acceptor).await?.finish().await };
        match arrived.await {
            Ok(letter) => {
                session.leave(uid, &self.options.processed).await?;
                self.activity.accepted();
                info!(letter = %letter.id, bytes = letter.bytes, "taken from a mailbox by IMAP");
                Ok(true)
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
    ) -> Result<bool, ImapError> {
        session.leave(uid, &self.options.failed).await?;
        self.activity.refused();
        warn!(uid, %error, folder = %self.options.failed, "a message in a mailbox is no letter and was moved");
        Ok(true)
    }
}
