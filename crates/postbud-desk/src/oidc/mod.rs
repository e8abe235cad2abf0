//! Signing in elsewhere: OpenID Connect with Entra ID, Keycloak and others.
//!
//! The authorization code flow with PKCE. What the browser brings back is worth nothing by itself:
//! the code is exchanged between the two servers, and the identity token that comes with it must
//! be signed with a key of the issuer, be meant for this desk, and answer this very question
//! (`nonce`). Nothing is kept here between the question and the answer: the browser carries what
//! belongs to its question in a cookie of its own, so that any of several desks can finish it.
//!
//! Who somebody is, is the issuer's number for them (`sub`), never a name or an address.

mod claims;
mod fetch;
mod keys;
mod provider;
pub(crate) mod sign_in;
mod signed;

use std::fmt;

use postbud_pipeline::ports::Role;

pub(crate) use provider::Provider;

/// How people sign in elsewhere.
#[derive(Clone, PartialEq, Eq)]
pub struct OidcOptions {
    /// The issuer's address, exactly as it calls itself.
    pub issuer: String,
    /// What this desk is called there.
    pub client_id: String,
    /// The secret that this desk shares with the issuer; `None` where PKCE alone is agreed.
    pub client_secret: Option<String>,
    /// The address of this desk as browsers know it, without a `/` at the end.
    pub public_url: String,
    /// What to ask for beside `openid`.
    pub scopes: Vec<String>,
    /// Which claim is the person's name here.
    pub name_claim: String,
    /// Which claim lists what they may do; dots lead into objects, `realm_access.roles`.
    pub role_claim: String,
    /// What the issuer calls each role here.
    pub roles: Vec<(String, Role)>,
}

impl fmt::Debug for OidcOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OidcOptions")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// Why somebody could not sign in elsewhere. Never holds a token or a secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OidcError {
    /// The issuer does not answer.
    #[error("the issuer does not answer at {0}")]
    Away(&'static str, #[source] reqwest::Error),
    /// The issuer says something that does not belong there.
    #[error("the issuer's answer at {0} is not what it should be: {1}")]
    Strange(&'static str, String),
    /// The issuer refused the code.
    #[error("the issuer refused: {0}")]
    Refused(String),
    /// The identity token does not hold.
    #[error("the identity token does not hold: {0}")]
    Token(String),
    /// Nothing in the role claim is a role here.
    #[error("the issuer gives this person no role here")]
    NoRole,
    /// The name claim is missing or no name.
    #[error("the claim {0} is no name")]
    NoName(String),
}
