//! The issuer as this desk knows it: where it is asked what, and its keys.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::JwkSet;
use postbud_pipeline::ports::Identity;
use reqwest::{Client, Url};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{OidcError, OidcOptions, claims, fetch, signed};

/// How long what the issuer said of itself holds.
const HOLDS: Duration = Duration::from_secs(3_600);
/// A token may name a key that is not there; the issuer is asked for its keys no more often.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// Where the browser comes back to.
pub(super) const BACK: &str = "/sign-in/elsewhere/back";

/// Where the issuer is asked what.
#[derive(Debug, Clone, Deserialize)]
struct Endpoints {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

#[derive(Debug)]
struct Known {
    endpoints: Endpoints,
    keys: JwkSet,
    at: Instant,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

/// What belongs to one question, as the browser carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    /// Comes back beside the code.
    pub(super) state: String,
    /// Comes back inside the token.
    pub(super) nonce: String,
    /// Proves that whoever exchanges the code has asked for it (PKCE).
    pub(super) verifier: String,
}

/// An issuer.
#[derive(Debug)]
pub(crate) struct Provider {
    options: OidcOptions,
    client: Client,
    known: Mutex<Option<Arc<Known>>>,
}

impl Provider {
    /// The issuer of these options; it is not asked anything yet.
    pub(crate) fn new(options: OidcOptions) -> Result<Self, OidcError> {
        Ok(Self { options, client: fetch::client()?, known: Mutex::new(None) })
    }

    fn known(&self, not_older: Duration) -> Option<Arc<Known>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        known.filter(|known| known.at.elapsed() < not_older)
    }

    /// Asks the issuer about itself, unless it has said so lately.
    async fn ask(&self, not_older: Duration) -> Result<Arc<Known>, OidcError> {
        if let Some(known) = self.known(not_older) {
            return Ok(known);
        }
        const DESCRIPTION: &str = "/.well-known/openid-configuration";
        let address = format!("{}{DESCRIPTION}", self.options.issuer.trim_end_matches('/'));
        let endpoints: Endpoints = fetch::json(self.client.get(address), DESCRIPTION).await?;
        if endpoints.issuer != self.options.issuer {
            let what = format!("it calls itself {:.200}", endpoints.issuer);
            return Err(OidcError::Strange(DESCRIPTION, what));
        }
        let keys = fetch::json(self.client.get(&endpoints.jwks_uri), "jwks_uri").await?;
        let known = Arc::new(Known { endpoints, keys, at: Instant::now() });
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&known));
        Ok(known)
    }

    fn back(&self) -> String {
        format!("{}{BACK}", self.options.public_url.trim_end_matches('/'))
    }

    /// Where a browser goes with a question.
    pub(super) async fn ask_at(&self, question: &Question) -> Result<String, OidcError> {
        let known = self.ask(HOLDS).await?;
        let strange =
            |_| OidcError::Strange("authorization_endpoint", "it is no address".to_owned());
        let mut url = Url::parse(&known.endpoints.authorization_endpoint).map_err(strange)?;
        let scopes =
            std::iter::once("openid").chain(self.options.scopes.iter().map(String::as_str));
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.options.client_id)
            .append_pair("redirect_uri", &self.back())
            .append_pair("scope", &scopes.collect::<Vec<_>>().join(" "))
            .append_pair("state", &question.state)
            .append_pair("nonce", &question.nonce)
            .append_pair("code_challenge", &challenge(&question.verifier))
            .append_pair("code_challenge_method", "S256");
        Ok(url.into())
    }

    /// Exchanges the code that came back for who this is.
    pub(super) async fn answer(
        &self,
        question: &Question,
        code: &str,
    ) -> Result<Identity, OidcError> {
        let known = self.ask(HOLDS).await?;
        let back = self.back();
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &back),
            ("code_verifier", &question.verifier),
        ];
        let mut request = self.client.post(&known.endpoints.token_endpoint);
        let methods = &known.endpoints.token_endpoint_auth_methods_supported;
        // Without a list the specification means Basic.
        let basic = methods.is_empty() || methods.iter().any(|how| how == "client_secret_basic");
        match &self.options.client_secret {
            Some(secret) if basic => {
                request = request.basic_auth(quoted(&self.options.client_id), Some(quoted(secret)));
            }
            secret => {
                form.push(("client_id", &self.options.client_id));
                form.extend(secret.as_ref().map(|secret| ("client_secret", secret.as_str())));
            }
        }
        let tokens: Tokens = fetch::json(request.form(&form), "token_endpoint").await?;
        self.identity(&tokens.id_token, &question.nonce).await
    }

    async fn identity(&self, token: &str, nonce: &str) -> Result<Identity, OidcError> {
        let check = |known: &Known| signed::claims(token, &known.keys, &self.options, nonce);
        let known = self.ask(HOLDS).await?;
        let claims = match check(&known)? {
            Some(claims) => Some(claims),
            // The issuer may have got new keys.
            None => check(&*self.ask(ASK_AGAIN).await?)?,
        };
        let unknown = || OidcError::Token("no key of the issuer has signed it".to_owned());
        claims::identity(&claims.ok_or_else(unknown)?, &self.options)
    }
}

/// The proof that goes ahead of the verifier: its SHA-256 in base64 for addresses (RFC 7636).
fn challenge(verifier: &str) -> String {
    base64_url(&Sha256::digest(verifier.as_bytes()))
}

fn base64_url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// Name and secret are form-encoded before they are put into Basic (RFC 6749, 2.3.1).
fn quoted(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'*');
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b' ' => out.push('+'),
            b if plain(b) => out.push(char::from(b)),
            b => out.push_str(&format!("%{b:02X}")),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_specification() {
        // RFC 7636, appendix B.
        let challenge = challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn secrets_are_quoted_for_the_header() {
        assert_eq!(quoted("a b:c+å*~"), "a+b%3Ac%2B%C3%A5*%7E");
    }
}
