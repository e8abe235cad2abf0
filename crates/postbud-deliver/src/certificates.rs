//! Certificates towards mail servers and specialist systems, read from their files.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use postbud_pipeline::Renewed;

/// A larger file holds no certificate.
const FILE_BYTES: u64 = 1 << 20;

/// Whom to trust and who we are, as PEM files. Files that are renewed need no restart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CertificateFiles {
    /// Authorities to trust beside those of the operating system.
    pub ca: Option<PathBuf>,
    /// Our certificate with its chain, and its key, for a system that asks.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// What the files hold.
pub(crate) struct Pem {
    pub(crate) ca: Option<Vec<u8>>,
    pub(crate) identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl CertificateFiles {
    /// What `make` makes of the files, now and whenever they have changed.
    pub(crate) fn renewed<T: Clone>(
        &self,
        make: impl Fn(&Pem) -> Result<T, String> + Send + Sync + 'static,
    ) -> Result<Renewed<T>, String> {
        let own = self.identity.iter().flat_map(|(certificate, key)| [certificate, key]);
        let files = own.chain(&self.ca).cloned().collect();
        let names = self.clone();
        Renewed::open(files, move || make(&names.read()?))
    }

    fn read(&self) -> Result<Pem, String> {
        let ca = self.ca.as_deref().map(contents).transpose()?;
        let identity = self.identity.as_ref();
        let identity = identity
            .map(|(certificate, key)| Ok::<_, String>((contents(certificate)?, contents(key)?)));
        Ok(Pem { ca, identity: identity.transpose()? })
    }
}

fn contents(path: &Path) -> Result<Vec<u8>, String> {
    let mut contents = Vec::new();
    let read = File::open(path).and_then(|file| file.take(FILE_BYTES).read_to_end(&mut contents));
    match read {
        Ok(_) => Ok(contents),
        Err(error) => Err(format!("{} cannot be read: {error}", path.display())),
    }
}
