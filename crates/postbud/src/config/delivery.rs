//! `[delivery]` and `[delivery.smtp]`: how letters leave.

use std::time::Duration;

use postbud_decide::Lang;
use postbud_pipeline::RetryPolicy;

use super::address::is_loopback_host;
use super::intake::path;
use super::outlets;
use super::secret::read_password;
use super::section::Section;
use super::terms;
use super::types::{Delivery, Login, QueueKind, Smtp, Tls};

/// The longest pause between two attempts: a week.
pub(super) const PAUSE_SECONDS_MAX: u64 = 604_800;
/// The domain of Message-IDs when none is known: reserved (RFC 2606), so nobody else's.
const NO_DOMAIN: &str = "postbud.invalid";

/// Reads `[delivery]`.
pub(super) fn delivery(section: Section<'_, '_>, incoming: &QueueKind) -> Delivery {
    let smtp_section = section.section("smtp");
    let smtp = smtp_section.is_present().then(|| smtp(smtp_section)).flatten();
    let attempts = u32::try_from(section.whole("attempts", 8, 1..=100)).unwrap_or(8);
    let first = section.whole("first_retry_seconds", 30, 1..=PAUSE_SECONDS_MAX);
    let longest = section.whole("longest_retry_seconds", first.max(3600), 1..=PAUSE_SECONDS_MAX);
    if longest < first {
        section.fault(
            "longest_retry_seconds",
            format!("the longest pause is shorter than the first one ({first} seconds)"),
            format!("longest_retry_seconds = {first} or more"),
        );
    }
    let language =
        section.choice("language", Lang::Danish, &[("da", Lang::Danish), ("en", Lang::English)]);
    let delivery = Delivery {
        attempts,
        first_retry: Duration::from_secs(first),
        longest_retry: Duration::from_secs(longest),
        domain: domain(&section, smtp.as_ref()),
        language,
        smtp,
        webhook: outlets::webhook(section.section("webhook")),
        queue: outlets::queue(section.section("queue"), incoming),
        sf2900: outlets::sf2900(section.section("sf2900")),
        terms: terms::terms(
            &section,
            RetryPolicy {
                attempts,
                first: Duration::from_secs(first),
                longest: Duration::from_secs(longest),
            },
        ),
    };
    section.finish();
    delivery
}

/// The configured domain, or the one of the envelope sender.
fn domain(section: &Section<'_, '_>, smtp: Option<&Smtp>) -> String {
    let Some(found) = section.text("domain") else {
        let from = smtp.and_then(|smtp| smtp.from.rsplit_once('@'));
        return from.map_or(NO_DOMAIN, |(_, domain)| domain).to_owned();
    };
    if !is_domain(&found.value) {
        section.fault(
            "domain",
            "this is no domain (æ, ø and å have an ASCII form there: xn--…)",
            "domain = \"klitkobing.dk\"",
        );
    }
    found.value
}

/// Letters, digits, hyphens and dots, as in a host name; æøå in their ASCII form (xn--…).
fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// Is it a mail address that is safe to hand to a mail server?
pub(super) fn is_mail_address(text: &str) -> bool {
    let fits = |c: char| !c.is_whitespace() && !c.is_control() && !"<>()[],;:\\\"@".contains(c);
    text.rsplit_once('@').is_some_and(|(local, domain)| {
        (1..=64).contains(&local.len()) && local.chars().all(fits) && is_domain(domain)
    })
}

/// Reads `[delivery.smtp]`.
fn smtp(section: Section<'_, '_>) -> Option<Smtp> {
    let host = section.required_text("host", "smtp.klitkobing.dk");
    let from = section.required_text("from", "postbud@klitkobing.dk");
    let tls = section.choice(
        "tls",
        Tls::StartTls,
        &[("starttls", Tls::StartTls), ("tls", Tls::Tls), ("none", Tls::None)],
    );
    let login = login(&section);
    let ca = path(&section, "ca_file");
    let default_port = match (tls, &login) {
        (Tls::Tls, _) => 465,
        (_, Some(_)) => 587,
        (_, None) => 25,
    };
    let port = section.whole("port", default_port, 1..=65_535);
    let timeout = section.whole("timeout_seconds", 30, 1..=600);
    let connections = section.whole("connections", 8, 1..=32);
    if let Some(host) = &host
        && tls == Tls::None
        && !is_loopback_host(&host.value)
    {
        let instead = "tls = \"starttls\" or tls = \"tls\"";
        if login.is_some() {
            section.fault("tls", "the password would cross the network unencrypted", instead);
        } else {
            section.warn("tls", "letters cross the network unencrypted", instead);
        }
    }
    if let Some(from) = &from
        && !(from.value.is_ascii() && is_mail_address(&from.value))
    {
        section.fault("from", "this is no mail address", "from = \"postbud@klitkobing.dk\"");
    }
    if let Some(host) = &host
        && !host_fits(&host.value)
    {
        section.fault("host", "this is no host name", "host = \"smtp.klitkobing.dk\"");
    }
    section.finish();
    Some(Smtp {
        host: host?.value,
        port: u16::try_from(port).unwrap_or(25),
        tls,
        ca,
        login,
        from: from?.value,
        timeout: Duration::from_secs(timeout),
        connections: u32::try_from(connections).unwrap_or(8),
    })
}

fn host_fits(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    is_domain(host) || bare.parse::<std::net::IpAddr>().is_ok()
}

fn login(section: &Section<'_, '_>) -> Option<Login> {
    match (section.text("user"), section.text("password_file")) {
        (Some(user), Some(file)) => match read_password(&section.reader.path(&file.value)) {
            Ok(password) => Some(Login { user: user.value, password }),
            Err(what) => {
                let instead = "the path of a file that holds the password";
                section.fault("password_file", what, instead);
                None
            }
        },
        (Some(_), None) => {
            section.fault(
                "user",
                "a user needs a password",
                "password_file = \"/etc/postbud/smtp-password\"",
            );
            None
        }
        (None, Some(_)) => {
            section.fault("password_file", "a password needs a user", "user = \"postbud\"");
            None
        }
        (None, None) => None,
    }
}
