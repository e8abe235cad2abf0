//! A connection to an IMAP server: encrypted, signed in, with the mailbox open.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_imap::Client;
use async_imap::error::Error;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::{ImapError, ImapOptions, ImapTls};

/// Connecting, TLS included.
const CONNECT: Duration = Duration::from_secs(15);

/// A connection, encrypted or not.
pub(super) trait Io: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug> Io for T {}

/// A session that is signed in.
pub(super) struct Session {
    pub(super) imap: async_imap::Session<Box<dyn Io>>,
    /// How a letter leaves the mailbox.
    pub(super) moves: Moves,
}

/// How a letter leaves the mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moves {
    /// At once (RFC 6851).
    Move,
    /// By copying, marking and expunging exactly this one (RFC 4315).
    Copy,
}

/// Connects, signs in and opens the mailbox.
pub(super) async fn open(
    options: &ImapOptions,
    tls: Option<Arc<ClientConfig>>,
) -> Result<Session, ImapError> {
    let client =
        timeout(CONNECT, connect(options, tls)).await.map_err(|_| ImapError::TooSlow)??;
    let signing = client.login(&options.user, &options.password.0);
    let signed = timeout(options.idle, signing).await.map_err(|_| ImapError::TooSlow)?;
    // The server's words could repeat what it was sent.
    let mut imap = signed.map_err(|(error, _)| match error {
        Error::No(_) | Error::Bad(_) => ImapError::Refused,
        other => ImapError::from(other),
    })?;
    let capabilities = imap.capabilities().await?;
    let moves = match (capabilities.has_str("MOVE"), capabilities.has_str("UIDPLUS")) {
        (true, _) => Moves::Move,
        (false, true) => Moves::Copy,
        // A plain EXPUNGE would remove what other clients have marked.
        (false, false) => return Err(ImapError::Unable),
    };
    for folder in [&options.processed, &options.failed] {
        match imap.create(folder).await {
            // It is there already; if it is something else, moving says so.
            Ok(()) | Err(Error::No(_)) => {}
            Err(other) => return Err(other.into()),
        }
    }
    imap.select(&options.folder).await.map_err(|error| match error {
        Error::No(_) => ImapError::NoFolder(options.folder.clone()),
        other => ImapError::from(other),
    })?;
    Ok(Session { imap, moves })
}

async fn connect(
    options: &ImapOptions,
    tls: Option<Arc<ClientConfig>>,
) -> Result<Client<Box<dyn Io>>, ImapError> {
    let stream = TcpStream::connect((options.host.as_str(), options.port))
        .await
        .map_err(ImapError::Unreachable)?;
    let encrypt = async |stream: Box<dyn Io>| -> Result<Box<dyn Io>, ImapError> {
        let config = tls.clone().ok_or(ImapError::TooSlow)?;
        let name = ServerName::try_from(options.host.clone()).map_err(|_| ImapError::Name)?;
        let encrypted = TlsConnector::from(config).connect(name, stream).await;
        let encrypted: Box<dyn Io> = Box::new(encrypted.map_err(ImapError::Unreachable)?);
        Ok(encrypted)
    };
    let plain: Box<dyn Io> = Box::new(stream);
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
