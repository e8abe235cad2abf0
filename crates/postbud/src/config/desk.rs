//! `[desk]`: where the pages on which people decide are served.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use postbud_decide::MailboxId;
use postbud_desk::OidcOptions;

use super::desk_checks::{DeskChecks, checks};
use super::section::Section;

/// Where the desk listens unless the configuration says otherwise: this machine only.
pub(super) const LISTEN: &str = "127.0.0.1:8025";

/// `[desk]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Desk {
    /// Where to listen.
    pub(crate) listen: SocketAddr,
    /// Does a proxy in front speak TLS? Cookies are then sent over TLS only.
    pub(crate) behind_tls: bool,
    /// How long a decision can be taken back.
    pub(crate) grace: Duration,
    /// How long a session lasts.
    pub(crate) session: Duration,
    /// How long a letter may wait before it is overdue.
    pub(crate) deadline: Duration,
    /// Mailboxes whose letters only these people see, by the names of their accounts.
    pub(crate) restricted: BTreeMap<MailboxId, BTreeSet<String>>,
    /// Mail that was sorted before Postbud, to import: a folder for each mailbox.
    pub(crate) history: Option<PathBuf>,
    /// Where else people sign in.
    pub(crate) oidc: Option<OidcOptions>,
    /// Second looks, letters sent back, other authorities.
    pub(crate) checks: DeskChecks,
}

impl Desk {
    /// The desk at `listen`, with every default.
    pub(crate) fn at(listen: SocketAddr) -> Self {
        Self {
            listen,
            behind_tls: false,
            grace: Duration::from_secs(20),
            session: Duration::from_secs(8 * 3_600),
            deadline: Duration::from_secs(24 * 3_600),
            restricted: BTreeMap::new(),
            history: None,
            oidc: None,
            checks: DeskChecks::default(),
        }
    }
}

/// Reads `[desk]`; without the section there is no desk.
pub(super) fn desk(section: Section<'_, '_>, mailboxes: &[&str]) -> Option<Desk> {
    if !section.is_present() {
        return None;
    }
    let found = section.text("listen");
    let text = found.as_ref().map_or(LISTEN, |found| found.value.trim());
    let listen = text.parse::<SocketAddr>();
    if listen.is_err() {
        section.fault(
            "listen",
            "an address of this machine and a port belong here",
            format!("listen = \"{LISTEN}\""),
        );
    }
    let default = Desk::at(listen.unwrap_or_else(|_| SocketAddr::from(([127, 0, 0, 1], 8025))));
    let hours = |key, default: Duration, most| {
        Duration::from_secs(3_600 * section.whole(key, default.as_secs() / 3_600, 1..=most))
    };
    let desk = Desk {
        listen: default.listen,
        behind_tls: section.flag("behind_tls").unwrap_or(false),
        grace: Duration::from_secs(section.whole("grace_seconds", 20, 0..=3_600)),
        session: hours("session_hours", default.session, 24),
        deadline: hours("deadline_hours", default.deadline, 24 * 365),
        restricted: restricted(&section, mailboxes),
        oidc: super::oidc::oidc(section.section("oidc")),
        history: section.text("history").map(|found| section.reader.path(&found.value)),
        checks: checks(&section, mailboxes),
    };
    if !desk.listen.ip().is_loopback() && !desk.behind_tls {
        section.warn(
            "listen",
            "passwords and letters would cross the network unencrypted",
            "a proxy that speaks TLS, with behind_tls = true, or an address of this machine only",
        );
    }
    section.finish();
    Some(desk)
}

/// `[[desk.restricted]]`: a mailbox, and who sees its letters.
fn restricted(
    section: &Section<'_, '_>,
    mailboxes: &[&str],
) -> BTreeMap<MailboxId, BTreeSet<String>> {
    let mut restricted: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for entry in section.sections("restricted") {
        let mailbox = entry.required_text("mailbox", "boern-familie");
        let people = entry.texts("people");
        if people.is_empty() && !entry.has("people") {
            entry.fault("people", "this key is missing", "people = [\"klara\"]");
        }
        if let Some(found) = mailbox {
            match MailboxId::parse(found.value.trim()) {
                Ok(id) if mailboxes.contains(&id.as_str()) => {
                    let names = people.into_iter().map(|name| name.value.trim().to_owned());
                    restricted.entry(id).or_default().extend(names);
                }
                _ => entry.not_one_of("mailbox", &found, mailboxes),
            }
        }
        entry.finish();
    }
    restricted
}
