//! The ways out to specialist systems: the certificates and secrets that the configuration names, read
//! from their files.

use std::path::Path;
use std::sync::Arc;

use postbud_decide::Target;
use postbud_deliver::{Sf2900Options, WebhookOptions};
use postbud_pipeline::ports;
use postbud_queue::{CertificateFiles, MailboxQueues, OutletOptions};

use crate::config::{Certificates, Config, Smtp};
use crate::exit::{self, Failure};

/// Our certificate and its key, both as PEM.
type IdentityPem = (Vec<u8>, Vec<u8>);

fn read(path: &Path, what: &str) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        let message = format!("{what} cannot be read: {}: {error}", path.display());
        Failure::new(exit::CONFIGURATION, message)
    })
}

/// The authorities to trust, and who we are.
fn pem(
    certificates: &Certificates,
    table: &str,
) -> Result<(Option<Vec<u8>>, Option<IdentityPem>), Failure> {
    let of = |key: &str| format!("{key} in {table}");
    let ca = certificates.ca.as_ref().map(|path| read(path, &of("ca_file"))).transpose()?;
    let identity = certificates.identity.as_ref().map(|own| {
        Ok((read(&own.certificate, &of("certificate_file"))?, read(&own.key, &of("key_file"))?))
    });
    Ok((ca, identity.transpose()?))
}

/// The same for a broker, which has them read for each connection.
pub(crate) fn files(certificates: &Certificates) -> CertificateFiles {
    CertificateFiles {
        ca: certificates.ca.clone(),
        identity: certificates.identity.clone().map(|own| (own.certificate, own.key)),
    }
}

/// The authorities that the mail server's certificate may come from, beside the system's.
pub(crate) fn smtp_authorities(smtp: &Smtp) -> Result<Option<Vec<u8>>, Failure> {
    smtp.ca.as_deref().map(|path| read(path, "ca_file in [delivery.smtp]")).transpose()
}

/// How specialist systems are told letters over HTTPS; `None` when none is.
pub(crate) fn webhook(config: &Config) -> anyhow::Result<Option<WebhookOptions>> {
    let Some(webhook) = &config.delivery.webhook else { return Ok(None) };
    let (ca_pem, identity_pem) = pem(&webhook.certificates, "[delivery.webhook]")?;
    Ok(Some(WebhookOptions {
        ca_pem,
        identity_pem,
        timeout_ms: u64::try_from(webhook.timeout.as_millis()).unwrap_or(u64::MAX),
        letter_bytes: webhook.letter_bytes,
        ..WebhookOptions::new(webhook.secret.expose())
    }))
}

/// How letters are handed over by KLE subject; `None` when none is.
pub(crate) fn sf2900(config: &Config) -> anyhow::Result<Option<Sf2900Options>> {
    let Some(sf2900) = &config.delivery.sf2900 else { return Ok(None) };
    let (ca_pem, identity_pem) = pem(&sf2900.certificates, "[delivery.sf2900]")?;
    Ok(Some(Sf2900Options {
        url: sf2900.url.clone(),
        documents: sf2900.documents.clone(),
        cvr: sf2900.cvr.clone(),
        system: sf2900.system.clone(),
        ca_pem,
        identity_pem,
        timeout_ms: u64::try_from(sf2900.timeout.as_millis()).unwrap_or(u64::MAX),
        letter_bytes: sf2900.letter_bytes,
    }))
}

/// The broker with the queues of mailboxes; `None` when no mailbox is one.
pub(crate) fn queues(config: &Config) -> anyhow::Result<Option<Arc<dyn ports::Outlet>>> {
    let is_queue = |target: &Option<Target>| matches!(target, Some(Target::Queue { .. }));
    let wanted = config.settings.mailboxes.iter().any(|mailbox| is_queue(&mailbox.target));
    let Some(outlet) = config.delivery.queue.as_ref().filter(|_| wanted) else { return Ok(None) };
    let options = OutletOptions {
        url: outlet.url.expose().to_owned(),
        password: None,
        declare: outlet.declare,
        call_deadline_ms: u32::try_from(outlet.timeout.as_millis()).unwrap_or(u32::MAX),
        certificates: files(&outlet.certificates),
    };
    let queues = MailboxQueues::new(options);
    let queues = queues.map_err(|error| Failure::new(exit::CONFIGURATION, error.to_string()))?;
    Ok(Some(Arc::new(queues)))
}
