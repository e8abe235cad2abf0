//! How the distribution component is reached, and who asks.

use std::fmt;
use std::path::PathBuf;

use postbud_pipeline::CertificateFiles;
use url::Url;

/// What holds for every mailbox behind the distribution component.
#[derive(Clone)]
pub struct Sf2900Options {
    /// Where requests are posted: the municipality's own integration point, which adds what the
    /// component asks of a caller beside the certificate.
    pub url: Url,
    /// The folder whose files go to the component over SFTP.
    pub documents: PathBuf,
    /// The municipality's CVR number, eight digits.
    pub cvr: String,
    /// The UUID under which the municipality has registered Postbud as a system.
    pub system: String,
    /// Whom to trust and who we are.
    pub certificates: CertificateFiles,
    /// The deadline for one request, connecting included, in milliseconds.
    pub timeout_ms: u64,
    /// The largest letter that is handed over, in bytes as it was received.
    pub letter_bytes: usize,
}

impl Sf2900Options {
    /// What can be seen without the certificates.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !is_cvr(&self.cvr) {
            faults.push("sf2900.cvr is no CVR number; write its eight digits".to_owned());
        }
        if !is_uuid(&self.system) {
            faults.push(
                "sf2900.system is no UUID; write the one Postbud is registered by".to_owned(),
            );
        }
        if !(1_000..=3_600_000).contains(&self.timeout_ms) {
            faults.push("sf2900.timeout must lie between 1 second and 1 hour".to_owned());
        }
        faults
    }

    /// Is it a CVR number by its form?
    #[must_use]
    pub fn cvr_fits(text: &str) -> bool {
        is_cvr(text)
    }

    /// Is it a UUID by its form?
    #[must_use]
    pub fn system_fits(text: &str) -> bool {
        is_uuid(text)
    }
}

/// Eight digits?
pub(crate) fn is_cvr(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Five groups of hexadecimal digits, as the schema has it?
pub(crate) fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|b| b.is_ascii_hexdigit()))
}

impl fmt::Debug for Sf2900Options {
    /// Leaves the key out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sf2900Options")
            .field("documents", &self.documents)
            .field("cvr", &self.cvr)
            .field("system", &self.system)
            .field("timeout_ms", &self.timeout_ms)
            .field("letter_bytes", &self.letter_bytes)
            .finish_non_exhaustive()
    }
}
