//! An HTTPS endpoint to which MeMo messages are posted (REST_PUSH of Digital Post, or a
//! municipality's own distribution): the answer says at once whether the letter is accepted.
//!
//! 200 means durable; 4xx that this message is refused, however often it comes; 503 that it should
//! come again. The same message twice is accepted twice and delivered once, by its messageUUID.

mod answer;
mod request;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use postbud_pipeline::Stop;
use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tracing::debug;

use crate::acceptor::Acceptor;
use crate::activity::Activity;
use crate::listening::{ListenError, Listening};
use crate::renewing::Renewing;
use crate::room::Room;
use crate::tls::Identity;

/// TLS must stand, and a request's head have come, after this time.
const HEAD: Duration = Duration::from_secs(15);
/// The head of a request, in bytes.
const HEAD_BYTES: usize = 64 << 10;
/// How long a request that has begun may still take when we are asked to stop.
const GOODBYE: Duration = Duration::from_secs(15);
/// After a connection could not be taken (no more files, say).
const BREATH: Duration = Duration::from_millis(200);

/// How messages are taken by push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushOptions {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The path that messages are posted to, such as `/memos`.
    pub path: String,
    /// The certificate of the endpoint; `None` for a proxy on this machine that speaks TLS.
    pub identity: Option<Identity>,
    /// Only clients with a certificate of one of these authorities come in (mutual TLS).
    pub clients: Option<PathBuf>,
    /// Connections at once.
    pub connections: usize,
    /// How long a client may be silent.
    pub idle: Duration,
    /// How long one message may take in all.
    pub deadline: Duration,
}

/// What all connections share.
struct Shared {
    options: PushOptions,
    room: Room,
    activity: Arc<Activity>,
    acceptor: Acceptor,
}

/// The endpoint.
pub struct Push {
    options: PushOptions,
    listening: Listening,
}

impl Push {
    /// Takes the address; answers nobody yet.
    ///
    /// # Errors
    /// When the address or a certificate cannot be used.
    pub async fn open(options: PushOptions, room: Room) -> Result<Self, ListenError> {
        let (identity, clients) = (options.identity.clone(), options.clients.clone());
        let tls = identity.map(|identity| Renewing::open(identity, clients));
        let listening = Listening::open(options.listen, "push", tls, room).await?;
        Ok(Self { options, listening })
    }

    /// Where it listens; with the port that was taken when port 0 was asked for.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listening.address
    }

    /// Its figures.
    #[must_use]
    pub fn activity(&self) -> &Arc<Activity> {
        &self.listening.activity
    }

    /// Takes messages until `stop`; requests that have begun then are still answered.
    pub async fn run(&self, acceptor: &Acceptor, stop: &Stop) {
        let shared = Arc::new(Shared {
            options: self.options.clone(),
            room: self.listening.room.clone(),
            activity: Arc::clone(&self.listening.activity),
            acceptor: acceptor.clone(),
        });
        let places = Arc::new(Semaphore::new(self.options.connections));
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            let accepted = tokio::select! {
                accepted = self.listening.listener.accept() => accepted,
                () = stop.wait() => break,
            };
            let (Ok((stream, _)), Ok(place)) = (accepted, Arc::clone(&places).try_acquire_owned())
            else {
                stop.sleep(BREATH).await;
                continue;
            };
            let (shared, tls, stop) = (
                Arc::clone(&shared),
                self.listening.tls.as_ref().map(Renewing::current),
                stop.clone(),
            );
            connections.spawn(async move {
                if let Err(error) = connection(stream, tls, shared, &stop).await {
                    debug!(error = %error, "a connection to the push endpoint ended");
                }
                drop(place);
            });
        }
        while connections.join_next().await.is_some() {}
    }
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

async fn connection(
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    shared: Arc<Shared>,
    stop: &Stop,
) -> Result<(), Failed> {
    stream.set_nodelay(true)?;
    match tls {
        Some(config) => {
            let shaking = TlsAcceptor::from(config).accept(stream);
            let shaken = timeout(HEAD, shaking).await.map_err(Failed::from);
            match shaken.and_then(|shaken| shaken.map_err(Failed::from)) {
                Ok(stream) => requests(stream, shared, stop).await,
                Err(error) => {
                    shared.activity.broke_off("handshake", &error.to_string());
                    Ok(())
                }
            }
        }
        None => requests(stream, shared, stop).await,
    }
}

async fn requests(
    stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    shared: Arc<Shared>,
    stop: &Stop,
) -> Result<(), Failed> {
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(request::serve(request, shared).await) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(serving);
    tokio::select! {
        done = serving.as_mut() => return done.map_err(Into::into),
        () = stop.wait() => {}
    }
    serving.as_mut().graceful_shutdown();
    timeout(GOODBYE, serving).await?.map_err(Into::into)
}
