//! `[metrics]`: where Prometheus and health checks ask.

use std::net::SocketAddr;

use super::section::Section;

/// Where metrics are served unless the configuration says otherwise: this machine only.
pub(super) const LISTEN: &str = "127.0.0.1:9464";

/// Reads `[metrics]`; without the section nothing is served.
pub(super) fn metrics(section: Section<'_, '_>) -> Option<SocketAddr> {
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
    section.finish();
    // The default stands in for an address that was reported as a fault.
    listen.or_else(|_| LISTEN.parse()).ok()
}
