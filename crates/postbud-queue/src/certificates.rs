//! Certificates for the broker, read from their files for each connection: whoever renews them need
//! not restart anything.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use lapin::tcp::{OwnedIdentity, OwnedTLSConfig};

use crate::fault::Fault;

/// A larger file holds neither a certificate nor a token.
const FILE_BYTES: u64 = 1 << 20;

/// Whom to trust and who we are, as PEM files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CertificateFiles {
    /// Authorities to trust beside those of the operating system.
    pub ca: Option<PathBuf>,
    /// Our certificate with its chain, and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
}

impl CertificateFiles {
    /// What the files hold now.
    pub(crate) fn read(&self) -> Result<OwnedTLSConfig, Fault> {
        let text = |path: &PathBuf| {
            let text = String::from_utf8(contents(path)?);
            text.map_err(|_| Fault::away(&format!("{} is no PEM file", path.display())))
        };
        let identity = match &self.identity {
            None => None,
            Some((certificate, key)) => {
                Some(OwnedIdentity::PKCS8 { pem: contents(certificate)?, key: contents(key)? })
            }
        };
        Ok(OwnedTLSConfig { identity, cert_chain: self.ca.as_ref().map(text).transpose()? })
    }
}

/// A file's bytes, as many as a certificate or a token can have.
pub(crate) fn contents(path: &Path) -> Result<Vec<u8>, Fault> {
    let unreadable =
        |error: std::io::Error| Fault::away(&format!("{} cannot be read: {error}", path.display()));
    let mut contents = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(FILE_BYTES).read_to_end(&mut contents).map_err(unreadable)?;
    Ok(contents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_anew_and_a_missing_one_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let ca = dir.path().join("ca.pem");
        let files = CertificateFiles { ca: Some(ca.clone()), identity: None };
        let fault = files.read().unwrap_err();
        assert!(fault.line().contains("ca.pem cannot be read"), "{fault:?}");
        for pem in ["one", "two"] {
            std::fs::write(&ca, pem).unwrap();
            assert_eq!(files.read().unwrap().cert_chain.as_deref(), Some(pem));
        }
    }
}
