//! `[delivery.webhook]`, `[delivery.queue]` and `[delivery.sf2900]`: how specialist systems are reached.

use std::path::PathBuf;
use std::time::Duration;

use postbud_deliver::{Sf2900Options, WebhookOptions};
use postbud_intake::Identity;
use url::Url;

use super::address::web_address;
use super::intake::{identity, path};
use super::secret::{Secret, read_password};
use super::section::Section;
use super::services::broker;
use super::types::{Address, QueueKind};

/// The largest letter that Postbud takes.
const LETTER_BYTES_MAX: u64 = 1 << 30;

/// Whom to trust, and who we are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Certificates {
    /// Authorities to trust beside those of the operating system, in PEM form.
    pub(crate) ca: Option<PathBuf>,
    /// Our certificate.
    pub(crate) identity: Option<Identity>,
}

/// `[delivery.webhook]`.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    /// What both sides know.
    pub(crate) secret: Secret,
    /// The certificates.
    pub(crate) certificates: Certificates,
    /// How long one delivery may take.
    pub(crate) timeout: Duration,
    /// The largest letter, in bytes.
    pub(crate) letter_bytes: usize,
}

/// `[delivery.sf2900]`.
#[derive(Debug, Clone)]
pub(crate) struct Sf2900 {
    /// Where requests are posted.
    pub(crate) url: Url,
    /// The folder whose files go out over SFTP.
    pub(crate) documents: PathBuf,
    /// The municipality's CVR number.
    pub(crate) cvr: String,
    /// The UUID by which Postbud is registered.
    pub(crate) system: String,
    /// The certificates.
    pub(crate) certificates: Certificates,
    /// How long one request may take.
    pub(crate) timeout: Duration,
    /// The largest letter, in bytes.
    pub(crate) letter_bytes: usize,
}

/// `[delivery.queue]`.
#[derive(Debug, Clone)]
pub(crate) struct Outlet {
    /// The broker.
    pub(crate) url: Address,
    /// The certificates.
    pub(crate) certificates: Certificates,
    /// Does Postbud make queues that are not there?
    pub(crate) declare: bool,
    /// How long one exchange with the broker may take.
    pub(crate) timeout: Duration,
    /// The largest letter, in bytes.
    pub(crate) letter_bytes: usize,
}

pub(super) fn certificates(section: &Section<'_, '_>) -> Certificates {
    Certificates { ca: path(section, "ca_file"), identity: identity(section) }
}

fn letter_bytes(section: &Section<'_, '_>, default: u64) -> usize {
    let bytes = section.whole("letter_bytes", default, 1_024..=LETTER_BYTES_MAX);
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// Reads `[delivery.webhook]`.
pub(super) fn webhook(section: Section<'_, '_>) -> Option<Webhook> {
    if !section.is_present() {
        return None;
    }
    let file = section.required_text("secret_file", "/etc/postbud/webhook-secret");
    let secret = file.and_then(|file| match read_password(&section.reader.path(&file.value)) {
        Ok(secret) if WebhookOptions::secret_fits(secret.expose()) => Some(secret),
        Ok(_) => {
            section.fault(
                "secret_file",
                "the secret in this file is too short, or its base64 is broken",
                "at least 24 random bytes, for instance of `openssl rand -hex 32`, or whsec_ and \
                 their base64",
            );
            None
        }
        Err(what) => {
            section.fault("secret_file", what, "the path of a file that holds the secret");
            None
        }
    });
    let certificates = certificates(&section);
    let timeout = Duration::from_secs(section.whole("timeout_seconds", 30, 1..=600));
    let letter_bytes = letter_bytes(&section, 100 << 20);
    section.finish();
    Some(Webhook { secret: secret?, certificates, timeout, letter_bytes })
}

/// Reads `[delivery.sf2900]`.
pub(super) fn sf2900(section: Section<'_, '_>) -> Option<Sf2900> {
    if !section.is_present() {
        return None;
    }
    let proper = |key, example: &str, fits: fn(&str) -> bool, what: &str| {
        let found = section.required_text(key, example)?;
        if fits(&found.value) {
            return Some(found.value);
        }
        section.fault(key, what, format!("{key} = \"{example}\""));
        None
    };
    let url = proper(
        "url",
        "https://fordeling.klitkobing.dk/sf2900",
        |text| web_address(text).is_some(),
        "this is no https address without a password, a query or a fragment",
    );
    let documents = section.required_text("documents", "/var/lib/postbud/sf2900");
    let documents = documents.map(|found| section.reader.path(&found.value));
    let cvr = proper("cvr", "29189999", Sf2900Options::cvr_fits, "a CVR number has eight digits");
    let system = proper(
        "system",
        "6f0c9a4e-64f5-4b0e-9a55-2f3f3a2a5b11",
        Sf2900Options::system_fits,
        "this is no UUID; write the one by which Postbud is registered as a system",
    );
    let certificates = certificates(&section);
    let timeout = Duration::from_secs(section.whole("timeout_seconds", 60, 1..=600));
    let letter_bytes = letter_bytes(&section, 100 << 20);
    section.finish();
    Some(Sf2900 {
        url: web_address(&url?)?,
        documents: documents?,
        cvr: cvr?,
        system: system?,
        certificates,
        timeout,
        letter_bytes,
    })
}

/// Reads `[delivery.queue]`. Without a url it is the broker that letters come from.
pub(super) fn queue(section: Section<'_, '_>, incoming: &QueueKind) -> Option<Outlet> {
    let own = match incoming {
        QueueKind::Amqp { url } => Some(url.clone()),
        QueueKind::Embedded => None,
    };
    let url = match own {
        Some(own) if !section.has("url") => {
            if section.has("password_file") {
                let what = "without url it is the broker of [queue], with the password given there";
                section.fault("password_file", what, "leave the key out, or write a url");
            }
            section.item("password_file");
            section.item("url");
            Some(own)
        }
        _ if section.is_present() => broker(&section),
        _ => return None,
    };
    let certificates = certificates(&section);
    let declare = section.flag("declare").unwrap_or(false);
    let timeout = Duration::from_secs(section.whole("timeout_seconds", 10, 1..=60));
    let letter_bytes = letter_bytes(&section, 16 << 20);
    section.finish();
    Some(Outlet { url: url?, certificates, declare, timeout, letter_bytes })
}
