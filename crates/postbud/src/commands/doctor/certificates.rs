//! The dates of certificates.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use postbud_intake::Identity;
use x509_parser::pem::Pem;

use super::finding::{Finding, fault, good, note};
use crate::config::{Certificates, Config, Intake};

/// A larger file is no certificate.
const BYTES_MAX: u64 = 1 << 20;
/// So many days before the end somebody should know.
const DAYS: i64 = 30;

/// The files with certificates that the configuration names, each once.
pub(super) fn configured(config: &Config) -> BTreeSet<PathBuf> {
    let mut files = BTreeSet::new();
    let mut add = |ca: Option<&PathBuf>, own: Option<&Identity>| {
        files.extend(ca.cloned());
        files.extend(own.map(|own| own.certificate.clone()));
    };
    let delivery = &config.delivery;
    add(delivery.smtp.as_ref().and_then(|smtp| smtp.ca.as_ref()), None);
    let webhook = delivery.webhook.as_ref().map(|webhook| &webhook.certificates);
    let queue = delivery.queue.as_ref().map(|queue| &queue.certificates);
    let sf2900 = delivery.sf2900.as_ref().map(|sf2900| &sf2900.certificates);
    for certificates in
        [webhook, queue, sf2900, Some(&config.queue.certificates)].into_iter().flatten()
    {
        add(certificates.ca.as_ref(), certificates.identity.as_ref());
    }
    let Some(Intake { options, queues }) = &config.intake else { return files };
    if let Some(digital_post) = &options.digital_post {
        add(digital_post.ca.as_ref(), digital_post.identity.as_ref());
    }
    if let Some(push) = &options.push {
        add(push.clients.as_ref(), push.identity.as_ref());
    }
    options.smtp.iter().for_each(|smtp| add(None, smtp.identity.as_ref()));
    options.imap.iter().for_each(|imap| add(imap.ca.as_ref(), None));
    for Certificates { ca, identity } in queues.iter().map(|queue| &queue.certificates) {
        add(ca.as_ref(), identity.as_ref());
    }
    files
}

/// Looks at every certificate in a PEM file; the one that ends first decides.
pub(super) fn check(file: &Path) -> Finding {
    let shown = file.display();
    let wrong = |why: String| {
        let (english, danish) = (format!("{shown}: {why}"), format!("{shown}: {why}"));
        fault("certificate", english, danish).advise(
            "name a PEM file (-----BEGIN CERTIFICATE-----) that this user may read",
            "angiv en PEM-fil (-----BEGIN CERTIFICATE-----), som denne bruger må læse",
        )
    };
    match std::fs::metadata(file) {
        Ok(found) if found.len() > BYTES_MAX => return wrong("the file is too large".to_owned()),
        Err(error) => return wrong(error.to_string()),
        Ok(_) => {}
    }
    match std::fs::read(file).map_err(|error| error.to_string()).and_then(|text| dates(&text)) {
        Ok((begins, ends)) => judge(&shown.to_string(), begins, ends, Timestamp::now().as_second()),
        Err(why) => wrong(why),
    }
}

/// The latest beginning and the earliest end, in seconds since 1970.
fn dates(text: &[u8]) -> Result<(i64, i64), String> {
    let mut dates: Option<(i64, i64)> = None;
    for pem in Pem::iter_from_buffer(text) {
        let pem = pem.map_err(|error| error.to_string())?;
        if pem.label != "CERTIFICATE" {
            continue;
        }
        let certificate = pem.parse_x509().map_err(|error| error.to_string())?;
        let validity = certificate.validity();
        let (begins, ends) = (validity.not_before.timestamp(), validity.not_after.timestamp());
        let (latest, earliest) = dates.unwrap_or((begins, ends));
        dates = Some((latest.max(begins), earliest.min(ends)));
    }
    dates.ok_or_else(|| "there is no certificate in it".to_owned())
}

fn judge(file: &str, begins: i64, ends: i64, now: i64) -> Finding {
    let day = |second: i64| {
        Timestamp::from_second(second)
            .map_or_else(|_| second.to_string(), |at| at.strftime("%Y-%m-%d").to_string())
    };
    let english = format!("{file} is valid from {} to {}", day(begins), day(ends));
    let danish = format!("{file} gælder fra {} til {}", day(begins), day(ends));
    let renew = ("renew it", "forny det");
    if now >= ends || now < begins {
        fault("certificate", english, danish).advise(renew.0, renew.1)
    } else if ends - now < DAYS * 86_400 {
        note("certificate", english, danish).advise(renew.0, renew.1)
    } else {
        good("certificate", english, danish)
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn a_certificate_warns_before_it_ends() {
        let level = |now: i64| judge("a.pem", 0, 100 * 86_400, now * 86_400).level;
        assert_eq!(level(-1), Level::Fault);
        assert_eq!(level(1), Level::Good);
        assert_eq!(level(71), Level::Note);
        assert_eq!(level(100), Level::Fault);
    }

    #[test]
    fn what_is_none_is_said() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("a.pem");
        assert_eq!(check(&file).level, Level::Fault);
        std::fs::write(&file, "Kære kommune").expect("writes");
        assert_eq!(check(&file).level, Level::Fault);
        std::fs::write(&file, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
            .expect("writes");
        assert_eq!(check(&file).level, Level::Fault);
    }
}
