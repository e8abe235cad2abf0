//! A listener's certificate as its files have it now.

use std::path::PathBuf;
use std::sync::Arc;

use postbud_pipeline::Renewed;
use rustls::ServerConfig;

use crate::tls::{self, Identity, TlsError};

/// TLS for a listener. A copy shares what was read.
#[derive(Clone)]
pub(crate) struct Renewing(Arc<Renewed<Arc<ServerConfig>>>);

impl Renewing {
    /// Reads the files for the first time; with `clients`, only those come in whose certificate these
    /// authorities issued.
    pub(crate) fn open(identity: Identity, clients: Option<PathBuf>) -> Result<Self, TlsError> {
        let own = [identity.certificate.clone(), identity.key.clone()];
        let files = own.into_iter().chain(clients.clone()).collect();
        let read = Renewed::open(files, move || tls::server(&identity, clients.as_deref()))?;
        Ok(Self(Arc::new(read)))
    }

    /// For one connection.
    pub(crate) fn current(&self) -> Arc<ServerConfig> {
        self.0.current()
    }
}
