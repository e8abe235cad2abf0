//! One letter with everything that making its outgoing form needs, to be moved to another thread.

use std::sync::Arc;

use mail_builder::Writer;
use postbud_decide::Mailbox;
use postbud_letter::{Letter, Limits};
use postbud_pipeline::ports::{Envelope, Outgoing};

use crate::compose::{self, Settings};
use crate::sf2900::{self, Handover, Subject, Who};
use crate::slip;
use crate::smtp::{Parcel, Wire};
use crate::webhook;

/// One letter to compose.
#[derive(Clone)]
pub(crate) struct Job {
    pub(crate) item: Outgoing,
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) limits: Limits,
}

impl Job {
    /// The letter's parts.
    pub(crate) fn read(&self) -> Letter {
        postbud_letter::read(&self.item.raw, &self.limits)
    }

    /// Writes the mail, as [`compose::compose`] makes it.
    pub(crate) fn compose(&self, letter: &Letter, mail: &mut impl Writer) {
        compose::compose(letter, &self.item, &self.mailbox, &self.settings, mail);
    }

    /// A mail that every server allows, with the letter attached.
    pub(crate) fn carried(&self, letter: &Letter) -> Option<Wire> {
        let mut mail = Vec::new();
        compose::carry(letter, &self.item, &self.mailbox, &self.settings, &mut mail);
        Wire::new(mail)
    }

    /// The mail as it is where the wire allows, else attached to one that it allows.
    pub(crate) fn parcel(&self) -> Option<Parcel> {
        let letter = self.read();
        let mut mail = Vec::new();
        self.compose(&letter, &mut mail);
        let wire = Wire::new(mail).or_else(|| self.carried(&letter))?;
        let mut secrets = vec![letter.subject];
        secrets.extend(letter.sender.label);
        Some(Parcel { wire, secrets })
    }

    /// The body of a webhook's POST.
    pub(crate) fn payload(&self) -> Option<Vec<u8>> {
        webhook::payload(&self.read(), &self.item, &self.key(), &self.mailbox, &self.settings)
    }

    /// The letter as it lies on a queue.
    pub(crate) fn envelope(&self) -> Envelope {
        slip::envelope(&self.read(), &self.item, &self.mailbox, &self.settings)
    }

    /// The letter as it is handed over by KLE. `now` is in UTC milliseconds since 1970.
    pub(crate) fn handover(&self, who: &Who, subject: &Subject, now: i64) -> Option<Handover> {
        let (letter, mailbox) = (self.read(), &self.mailbox);
        sf2900::handover(&letter, &self.item, mailbox, &self.settings, who, subject, now).ok()
    }

    /// The key by which whoever takes the letter recognises it: the same on every attempt.
    pub(crate) fn key(&self) -> String {
        compose::token(&self.item.key)
    }
}
