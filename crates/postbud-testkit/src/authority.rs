//! A certificate authority for tests: issues certificates that one test trusts and nobody else.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tempfile::TempDir;

/// An authority with a folder for its PEM files, which goes when it is dropped.
pub struct Authority {
    dir: TempDir,
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

/// A certificate with its key, in PEM files.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Authority {
    /// A new authority.
    ///
    /// # Errors
    /// When keys or files cannot be made.
    pub fn new() -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate()?;
        let own = params.self_signed(&key)?;
        fs::write(dir.path().join("ca.pem"), own.pem())?;
        let certificate = own.der().clone();
        Ok(Self { dir, issuer: Issuer::new(params, key), certificate })
    }

    /// The authority's own certificate, in PEM form.
    #[must_use]
    pub fn ca(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }

    /// Its folder, for what else a test needs beside the certificates.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.dir.path()
    }

    /// Issues a certificate for `localhost` and 127.0.0.1, good for servers and for clients. `name` is its
    /// common name and what its files are called.
    ///
    /// # Errors
    /// When keys or files cannot be made.
    pub fn issue(&self, name: &str) -> Result<Issued> {
        self.write(name, &self.params(name)?)
    }

    /// The same, which was good until 2021.
    ///
    /// # Errors
    /// When keys or files cannot be made.
    pub fn issue_expired(&self, name: &str) -> Result<Issued> {
        let mut params = self.params(name)?;
        (params.not_before, params.not_after) =
            (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
        self.write(name, &params)
    }

    fn write(&self, name: &str, params: &CertificateParams) -> Result<Issued> {
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let path = |ending: &str| self.dir.path().join(format!("{name}.{ending}"));
        fs::write(path("pem"), certificate.pem())?;
        fs::write(path("key"), key.serialize_pem())?;
        Ok(Issued { certificate: path("pem"), key: path("key") })
    }

    fn params(&self, name: &str) -> Result<CertificateParams> {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, name);
        Ok(params)
    }

    /// TLS for a server that only lets clients in to whom this authority issued a certificate.
    pub(crate) fn mutual(&self) -> Result<Arc<ServerConfig>> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone())?;
        let clients =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()?;
        let key = KeyPair::generate()?;
        let certificate = self.params("server")?.signed_by(&key, &self.issuer)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(clients)
            .with_single_cert(vec![certificate.der().clone()], key)?;
        Ok(Arc::new(config))
    }
}
