//! `deliver`: where a mailbox's letters go, and whether Postbud can reach it.

use std::collections::BTreeMap;

use postbud_decide::{KleFacet, KleSubject, Target};
use url::Url;

use super::address::web_address;
use super::delivery::is_mail_address;
use super::mailboxes::ReadMailbox;
use super::section::{At, Reader, Section};
use super::types::{Delivery, Queue};

/// The longest name that AMQP allows a queue.
const QUEUE_NAME_BYTES: usize = 255;

/// What an example shows.
const EXAMPLES: &str = "deliver = \"maildir:FOLDER\", \"smtp:ADDRESS\", \"webhook:https://…\", \
                        \"queue:NAME\" or \"sf2900:SUBJECT\"";

/// Which tables for ways out the file has; whether they are right is told there.
pub(super) struct Ways {
    smtp: bool,
    webhook: bool,
    queue: bool,
    sf2900: bool,
}

impl Ways {
    /// Looks at `[delivery]`.
    pub(super) fn of(delivery: &Section<'_, '_>) -> Self {
        Self {
            smtp: delivery.has("smtp"),
            webhook: delivery.has("webhook"),
            queue: delivery.has("queue"),
            sf2900: delivery.has("sf2900"),
        }
    }

    /// The same; and a broker for letters in is one for letters out.
    pub(super) fn and(self, delivery: &Delivery) -> Self {
        Self { queue: self.queue || delivery.queue.is_some(), ..self }
    }
}

/// Reads `deliver`.
pub(super) fn target(section: &Section<'_, '_>, deliver: &At<String>) -> Option<Target> {
    let refuse = |what: &str, instead: &str| {
        section.fault("deliver", what, instead);
        None
    };
    match deliver.value.split_once(':') {
        Some(("maildir", path)) if !path.trim().is_empty() && !path.contains('\0') => {
            let path = section.reader.path(path).to_string_lossy().into_owned();
            Some(Target::Maildir { path })
        }
        Some(("smtp", address)) if is_mail_address(address) => {
            Some(Target::Smtp { address: address.to_owned() })
        }
        Some(("smtp", _)) => refuse(
            "what follows smtp: is no mail address",
            "deliver = \"smtp:borgerservice@klitkobing.dk\"",
        ),
        Some(("webhook", url)) => match web_address(url) {
            Some(url) => Some(Target::Webhook { url: url.to_string() }),
            None => refuse(
                "what follows webhook: is no https address without a password, a query or a fragment",
                "deliver = \"webhook:https://fagsystem.klitkobing.dk/postbud\"",
            ),
        },
        Some(("queue", name)) if queue_fits(name) => Some(Target::Queue { name: name.to_owned() }),
        Some(("queue", _)) => refuse(
            "what follows queue: is no name of a queue (1 to 255 bytes, none that begins with amq.)",
            "deliver = \"queue:vej-park\"",
        ),
        Some(("sf2900", text)) => by_kle(text).or_else(|| {
            refuse(
                "what follows sf2900: is no KLE subject, alone or with an action facet behind it",
                "deliver = \"sf2900:28.09.12\" or \"sf2900:28.09.12-G01\"",
            )
        }),
        _ => refuse("this is none of the ways out", EXAMPLES),
    }
}

/// `28.09.12` or `28.09.12-G01`.
fn by_kle(text: &str) -> Option<Target> {
    let (subject, facet) = match text.split_once('-') {
        Some((subject, facet)) => (subject, Some(KleFacet::parse(facet)?)),
        None => (text, None),
    };
    Some(Target::Sf2900 { subject: KleSubject::parse(subject)?, facet })
}

fn queue_fits(name: &str) -> bool {
    (1..=QUEUE_NAME_BYTES).contains(&name.len())
        && name.trim() == name
        && !name.chars().any(char::is_control)
        && !name.starts_with("amq.")
}

/// Notes targets that cannot be reached with the tables of the file, and those that two share.
pub(super) fn check(reader: &Reader<'_>, mailboxes: &[ReadMailbox], ways: &Ways, queue: &Queue) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for read in mailboxes {
        let Some(target) = &read.mailbox.target else { continue };
        let key = format!("{}.deliver", read.name);
        let missing = |there: bool, what: &str, instead: &str| {
            if !there {
                reader.fault(read.deliver.clone(), &key, what, instead);
            }
        };
        let place = match target {
            Target::Maildir { path } => format!("maildir:{path}"),
            Target::Smtp { address } => {
                missing(
                    ways.smtp,
                    "letters go out by mail, but no mail server is configured",
                    "a table [delivery.smtp] with host and from",
                );
                format!("smtp:{}", address.to_lowercase())
            }
            Target::Webhook { url } => {
                missing(
                    ways.webhook,
                    "letters go to a specialist system, but there is no secret to sign them with",
                    "a table [delivery.webhook] with secret_file",
                );
                format!("webhook:{url}")
            }
            Target::Queue { name } => {
                missing(
                    ways.queue,
                    "letters go to a queue, but no broker is configured",
                    "a table [delivery.queue] with url",
                );
                missing(
                    !is_own(name, &queue.prefix),
                    "this is a queue of Postbud's own: letters would come in again",
                    "the name of a queue that the mailbox's system reads",
                );
                format!("queue:{name}")
            }
            Target::Sf2900 { subject, facet } => {
                missing(
                    ways.sf2900,
                    "letters are handed over by KLE subject, but nobody says to whom",
                    "a table [delivery.sf2900] with url, documents, cvr and system",
                );
                let facet = facet.as_ref().map_or("", KleFacet::as_str);
                format!("sf2900:{subject}-{facet}")
            }
        };
        if let Some(first) = seen.insert(place, &read.name) {
            let what = format!("{first} delivers to the same place");
            reader.warn(read.deliver.clone(), &key, what, "one mailbox, or two places");
        }
        if let Target::Webhook { url } = target
            && Url::parse(url).is_ok_and(|url| url.scheme() == "http")
        {
            let what = "letters go to this address unencrypted";
            reader.warn(read.deliver.clone(), &key, what, "https:// outside of tests");
        }
    }
}

fn is_own(name: &str, prefix: &str) -> bool {
    let own = ["incoming", "retry", "dead"];
    name.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('.'))
        .is_some_and(|rest| own.contains(&rest))
}
