//! SF2900, *Fordelingskomponenten*: a letter is handed over by its KLE subject and action facet, to
//! whichever system has said that it takes them.
//!
//! The document, which is the letter as it was received, is put into a folder whose files go to the
//! component over SFTP; then the request that names it is posted as SOAP. Both have names that come from
//! the outbox item's key and are the same on every attempt, so whoever keeps a transaction once has the
//! letter once. Element names and order are those of KOMBIT's schema `DistributionServiceTypesV2`.
//!
//! The letter counts as delivered when the transport receipt says `OK` or `ADVARSEL`. The business receipt
//! comes later and by another way; Postbud does not read it.

mod options;
mod receipt;
mod request;
mod xml;

use std::path::PathBuf;

use bytes::Bytes;
use tokio::task::spawn_blocking;
use url::Url;

use crate::disk;
use crate::failure::Failure;
use crate::https::{Https, Verdict, place};

pub use options::Sf2900Options;
pub(crate) use options::{is_cvr, is_uuid};
pub(crate) use request::{Subject, Who, handover};

/// A letter as it is handed over.
pub(crate) struct Handover {
    /// What the document is called in the folder.
    pub(crate) file_name: String,
    /// The letter as it was received.
    pub(crate) document: Bytes,
    /// The SOAP request.
    pub(crate) request: Vec<u8>,
}

/// Hands letters to the distribution component.
pub(crate) struct Sf2900Sender {
    https: Https,
    url: Url,
    documents: PathBuf,
    who: Who,
    letter_bytes: usize,
}

impl Sf2900Sender {
    /// Checks the certificates; connects to nobody yet and makes no folder.
    pub(crate) fn new(options: &Sf2900Options) -> Result<Self, String> {
        Ok(Self {
            https: Https::new("sf2900", &options.certificates, options.timeout_ms)?,
            url: options.url.clone(),
            documents: options.documents.clone(),
            who: Who { cvr: options.cvr.clone(), system: options.system.clone() },
            letter_bytes: options.letter_bytes,
        })
    }

    /// On whose behalf letters are handed over.
    pub(crate) fn who(&self) -> &Who {
        &self.who
    }

    /// The largest letter that is handed over, in bytes.
    pub(crate) fn letter_bytes(&self) -> usize {
        self.letter_bytes
    }

    /// Puts the document in its place, then posts the request.
    pub(crate) async fn send(&self, handover: Handover) -> Result<(), Failure> {
        let Handover { file_name, document, request } = handover;
        let folder = self.documents.clone();
        let put = spawn_blocking(move || disk::put(&folder, &file_name, &document)).await;
        put.map_err(|error| Failure::not_composed(&error))??;
        let headers = [
            ("content-type", "text/xml; charset=utf-8"),
            ("accept", "text/xml"),
            ("soapaction", "\"\""),
        ];
        let verdict = match self.https.post(&self.url, &headers, request).await {
            Ok(answered) => receipt::judge(&place(&self.url), &answered),
            Err(what) => Verdict::NotNow(what),
        };
        Failure::unless_accepted(verdict)
    }
}
