//! `[desk.oidc]`: where people sign in elsewhere, and what they may do then.

use postbud_desk::OidcOptions;
use postbud_pipeline::ports::Role;
use url::{Host, Url};

use super::secret::read_password;
use super::section::{At, Section};

/// Reads `[desk.oidc]`; without the section people have local accounts alone.
pub(super) fn oidc(section: Section<'_, '_>) -> Option<OidcOptions> {
    if !section.is_present() {
        return None;
    }
    let issuer = address(&section, "issuer", "https://login.example/realms/kommune");
    let public_url = address(&section, "public_url", "https://postbud.klitkobing.dk");
    let client_id = section.required_text("client_id", "postbud");
    let client_secret = secret(&section);
    let name_claim = claim(&section, "name_claim", "preferred_username");
    let role_claim = claim(&section, "role_claim", "roles");
    let scopes = match section.has("scopes") {
        true => section.texts("scopes").into_iter().map(|scope| scope.value).collect(),
        false => vec!["profile".to_owned()],
    };
    let roles = roles(&section);
    section.finish();
    Some(OidcOptions {
        issuer: issuer?,
        client_id: client_id?.value.trim().to_owned(),
        client_secret,
        public_url: public_url?.trim_end_matches('/').to_owned(),
        scopes,
        name_claim,
        role_claim,
        roles,
    })
}

/// An address that is reached over TLS, or on this machine.
fn address(section: &Section<'_, '_>, key: &'static str, example: &str) -> Option<String> {
    let At { value, .. } = section.required_text(key, example)?;
    let text = value.trim();
    let fits = Url::parse(text).ok().filter(|url| {
        let here = match url.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
        let clean = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        clean && (url.scheme() == "https" || (url.scheme() == "http" && here))
    });
    if fits.is_none() {
        let what = "an address that begins with https:// belongs here (http:// on this machine)";
        section.fault(key, what, format!("{key} = \"{example}\""));
        return None;
    }
    Some(text.to_owned())
}

fn claim(section: &Section<'_, '_>, key: &'static str, default: &str) -> String {
    let found = section.text(key);
    found.map_or_else(|| default.to_owned(), |found| found.value.trim().to_owned())
}

fn secret(section: &Section<'_, '_>) -> Option<String> {
    let file = section.text("client_secret_file")?;
    match read_password(&section.reader.path(&file.value)) {
        Ok(secret) => Some(secret.expose().to_owned()),
        Err(what) => {
            let instead = "the path of a file that holds the secret";
            section.fault("client_secret_file", what, instead);
            None
        }
    }
}

/// `[desk.oidc.roles]`: what the issuer calls each role.
fn roles(section: &Section<'_, '_>) -> Vec<(String, Role)> {
    const KEYS: [(&str, Role); 3] =
        [("clerk", Role::Clerk), ("owner", Role::Owner), ("auditor", Role::Auditor)];
    let table = section.section("roles");
    let mut roles = Vec::new();
    for (key, role) in KEYS {
        let names = table.texts(key).into_iter();
        roles.extend(names.map(|name| (name.value.trim().to_owned(), role)));
    }
    table.finish();
    if roles.is_empty() && !section.has("roles") {
        let what = "without roles nobody could come in";
        section.fault("roles", what, "[desk.oidc.roles] with clerk = [\"Postbud.Clerk\"]");
    }
    roles
}
