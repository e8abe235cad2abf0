//! One request to a specialist system over HTTPS and its whole answer, within a deadline and a size.

use std::error::Error as _;
use std::time::Duration;

use postbud_pipeline::{CertificateFiles, Pem, Renewed};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Response, redirect};
use tokio::time::timeout;
use url::Url;

use crate::tls;

/// Connecting, TLS included.
const CONNECT: Duration = Duration::from_secs(15);
/// An answer that is longer is none.
const ANSWER_BYTES: usize = 64 << 10;

/// A client for one kind of system.
pub(crate) struct Https {
    client: Renewed<Client>,
    deadline: Duration,
}

/// What a system answered.
pub(crate) struct Answered {
    /// The HTTP state.
    pub(crate) status: u16,
    /// `Content-Type`, empty where it has none.
    pub(crate) kind: String,
    /// At most [`ANSWER_BYTES`].
    pub(crate) body: Vec<u8>,
}

/// What became of a letter, as the answer to it says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The system has it.
    Accepted,
    /// The system does not want this letter, and will not want it later.
    Refused(String),
    /// Anything else: to be tried again.
    NotNow(String),
}

impl Https {
    /// Checks the certificates; connects to nobody yet. `table` is the part of the configuration to
    /// which an error points.
    pub(crate) fn new(
        table: &str,
        certificates: &CertificateFiles,
        timeout_ms: u64,
    ) -> Result<Self, String> {
        let client = certificates.renewed(client).map_err(|what| format!("{table}: {what}"))?;
        Ok(Self { client, deadline: Duration::from_millis(timeout_ms) })
    }

    /// Posts `body`. The error says, without anything of the letter, why there is no answer; trying
    /// again may help.
    pub(crate) async fn post(
        &self,
        url: &Url,
        headers: &[(&'static str, &str)],
        body: Vec<u8>,
    ) -> Result<Answered, String> {
        let place = place(url);
        let mut request = self.client.current().post(url.clone()).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let whole = async {
            let response = request.send().await.map_err(|error| broken(&place, &error))?;
            read(response, &place).await
        };
        let late = || format!("{place} did not answer within {} s", self.deadline.as_secs());
        timeout(self.deadline, whole).await.unwrap_or_else(|_| Err(late()))
    }
}

fn client(pem: &Pem) -> Result<Client, String> {
    let identity = pem.identity.as_ref().map(|(certificate, key)| (&**certificate, &**key));
    Client::builder()
        .tls_backend_preconfigured(tls::client(pem.ca.as_deref(), identity)?)
        // A redirect would carry the letter somewhere else.
        .redirect(redirect::Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT)
        .user_agent(concat!("postbud/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| error.to_string())
}

/// Whose answer it is: the part of the address that all letters for one system share.
pub(crate) fn place(url: &Url) -> String {
    url.origin().ascii_serialization()
}

async fn read(mut response: Response, place: &str) -> Result<Answered, String> {
    let status = response.status().as_u16();
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.unwrap_or_default().to_owned();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| broken(place, &error))? {
        if body.len() + chunk.len() > ANSWER_BYTES {
            return Err(format!("{place} answered {status} with more than {ANSWER_BYTES} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answered { status, kind, body })
}

/// No answer: what the library said, without the address, whose path may hold a token.
fn broken(place: &str, error: &reqwest::Error) -> String {
    let mut deepest = error.source();
    while let Some(source) = deepest.and_then(std::error::Error::source) {
        deepest = Some(source);
    }
    let why = deepest.map(ToString::to_string).unwrap_or_default();
    let what = if error.is_connect() { "cannot be reached" } else { "broke the connection off" };
    format!("{place} {what}: {why}")
}
