//! `[[intake.smtp]]` and `[intake.push]`: where others hand letters over.

use std::net::{IpAddr, SocketAddr};

use postbud_intake::{IpNet, PushOptions, SmtpOptions};

use super::super::delivery::is_mail_address;
use super::super::section::Section;
use super::{EVERY_SECONDS_MAX, identity, path, seconds};

/// Reads one `[[intake.smtp]]`.
pub(super) fn smtp(section: Section<'_, '_>) -> Option<SmtpOptions> {
    let listen = listen(&section, "127.0.0.1:8025");
    let lmtp = section.choice("protocol", false, &[("smtp", false), ("lmtp", true)]);
    let name = section.text("name").map_or_else(|| "postbud.invalid".to_owned(), |n| n.value);
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b)) {
        section.fault("name", "this is no host name", "name = \"postbud.klitkobing.dk\"");
    }
    let identity = identity(&section);
    let require_tls = section.flag("require_tls").unwrap_or(false);
    if require_tls && identity.is_none() {
        let instead = "certificate_file and key_file";
        section.fault("require_tls", "TLS needs a certificate", instead);
    }
    let clients = clients(&section);
    let options = listen.map(|listen| SmtpOptions {
        listen,
        lmtp,
        name,
        recipients: recipients(&section),
        clients,
        identity,
        require_tls,
        max_recipients: whole(&section, "max_recipients", 100, 10_000),
        sessions: whole(&section, "sessions", 50, 10_000),
        idle: seconds(&section, "idle_seconds", 300, EVERY_SECONDS_MAX),
        deadline: seconds(&section, "deadline_seconds", 900, EVERY_SECONDS_MAX),
    });
    known(&section, &["recipients", "max_recipients", "sessions", "idle_seconds"]);
    known(&section, &["deadline_seconds"]);
    if let Some(options) = &options
        && !options.require_tls
        && !options.listen.ip().is_loopback()
    {
        let instead = "require_tls = true, or an address of this machine only";
        section.warn("listen", "letters may cross the network unencrypted", instead);
    }
    section.finish();
    options
}

/// Reads `[intake.push]`.
pub(super) fn push(section: Section<'_, '_>) -> Option<PushOptions> {
    let listen = listen(&section, "127.0.0.1:8443");
    let identity = identity(&section);
    let clients = path(&section, "clients_file");
    let path = section.text("path").map_or_else(|| "/memos".to_owned(), |found| found.value);
    if !path.starts_with('/') || path.contains(['?', '#', ' ']) {
        section.fault("path", "a path begins with / and has no query", "path = \"/memos\"");
    }
    if clients.is_some() && identity.is_none() {
        let instead = "certificate_file and key_file";
        section.fault("clients_file", "mutual TLS needs a certificate of the endpoint", instead);
    }
    if let Some(listen) = listen
        && !listen.ip().is_loopback()
        && (identity.is_none() || clients.is_none())
    {
        let what = "anybody on the network could hand in letters";
        let instead = "certificate_file, key_file and clients_file, or an address of this machine";
        section.fault("listen", what, instead);
    }
    let options = PushOptions {
        listen: listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0))),
        path,
        identity,
        clients,
        connections: whole(&section, "connections", 100, 10_000),
        idle: seconds(&section, "idle_seconds", 30, 600),
        deadline: seconds(&section, "deadline_seconds", 300, EVERY_SECONDS_MAX),
    };
    section.finish();
    Some(options)
}

fn listen(section: &Section<'_, '_>, example: &str) -> Option<SocketAddr> {
    let found = section.required_text("listen", example)?;
    let listen = found.value.trim().parse::<SocketAddr>();
    if listen.is_err() {
        let what = "an address of this machine and a port belong here";
        section.fault("listen", what, format!("listen = \"{example}\""));
    }
    listen.ok()
}

/// Who may connect: addresses and networks; by default this machine.
fn clients(section: &Section<'_, '_>) -> Vec<IpNet> {
    let found = section.texts("clients");
    if found.is_empty() {
        return vec![
            IpAddr::from([127, 0, 0, 1]).into(),
            IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]).into(),
        ];
    }
    let mut clients = Vec::new();
    for text in found {
        let text = text.value.trim();
        let net = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        match net {
            Ok(net) => clients.push(net),
            Err(_) => section.fault(
                "clients",
                "addresses and networks belong here",
                "clients = [\"10.1.2.3\", \"10.4.0.0/16\"]",
            ),
        }
    }
    clients
}

/// Whose letters are taken: addresses, or domains as `@klitkobing.dk`; by default all.
fn recipients(section: &Section<'_, '_>) -> Vec<String> {
    let mut recipients = Vec::new();
    for text in section.texts("recipients") {
        let text = text.value.trim().to_owned();
        let whole = if text.starts_with('@') { format!("x{text}") } else { text.clone() };
        if is_mail_address(&whole) {
            recipients.push(text);
        } else {
            let instead = "recipients = [\"post@klitkobing.dk\", \"@klitkobing.dk\"]";
            section.fault("recipients", "this is neither an address nor a domain", instead);
        }
    }
    recipients
}

/// Keys that exist, also where another fault kept them from being read.
fn known(section: &Section<'_, '_>, keys: &[&'static str]) {
    for key in keys {
        section.item(key);
    }
}

fn whole(section: &Section<'_, '_>, key: &'static str, default: u64, most: u64) -> usize {
    usize::try_from(section.whole(key, default, 1..=most)).unwrap_or(usize::MAX)
}
