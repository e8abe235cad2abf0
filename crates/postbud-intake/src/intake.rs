//! All adapters of an installation: opened before anything begins, then run side by side.

use std::sync::Arc;

use futures::future::join_all;
use postbud_pipeline::Stop;

use crate::acceptor::Acceptor;
use crate::activity::Activity;
use crate::folder::{Folder, FolderError, FolderOptions};
use crate::forward::Forward;
use crate::imap::{Imap, ImapError, ImapOptions};
use crate::listening::ListenError;
use crate::ngdp::{Ngdp, NgdpError, NgdpOptions};
use crate::push::{Push, PushOptions};
use crate::room::Room;
use crate::smtp::{Smtp, SmtpOptions};

/// The ways in which letters come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntakeOptions {
    /// Memory for letters that are arriving, in bytes, all adapters together.
    pub memory_bytes: usize,
    /// Drop folders.
    pub folders: Vec<FolderOptions>,
    /// Digital Post.
    pub digital_post: Option<NgdpOptions>,
    /// Mail listeners.
    pub smtp: Vec<SmtpOptions>,
    /// The push endpoint.
    pub push: Option<PushOptions>,
    /// Mailboxes read over IMAP.
    pub imap: Vec<ImapOptions>,
}

/// Why letters cannot come in.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A drop folder.
    #[error("a drop folder cannot be served")]
    Folder(#[source] FolderError),
    /// Digital Post.
    #[error("Digital Post cannot be asked for letters")]
    Ngdp(#[source] NgdpError),
    /// A mail listener.
    #[error("letters cannot be taken by mail")]
    Smtp(#[source] ListenError),
    /// The push endpoint.
    #[error("letters cannot be taken by push")]
    Push(#[source] ListenError),
    /// A mailbox over IMAP.
    #[error("letters cannot be taken from a mailbox over IMAP")]
    Imap(#[source] ImapError),
}

/// Adapters that are ready and take nothing yet.
pub struct Intake {
    folders: Vec<Folder>,
    digital_post: Option<Ngdp>,
    smtp: Vec<Smtp>,
    push: Option<Push>,
    imap: Vec<Imap>,
    foreign: Vec<Forward>,
}

impl Intake {
    /// Opens folders, reads certificates, takes addresses.
    ///
    /// # Errors
    /// Names what cannot be used.
    pub async fn open(options: IntakeOptions) -> Result<Self, OpenError> {
        let room = Room::new(options.memory_bytes);
        let folders: Result<Vec<_>, _> = options.folders.into_iter().map(Folder::open).collect();
        let digital_post = options.digital_post.map(|options| Ngdp::open(options, room.clone()));
        let mut smtp = Vec::new();
        for options in options.smtp {
            smtp.push(Smtp::open(options, room.clone()).await.map_err(OpenError::Smtp)?);
        }
        let imap = options.imap.into_iter().map(|options| Imap::open(options, room.clone()));
        let imap: Result<Vec<_>, _> = imap.collect();
        let imap = imap.map_err(OpenError::Imap)?;
        let push = match options.push {
            Some(options) => Some(Push::open(options, room).await.map_err(OpenError::Push)?),
            None => None,
        };
        Ok(Self {
            smtp,
            push,
            imap,
            foreign: Vec::new(),
            folders: folders.map_err(OpenError::Folder)?,
            digital_post: digital_post.transpose().map_err(OpenError::Ngdp)?,
        })
    }

    /// Takes from a queue of somebody else's too.
    #[must_use]
    pub fn with_foreign(mut self, foreign: Forward) -> Self {
        self.foreign.push(foreign);
        self
    }

    /// The figures of every adapter, for the monitoring.
    #[must_use]
    pub fn activities(&self) -> Vec<Arc<Activity>> {
        let folders = self.folders.iter().map(|folder| Arc::clone(folder.activity()));
        let ngdp = self.digital_post.iter().map(|ngdp| Arc::clone(ngdp.activity()));
        let smtp = self.smtp.iter().map(|smtp| Arc::clone(smtp.activity()));
        let push = self.push.iter().map(|push| Arc::clone(push.activity()));
        let imap = self.imap.iter().map(|imap| Arc::clone(imap.activity()));
        let foreign = self.foreign.iter().map(|foreign| Arc::clone(foreign.activity()));
        folders.chain(ngdp).chain(smtp).chain(push).chain(imap).chain(foreign).collect()
    }

    /// Takes letters until `stop`. An adapter that is in trouble holds up no other.
    pub async fn run(mut self, acceptor: &Acceptor, stop: &Stop) {
        let folders = join_all(self.folders.iter().map(|folder| folder.run(acceptor, stop)));
        let smtp = join_all(self.smtp.iter().map(|smtp| smtp.run(acceptor, stop)));
        let push = async {
            if let Some(push) = &self.push {
                push.run(acceptor, stop).await;
            }
        };
        let digital_post = async {
            if let Some(ngdp) = &mut self.digital_post {
                ngdp.run(acceptor, stop).await;
            }
        };
        let imap = join_all(self.imap.iter_mut().map(|imap| imap.run(acceptor, stop)));
        let foreign = join_all(self.foreign.iter().map(|foreign| foreign.run(acceptor, stop)));
        tokio::join!(folders, digital_post, smtp, push, imap, foreign);
    }
}
