//! Letters and deliverers for the tests in this folder.

pub(crate) mod lenient;

use bytes::Bytes;
use postbud_decide::{Decision, Lang, Mailbox, MailboxId, Outcome, Reason, Target};
use postbud_deliver::{DeliverOptions, Deliverer, SmtpOptions, SmtpTls};
use postbud_letter::Limits;
use postbud_pipeline::ports::{DeliveryError, Outgoing, Target as _};
use postbud_testkit::{WebhookFault, WebhookServer};

pub(crate) const MEMO: &str = include_str!("../../letters/memo.xml");
pub(crate) const ADDRESS: &str = "vej@klitkobing.dk";
pub(crate) const SUBJECT: &str = "Hul i vejen ved Strandvej";

/// A mail with this body.
pub(crate) fn mail(body: &str) -> Vec<u8> {
    format!(
        "From: Jens <jens@example.org>\r\nSubject: {SUBJECT}\r\nMessage-ID: <a1@example.org>\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: 8bit\r\n\r\n{body}"
    )
    .into_bytes()
}

pub(crate) fn id(name: &str) -> MailboxId {
    MailboxId::parse(name).unwrap()
}

pub(crate) fn mailbox(name: &str, target: Option<Target>) -> Mailbox {
    let mut mailbox = Mailbox::new(id(name), name);
    mailbox.target = target;
    mailbox
}

/// An outbox item for the mailbox `vej`.
pub(crate) fn item(key: &str, raw: &[u8]) -> Outgoing {
    let letter = postbud_letter::read(raw, &Limits::default()).id;
    Outgoing {
        key: key.to_owned(),
        letter: letter.clone(),
        raw: Bytes::copy_from_slice(raw),
        decision: Decision {
            id: format!("d-{}", "0".repeat(32)),
            letter,
            outcome: Outcome::Route { mailbox: id("vej") },
            reason: Reason::Assigned { by: "Bodil Holm".to_owned() },
            suggestions: Vec::new(),
            documents: Vec::new(),
            text: None,
            access: None,
            urgent: false,
        },
        mailbox: id("vej"),
        attempts: 0,
    }
}

/// Options with the mailbox `vej` behind a server on this port of this machine.
pub(crate) fn options(port: u16) -> DeliverOptions {
    let mut smtp = SmtpOptions::new("localhost", "postbud@klitkobing.dk");
    smtp.port = port;
    smtp.tls = SmtpTls::None;
    smtp.timeout_ms = 10_000;
    DeliverOptions {
        mailboxes: vec![mailbox("vej", Some(Target::Smtp { address: ADDRESS.to_owned() }))],
        smtp: Some(smtp),
        domain: "klitkobing.dk".to_owned(),
        language: Lang::Danish,
        letter_limits: Limits::default(),
        not_mine: None,
        webhook: None,
        sf2900: None,
        queue_letter_bytes: 1 << 20,
    }
}

/// The same with a change.
pub(crate) fn options_with(port: u16, change: impl FnOnce(&mut SmtpOptions)) -> DeliverOptions {
    let mut options = options(port);
    options.smtp.as_mut().map(change);
    options
}

pub(crate) fn deliverer(port: u16) -> Deliverer {
    Deliverer::new(options(port)).unwrap()
}

/// `transient` or `permanent`, and what people read.
pub(crate) fn told(result: Result<(), DeliveryError>) -> (&'static str, String) {
    match result.unwrap_err() {
        error @ DeliveryError::Transient { .. } => ("transient", error.to_string()),
        error @ DeliveryError::Permanent { .. } => ("permanent", error.to_string()),
    }
}

/// What becomes of a letter with each of these answers, a line each, with `PORT` for the server's.
pub(crate) async fn answers(
    server: &WebhookServer,
    deliverer: &Deliverer,
    faults: &[WebhookFault],
) -> String {
    let url = server.url();
    let port = url.trim_start_matches("http://localhost:").trim_end_matches("/letters");
    let mut lines = Vec::new();
    for fault in faults {
        server.fail_once(fault.clone());
        let (kind, text) = told(deliverer.deliver(&item("o-1", &mail("Hej\r\n"))).await);
        lines.push(format!("{fault:?}: {kind}: {}", text.replace(port, "PORT")));
    }
    lines.join("\n")
}
