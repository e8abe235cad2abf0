//! Certificates as the files that they are kept in: whom to trust, and who we are.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::Renewed;

/// A larger file holds neither a certificate nor a key nor a token.
const FILE_BYTES: u64 = 1 << 20;

/// Whom to trust and who we are, as PEM files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CertificateFiles {
    /// Authorities to trust beside those of the operating system.
    pub ca: Option<PathBuf>,
    /// Our certificate with its chain, and its key, for a system that asks.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// What the files hold.
pub struct Pem {
    /// Authorities to trust beside those of the operating system.
    pub ca: Option<Vec<u8>>,
    /// Our certificate with its chain, and its key.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
}

/// A file that should be there.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be read", path.display())]
pub struct Unreadable {
    /// The file.
    pub path: PathBuf,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

impl Unreadable {
    /// All of it in one line.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{self}: {}", self.source)
    }
}

impl CertificateFiles {
    /// What the files hold now.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn read(&self) -> Result<Pem, Unreadable> {
        let ca = self.ca.as_deref().map(small_file).transpose()?;
        let own = self.identity.as_ref();
        let own = own.map(|(certificate, key)| Ok((small_file(certificate)?, small_file(key)?)));
        Ok(Pem { ca, identity: own.transpose()? })
    }

    /// What `make` makes of the files, now and whenever they have changed.
    ///
    /// # Errors
    /// When the files cannot be read now, or `make` cannot use them; in one line.
    pub fn renewed<T: Clone>(
        &self,
        make: impl Fn(&Pem) -> Result<T, String> + Send + Sync + 'static,
    ) -> Result<Renewed<T>, String> {
        let own = self.identity.iter().flat_map(|(certificate, key)| [certificate, key]);
        let watched = own.chain(&self.ca).cloned().collect();
        let files = self.clone();
        Renewed::open(watched, move || make(&files.read().map_err(|error| error.line())?))
    }
}

/// The bytes of a file with a certificate, a key or a token: at most 1 MiB of it.
///
/// # Errors
/// When it cannot be read.
pub fn small_file(path: &Path) -> Result<Vec<u8>, Unreadable> {
    let mut contents = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES).read_to_end(&mut contents))
        .map_err(|source| Unreadable { path: path.to_owned(), source })?;
    Ok(contents)
}
