//! A listener's certificate as its files have it now: whoever renews them need not restart anything.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::ServerConfig;
use tracing::{info, warn};

use crate::tls::{self, Identity, TlsError};

/// What tells one state of a file from another: when it was written, and its size.
type Mark = Option<(SystemTime, u64)>;

/// TLS for a listener. A copy shares what was read.
#[derive(Clone)]
pub(crate) struct Renewing {
    identity: Identity,
    clients: Option<PathBuf>,
    read: Arc<Mutex<Read>>,
}

struct Read {
    marks: Vec<Mark>,
    config: Arc<ServerConfig>,
}

impl Renewing {
    /// Reads the files for the first time; with `clients`, only those come in whose certificate these
    /// authorities issued.
    pub(crate) fn open(identity: Identity, clients: Option<PathBuf>) -> Result<Self, TlsError> {
        // Before the files are read: a change in between is read at the next connection.
        let marks = marks(&identity, clients.as_ref());
        let config = tls::server(&identity, clients.as_deref())?;
        Ok(Self { identity, clients, read: Arc::new(Mutex::new(Read { marks, config })) })
    }

    /// For one connection. Files that changed are read again; what cannot be used (such as a new
    /// certificate whose key is still to be written) is said once, and what was there goes on.
    pub(crate) fn current(&self) -> Arc<ServerConfig> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let marks = marks(&self.identity, self.clients.as_ref());
        if marks != read.marks {
            let path = self.identity.certificate.display();
            match tls::server(&self.identity, self.clients.as_deref()) {
                Ok(config) => {
                    read.config = config;
                    info!(certificate = %path, "a renewed certificate is in use");
                }
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    warn!(certificate = %path, error, "a renewed certificate cannot be used, the last one goes on");
                }
            }
            read.marks = marks;
        }
        Arc::clone(&read.config)
    }
}

fn marks(identity: &Identity, clients: Option<&PathBuf>) -> Vec<Mark> {
    let mark = |path: &PathBuf| {
        let found = std::fs::metadata(path).ok()?;
        Some((found.modified().ok()?, found.len()))
    };
    [&identity.certificate, &identity.key].into_iter().chain(clients).map(mark).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fs::File;
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_renewed_is_read_and_what_is_half_there_is_not_used() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let issue = || rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let (first, second) = (issue(), issue());
        // Files written within one tick of the file system's clock are told apart.
        let written = Cell::new(SystemTime::now());
        let write = |name: &str, pem: String| {
            std::fs::write(path(name), pem).unwrap();
            written.set(written.get() + Duration::from_secs(1));
            File::options()
                .write(true)
                .open(path(name))
                .unwrap()
                .set_modified(written.get())
                .unwrap();
        };
        write("cert", first.cert.pem());
        write("key", first.signing_key.serialize_pem());
        let identity = Identity { certificate: path("cert"), key: path("key") };
        let tls = Renewing::open(identity, None).unwrap();
        let at_first = tls.current();
        assert!(Arc::ptr_eq(&at_first, &tls.current()), "nothing has changed");
        write("cert", second.cert.pem());
        assert!(Arc::ptr_eq(&at_first, &tls.current()), "its key is not there yet");
        std::fs::remove_file(path("key")).unwrap();
        assert!(Arc::ptr_eq(&at_first, &tls.current()), "no key at all");
        write("key", second.signing_key.serialize_pem());
        let renewed = tls.current();
        assert!(!Arc::ptr_eq(&at_first, &renewed));
        assert!(Arc::ptr_eq(&renewed, &tls.clone().current()));
    }
}
