//! How spans travel: the HTTP client that is in the tree already, lent to the exporter.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use opentelemetry_http::{HttpClient, HttpError};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use tokio::runtime::Handle;
use tracing::{info, warn};

/// An answer longer than this is not read to its end.
const ANSWER_BYTES: usize = 64 << 10;

/// A client for the exporter, which runs on a thread outside of the runtime.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    runtime: Handle,
    /// Has it been said that nobody takes traces?
    away: AtomicBool,
}

impl Client {
    /// A client that gives up after `patience` and follows nobody elsewhere.
    pub(crate) fn new(patience: Duration, runtime: Handle) -> Result<Self, HttpError> {
        let mut roots = RootCertStore::empty();
        // Some certificates of a system can always be unreadable; the others serve.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(patience)
            .build()?;
        Ok(Self { http, runtime, away: AtomicBool::new(false) })
    }

    /// Says once that traces are lost, and once that they are not any more.
    fn tell(&self, answer: &Result<Response<Bytes>, HttpError>) {
        let why = match answer {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("it answers {}", answer.status())),
            Err(error) => Some(error.to_string()),
        };
        match (self.away.swap(why.is_some(), Ordering::Relaxed), why) {
            (false, Some(why)) => {
                warn!(why, "the collector takes no traces; letters go on without");
            }
            (true, None) => info!("the collector takes traces again"),
            _ => {}
        }
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let http = self.http.clone();
        let sent = self.runtime.spawn(async move { send(&http, request).await });
        let answer = sent.await.map_err(HttpError::from).flatten();
        self.tell(&answer);
        answer
    }
}

async fn send(
    http: &reqwest::Client,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, HttpError> {
    let mut answer =
        http.execute(request.try_into()?).await.map_err(reqwest::Error::without_url)?;
    let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
        if body.len() + part.len() > ANSWER_BYTES {
            return Err("the answer of the collector is too long".into());
        }
        body.extend_from_slice(&part);
    }
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}
