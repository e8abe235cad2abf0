//! A specialist system that takes letters over HTTPS.
//!
//! One `POST` a letter, whose body [`payload`] makes and docs/webhook.openapi.json describes. It is
//! signed as *Standard Webhooks* has it (`webhook-id`, `webhook-timestamp`, `webhook-signature`:
//! HMAC-SHA256 over id, time and body), so that ready libraries can check it. `webhook-id` and
//! `Idempotency-Key` are the same on every attempt.
//!
//! A letter counts as delivered only when the system says so in the documented words: state 200 to
//! 202 *and* JSON that holds `"accepted": true` and this letter's key. A proxy's page with state 200 is
//! no answer.

mod answer;
mod options;
mod payload;
mod sign;

use std::time::{SystemTime, UNIX_EPOCH};

use url::Url;

use crate::https::{Https, Verdict, place};

pub use options::WebhookOptions;
pub(crate) use payload::payload;
use sign::Secret;

/// Sends letters to specialist systems.
pub(crate) struct WebhookSender {
    https: Https,
    secret: Secret,
    letter_bytes: usize,
}

impl WebhookSender {
    /// Checks secret and certificates; connects to nobody yet.
    pub(crate) fn new(options: &WebhookOptions) -> Result<Self, String> {
        let secret = Secret::parse(&options.secret)
            .ok_or("webhook.secret is too short; write at least 24 random bytes")?;
        let https = Https::new("webhook", &options.certificates, options.timeout_ms)?;
        Ok(Self { https, secret, letter_bytes: options.letter_bytes })
    }

    /// The largest letter that is sent, in bytes.
    pub(crate) fn letter_bytes(&self) -> usize {
        self.letter_bytes
    }

    /// Sends one letter, whose key is `key`.
    pub(crate) async fn send(&self, url: &Url, key: &str, body: Vec<u8>) -> Verdict {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let headers = [
            ("content-type", "application/json"),
            ("accept", "application/json"),
            ("idempotency-key", key),
            ("webhook-id", key),
            ("webhook-timestamp", &now.to_string()),
            ("webhook-signature", &self.secret.sign(key, now, &body)),
        ];
        match self.https.post(url, &headers, body).await {
            Ok(answer) => answer::judge(&place(url), &answer, key),
            Err(what) => Verdict::NotNow(what),
        }
    }
}
