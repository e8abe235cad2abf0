//! What is sent: a letter as the bytes of one mail.
//!
//! - A **mail** keeps all its bytes; trace headers are put in front.
//! - A letter from **Digital Post** becomes a readable mail: who wrote and why it came, then the
//!   letter's text, its documents as attachments, and the original XML.
//! - Bytes that are **neither** are attached to a short mail that says so.
//!
//! The same letter and outbox item give the same bytes, always: there is no clock, no random
//! boundary and no counter in here.

mod attach;
mod facts;
mod header;
mod memo_facts;
mod prepend;
mod readable;
#[cfg(test)]
pub(crate) mod samples;
mod trace;
mod when;
mod words;

use mail_builder::Writer;
use postbud_decide::Mailbox;
use postbud_letter::{Channel, Letter};
use postbud_pipeline::NotMine;
use postbud_pipeline::ports::Outgoing;

use postbud_decide::Lang;
use readable::Kind;

pub(crate) use header::one_line;
pub(crate) use trace::{reason, token};
pub(crate) use when::day;

/// What composing needs to know beside the letter.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The municipality's mail domain, the right side of Message-IDs.
    pub domain: String,
    /// The address that mails made by Postbud come from.
    pub from: String,
    /// The language of what is written around a letter.
    pub language: Lang,
    /// The links with which a mailbox sends a letter back, where there are any.
    pub not_mine: Option<NotMine>,
}

/// Writes the mail that brings `letter` to `mailbox`. Line endings are those of the original for a
/// mail that is passed on, else CRLF.
pub fn compose(
    letter: &Letter,
    item: &Outgoing,
    mailbox: &Mailbox,
    settings: &Settings,
    mail: &mut impl Writer,
) {
    match letter.channel {
        Channel::Email if prepend::fits(&item.raw) => {
            prepend::compose(letter, item, mailbox, settings, mail);
        }
        _ => carry(letter, item, mailbox, settings, mail),
    }
}

/// A mail that is safe on any server, whatever the letter holds: ASCII, CRLF, short lines. The
/// original of a mail is attached instead of being sent as it is; other letters look as
/// [`compose`] makes them.
pub fn carry(
    letter: &Letter,
    item: &Outgoing,
    mailbox: &Mailbox,
    settings: &Settings,
    mail: &mut impl Writer,
) {
    let kind = match letter.channel {
        Channel::Email => Kind::Carried,
        Channel::DigitalPost => Kind::Memo,
        Channel::Unknown => Kind::Unknown,
    };
    readable::compose(kind, letter, item, mailbox, settings, mail);
}

#[cfg(test)]
mod tests;
