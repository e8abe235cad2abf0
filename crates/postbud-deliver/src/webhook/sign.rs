//! Signatures as *Standard Webhooks* has them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The fewest bytes of a secret.
const LEAST_BYTES: usize = 24;

/// What both sides know. Shown to nobody.
#[derive(Clone)]
pub(crate) struct Secret(Vec<u8>);

impl Secret {
    /// `whsec_` and base64, or else the bytes of the text itself. `None` when it is too short.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bytes = match text.strip_prefix("whsec_") {
            Some(base64) => STANDARD.decode(base64).ok()?,
            None => text.as_bytes().to_vec(),
        };
        (bytes.len() >= LEAST_BYTES).then_some(Self(bytes))
    }

    /// `v1,` and the base64 of the HMAC-SHA256 over `id.seconds.body`.
    pub(crate) fn sign(&self, id: &str, seconds: u64, body: &[u8]) -> String {
        // HMAC takes a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_another_implementation() {
        // hmac.new(bytes(range(24)), b'o-17.1790000000.{"a":1}', sha256), by Python.
        let secret = Secret::parse("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX").unwrap();
        assert_eq!(secret.sign("o-17", 1_790_000_000, b"{\"a\":1}"), EXPECTED);
    }
    const EXPECTED: &str = "v1,Tb/MkI1X7Kq6bD3hIWNdOrJ0Vh/rVzbgl4eksZ+b4qU=";

    #[test]
    fn a_short_secret_is_none() {
        assert!(Secret::parse("for kort").is_none());
        assert!(Secret::parse("whsec_AAEC").is_none());
        assert!(Secret::parse("whsec_ingen base64 her, men lang nok").is_none());
        assert!(Secret::parse(&"x".repeat(24)).is_some());
        assert!(!format!("{:?}", Secret::parse(&"x".repeat(24))).contains("xx"));
    }
}
