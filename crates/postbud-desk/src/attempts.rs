//! How often an address may try passwords, or tokens.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap};
use postbud_pipeline::ports::Timestamp;

/// So many wrong ones of one address within [`WINDOW_MS`], whatever the names.
const MOST: u32 = 20;
/// How long wrong ones of an address count, in milliseconds.
pub(crate) const WINDOW_MS: i64 = 15 * 60 * 1000;
/// So many addresses are remembered; beyond that, those whose time is up are forgotten first.
const ADDRESSES: usize = 10_000;

/// Wrong passwords, or wrong tokens, by address, in this process.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<HashMap<IpAddr, (u32, Timestamp)>>);

impl Attempts {
    /// May this address try?
    pub(crate) fn may(&self, address: Option<IpAddr>, now: Timestamp) -> bool {
        let Some(address) = address else { return true };
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&address).is_none_or(|(count, until)| *count < MOST || *until <= now)
    }

    /// Counts a wrong one.
    pub(crate) fn wrong(&self, address: Option<IpAddr>, now: Timestamp) {
        let Some(address) = address else { return };
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= ADDRESSES && !seen.contains_key(&address) {
            seen.retain(|_, (_, until)| *until > now);
            if seen.len() >= ADDRESSES {
                return;
            }
        }
        let entry = seen.entry(address).or_insert((0, now.plus_ms(WINDOW_MS)));
        if entry.1 <= now {
            *entry = (0, now.plus_ms(WINDOW_MS));
        }
        entry.0 = entry.0.saturating_add(1);
    }
}

/// Who asks. Behind a proxy, the last entry of `X-Forwarded-For`: the one that the proxy wrote.
pub(crate) fn address_of(
    headers: &HeaderMap,
    extensions: &Extensions,
    behind_proxy: bool,
) -> Option<IpAddr> {
    if behind_proxy {
        let forwarded = headers.get_all("x-forwarded-for").into_iter().next_back();
        let last = forwarded.and_then(|value| value.to_str().ok()?.rsplit(',').next());
        if let Some(address) = last.and_then(|text| text.trim().parse().ok()) {
            return Some(address);
        }
    }
    extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_rests_after_its_share_and_others_go_on() {
        let attempts = Attempts::default();
        let (one, other) = (Some(IpAddr::from([192, 0, 2, 1])), Some(IpAddr::from([192, 0, 2, 2])));
        let now = Timestamp(1_000);
        for _ in 0..MOST {
            assert!(attempts.may(one, now));
            attempts.wrong(one, now);
        }
        assert!(!attempts.may(one, now) && attempts.may(other, now));
        let later = now.plus_ms(WINDOW_MS);
        assert!(attempts.may(one, later));
        attempts.wrong(one, later);
        assert!(attempts.may(one, later), "counted anew");
    }

    #[test]
    fn only_a_proxy_is_believed_and_only_its_own_entry() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "1.2.3.4, 192.0.2.9".parse().unwrap());
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 5))));
        let local = Some(IpAddr::from([127, 0, 0, 1]));
        assert_eq!(address_of(&headers, &extensions, false), local);
        let told = address_of(&headers, &extensions, true);
        assert_eq!(told, Some(IpAddr::from([192, 0, 2, 9])));
    }
}
