//! How specialist systems are reached.

use std::fmt;

use postbud_pipeline::CertificateFiles;

use super::sign::Secret;

/// What holds for every specialist system that takes letters over HTTPS.
#[derive(Clone)]
pub struct WebhookOptions {
    /// What both sides know, for the signature: `whsec_` and base64, or at least 24 characters.
    pub secret: String,
    /// Whom to trust and who we are.
    pub certificates: CertificateFiles,
    /// The deadline for one letter, connecting included, in milliseconds.
    pub timeout_ms: u64,
    /// The largest letter that is sent, in bytes as it was received.
    pub letter_bytes: usize,
}

impl WebhookOptions {
    /// 30 seconds a letter, letters of up to 100 MiB, the authorities of the system and no certificate
    /// of our own.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        Self {
            secret: secret.into(),
            certificates: CertificateFiles::default(),
            timeout_ms: 30_000,
            letter_bytes: 100 << 20,
        }
    }

    /// Is it a secret that can be signed with: at least 24 bytes, as [`secret`](Self::secret) writes
    /// them?
    #[must_use]
    pub fn secret_fits(text: &str) -> bool {
        Secret::parse(text).is_some()
    }

    /// What can be seen without the certificates.
    pub(crate) fn fault(&self) -> Option<String> {
        let fits = (1_000..=3_600_000).contains(&self.timeout_ms);
        (!fits).then(|| "webhook.timeout must lie between 1 second and 1 hour".to_owned())
    }
}

impl fmt::Debug for WebhookOptions {
    /// Leaves secret and key out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookOptions")
            .field("timeout_ms", &self.timeout_ms)
            .field("letter_bytes", &self.letter_bytes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        assert!(!format!("{:?}", WebhookOptions::new("hemmelig")).contains("hemmelig"));
    }
}
