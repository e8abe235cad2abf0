//! Letters, mailboxes and outbox items for the unit tests.

use bytes::Bytes;
use postbud_decide::{Decision, Mailbox, MailboxId, ModelId, Outcome, Reason, Target};
use postbud_letter::{Letter, LetterId, Limits};
use postbud_pipeline::ports::Outgoing;

use super::Settings;
use postbud_decide::Lang;

pub(crate) const MEMO: &str = include_str!("../../tests/letters/memo.xml");
pub(crate) const MAIL: &str = "From: Jens Møller <jens@example.org>\r\n\
    To: kommunen@klitkobing.dk\r\n\
    Subject: =?utf-8?Q?Hul_i_vejen_p=C3=A5_Strandvej?=\r\n\
    Date: Tue, 24 Nov 2026 13:05:00 +0100\r\n\
    Message-ID: <a1@example.org>\r\n\
    \r\n\
    Der er et stort hul ud for nr. 7.\r\n";

pub(crate) fn settings() -> Settings {
    Settings {
        domain: "klitkobing.dk".to_owned(),
        from: "postbud@klitkobing.dk".to_owned(),
        language: Lang::Danish,
        not_mine: None,
    }
}

pub(crate) fn mailbox() -> Mailbox {
    let id = MailboxId::parse("dagtilbud").unwrap();
    let mut mailbox = Mailbox::new(id, "Dagtilbud og pladsanvisning");
    mailbox.target = Some(Target::Smtp { address: "dagtilbud@klitkobing.dk".to_owned() });
    mailbox
}

pub(crate) fn item(raw: &[u8]) -> Outgoing {
    let letter = read(raw).id;
    Outgoing {
        key: "o-17".to_owned(),
        letter: letter.clone(),
        raw: Bytes::copy_from_slice(raw),
        decision: decision(letter),
        mailbox: mailbox().id,
        attempts: 0,
    }
}

pub(crate) fn read(raw: &[u8]) -> Letter {
    postbud_letter::read(raw, &Limits::default())
}

fn decision(letter: LetterId) -> Decision {
    Decision {
        id: "d-0123456789abcdef0123456789abcdef".to_owned(),
        letter,
        outcome: Outcome::Route { mailbox: mailbox().id },
        reason: Reason::Model {
            model: ModelId("klitkobing/1@9f2c".to_owned()),
            probability: 0.973,
            threshold: 0.92,
            words: Vec::new(),
        },
        suggestions: Vec::new(),
        documents: Vec::new(),
        text: None,
        access: None,
        urgent: false,
    }
}
