//! A connection to an IMAP server: encrypted, signed in, with the mailbox open.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_imap::Client;
use async_imap::error::Error;
use async_imap::imap_proto::{Capability, Response};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::commands::command;
use super::patience::Patience;
use super::{ImapError, ImapOptions, ImapTls};

/// Connecting, TLS included.
const CONNECT: Duration = Duration::from_secs(15);

/// A connection, encrypted or not.
pub(super) trait Io: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug> Io for T {}

/// What the library calls a session.
pub(super) type Imap = async_imap::Session<Box<dyn Io>>;

/// A session that is signed in, with the mailbox open.
pub(super) struct Session {
    pub(super) imap: Imap,
    /// How a letter leaves the mailbox.
    pub(super) moves: Moves,
    /// As long as this is the same, a number (UID) names the same letter.
    pub(super) validity: Option<u32>,
}

/// How a letter leaves the mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moves {
    /// At once (RFC 6851).
    Move,
    /// By copying, marking and expunging exactly this one (RFC 4315).
    Copy,
}

/// Ends what a server is too slow with.
pub(super) async fn within<T>(
    limit: Duration,
    doing: &'static str,
    what: impl Future<Output = Result<T, ImapError>>,
) -> Result<T, ImapError> {
    timeout(limit, what).await.unwrap_or(Err(ImapError::TooSlow(doing)))
}

/// Connects, signs in and opens the mailbox. No step can take for ever.
pub(super) async fn open(
    options: &ImapOptions,
    tls: Option<Arc<ClientConfig>>,
) -> Result<Session, ImapError> {
    let idle = options.idle;
    let client = within(CONNECT, "to begin", connect(options, tls)).await?;
    let mut imap = within(idle, "to sign us in", sign_in(client, options)).await?;
    let moves = within(idle, "to say what it can do", moves(&mut imap)).await?;
    for folder in [&options.processed, &options.failed] {
        within(idle, "to make a folder", make(&mut imap, folder)).await?;
    }
    let select = async {
        imap.select(&options.folder).await.map_err(|error| match error {
            Error::No(_) => ImapError::NoFolder(options.folder.clone()),
            other => ImapError::from(other),
        })
    };
    let mailbox = within(idle, "to open the mailbox", select).await?;
    Ok(Session { imap, moves, validity: mailbox.uid_validity })
}

async fn sign_in(client: Client<Box<dyn Io>>, options: &ImapOptions) -> Result<Imap, ImapError> {
    let signed = client.login(&options.user, &options.password.0).await;
    // The server's words could repeat what it was sent.
    signed.map_err(|(error, _)| match error {
        Error::No(_) | Error::Bad(_) => ImapError::Refused,
        other => ImapError::from(other),
    })
}

async fn moves(imap: &mut Imap) -> Result<Moves, ImapError> {
    let (mut can_move, mut can_expunge_one) = (false, false);
    let each = |answer: &Response<'_>| {
        let Response::Capabilities(capabilities) = answer else { return };
        for capability in capabilities {
            if let Capability::Atom(name) = capability {
                can_move |= name.eq_ignore_ascii_case("MOVE");
                can_expunge_one |= name.eq_ignore_ascii_case("UIDPLUS");
            }
        }
    };
    command(imap, "CAPABILITY", each).await?;
    match (can_move, can_expunge_one) {
        (true, _) => Ok(Moves::Move),
        (false, true) => Ok(Moves::Copy),
        // A plain EXPUNGE would remove what other clients have marked.
        (false, false) => Err(ImapError::Unable),
    }
}

async fn make(imap: &mut Imap, folder: &str) -> Result<(), ImapError> {
    match imap.create(folder).await {
        // It is there already; if it is something else, moving says so.
        Ok(()) | Err(Error::No(_)) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

async fn connect(
    options: &ImapOptions,
    tls: Option<Arc<ClientConfig>>,
) -> Result<Client<Box<dyn Io>>, ImapError> {
    let stream = TcpStream::connect((options.host.as_str(), options.port))
        .await
        .map_err(ImapError::Unreachable)?;
    let encrypt = async |stream: Box<dyn Io>| -> Result<Box<dyn Io>, ImapError> {
        let config = tls.clone().ok_or(ImapError::Name)?;
        let name = ServerName::try_from(options.host.clone()).map_err(|_| ImapError::Name)?;
        let encrypted = TlsConnector::from(config).connect(name, stream).await;
        let encrypted: Box<dyn Io> = Box::new(encrypted.map_err(ImapError::Unreachable)?);
        Ok(encrypted)
    };
    let plain: Box<dyn Io> = Box::new(Patience::new(stream, options.idle));
    let stream = match options.tls {
        ImapTls::Tls => encrypt(plain).await?,
        ImapTls::StartTls | ImapTls::None => plain,
    };
    let mut client = Client::new(stream);
    greeting(&mut client).await?;
    if options.tls != ImapTls::StartTls {
        return Ok(client);
    }
    client.run_command_and_check_ok("STARTTLS", None).await?;
    Ok(Client::new(encrypt(client.into_inner()).await?))
}

async fn greeting(client: &mut Client<Box<dyn Io>>) -> Result<(), ImapError> {
    let greeting = client.read_response().await.map_err(ImapError::Unreachable)?;
    greeting.map(drop).ok_or(ImapError::Garbage)
}
