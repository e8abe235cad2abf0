//! The connection: lines in, replies out, each with a limit and a time.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use postbud_pipeline::Stop;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// The longest command, in bytes.
const COMMAND_BYTES: usize = 4 << 10;
/// Read at once.
const CHUNK: usize = 64 << 10;
/// TLS must stand after this time.
const HANDSHAKE: Duration = Duration::from_secs(30);

/// A connection, encrypted or not.
pub(super) trait Io: AsyncRead + AsyncWrite + Unpin + Send + Sync {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync> Io for T {}

/// Why a session ends.
#[derive(Debug)]
pub(super) enum Ends {
    /// The client is gone, or silent for too long.
    Gone,
    /// The letter did not come in the time that one has.
    Late,
    /// We are asked to stop.
    Stopping,
    /// The client breaks the protocol in a way that nothing good can follow.
    Wrong(&'static str),
}

impl From<io::Error> for Ends {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

/// Reads and writes.
pub(super) struct Wire {
    io: Box<dyn Io>,
    buffer: BytesMut,
    idle: Duration,
    stop: Stop,
}

impl Wire {
    pub(super) fn new(io: impl Io + 'static, idle: Duration, stop: Stop) -> Self {
        Self { io: Box::new(io), buffer: BytesMut::new(), idle, stop }
    }

    /// One command line, without its line end.
    pub(super) async fn line(&mut self) -> Result<Vec<u8>, Ends> {
        loop {
            if let Some(end) = self.buffer.iter().position(|&byte| byte == b'\n') {
                let line = self.buffer.split_to(end + 1);
                let line = line.strip_suffix(b"\r\n");
                let line = line.ok_or(Ends::Wrong("a command ends with CR LF"))?;
                return Ok(line.to_vec());
            }
            if self.buffer.len() > COMMAND_BYTES {
                return Err(Ends::Wrong("the command is too long"));
            }
            self.fill().await?;
        }
    }

    /// More bytes of a message; they stay until [`consume`](Self::consume).
    pub(super) async fn chunk(&mut self) -> Result<&[u8], Ends> {
        if self.buffer.is_empty() {
            self.fill().await?;
        }
        Ok(&self.buffer)
    }

    pub(super) fn consume(&mut self, bytes: usize) {
        self.buffer.advance(bytes.min(self.buffer.len()));
    }

    /// Has the client sent more than it was asked for?
    pub(super) fn has_more(&self) -> bool {
        !self.buffer.is_empty()
    }

    async fn fill(&mut self) -> Result<(), Ends> {
        self.buffer.reserve(CHUNK);
        let read = tokio::select! {
            read = timeout(self.idle, self.io.read_buf(&mut self.buffer)) => read,
            () = self.stop.wait() => return Err(Ends::Stopping),
        };
        match read {
            Ok(Ok(0)) | Err(_) => Err(Ends::Gone),
            Ok(read) => Ok(read.map(drop)?),
        }
    }

    /// Sends one reply, or several lines of one.
    pub(super) async fn reply(&mut self, text: &str) -> Result<(), Ends> {
        let write = async {
            self.io.write_all(text.as_bytes()).await?;
            self.io.flush().await
        };
        timeout(self.idle, write).await.map_err(|_| Ends::Gone)?.map_err(Ends::from)
    }

    /// Goes on encrypted; otherwise why not.
    pub(super) async fn encrypt(self, config: Arc<ServerConfig>) -> Result<Self, String> {
        let accepting = TlsAcceptor::from(config).accept(self.io);
        let accepted = timeout(HANDSHAKE, accepting).await.map_err(|error| error.to_string())?;
        let io = accepted.map_err(|error| error.to_string())?;
        Ok(Self { io: Box::new(io), buffer: BytesMut::new(), idle: self.idle, stop: self.stop })
    }
}
