//! What is said to the server once the mailbox is open.
//!
//! The library takes a NO, and a connection that ends, for the end of a list of answers. Where that
//! would pass for "nothing is there", the answers are read here.

use async_imap::imap_proto::{MailboxDatum, Response, Status};
use async_imap::types::Fetch;
use futures::TryStreamExt as _;

use super::ImapError;
use super::client::{Imap, Moves, Session};

/// Says something and shows `each` answer, until the server says that it is done.
pub(super) async fn command(
    imap: &mut Imap,
    text: &str,
    mut each: impl FnMut(&Response<'_>),
) -> Result<(), ImapError> {
    let id = imap.run_command(text).await?;
    while let Some(answer) = imap.read_response().await? {
        match answer.parsed() {
            Response::Done { tag, status, .. } if *tag == id => {
                return if *status == Status::Ok { Ok(()) } else { Err(ImapError::Declined) };
            }
            other => each(other),
        }
    }
    Err(ImapError::lost())
}

impl Session {
    /// The numbers of the messages that fit.
    pub(super) async fn search(&mut self, what: &str) -> Result<Vec<u32>, ImapError> {
        let mut found = Vec::new();
        let each = |answer: &Response<'_>| {
            if let Response::MailboxData(MailboxDatum::Search(uids)) = answer {
                found.extend_from_slice(uids);
            }
        };
        command(&mut self.imap, &format!("UID SEARCH {what}"), each).await?;
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// What the server has of one message; `None` when it is gone.
    pub(super) async fn fetch(&mut self, uid: u32, what: &str) -> Result<Option<Fetch>, ImapError> {
        let mut found = None;
        let mut answers = self.imap.uid_fetch(uid.to_string(), what).await?;
        while let Some(answer) = answers.try_next().await? {
            // A server may tell of other messages in between.
            if answer.uid == Some(uid) {
                found = Some(answer);
            }
        }
        drop(answers);
        // It is gone, or the server would not give it.
        if found.is_none() && !self.search(&format!("UID {uid}")).await?.is_empty() {
            return Err(ImapError::Declined);
        }
        Ok(found)
    }

    /// Moves one message to another folder.
    pub(super) async fn leave(&mut self, uid: u32, folder: &str) -> Result<(), ImapError> {
        let set = uid.to_string();
        match self.moves {
            Moves::Move => self.imap.uid_mv(&set, folder).await?,
            Moves::Copy => {
                self.imap.uid_copy(&set, folder).await?;
                let mark = format!("UID STORE {set} +FLAGS.SILENT (\\Deleted)");
                command(&mut self.imap, &mark, |_| ()).await?;
                command(&mut self.imap, &format!("UID EXPUNGE {set}"), |_| ()).await?;
            }
        }
        Ok(())
    }
}
