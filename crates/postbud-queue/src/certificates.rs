//! Certificates for the broker, read from their files for each connection: whoever renews them need
//! not restart anything.

use lapin::tcp::{OwnedIdentity, OwnedTLSConfig};
use postbud_pipeline::CertificateFiles;

use crate::fault::Fault;

/// What the files hold now, for one connection.
pub(crate) fn tls(files: &CertificateFiles) -> Result<OwnedTLSConfig, Fault> {
    let pem = files.read().map_err(|error| Fault::away(&error.line()))?;
    let cert_chain = match (&files.ca, pem.ca) {
        (Some(path), Some(ca)) => {
            let text = String::from_utf8(ca);
            let text = text.map_err(|_| Fault::away(&format!("{} is no PEM file", path.display())));
            Some(text?)
        }
        _ => None,
    };
    let identity = pem.identity.map(|(pem, key)| OwnedIdentity::PKCS8 { pem, key });
    Ok(OwnedTLSConfig { identity, cert_chain })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_anew_and_a_missing_one_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let ca = dir.path().join("ca.pem");
        let files = CertificateFiles { ca: Some(ca.clone()), identity: None };
        let fault = tls(&files).unwrap_err();
        assert!(fault.line().contains("ca.pem cannot be read"), "{fault:?}");
        for pem in ["one", "two"] {
            std::fs::write(&ca, pem).unwrap();
            assert_eq!(tls(&files).unwrap().cert_chain.as_deref(), Some(pem));
        }
    }
}
