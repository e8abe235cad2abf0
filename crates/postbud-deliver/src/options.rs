//! How letters are sent, and the check of it before the first one goes out.

use std::fmt;
use std::path::PathBuf;

use lettre::Address;
use postbud_decide::{Lang, Mailbox, Target};
use postbud_letter::Limits;
use postbud_pipeline::NotMine;

use crate::sf2900::Sf2900Options;
use crate::webhook::WebhookOptions;

/// Everything a [`crate::Deliverer`] needs to know.
#[derive(Debug, Clone)]
pub struct DeliverOptions {
    /// The mailboxes, with their targets.
    pub mailboxes: Vec<Mailbox>,
    /// The server for mailboxes with a mail address. `None`: no mailbox may have one.
    pub smtp: Option<SmtpOptions>,
    /// The municipality's mail domain, ASCII: the right side of Message-IDs, the name in EHLO.
    pub domain: String,
    /// The language of what is written around a letter.
    pub language: Lang,
    /// How much of a letter is read when it is made readable.
    pub letter_limits: Limits,
    /// The links with which a mailbox sends a letter back. `None`: letters carry none.
    pub not_mine: Option<NotMine>,
    /// How specialist systems are told letters over HTTPS. `None`: no mailbox may be one.
    pub webhook: Option<WebhookOptions>,
    /// How letters are handed over by KLE subject. `None`: no mailbox may be reached that way.
    pub sf2900: Option<Sf2900Options>,
    /// The largest letter that is put on a mailbox's queue, in bytes.
    pub queue_letter_bytes: usize,
}

/// The mail server that takes letters for the function mailboxes.
#[derive(Clone)]
pub struct SmtpOptions {
    /// Its name, also the name its certificate must carry.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: SmtpTls,
    /// The file of a certificate authority of the municipality's own (PEM), trusted beside the system's.
    pub ca: Option<PathBuf>,
    /// The user to sign in as. `None`: no sign-in.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<String>,
    /// The sender of everything Postbud sends; bounces come back to it.
    pub from: String,
    /// The deadline for one letter, connecting included, in milliseconds.
    pub timeout_ms: u64,
    /// How many connections are open at most.
    pub connections: u32,
}

/// How an SMTP connection is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SmtpTls {
    /// Begins in plain text and must become TLS before anything is sent.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// No protection: for a relay on the same machine.
    None,
}

impl SmtpOptions {
    /// A server on port 587 with STARTTLS, no sign-in, 60 seconds a letter, 8 connections.
    #[must_use]
    pub fn new(host: impl Into<String>, from: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: 587,
            tls: SmtpTls::Starttls,
            ca: None,
            user: None,
            password: None,
            from: from.into(),
            timeout_ms: 60_000,
            connections: 8,
        }
    }
}

impl fmt::Debug for SmtpOptions {
    /// Leaves the password out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpOptions")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .field("user", &self.user)
            .field("from", &self.from)
            .field("timeout_ms", &self.timeout_ms)
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}

/// Settings with which nothing can be delivered. Names every fault at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("letters cannot be delivered with these settings: {}", .faults.join("; "))]
pub struct OptionsError {
    /// One sentence per fault: what it is and what to write instead.
    pub faults: Vec<String>,
}

/// The longest name that AMQP allows a queue.
const QUEUE_NAME_BYTES: usize = 255;

/// Checks everything that can be checked without a connection.
pub(crate) fn check(options: &DeliverOptions) -> Vec<String> {
    let mut faults = Vec::new();
    if !is_domain(&options.domain) {
        faults.push(format!(
            "domain {:?} is no mail domain; write it in ASCII, such as \"klitkobing.dk\"",
            options.domain
        ));
    }
    if let Some(smtp) = &options.smtp {
        check_smtp(smtp, &mut faults);
    }
    for mailbox in &options.mailboxes {
        check_mailbox(mailbox, options, &mut faults);
    }
    faults.extend(options.webhook.as_ref().and_then(WebhookOptions::fault));
    faults.extend(options.sf2900.iter().flat_map(Sf2900Options::faults));
    faults
}

fn check_smtp(smtp: &SmtpOptions, faults: &mut Vec<String>) {
    if smtp.host.trim().is_empty() {
        faults.push("smtp.host is empty; write the mail server's name".to_owned());
    }
    if smtp.from.parse::<Address>().is_err() || !smtp.from.is_ascii() {
        faults.push(format!(
            "smtp.from {:?} is no plain mail address; write one such as \"postbud@klitkobing.dk\"",
            smtp.from
        ));
    }
    if smtp.user.is_some() != smtp.password.is_some() {
        faults.push("smtp.user and smtp.password only make sense together".to_owned());
    }
    if smtp.user.is_some() && smtp.tls == SmtpTls::None && !is_loopback(&smtp.host) {
        faults.push(
            "smtp.tls = \"none\" would send the password in plain text; use \"starttls\" or \"tls\""
                .to_owned(),
        );
    }
    if !(1_000..=3_600_000).contains(&smtp.timeout_ms) {
        faults.push("smtp.timeout must lie between 1 second and 1 hour".to_owned());
    }
    if !(1..=64).contains(&smtp.connections) {
        faults.push("smtp.connections must lie between 1 and 64".to_owned());
    }
}

fn check_mailbox(mailbox: &Mailbox, options: &DeliverOptions, faults: &mut Vec<String>) {
    let id = &mailbox.id;
    match &mailbox.target {
        Some(Target::Smtp { address }) => {
            if address.parse::<Address>().is_err() {
                faults.push(format!("mailbox {id}: {address:?} is no mail address"));
            }
            if options.smtp.is_none() {
                faults.push(format!(
                    "mailbox {id} has a mail address, but there is no mail server; add [smtp]"
                ));
            }
        }
        Some(Target::Maildir { path }) if path.is_empty() || path.contains('\0') => {
            faults.push(format!("mailbox {id}: its Maildir has no usable path"));
        }
        Some(Target::Webhook { .. }) if options.webhook.is_none() => {
            faults.push(format!(
                "mailbox {id} is a specialist system, but there is no secret; add [webhook]"
            ));
        }
        Some(Target::Queue { name }) if !(1..=QUEUE_NAME_BYTES).contains(&name.len()) => {
            faults.push(format!("mailbox {id}: its queue has no usable name"));
        }
        Some(Target::Sf2900 { .. }) if options.sf2900.is_none() => {
            faults.push(format!(
                "mailbox {id} is handed over by KLE, but nobody says to whom; add [sf2900]"
            ));
        }
        Some(
            Target::Maildir { .. }
            | Target::Webhook { .. }
            | Target::Queue { .. }
            | Target::Sf2900 { .. },
        )
        | None => {}
    }
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::samples;

    fn options() -> DeliverOptions {
        DeliverOptions {
            mailboxes: vec![samples::mailbox()],
            smtp: Some(SmtpOptions::new("mail.klitkobing.dk", "postbud@klitkobing.dk")),
            domain: "klitkobing.dk".to_owned(),
            language: Lang::Danish,
            letter_limits: Limits::default(),
            not_mine: None,
            webhook: None,
            sf2900: None,
            queue_letter_bytes: 1 << 20,
        }
    }

    #[test]
    fn good_settings_have_no_fault() {
        assert_eq!(check(&options()), Vec::<String>::new());
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let mut bad = options();
        bad.domain = "klitkøbing.dk\r\nX: y".to_owned();
        let smtp = bad.smtp.as_mut().unwrap();
        smtp.host = " ".to_owned();
        smtp.from = "no address".to_owned();
        smtp.user = Some("u".to_owned());
        smtp.tls = SmtpTls::None;
        smtp.timeout_ms = 0;
        smtp.connections = 0;
        bad.mailboxes[0].target = Some(Target::Smtp { address: "nowhere".to_owned() });
        insta::assert_snapshot!(check(&bad).join("\n"));
    }

    #[test]
    fn a_target_needs_what_it_is_reached_by() {
        let mut bad = options();
        bad.smtp = None;
        let mut folder = samples::mailbox();
        folder.target = Some(Target::Maildir { path: String::new() });
        bad.mailboxes.push(folder);
        for target in [
            Target::Webhook { url: "https://fag.example/letters".to_owned() },
            Target::Queue { name: String::new() },
            Target::Sf2900 {
                subject: postbud_decide::KleSubject::parse("28.09.12").unwrap(),
                facet: None,
            },
        ] {
            let mut other = samples::mailbox();
            other.target = Some(target);
            bad.mailboxes.push(other);
        }
        insta::assert_snapshot!(check(&bad).join("\n"));
    }

    #[test]
    fn a_password_is_not_printed() {
        let mut smtp = SmtpOptions::new("h", "a@b.dk");
        smtp.password = Some("hemmelig".to_owned());
        assert!(!format!("{smtp:?}").contains("hemmelig"));
    }
}
