//! `[desk]`: second looks, letters that mailboxes send back, and other authorities.

use std::path::PathBuf;
use std::time::Duration;

use postbud_decide::MailboxId;

use super::section::Section;

/// The part of `[desk]` about letters that are out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeskChecks {
    /// The share of automatically routed letters that people look at again, in ten-thousandths.
    pub(crate) blind_share: u32,
    /// But at least so many a week.
    pub(crate) blind_least: u32,
    /// What the links hold with which mailboxes send letters back; without it there are none.
    pub(crate) links: Option<Links>,
    /// How long such a link can be used.
    pub(crate) link_life: Duration,
    /// Where letters for another authority are kept.
    pub(crate) authority_mailbox: Option<MailboxId>,
    /// Other authorities: name, and how to reach them.
    pub(crate) authorities: Vec<(String, String)>,
}

/// What is needed for links that send a letter back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Links {
    /// The address under which people in the mailboxes reach the desk.
    pub(crate) url: String,
    /// The file with the key.
    pub(crate) key_file: PathBuf,
}

/// The address book of a municipality that has written none.
const AUTHORITIES: [(&str, &str); 5] = [
    ("Skattestyrelsen", "Digital Post: Skattestyrelsen"),
    ("Udbetaling Danmark", "Digital Post: Udbetaling Danmark"),
    ("Regionen", "Digital Post: den region, som borgeren bor i"),
    ("Politiet", "Digital Post: politikredsen"),
    ("En anden kommune", "Digital Post: den kommune, som sagen hører til"),
];

impl Default for DeskChecks {
    fn default() -> Self {
        let text = |(name, reach): (&str, &str)| (name.to_owned(), reach.to_owned());
        Self {
            blind_share: 200,
            blind_least: 20,
            links: None,
            link_life: Duration::from_secs(30 * 86_400),
            authority_mailbox: None,
            authorities: AUTHORITIES.map(text).into(),
        }
    }
}

/// Reads it.
pub(super) fn checks(section: &Section<'_, '_>, mailboxes: &[&str]) -> DeskChecks {
    let default = DeskChecks::default();
    DeskChecks {
        blind_share: blind_share(section, default.blind_share),
        blind_least: small(section.whole("blind_least", 20, 0..=10_000)),
        links: links(section),
        link_life: Duration::from_secs(86_400 * section.whole("link_days", 30, 1..=365)),
        authority_mailbox: authority_mailbox(section, mailboxes),
        authorities: authorities(section, default.authorities),
    }
}

fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// `blind_share`, as ten-thousandths.
fn blind_share(section: &Section<'_, '_>, default: u32) -> u32 {
    let share = section.number("blind_share", f64::from(default) / 1e4, (0.0, 1.0), true);
    // From 0 to 10,000 by now.
    (share * 1e4).round() as u32
}

/// `url` and `key_file`, which need each other.
fn links(section: &Section<'_, '_>) -> Option<Links> {
    let url = section.text("url");
    let file = section.text("key_file").map(|found| section.reader.path(&found.value));
    match (url, file) {
        (None, None) => None,
        (Some(_), None) => {
            let what = "url is for the links that send a letter back, and those need a key";
            section.fault("key_file", what, "key_file = \"desk.key\"");
            None
        }
        (None, Some(_)) => {
            let what =
                "key_file is for the links that send a letter back, and those need an address";
            section.fault("url", what, "url = \"https://postbud.klitkobing.example\"");
            None
        }
        (Some(url), Some(key_file)) => {
            let text = url.value.trim().trim_end_matches('/').to_owned();
            let parsed = url::Url::parse(&text).ok();
            let fits = parsed.is_some_and(|parsed| {
                matches!(parsed.scheme(), "https" | "http")
                    && parsed.has_host()
                    && parsed.query().is_none()
                    && parsed.fragment().is_none()
            });
            // It goes into a header field of every letter.
            if !fits || !text.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"".contains(&b)) {
                let what = "the address under which people reach the desk belongs here";
                section.fault("url", what, "url = \"https://postbud.klitkobing.example\"");
                return None;
            }
            Some(Links { url: text, key_file })
        }
    }
}

/// `authority_mailbox`: one of the mailboxes.
fn authority_mailbox(section: &Section<'_, '_>, mailboxes: &[&str]) -> Option<MailboxId> {
    let found = section.text("authority_mailbox")?;
    match MailboxId::parse(found.value.trim()) {
        Ok(id) if mailboxes.contains(&id.as_str()) => Some(id),
        _ => {
            section.not_one_of("authority_mailbox", &found, mailboxes);
            None
        }
    }
}

/// `[[desk.authority]]`: name, and how to reach them.
fn authorities(section: &Section<'_, '_>, default: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in section.sections("authority") {
        let name = entry.required_text("name", "Skattestyrelsen");
        let reach = entry.text("reach").map(|reach| reach.value.trim().to_owned());
        found.extend(name.map(|name| (name.value.trim().to_owned(), reach.unwrap_or_default())));
        entry.finish();
    }
    if found.is_empty() { default } else { found }
}
