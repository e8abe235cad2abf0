//! A specialist system that takes letters over HTTP, written after docs/webhook.openapi.json and not
//! after the sender: it checks the signature, keeps each key once, and answers as described. It fails
//! when told to, in the ways that real ones do. It can also speak as the distribution component of SF2900 does,
//! with SOAP and transport receipts.

mod wire;

use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use sha2::Sha256;

use crate::authority::{Authority, Issued};

/// What goes wrong with one letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookFault {
    /// This state and an empty JSON object.
    Status(u16),
    /// State 200 and the error page of a proxy.
    Page,
    /// State 200 and JSON that is cut off.
    Garbage,
    /// State 200 and another letter's key.
    OtherKey,
    /// State 200 and a body without end.
    Endless,
    /// State 302 to somewhere else.
    Redirect,
    /// Not wanted, with this code.
    Refuse(String),
    /// Something that is no HTTP.
    NoHttp,
    /// No answer.
    Hang,
    /// The connection is closed.
    Close,
    /// The letter is kept, and the connection closed before the sender hears of it.
    KeepAndClose,
}

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// `Idempotency-Key`; of an SF2900 request its transaction.
    pub key: String,
    /// All headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
    /// Is the signature the one that secret, time and body give?
    pub signed: bool,
}

#[derive(Default)]
struct State {
    posted: Vec<Posted>,
    kept: BTreeMap<String, Posted>,
    once: VecDeque<WebhookFault>,
    always: Option<WebhookFault>,
}

/// What is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speech {
    /// Signed JSON.
    Webhook,
    /// SOAP.
    Sf2900,
}

struct Shared {
    speech: Speech,
    state: Mutex<State>,
    stopped: AtomicBool,
    secret: Vec<u8>,
    tls: Option<Arc<ServerConfig>>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    fn signed(&self, headers: &BTreeMap<String, String>, body: &[u8]) -> bool {
        let header = |name: &str| headers.get(name).map_or("", String::as_str);
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.secret) else { return false };
        mac.update(header("webhook-id").as_bytes());
        mac.update(b".");
        mac.update(header("webhook-timestamp").as_bytes());
        mac.update(b".");
        mac.update(body);
        let right = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        header("webhook-id") == header("idempotency-key") && header("webhook-signature") == right
    }
}

/// The system. It stops when it is dropped.
pub struct WebhookServer {
    address: SocketAddr,
    authority: Option<(Authority, Issued)>,
    shared: Arc<Shared>,
}

impl WebhookServer {
    /// Listens on a free loopback port without TLS; `secret` are the bytes both sides know.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn start(secret: &[u8]) -> Result<Self> {
        Self::listen(Speech::Webhook, secret, None)
    }

    /// The same as the distribution component, which asks for no signature.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn start_sf2900() -> Result<Self> {
        Self::listen(Speech::Sf2900, &[], None)
    }

    /// The same with TLS; only clients with its certificate come in.
    ///
    /// # Errors
    /// When no port can be had or no certificate can be made.
    pub fn start_mutual(secret: &[u8]) -> Result<Self> {
        let authority = Authority::new()?;
        let client = authority.issue("client")?;
        Self::listen(Speech::Webhook, secret, Some((authority, client)))
    }

    fn listen(
        speech: Speech,
        secret: &[u8],
        authority: Option<(Authority, Issued)>,
    ) -> Result<Self> {
        let tls = authority.as_ref().map(|(authority, _)| authority.mutual()).transpose()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let (state, stopped) = (Mutex::default(), AtomicBool::new(false));
        let shared = Arc::new(Shared { speech, state, stopped, secret: secret.to_vec(), tls });
        let ours = Arc::clone(&shared);
        thread::Builder::new().name("webhook".into()).spawn(move || {
            for stream in listener.incoming().flatten() {
                if ours.stopped() {
                    return;
                }
                let shared = Arc::clone(&ours);
                // A client that breaks off is a client's affair.
                thread::spawn(move || drop(serve(stream, &shared)));
            }
        })?;
        Ok(Self { address, authority, shared })
    }

    /// The address for letters.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.authority.is_some() { "https" } else { "http" };
        format!("{scheme}://localhost:{}/letters", self.address.port())
    }

    /// Who issued the certificates, and the one with which a client comes in; where there is TLS.
    #[must_use]
    pub fn certificates(&self) -> Option<(&Authority, &Issued)> {
        self.authority.as_ref().map(|(authority, client)| (authority, client))
    }

    /// Every request so far, oldest first.
    #[must_use]
    pub fn posted(&self) -> Vec<Posted> {
        self.shared.lock().posted.clone()
    }

    /// What the system has for good: one request a key, the first.
    #[must_use]
    pub fn kept(&self) -> BTreeMap<String, Posted> {
        self.shared.lock().kept.clone()
    }

    /// The letters in what the system has, each as it was received, by key.
    ///
    /// # Errors
    /// When a body holds none.
    pub fn originals(&self) -> Result<BTreeMap<String, Vec<u8>>> {
        let original = |(key, posted): (String, Posted)| {
            let body = String::from_utf8(posted.body)?;
            // Base64 holds nothing that JSON escapes, and a quoted text no bare quotation mark.
            let behind = body.split_once("\"base64\":\"").map(|(_, rest)| rest);
            let text = behind.and_then(|rest| rest.split_once('"')).map(|(text, _)| text);
            let text = text.with_context(|| format!("the request {key} holds no letter"))?;
            Ok((key, STANDARD.decode(text)?))
        };
        self.kept().into_iter().map(original).collect()
    }

    /// Fails at the next request for which nothing was said yet.
    pub fn fail_once(&self, fault: WebhookFault) {
        self.shared.lock().once.push_back(fault);
    }

    /// Fails at every request, until [`recover`](Self::recover).
    pub fn fail_always(&self, fault: WebhookFault) {
        self.shared.lock().always = Some(fault);
    }

    /// Fails no more.
    pub fn recover(&self) {
        let mut state = self.shared.lock();
        state.once.clear();
        state.always = None;
    }
}

impl Drop for WebhookServer {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        // Wakes the listener, which then sees that it is to stop.
        drop(TcpStream::connect(self.address));
    }
}

fn serve(stream: TcpStream, shared: &Shared) -> Result<()> {
    stream.set_nodelay(true)?;
    match &shared.tls {
        None => wire::serve(stream, shared),
        Some(tls) => {
            let connection = ServerConnection::new(Arc::clone(tls))?;
            wire::serve(StreamOwned::new(connection, stream), shared)
        }
    }
}
