//! `/metrics` and `/health`: small answers to `GET`, on a port of their own.
//!
//! Nobody signs in here: the address belongs to the machine or to the operations network, and what
//! is answered holds no letter and no name. Everything that comes in is limited: connections, the
//! time for a request, the size of its head; bodies are not read.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use postbud_pipeline::Stop;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::{debug, warn};

use crate::health::Health;
use crate::metrics::Metrics;

/// What a server of these pages allows.
#[derive(Debug, Clone, Copy)]
pub struct HttpOptions {
    /// Connections at once; further ones wait.
    pub connections: usize,
    /// For a request's head.
    pub head: Duration,
    /// For a whole connection.
    pub connection: Duration,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self { connections: 32, head: Duration::from_secs(5), connection: Duration::from_secs(300) }
    }
}

/// The head of a request may have so many bytes.
const HEAD_BYTES: usize = 16 << 10;
/// After a failure to accept (no file descriptors left, say).
const PAUSE: Duration = Duration::from_millis(200);

/// Answers until `stop`.
pub async fn serve(
    listener: TcpListener,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    options: HttpOptions,
    stop: &Stop,
) {
    let places = Arc::new(Semaphore::new(options.connections.max(1)));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.wait() => return,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                warn!(%error, "a connection for /metrics or /health could not be accepted");
                if stop.sleep(PAUSE).await {
                    return;
                }
                continue;
            }
        };
        let (metrics, health, stop) = (Arc::clone(&metrics), Arc::clone(&health), stop.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = connection(stream, &metrics, &health, options) => {}
                () = stop.wait() => {}
            }
            drop(place);
        });
    }
}

async fn connection(stream: TcpStream, metrics: &Metrics, health: &Health, options: HttpOptions) {
    let answer = service_fn(|request: Request<Incoming>| async move {
        Ok::<_, Infallible>(answer(request.method(), request.uri().path(), metrics, health))
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(options.head)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), answer);
    match timeout(options.connection, served).await {
        Ok(Ok(())) | Err(_) => {}
        // A peer that leaves in the middle, or speaks something else.
        Ok(Err(error)) => debug!(%error, "a connection for /metrics or /health ended early"),
    }
}

fn answer(
    method: &Method,
    path: &str,
    metrics: &Metrics,
    health: &Health,
) -> Response<Full<Bytes>> {
    if method != Method::GET && method != Method::HEAD {
        let mut refusal = page(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET\n");
        refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refusal;
    }
    match path {
        "/metrics" => match metrics.render() {
            Ok(text) => page(StatusCode::OK, METRICS, text),
            Err(error) => page(StatusCode::INTERNAL_SERVER_ERROR, TEXT, format!("{error}\n")),
        },
        "/health/live" => page(StatusCode::OK, JSON, "{\"live\":true}\n"),
        "/health/ready" => {
            let ready = health.is_ready();
            let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            page(status, JSON, format!("{}\n", health.document()))
        }
        _ => page(StatusCode::NOT_FOUND, TEXT, "/metrics, /health/live or /health/ready\n"),
    }
}

const TEXT: &str = "text/plain; charset=utf-8";
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";
const JSON: &str = "application/json";

fn page(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut page = Response::new(Full::new(body.into()));
    *page.status_mut() = status;
    page.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    page.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    page
}
