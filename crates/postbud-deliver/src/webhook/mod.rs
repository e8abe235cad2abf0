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

use std::error::Error as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Client, Response, redirect};
use tokio::time::timeout;
use url::Url;

use crate::tls;

use answer::Verdict;
pub use options::WebhookOptions;
pub(crate) use payload::payload;
use sign::Secret;

/// Connecting, TLS included.
const CONNECT: Duration = Duration::from_secs(15);
/// An answer that is longer is none.
const ANSWER_BYTES: usize = 64 << 10;

/// A delivery that failed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct WebhookFault {
    /// Will it fail the same way again?
    pub(crate) permanent: bool,
    /// What happened and what helps; nothing of the letter.
    pub(crate) what: String,
}

/// Sends letters to specialist systems.
pub(crate) struct WebhookSender {
    client: Client,
    secret: Secret,
    deadline: Duration,
    letter_bytes: usize,
}

impl WebhookSender {
    /// Checks secret and certificates; connects to nobody yet.
    pub(crate) fn new(options: &WebhookOptions) -> Result<Self, String> {
        let secret = Secret::parse(&options.secret)
            .ok_or("webhook.secret is too short; write at least 24 random bytes")?;
        let identity = options.identity_pem.as_ref();
        let identity = identity.map(|(certificate, key)| (certificate.as_slice(), key.as_slice()));
        let tls = tls::client(options.ca_pem.as_deref(), identity)
            .map_err(|what| format!("webhook: {what}"))?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            // A redirect would carry the letter somewhere else.
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .user_agent(concat!("postbud/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| format!("webhook: {error}"))?;
        let deadline = Duration::from_millis(options.timeout_ms);
        Ok(Self { client, secret, deadline, letter_bytes: options.letter_bytes })
    }

    /// The largest letter that is sent, in bytes.
    pub(crate) fn letter_bytes(&self) -> usize {
        self.letter_bytes
    }

    /// Sends one letter, whose key is `key`.
    pub(crate) async fn send(
        &self,
        url: &Url,
        key: &str,
        body: Vec<u8>,
    ) -> Result<(), WebhookFault> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let request = self
            .client
            .post(url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .header("idempotency-key", key)
            .header("webhook-id", key)
            .header("webhook-timestamp", now)
            .header("webhook-signature", self.secret.sign(key, now, &body))
            .body(body);
        let place = place(url);
        let whole = async {
            let response = request.send().await.map_err(|error| broken(&place, &error))?;
            read(response, &place, key).await
        };
        let late = |_| WebhookFault {
            permanent: false,
            what: format!("{place} did not answer within {} s", self.deadline.as_secs()),
        };
        match timeout(self.deadline, whole).await.map_err(late)?? {
            Verdict::Accepted => Ok(()),
            Verdict::Refused(what) => Err(WebhookFault { permanent: true, what }),
            Verdict::NotNow(what) => Err(WebhookFault { permanent: false, what }),
        }
    }
}

/// Whose answer it is: the part of the address that all letters for one system share.
pub(crate) fn place(url: &Url) -> String {
    url.origin().ascii_serialization()
}

async fn read(mut response: Response, place: &str, key: &str) -> Result<Verdict, WebhookFault> {
    let status = response.status().as_u16();
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.unwrap_or_default().to_owned();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| broken(place, &error))? {
        if body.len() + chunk.len() > ANSWER_BYTES {
            let what = format!("{place} answered {status} with more than {ANSWER_BYTES} bytes");
            return Err(WebhookFault { permanent: false, what });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(answer::judge(place, status, &kind, &body, key))
}

/// No answer: what the library said, without the address, whose path may hold a token.
fn broken(place: &str, error: &reqwest::Error) -> WebhookFault {
    let mut deepest = error.source();
    while let Some(source) = deepest.and_then(std::error::Error::source) {
        deepest = Some(source);
    }
    let why = deepest.map(ToString::to_string).unwrap_or_default();
    let what = if error.is_connect() { "cannot be reached" } else { "broke the connection off" };
    WebhookFault { permanent: false, what: format!("{place} {what}: {why}") }
}
