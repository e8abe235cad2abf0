//! Certificates and keys from PEM files, for both ends of a connection. rustls with ring.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use postbud_pipeline::{Unreadable, small_file};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

/// A certificate with its chain, and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The certificate, and those that lead to its issuer, in PEM form.
    pub certificate: PathBuf,
    /// The private key in PEM form, without a password.
    pub key: PathBuf,
}

/// Why TLS cannot be set up. Names files, never what is in them.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{} cannot be read", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file holds something else.
    #[error("{} holds no {what} in PEM form", path.display())]
    Pem {
        /// Which.
        path: PathBuf,
        /// What should be in it.
        what: &'static str,
    },
    /// Certificate and key, or the certificates to trust, cannot be used.
    #[error("the certificate in {} cannot be used with its key", path.display())]
    Use {
        /// The certificate.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The library refused the protocol versions.
    #[error("TLS cannot be set up")]
    Setup(#[source] rustls::Error),
}

/// A client that trusts `ca`, or what the operating system trusts; with a certificate of its own
/// when the other side asks who it is.
pub(crate) fn client(
    identity: Option<&Identity>,
    ca: Option<&Path>,
) -> Result<ClientConfig, TlsError> {
    let roots = match ca {
        Some(path) => roots(path)?,
        None => {
            let mut roots = RootCertStore::empty();
            // Some certificates of a system can always be unreadable; the others serve.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            roots
        }
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Setup)?
        .with_root_certificates(roots);
    match identity {
        None => Ok(builder.with_no_client_auth()),
        Some(identity) => {
            let (chain, key) = read(identity)?;
            builder.with_client_auth_cert(chain, key).map_err(|error| unusable(identity, error))
        }
    }
}

/// A server; with `clients`, only those come in whose certificate these authorities issued.
pub(crate) fn server(
    identity: &Identity,
    clients: Option<&Path>,
) -> Result<Arc<ServerConfig>, TlsError> {
    let (chain, key) = read(identity)?;
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Setup)?;
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let roots = Arc::new(roots(path)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build();
            let unusable = |error| TlsError::Use { path: path.to_owned(), source: Box::new(error) };
            builder.with_client_cert_verifier(verifier.map_err(unusable)?)
        }
    };
    let config = builder.with_single_cert(chain, key).map_err(|error| unusable(identity, error))?;
    Ok(Arc::new(config))
}

fn unusable(identity: &Identity, error: rustls::Error) -> TlsError {
    TlsError::Use { path: identity.certificate.clone(), source: Box::new(error) }
}

fn roots(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots
            .add(certificate)
            .map_err(|error| TlsError::Use { path: path.to_owned(), source: Box::new(error) })?;
    }
    Ok(roots)
}

fn read(
    identity: &Identity,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
    let chain = certificates(&identity.certificate)?;
    let key = PrivateKeyDer::from_pem_slice(&contents(&identity.key)?);
    let wrong = |_| TlsError::Pem { path: identity.key.clone(), what: "private key" };
    Ok((chain, key.map_err(wrong)?))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = || TlsError::Pem { path: path.to_owned(), what: "certificate" };
    let contents = contents(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&contents).collect();
    found.ok().filter(|found| !found.is_empty()).ok_or_else(wrong)
}

fn contents(path: &Path) -> Result<Vec<u8>, TlsError> {
    small_file(path).map_err(|Unreadable { path, source }| TlsError::File { path, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_do_not_fit_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let own = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        std::fs::write(path("cert"), own.cert.pem()).unwrap();
        std::fs::write(path("key"), own.signing_key.serialize_pem()).unwrap();
        std::fs::write(path("other"), other.signing_key.serialize_pem()).unwrap();
        std::fs::write(path("empty"), "").unwrap();
        let identity = |certificate: &str, key: &str| Identity {
            certificate: path(certificate),
            key: path(key),
        };
        assert!(server(&identity("cert", "key"), Some(&path("cert"))).is_ok());
        assert!(client(Some(&identity("cert", "key")), Some(&path("cert"))).is_ok());
        for (certificate, key, part) in [
            ("missing", "key", "missing cannot be read"),
            ("empty", "key", "empty holds no certificate"),
            ("cert", "cert", "cert holds no private key"),
            ("cert", "other", "cert cannot be used with its key"),
        ] {
            let said = server(&identity(certificate, key), None).unwrap_err().to_string();
            assert!(said.contains(part), "{said}");
            let said = client(Some(&identity(certificate, key)), None).unwrap_err().to_string();
            assert!(said.contains(part), "{said}");
        }
    }
}
