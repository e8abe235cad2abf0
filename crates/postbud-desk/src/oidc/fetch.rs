//! Asking the issuer: over TLS, within limits of time and size, and without following redirects.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};
use serde::de::DeserializeOwned;

use super::OidcError;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// A longer answer is none.
const ANSWER_BYTES: usize = 1 << 20;

/// A client for the issuer. The certificates are those that this machine trusts; a proxy is the
/// one that the environment names.
pub(super) fn client() -> Result<Client, OidcError> {
    // The one that every other part of this program uses; there may be one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder().timeout(PATIENCE).redirect(Policy::none());
    builder.build().map_err(|error| OidcError::Away("its address", error))
}

/// The JSON of an answer. `place` says which answer in messages.
pub(super) async fn json<T: DeserializeOwned>(
    request: RequestBuilder,
    place: &'static str,
) -> Result<T, OidcError> {
    let away = |error: reqwest::Error| OidcError::Away(place, error.without_url());
    let mut answer = request.send().await.map_err(away)?;
    let status = answer.status();
    let mut bytes = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(away)? {
        if bytes.len() + piece.len() > ANSWER_BYTES {
            return Err(OidcError::Strange(place, "it is too long".to_owned()));
        }
        bytes.extend_from_slice(&piece);
    }
    if !status.is_success() {
        return Err(refusal(place, &answer, status.as_u16(), &bytes));
    }
    // The library's message could repeat a value, and the values here are secrets.
    serde_json::from_slice(&bytes)
        .map_err(|_| OidcError::Strange(place, "it is not the JSON that belongs there".to_owned()))
}

/// What the issuer says about why: only the short word that RFC 6749 defines for it.
fn refusal(place: &'static str, answer: &Response, status: u16, bytes: &[u8]) -> OidcError {
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let said: Option<serde_json::Value> = kind
        .filter(|kind| kind.starts_with("application/json"))
        .and_then(|_| serde_json::from_slice(bytes).ok());
    let word = said.as_ref().and_then(|said| said.get("error")).and_then(|word| word.as_str());
    let is_word =
        |word: &&str| word.len() <= 40 && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    match word.filter(is_word) {
        Some(word) => OidcError::Refused(format!("{word} at {place}")),
        None => OidcError::Strange(place, format!("status {status}")),
    }
}
