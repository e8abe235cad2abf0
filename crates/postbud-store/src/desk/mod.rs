//! What the desk keeps, behind its port.

mod back;
mod blind;
mod checks;
mod decide;
mod guests;
mod label_lists;
mod owner;
mod people;
mod switches;
mod waiting;

use std::time::Duration;

use async_trait::async_trait;
use postbud_decide::MailboxId;
use postbud_letter::LetterId;
use postbud_pipeline::ports::{
    Access, Along, Assignment, Checks as _, Desk, DeskError, Figures, Note, Session, Switch,
    SwitchState, Timestamp, User, Waiting, WaitingCount, WaitingFilter,
};

use crate::privacy;
use crate::store::{SqlStore, read, write};

pub(crate) use waiting::figures;

const NO_TIME: Duration = Duration::ZERO;

#[async_trait]
impl Desk for SqlStore {
    async fn waiting(
        &self,
        filter: &WaitingFilter,
        now: Timestamp,
    ) -> Result<Vec<Waiting>, DeskError> {
        Ok(read!(self, "listing waiting letters", tx => waiting::list(tx, filter, now))?)
    }

    async fn waiting_count(&self) -> Result<WaitingCount, DeskError> {
        Ok(read!(self, "counting waiting letters", tx => waiting::count(tx))?)
    }

    async fn claim(
        &self,
        letter: &LetterId,
        who: &str,
        now: Timestamp,
        until: Timestamp,
        force: bool,
    ) -> Result<String, DeskError> {
        Ok(write!(self, "claiming a letter", NO_TIME,
            tx => decide::claim(tx, letter, who, (now, until), force))?)
    }

    async fn decide(&self, assignment: &Assignment, grace_ms: i64) -> Result<(), DeskError> {
        self.decide_along(assignment, &Along::default(), grace_ms).await
    }

    async fn undo(&self, letter: &LetterId, who: &str, now: Timestamp) -> Result<(), DeskError> {
        let undone = write!(self, "taking a decision back", NO_TIME,
            tx => decide::undo(tx, letter, who, now))?;
        undone.then_some(()).ok_or_else(|| DeskError::TooLate(letter.clone()))
    }

    async fn add_note(&self, letter: &LetterId, note: &Note) -> Result<(), DeskError> {
        Ok(write!(self, "writing a note", NO_TIME, tx => waiting::add_note(tx, letter, note))?)
    }

    async fn notes(&self, letter: &LetterId) -> Result<Vec<Note>, DeskError> {
        Ok(read!(self, "reading notes", tx => waiting::notes(tx, letter))?)
    }

    async fn log_access(&self, access: &Access) -> Result<(), DeskError> {
        Ok(write!(self, "writing who saw a letter", NO_TIME,
            tx => privacy::log_access(tx, access))?)
    }

    async fn accesses(
        &self,
        letter: Option<&LetterId>,
        limit: u32,
    ) -> Result<Vec<Access>, DeskError> {
        Ok(read!(self, "reading who saw letters", tx => people::accesses(tx, letter, limit))?)
    }

    async fn add_user(&self, user: &User) -> Result<(), DeskError> {
        let added = write!(self, "making an account", NO_TIME, tx => people::add(tx, user))?;
        added.then_some(()).ok_or_else(|| DeskError::UserExists(user.name.clone()))
    }

    async fn disable_user(&self, name: &str, now: Timestamp) -> Result<(), DeskError> {
        let found = write!(self, "switching an account off", NO_TIME,
            tx => people::disable(tx, name, now))?;
        found.then_some(()).ok_or_else(|| DeskError::UnknownUser(name.to_owned()))
    }

    async fn set_password(&self, name: &str, password: &str) -> Result<(), DeskError> {
        let found = write!(self, "changing a password", NO_TIME,
            tx => people::set_password(tx, name, password))?;
        found.then_some(()).ok_or_else(|| DeskError::UnknownUser(name.to_owned()))
    }

    async fn user(&self, name: &str) -> Result<Option<User>, DeskError> {
        Ok(read!(self, "reading an account", tx => people::user(tx, name))?)
    }

    async fn users(&self) -> Result<Vec<User>, DeskError> {
        Ok(read!(self, "listing accounts", tx => people::users(tx))?)
    }

    async fn failed_sign_in(
        &self,
        name: &str,
        limit: u32,
        until: Timestamp,
    ) -> Result<(), DeskError> {
        Ok(write!(self, "counting a wrong password", NO_TIME,
            tx => people::failed(tx, name, limit, until))?)
    }

    async fn begin_session(
        &self,
        id: &str,
        name: &str,
        csrf: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), DeskError> {
        Ok(write!(self, "beginning a session", NO_TIME,
            tx => people::begin(tx, id, name, csrf, (now, until)))?)
    }

    async fn session(&self, id: &str, now: Timestamp) -> Result<Option<Session>, DeskError> {
        Ok(read!(self, "reading a session", tx => people::session(tx, id, now))?)
    }

    async fn end_session(&self, id: &str) -> Result<(), DeskError> {
        Ok(write!(self, "ending a session", NO_TIME, tx => people::end(tx, id))?)
    }

    async fn switch_off(
        &self,
        mailbox: Option<&MailboxId>,
        who: &str,
        now: Timestamp,
    ) -> Result<(), DeskError> {
        Ok(write!(self, "switching off", NO_TIME, tx => switches::off(tx, mailbox, who, now))?)
    }

    async fn switch_on(
        &self,
        mailbox: Option<&MailboxId>,
        who: &str,
        now: Timestamp,
    ) -> Result<SwitchState, DeskError> {
        Ok(write!(self, "switching on", NO_TIME, tx => switches::on(tx, mailbox, who, now))?)
    }

    async fn switch_states(&self) -> Result<Vec<Switch>, DeskError> {
        Ok(read!(self, "reading switches", tx => switches::states(tx))?)
    }

    async fn figures(&self) -> Result<Figures, DeskError> {
        Ok(read!(self, "counting decisions", tx => waiting::figures(tx))?)
    }
}
