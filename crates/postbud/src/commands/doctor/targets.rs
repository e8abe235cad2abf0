//! Where letters go: folders that can be written, and systems that answer. No letter is sent.

use std::collections::BTreeMap;
use std::path::Path;

use postbud_decide::Target;
use url::Url;

use super::finding::{Finding, good};
use super::places::unwritable;
use super::reach::Server;
use crate::config::{Config, Tls};

/// Looks at every way out, at each server once.
pub(super) async fn targets(config: &Config) -> Vec<Finding> {
    let mut findings = folders(config);
    let delivery = &config.delivery;
    if let Some(smtp) = &delivery.smtp {
        let greeting = (smtp.tls != Tls::Tls).then_some("220");
        let server = Server { greeting, ..Server::silent(&smtp.host, smtp.port) };
        findings.push(server.look("target", "[delivery.smtp]").await);
    }
    let targets = || config.settings.mailboxes.iter().filter_map(|mailbox| mailbox.target.as_ref());
    let mut servers = BTreeMap::new();
    for target in targets() {
        let (url, table) = match target {
            Target::Webhook { url } => (Url::parse(url).ok(), "deliver"),
            Target::Queue { .. } => {
                let queue = delivery.queue.as_ref();
                (queue.and_then(|queue| Url::parse(queue.url.expose()).ok()), "[delivery.queue]")
            }
            Target::Sf2900 { .. } => {
                (delivery.sf2900.as_ref().map(|sf2900| sf2900.url.clone()), "[delivery.sf2900]")
            }
            Target::Maildir { .. } | Target::Smtp { .. } => continue,
        };
        if let Some(server) = url.as_ref().and_then(Server::of) {
            servers.insert(server.address.clone(), (server, table));
        }
    }
    for (server, table) in servers.into_values() {
        findings.push(server.look("target", table).await);
    }
    findings
}

/// Maildirs, and the folder of documents that are handed over.
fn folders(config: &Config) -> Vec<Finding> {
    let mailboxes = config.settings.mailboxes.iter();
    let maildirs: Vec<_> = mailboxes
        .filter_map(|mailbox| match &mailbox.target {
            Some(Target::Maildir { path }) => Some((mailbox.id.as_str(), Path::new(path))),
            _ => None,
        })
        .collect();
    let documents = config.delivery.sf2900.as_ref();
    let documents = documents.map(|sf2900| ("sf2900", sf2900.documents.as_path()));
    let faults: Vec<Finding> = maildirs
        .iter()
        .copied()
        .chain(documents)
        .filter_map(|(of, path)| folder(of, path))
        .collect();
    if maildirs.is_empty() || !faults.is_empty() {
        return faults;
    }
    let count = maildirs.len();
    let english = format!("{count} Maildir folders can be written");
    vec![good("target", english, format!("{count} Maildir-mapper kan skrives"))]
}

fn folder(of: &str, path: &Path) -> Option<Finding> {
    unwritable("target", path, |place| {
        (
            format!("{of}: {place} cannot be written by this user"),
            format!("{of}: {place} kan ikke skrives af denne bruger"),
        )
    })
}
