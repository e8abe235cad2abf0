//! The port to what the desk keeps: the waiting list, claims, decisions that can be taken back,
//! notes, who saw what, people and their sessions.

use std::collections::BTreeSet;

use async_trait::async_trait;
use postbud_decide::{Doubt, MailboxId};
use postbud_letter::{Channel, LetterId};
use serde::{Deserialize, Serialize};

use super::{Assignment, LabelError, LetterRow, Role, StoreError, Timestamp};

/// The longest note, in characters.
pub const NOTE_CHARS: usize = 2_000;

/// Why letters wait: what stood in the way first, as doubts are called, and `returned` for one that a
/// mailbox sent back.
pub const WAITS_FOR: [&str; Doubt::WORDS.len() + 1] = {
    let mut words = ["returned"; Doubt::WORDS.len() + 1];
    let (doubts, _) = words.split_at_mut(Doubt::WORDS.len());
    doubts.copy_from_slice(&Doubt::WORDS);
    words
};

/// A place in the waiting list: what comes after it is the next page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingKey {
    /// First in line?
    pub urgent: bool,
    /// When the letter was received.
    pub received_at: Timestamp,
    /// The letter.
    pub letter: LetterId,
}

/// Which waiting letters to list.
#[derive(Debug, Clone, Default)]
pub struct WaitingFilter {
    /// Only those with this first suggestion.
    pub mailbox: Option<MailboxId>,
    /// Only those that came like this.
    pub channel: Option<Channel>,
    /// Only those that wait for this reason: a word of [`WAITS_FOR`].
    pub why: Option<String>,
    /// Only those in this language, as far as it was noticed: a two-letter code, or `other`.
    pub language: Option<String>,
    /// Only what comes after this place.
    pub after: Option<WaitingKey>,
    /// At most so many.
    pub limit: u32,
}

/// A waiting letter.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// The letter.
    pub row: LetterRow,
    /// May it belong to a mailbox that must not miss one?
    pub urgent: bool,
    /// Who has it open, if anybody.
    pub claimed_by: Option<String>,
}

/// How many letters wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingCount {
    /// All.
    pub all: u64,
    /// Those first in line.
    pub urgent: u64,
}

/// A note on a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// What.
    pub text: String,
}

/// That somebody saw a letter or something of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// Which letter; what was asked for when it was a search.
    pub letter: String,
    /// Why: `work`, `history`, `document`.
    pub why: String,
}

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name they sign in with, which stands on their labels.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The password as an argon2id PHC string.
    pub password: String,
    /// When the account was made.
    pub created_at: Timestamp,
    /// Switched off?
    pub disabled: bool,
    /// Sign-in is refused until then, after too many wrong passwords.
    pub locked_until: Timestamp,
}

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who.
    pub name: String,
    /// What they may do now.
    pub role: Role,
    /// The token that every form of theirs carries.
    pub csrf: String,
}

/// Figures for the evidence page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Letters that went out without a person.
    pub automatic: u64,
    /// Decisions at the desk that were not taken back.
    pub decided: u64,
    /// Of those, where the first suggestion was another mailbox.
    pub corrected: u64,
    /// When the oldest waiting letter was received.
    pub oldest_waiting: Option<Timestamp>,
}

/// What is switched off for automatic routing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Switches {
    /// Everything.
    pub all_off: bool,
    /// These mailboxes.
    pub off: BTreeSet<MailboxId>,
}

/// How a switch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SwitchState {
    /// As the configuration says.
    On,
    /// Off.
    Off,
    /// Off; one person wants it on again, and a second one has not confirmed it yet.
    Asked,
}

impl SwitchState {
    /// The word used in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Asked => "asked",
        }
    }

    /// The state of this name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::On, Self::Off, Self::Asked].into_iter().find(|state| state.as_str() == text)
    }
}

/// A switch that somebody has used, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switch {
    /// Of this mailbox; `None`: of everything.
    pub mailbox: Option<MailboxId>,
    /// How it stands.
    pub state: SwitchState,
    /// Who used it last.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What can go wrong at the desk.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The store cannot do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The label was refused.
    #[error(transparent)]
    Label(#[from] LabelError),
    /// The letter was decided by somebody else meanwhile.
    #[error("{by} has decided about letter {letter} already")]
    Decided {
        /// The letter.
        letter: LetterId,
        /// Who was first.
        by: String,
        /// Where they sent it.
        mailbox: String,
    },
    /// It cannot be taken back any more, or never could by this person.
    #[error("the decision about letter {0} cannot be taken back any more")]
    TooLate(LetterId),
    /// There is such an account already.
    #[error("there is a user {0} already")]
    UserExists(String),
    /// There is no such account.
    #[error("there is no user {0}; `postbud user list` lists them")]
    UnknownUser(String),
}

/// What the desk keeps, where the letters are.
#[async_trait]
pub trait Desk: Send + Sync {
    /// Waiting letters: first in line first, then by age.
    async fn waiting(
        &self,
        filter: &WaitingFilter,
        now: Timestamp,
    ) -> Result<Vec<Waiting>, DeskError>;

    /// How many letters wait.
    async fn waiting_count(&self) -> Result<WaitingCount, DeskError>;

    /// Claims a letter for `who` until `until`, unless somebody else holds it; `force` takes it
    /// over. Returns who holds it now.
    async fn claim(
        &self,
        letter: &LetterId,
        who: &str,
        now: Timestamp,
        until: Timestamp,
        force: bool,
    ) -> Result<String, DeskError>;

    /// Records a person's decision with its label. What it sends is not due before
    /// `assignment.at + grace_ms`.
    ///
    /// # Errors
    /// [`DeskError::Decided`] when somebody was first.
    async fn decide(&self, assignment: &Assignment, grace_ms: i64) -> Result<(), DeskError>;

    /// Takes a decision of `who` back while nothing was sent: the letter waits again and the label
    /// is withdrawn.
    ///
    /// # Errors
    /// [`DeskError::TooLate`].
    async fn undo(&self, letter: &LetterId, who: &str, now: Timestamp) -> Result<(), DeskError>;

    /// Adds a note.
    async fn add_note(&self, letter: &LetterId, note: &Note) -> Result<(), DeskError>;

    /// A letter's notes, oldest first.
    async fn notes(&self, letter: &LetterId) -> Result<Vec<Note>, DeskError>;

    /// Writes down that somebody saw a letter.
    async fn log_access(&self, access: &Access) -> Result<(), DeskError>;

    /// Who saw letters, or one letter, newest first.
    async fn accesses(
        &self,
        letter: Option<&LetterId>,
        limit: u32,
    ) -> Result<Vec<Access>, DeskError>;

    /// Makes an account.
    async fn add_user(&self, user: &User) -> Result<(), DeskError>;

    /// Switches an account off and ends its sessions.
    async fn disable_user(&self, name: &str, now: Timestamp) -> Result<(), DeskError>;

    /// Gives an account another password, ends its sessions and lets it sign in again at once. An
    /// account that is switched off stays so.
    ///
    /// # Errors
    /// [`DeskError::UnknownUser`].
    async fn set_password(&self, name: &str, password: &str) -> Result<(), DeskError>;

    /// The account of this name.
    async fn user(&self, name: &str) -> Result<Option<User>, DeskError>;

    /// All accounts, by name.
    async fn users(&self) -> Result<Vec<User>, DeskError>;

    /// Counts a wrong password: from the `limit`th in a row on, sign-in is refused until `until`.
    async fn failed_sign_in(
        &self,
        name: &str,
        limit: u32,
        until: Timestamp,
    ) -> Result<(), DeskError>;

    /// Begins a session under this id, and forgets wrong passwords and sessions that are over.
    async fn begin_session(
        &self,
        id: &str,
        name: &str,
        csrf: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), DeskError>;

    /// The session of this id, if it is not over and its account not switched off.
    async fn session(&self, id: &str, now: Timestamp) -> Result<Option<Session>, DeskError>;

    /// Ends a session.
    async fn end_session(&self, id: &str) -> Result<(), DeskError>;

    /// Switches automatic routing off at once: of one mailbox, or of everything.
    async fn switch_off(
        &self,
        mailbox: Option<&MailboxId>,
        who: &str,
        now: Timestamp,
    ) -> Result<(), DeskError>;

    /// Asks for automatic routing again; the second of two people who ask switches it on. Returns
    /// how the switch stands then.
    async fn switch_on(
        &self,
        mailbox: Option<&MailboxId>,
        who: &str,
        now: Timestamp,
    ) -> Result<SwitchState, DeskError>;

    /// The switches that somebody has used, with how they stand.
    async fn switch_states(&self) -> Result<Vec<Switch>, DeskError>;

    /// What is switched off.
    async fn switches(&self) -> Result<Switches, DeskError> {
        let mut switches = Switches::default();
        for switch in self.switch_states().await? {
            match switch.mailbox {
                _ if switch.state == SwitchState::On => {}
                None => switches.all_off = true,
                Some(mailbox) => {
                    switches.off.insert(mailbox);
                }
            }
        }
        Ok(switches)
    }

    /// Figures for the evidence page.
    async fn figures(&self) -> Result<Figures, DeskError>;
}
