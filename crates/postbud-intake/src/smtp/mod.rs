//! A listener to which the municipality's mail server hands letters, over SMTP or LMTP.
//!
//! The reply to a letter comes when it is durable. Nothing is added to a letter, no Received and no
//! Return-Path: the same letter handed over twice, because a reply got lost, has the same bytes
//! and is recognised. It is no mail server for the open internet: who may connect is configured.

mod data;
mod session;
mod wire;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use postbud_pipeline::Stop;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::acceptor::Acceptor;
use crate::activity::Activity;
use crate::listening::{ListenError, Listening};
use crate::renewing::Renewing;
use crate::room::Room;
use crate::tls::Identity;

use session::Session;
use wire::Wire;

/// After a connection could not be taken (no more files, say).
const BREATH: Duration = Duration::from_millis(200);

/// How letters are taken by mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpOptions {
    /// Where to listen.
    pub listen: SocketAddr,
    /// LMTP (RFC 2033) instead of SMTP.
    pub lmtp: bool,
    /// What the listener calls itself.
    pub name: String,
    /// Whose letters are taken: addresses, or domains as `@klitkobing.dk`; empty for all.
    pub recipients: Vec<String>,
    /// Who may connect.
    pub clients: Vec<IpNet>,
    /// With a certificate, STARTTLS is offered.
    pub identity: Option<Identity>,
    /// Take letters over TLS only.
    pub require_tls: bool,
    /// Recipients of one letter.
    pub max_recipients: usize,
    /// Sessions at once.
    pub sessions: usize,
    /// How long a client may be silent.
    pub idle: Duration,
    /// How long one letter may take in all.
    pub deadline: Duration,
}

impl SmtpOptions {
    fn lets_in(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.clients.iter().any(|net| net.contains(&address))
    }

    fn takes(&self, recipient: &str) -> bool {
        let recipient = recipient.to_lowercase();
        let fits = |taken: &String| {
            let taken = taken.to_lowercase();
            if taken.starts_with('@') { recipient.ends_with(&taken) } else { recipient == taken }
        };
        self.recipients.is_empty() || self.recipients.iter().any(fits)
    }
}

/// What all sessions share.
struct Shared {
    options: SmtpOptions,
    tls: Option<Renewing>,
    room: Room,
    activity: Arc<Activity>,
    acceptor: Acceptor,
}

/// The listener.
pub struct Smtp {
    options: SmtpOptions,
    listening: Listening,
}

impl Smtp {
    /// Takes the address; answers nobody yet.
    ///
    /// # Errors
    /// When the address or the certificate cannot be used.
    pub async fn open(options: SmtpOptions, room: Room) -> Result<Self, ListenError> {
        let tls = options.identity.clone().map(|identity| Renewing::open(identity, None));
        let kind = if options.lmtp { "lmtp" } else { "smtp" };
        let listening = Listening::open(options.listen, kind, tls, room).await?;
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

    /// Takes letters until `stop`; a letter that is complete then is still answered.
    pub async fn run(&self, acceptor: &Acceptor, stop: &Stop) {
        let shared = Arc::new(Shared {
            options: self.options.clone(),
            tls: self.listening.tls.clone(),
            room: self.listening.room.clone(),
            activity: Arc::clone(&self.listening.activity),
            acceptor: acceptor.clone(),
        });
        let places = Arc::new(Semaphore::new(self.options.sessions));
        let mut sessions = JoinSet::new();
        loop {
            // Sessions that have ended are forgotten as we go.
            while sessions.try_join_next().is_some() {}
            let accepted = tokio::select! {
                accepted = self.listening.listener.accept() => accepted,
                () = stop.wait() => break,
            };
            let Ok((stream, peer)) = accepted else {
                stop.sleep(BREATH).await;
                continue;
            };
            if !self.options.lets_in(peer.ip()) {
                sessions.spawn(turn_away(stream, "554 5.7.1 not for you\r\n"));
                continue;
            }
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                sessions.spawn(turn_away(stream, "421 4.3.2 too many sessions, come again\r\n"));
                continue;
            };
            // Replies are short and waited for.
            let _ = stream.set_nodelay(true);
            let wire = Wire::new(stream, self.options.idle, stop.clone());
            let session = Session::new(Arc::clone(&shared), wire);
            sessions.spawn(async move {
                session.serve().await;
                drop(place);
            });
        }
        while sessions.join_next().await.is_some() {}
    }
}

async fn turn_away(mut stream: TcpStream, reply: &'static str) {
    // Whoever does not read it has no letter here either way.
    let writing = stream.write_all(reply.as_bytes());
    let _ = tokio::time::timeout(Duration::from_secs(5), writing).await;
}
