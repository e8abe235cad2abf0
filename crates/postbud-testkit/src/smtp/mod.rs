//! A small SMTP server that keeps what it accepts, and fails when told to.
//!
//! It speaks enough of RFC 5321 for delivery tests (EHLO, HELO, MAIL, RCPT, DATA, RSET, NOOP,
//! QUIT, 8BITMIME, SMTPUTF8, PIPELINING, SIZE, and STARTTLS when asked to) and is strict where
//! leniency would hide a fault: only CR LF ends a line of a message.

mod session;

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A message that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// What the client called itself.
    pub helo: String,
    /// Did it come through TLS?
    pub tls: bool,
    /// The sender of the envelope, without angle brackets; empty for a notification.
    pub from: String,
    /// The parameters after the sender, such as `BODY=8BITMIME`.
    pub parameters: Vec<String>,
    /// The recipients of the envelope.
    pub recipients: Vec<String>,
    /// The message, dots unstuffed, with the line end of its last line.
    pub data: Vec<u8>,
}

/// Where in a session something goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Instead of the greeting.
    Connect,
    /// At MAIL FROM.
    Sender,
    /// At RCPT TO.
    Recipient,
    /// At DATA.
    Data,
    /// In the message: a reply comes after its last line, a close after its first.
    Message,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// This reply, such as `(451, "4.3.0 try later")`.
    Reply(u16, String),
    /// No answer any more.
    Hang,
    /// The connection is closed.
    Close,
    /// The message is kept and the connection closed before the client hears of it
    /// ([`Step::Message`] only; elsewhere a close).
    KeepAndClose,
}

#[derive(Default)]
struct State {
    mails: Vec<Mail>,
    once: VecDeque<(Step, Failure)>,
    always: Option<(Step, Failure)>,
}

struct Shared {
    state: Mutex<State>,
    arrived: Condvar,
    stopped: AtomicBool,
    sessions: AtomicU64,
    tls: Option<Arc<ServerConfig>>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failure(&self, step: Step) -> Option<Failure> {
        let mut state = self.lock();
        if let Some((at, failure)) = &state.always
            && *at == step
        {
            return Some(failure.clone());
        }
        state.once.pop_front_if(|(at, _)| *at == step).map(|(_, failure)| failure)
    }

    fn keep(&self, mail: Mail) {
        self.lock().mails.push(mail);
        self.arrived.notify_all();
    }

    fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

/// The server. It stops when it is dropped.
pub struct SmtpServer {
    address: SocketAddr,
    certificate: Option<String>,
    shared: Arc<Shared>,
}

impl SmtpServer {
    /// Listens on a free loopback port, without TLS.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn start() -> Result<Self> {
        Self::listen(None, None)
    }

    /// Listens on a free loopback port and offers STARTTLS for `localhost` and `127.0.0.1`.
    ///
    /// # Errors
    /// When no port can be had or no certificate can be made.
    pub fn start_with_tls() -> Result<Self> {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let own = rcgen::generate_simple_self_signed(names)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key)?;
        Self::listen(Some(Arc::new(config)), Some(own.cert.pem()))
    }

    fn listen(tls: Option<Arc<ServerConfig>>, certificate: Option<String>) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            arrived: Condvar::new(),
            stopped: AtomicBool::new(false),
            sessions: AtomicU64::new(0),
            tls,
        });
        let ours = Arc::clone(&shared);
        thread::Builder::new().name("smtp sink".into()).spawn(move || {
            for stream in listener.incoming().flatten() {
                if ours.stopped() {
                    return;
                }
                ours.sessions.fetch_add(1, Ordering::Relaxed);
                let shared = Arc::clone(&ours);
                // A client that breaks off is a client's affair.
                thread::spawn(move || drop(session::serve(stream, &shared)));
            }
        })?;
        Ok(Self { address, certificate, shared })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The certificate that a client must trust, in PEM form; `None` without TLS.
    #[must_use]
    pub fn certificate_pem(&self) -> Option<&str> {
        self.certificate.as_deref()
    }

    /// How many connections it has seen.
    #[must_use]
    pub fn sessions(&self) -> u64 {
        self.shared.sessions.load(Ordering::Relaxed)
    }

    /// What it has accepted so far, oldest first.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.shared.lock().mails.clone()
    }

    /// Waits until it has accepted at least `count` messages.
    ///
    /// # Errors
    /// When they do not come within `patience`.
    pub fn wait_for(&self, count: usize, patience: Duration) -> Result<Vec<Mail>> {
        let state = self.shared.lock();
        let (state, waited) = self
            .shared
            .arrived
            .wait_timeout_while(state, patience, |state| state.mails.len() < count)
            .unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            bail!("{} of {count} messages came within {patience:?}", state.mails.len());
        }
        Ok(state.mails.clone())
    }

    /// Fails once at this step. Failures are used up in the order in which they were given: a
    /// second one does not happen before the first has.
    pub fn fail_once(&self, step: Step, failure: Failure) {
        self.shared.lock().once.push_back((step, failure));
    }

    /// Fails at this step until [`recover`](Self::recover).
    pub fn fail_always(&self, step: Step, failure: Failure) {
        self.shared.lock().always = Some((step, failure));
    }

    /// Fails no more.
    pub fn recover(&self) {
        let mut state = self.shared.lock();
        state.always = None;
        state.once.clear();
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        // Wakes the listener, which then sees that it is to stop.
        drop(std::net::TcpStream::connect(self.address));
    }
}
