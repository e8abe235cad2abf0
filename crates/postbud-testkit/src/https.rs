//! An HTTPS client that blocks: one request on one connection, for tests of who comes in.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::authority::{Authority, Issued};

/// Nobody waits longer for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Posts to `localhost`, with a certificate of our own where there is one, and trusting
/// `authority`. Returns the status and the body of the answer.
///
/// # Errors
/// When there is no answer: the connection, the handshake, a certificate that is not accepted.
pub fn post(
    authority: &Authority,
    own: Option<&Issued>,
    port: u16,
    path: &str,
    body: &[u8],
) -> Result<(u16, String)> {
    let name = ServerName::try_from("localhost")?;
    let connection = ClientConnection::new(Arc::new(config(authority, own)?), name)?;
    let socket = TcpStream::connect(("127.0.0.1", port)).context("connect")?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    let mut stream = StreamOwned::new(connection, socket);
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/xml\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // Whoever is refused for the size of the body is told so before it is through: what the answer
    // says counts, and only without one does it matter that writing failed.
    let written = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
    let written = written.and_then(|()| stream.flush());
    let mut answer = Vec::new();
    let read = match stream.read_to_end(&mut answer) {
        // A server that closes without a goodbye in TLS has said everything all the same.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(()),
        other => other.map(drop),
    };
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
    let Some(status) = status else {
        written.context("send the request")?;
        read.context("read the answer")?;
        anyhow::bail!("no answer in HTTP: {answer:?}");
    };
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Ok((status, body.to_owned()))
}

fn config(authority: &Authority, own: Option<&Issued>) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority.ca())?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    Ok(match own {
        None => builder.with_no_client_auth(),
        Some(own) => builder.with_client_auth_cert(
            vec![CertificateDer::from_pem_file(&own.certificate)?],
            PrivateKeyDer::from_pem_file(&own.key)?,
        )?,
    })
}
