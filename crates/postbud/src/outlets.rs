//! The ways out to specialist systems, as the configuration names them.

use std::sync::Arc;

use postbud_decide::Target;
use postbud_deliver::{Sf2900Options, WebhookOptions};
use postbud_pipeline::{CertificateFiles, ports};
use postbud_queue::{MailboxQueues, OutletOptions};

use crate::config::{Certificates, Config};
use crate::exit::{self, Failure};

/// Whom to trust and who we are.
pub(crate) fn files(certificates: &Certificates) -> CertificateFiles {
    CertificateFiles {
        ca: certificates.ca.clone(),
        identity: certificates.identity.clone().map(|own| (own.certificate, own.key)),
    }
}

/// How specialist systems are told letters over HTTPS; `None` when none is.
pub(crate) fn webhook(config: &Config) -> Option<WebhookOptions> {
    let webhook = config.delivery.webhook.as_ref()?;
    Some(WebhookOptions {
        certificates: files(&webhook.certificates),
        timeout_ms: u64::try_from(webhook.timeout.as_millis()).unwrap_or(u64::MAX),
        letter_bytes: webhook.letter_bytes,
        ..WebhookOptions::new(webhook.secret.expose())
    })
}

/// How letters are handed over by KLE subject; `None` when none is.
pub(crate) fn sf2900(config: &Config) -> Option<Sf2900Options> {
    let sf2900 = config.delivery.sf2900.as_ref()?;
    Some(Sf2900Options {
        url: sf2900.url.clone(),
        documents: sf2900.documents.clone(),
        cvr: sf2900.cvr.clone(),
        system: sf2900.system.clone(),
        certificates: files(&sf2900.certificates),
        timeout_ms: u64::try_from(sf2900.timeout.as_millis()).unwrap_or(u64::MAX),
        letter_bytes: sf2900.letter_bytes,
    })
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
