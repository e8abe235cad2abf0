//! URLs of servers: taken apart, given their password, and shown without it.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::{Host, Url};

use super::secret::{Secret, read_password};
use super::section::{At, Section};
use super::types::Address;

/// What a password may hold unescaped in a URL: the unreserved characters of RFC 3986.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A kind of server.
pub(super) struct Scheme {
    /// Before the colon.
    pub(super) names: &'static [&'static str],
    /// For people: "a PostgreSQL server".
    pub(super) what: &'static str,
    /// A URL of one.
    pub(super) example: &'static str,
    /// Must the URL name something on the server (a database)?
    pub(super) path_required: bool,
}

/// Checks the URL under the key `url` and puts the password of `password_file` into it.
pub(super) fn server(
    section: &Section<'_, '_>,
    url: &At<String>,
    password_file: Option<&At<String>>,
    scheme: &Scheme,
) -> Option<Address> {
    // The library's own message could repeat a part of the URL; it is not shown.
    let Ok(parsed) = Url::parse(&url.value) else {
        let what = format!("this is not the URL of {}", scheme.what);
        section.fault("url", what, format!("url = \"{}\"", scheme.example));
        return None;
    };
    if parsed.host_str().is_none_or(str::is_empty) {
        section.fault("url", "the URL names no host", format!("url = \"{}\"", scheme.example));
        return None;
    }
    if scheme.path_required && parsed.path().trim_matches('/').is_empty() {
        section.fault("url", "the URL names no database", format!("url = \"{}\"", scheme.example));
        return None;
    }
    if parsed.scheme() == "amqp" && !is_loopback(&parsed) {
        section.warn(
            "url",
            "letters cross the network unencrypted",
            "amqps:// and the port of the broker's TLS listener (5671)",
        );
    }
    if parsed.scheme().starts_with("postgres") && !is_loopback(&parsed) && !is_certain(&parsed) {
        section.warn(
            "url",
            "letters may cross the network unencrypted, or to a server that only claims to be this one",
            "?sslmode=verify-full&sslrootcert=/etc/postbud/ca.pem at the end of the URL",
        );
    }
    let password = password(section, &parsed, password_file)?;
    Some(address(&parsed, &url.value, password))
}

/// The password to put into the URL: `Some(None)` when it needs none beyond what stands there.
fn password(
    section: &Section<'_, '_>,
    url: &Url,
    file: Option<&At<String>>,
) -> Option<Option<Secret>> {
    if url.password().is_some() {
        if file.is_some() {
            section.fault(
                "password_file",
                "there is a password in the URL, too",
                "take the password out of the URL",
            );
            return None;
        }
        section.warn(
            "url",
            "the URL holds a password, and this file is easily passed on",
            "password_file = \"/etc/postbud/…\" with the password in that file, and a URL without",
        );
        return Some(None);
    }
    let Some(file) = file else { return Some(None) };
    if url.username().is_empty() {
        section.fault("url", "a password needs a user", "name the user in the URL: user@host");
        return None;
    }
    match read_password(&section.reader.path(&file.value)) {
        Ok(password) => Some(Some(password)),
        Err(what) => {
            section.fault("password_file", what, "the path of a file that holds the password");
            None
        }
    }
}

fn address(url: &Url, original: &str, password: Option<Secret>) -> Address {
    let mut shown = url.clone();
    if url.password().is_some() {
        // Fails only for URLs without a host, which were refused.
        let _ = shown.set_password(Some("***"));
    }
    let full = match password {
        None => original.to_owned(),
        Some(password) => with_password(url, &password),
    };
    Address::new(shown.to_string(), Secret::new(full))
}

/// The URL with a password. Written out rather than set through the library, which leaves some
/// characters unescaped that other URL readers take for the end of the password.
fn with_password(url: &Url, password: &Secret) -> String {
    let escaped = utf8_percent_encode(password.expose(), ESCAPED);
    let user = url.username();
    let text = url.as_str();
    text.replacen(&format!("//{user}@"), &format!("//{user}:{escaped}@"), 1)
}

/// Does the database have to prove which one it is? A path in the place of the host is a socket of this
/// machine.
fn is_certain(url: &Url) -> bool {
    let socket = url.host_str().is_some_and(|host| host.to_ascii_lowercase().starts_with("%2f"));
    let proves = |(name, value): (Cow<'_, str>, Cow<'_, str>)| {
        let name = name.replace('_', "-");
        matches!(&*name, "sslmode" | "ssl-mode") && matches!(&*value, "verify-full" | "verify-ca")
    };
    socket || url.query_pairs().any(proves)
}

/// Does the URL stay on this machine?
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => is_loopback_host(name),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Is it a name or address of this machine?
pub(super) fn is_loopback_host(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// An address for letters or of an interface: https, or http on this machine; without a password, a
/// query or a fragment, which end up in logs.
pub(super) fn web_address(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim()).ok()?;
    let host = url.host_str().unwrap_or_default();
    let open = url.scheme() == "http" && is_loopback_host(host);
    let fits = (url.scheme() == "https" || open)
        && !host.is_empty()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    fits.then_some(url)
}
