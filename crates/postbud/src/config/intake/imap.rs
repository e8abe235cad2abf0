//! `[[intake.imap]]`: a mailbox on a mail server.

use postbud_intake::{ImapOptions, ImapPassword, ImapTls};

use super::super::address::is_loopback_host;
use super::super::secret::read_password;
use super::super::section::Section;
use super::{EVERY_SECONDS_MAX, path, seconds};

/// Reads one `[[intake.imap]]`.
pub(super) fn imap(section: Section<'_, '_>) -> Option<ImapOptions> {
    let host = section.required_text("host", "imap.klitkobing.dk");
    let user = section.required_text("user", "post@klitkobing.dk");
    let password = section.required_text("password_file", "/etc/postbud/imap-password");
    let password = password.and_then(|found| {
        let read = read_password(&section.reader.path(&found.value));
        let told = |what| section.fault("password_file", what, "the path of a password file");
        read.map_err(told).ok()
    });
    let tls = section.choice(
        "tls",
        ImapTls::Tls,
        &[("tls", ImapTls::Tls), ("starttls", ImapTls::StartTls), ("none", ImapTls::None)],
    );
    if let Some(host) = &host
        && tls == ImapTls::None
        && !is_loopback_host(&host.value)
    {
        let what = "the password would cross the network unencrypted";
        section.fault("tls", what, "tls = \"tls\" or tls = \"starttls\"");
    }
    let usual = if tls == ImapTls::Tls { 993 } else { 143 };
    let port = u16::try_from(section.whole("port", usual, 1..=65_535)).unwrap_or(993);
    let (folder, processed, failed) = (
        name(&section, "folder", "INBOX"),
        name(&section, "processed", "Postbud"),
        name(&section, "failed", "Postbud-fejl"),
    );
    if folder == processed || folder == failed {
        let what = "letters would be taken again and again from where they are put";
        section.fault("folder", what, "three folders that differ");
    }
    let (ca, every) =
        (path(&section, "ca_file"), seconds(&section, "every_seconds", 30, EVERY_SECONDS_MAX));
    let idle = seconds(&section, "idle_seconds", 60, 600);
    let deadline = seconds(&section, "deadline_seconds", 900, EVERY_SECONDS_MAX);
    section.finish();
    Some(ImapOptions {
        host: host?.value,
        port,
        tls,
        ca,
        user: user?.value,
        password: ImapPassword::new(password?.expose().to_owned()),
        folder,
        processed,
        failed,
        every,
        idle,
        deadline,
        aside: None,
    })
}

/// A folder's name, as the server has it: printable ASCII (æøå are written in modified UTF-7).
fn name(section: &Section<'_, '_>, key: &'static str, default: &str) -> String {
    let Some(found) = section.text(key) else { return default.to_owned() };
    let fits = |b: u8| (b' '..=b'~').contains(&b) && !b"\"\\*%".contains(&b);
    if found.value.len() > 200 || !found.value.bytes().all(fits) {
        let what = "a folder's name as the server has it: ASCII, æøå in IMAP's own writing";
        section.fault(key, what, format!("{key} = \"{default}\""));
    }
    found.value
}
