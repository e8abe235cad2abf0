//! The ways in: folders that can be written, and other sides that answer.

use std::path::Path;

use postbud_intake::{ImapOptions, ImapTls};
use url::Url;

use super::finding::{Finding, good};
use super::places::unwritable;
use super::reach::Server;
use crate::config::{Config, Intake};

/// Looks at every adapter. Takes no letter and listens nowhere.
pub(super) async fn intake(config: &Config) -> Vec<Finding> {
    let Some(Intake { options, queues }) = &config.intake else { return Vec::new() };
    let mut findings: Vec<Finding> =
        options.folders.iter().map(|folder| drop_folder(&folder.path)).collect();
    if let Some(digital_post) = &options.digital_post
        && let Some(server) = Server::of(&digital_post.base)
    {
        findings.push(server.look("intake", "[intake.digital_post]").await);
    }
    for imap in &options.imap {
        findings.push(mailbox(imap).look("intake", "[[intake.imap]]").await);
    }
    for queue in queues {
        let url = Url::parse(queue.url.expose()).ok();
        if let Some(server) = url.as_ref().and_then(Server::of) {
            findings.push(server.look("intake", "[[intake.queue]]").await);
        }
    }
    findings
}

fn mailbox(imap: &ImapOptions) -> Server {
    let greeting = (imap.tls != ImapTls::Tls).then_some("* OK");
    Server { greeting, ..Server::silent(&imap.host, imap.port) }
}

fn drop_folder(path: &Path) -> Finding {
    let unwritable = unwritable("intake", path, |place| {
        (
            format!("{place} cannot be written by this user: processed letters stay there"),
            format!("{place} kan ikke skrives af denne bruger: behandlede breve bliver liggende"),
        )
    });
    let shown = path.display();
    unwritable.unwrap_or_else(|| {
        let english = format!("letters can be dropped into {shown}");
        good("intake", english, format!("breve kan lægges i {shown}"))
    })
}
