//! `[intake.digital_post]`: Digital Post by REST_PULL.

use postbud_intake::{ApiToken, NgdpOptions};

use super::super::address::web_address;
use super::super::secret::read_password;
use super::super::section::Section;
use super::{EVERY_SECONDS_MAX, identity, path, seconds};

/// An address of the interface, for examples.
const DIGITAL_POST: &str = "https://api.digitalpost.dk/apis/v1/";

/// Reads the section.
pub(super) fn digital_post(section: Section<'_, '_>) -> Option<NgdpOptions> {
    let base = section.required_text("url", DIGITAL_POST);
    let base = base.and_then(|found| {
        let url = web_address(&found.value);
        if url.is_none() {
            let what = "an https address without a password, a query or a fragment belongs here";
            section.fault("url", what, format!("url = \"{DIGITAL_POST}\""));
        }
        url
    });
    let token = section.required_text("token_file", "/etc/postbud/digital-post-token");
    let token = token.and_then(|found| {
        let read = read_password(&section.reader.path(&found.value));
        let told = |what| section.fault("token_file", what, "the path of a file with the token");
        read.map_err(told).ok()
    });
    let identity = identity(&section);
    if identity.is_none() && !section.has("certificate_file") {
        let instead = "certificate_file = \"/etc/postbud/oces3.pem\"";
        section.fault("certificate_file", "this key is missing", instead);
    }
    let options = base.zip(token).map(|(base, token)| NgdpOptions {
        base,
        token: ApiToken::new(token.expose().to_owned()),
        identity,
        ca: path(&section, "ca_file"),
        every: seconds(&section, "every_seconds", 60, EVERY_SECONDS_MAX),
        page: u32::try_from(section.whole("page", 100, 1..=1_000)).unwrap_or(100),
        idle: seconds(&section, "idle_seconds", 30, 600),
        deadline: seconds(&section, "deadline_seconds", 900, EVERY_SECONDS_MAX),
        away: None,
        aside: None,
    });
    for key in ["ca_file", "every_seconds", "page", "idle_seconds", "deadline_seconds"] {
        // Known also where another fault kept them from being read.
        section.item(key);
    }
    section.finish();
    options
}
