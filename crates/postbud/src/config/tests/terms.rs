//! `[[delivery.mailbox]]`.

use std::path::Path;
use std::time::Duration;

use crate::config::from_str;

const REST: &str = "[[mailbox]]\nid = \"a\"\nname = \"A\"\ndescription = \"a\"\n";

fn read(terms: &str) -> Result<Vec<(String, postbud_pipeline::Terms)>, String> {
    let text = format!("[delivery]\nattempts = 5\n{terms}\n{REST}");
    let read = from_str(&text, Path::new("/etc/postbud"));
    let terms = read.map(|(config, _)| config.delivery.terms);
    let named = |terms: Vec<_>| {
        terms.into_iter().map(|(id, terms): (postbud_decide::MailboxId, _)| (id.to_string(), terms))
    };
    terms.map(|terms| named(terms).collect()).map_err(|report| report.to_string())
}

#[test]
fn what_is_not_said_is_as_for_the_others() {
    assert!(read("").unwrap().is_empty());
    let terms = read("[[delivery.mailbox]]\nid = \"a\"\nper_second = 3").unwrap();
    assert_eq!(terms[0].0, "a");
    assert_eq!((terms[0].1.retry.attempts, terms[0].1.interval_ms), (5, Some(334)));
    let patient = "[[delivery.mailbox]]\nid = \"a\"\nattempts = 9\nfirst_retry_seconds = 7200";
    let terms = read(patient).unwrap();
    let retry = terms[0].1.retry;
    assert_eq!((retry.attempts, retry.longest), (9, Duration::from_secs(7_200)));
    assert_eq!(terms[0].1.interval_ms, None);
}

#[test]
fn what_cannot_be_is_named() {
    let one = "[[delivery.mailbox]]\nid = \"a\"\n";
    for (text, part) in [
        ("[[delivery.mailbox]]\nid = \"b\"", "no mailbox \"b\""),
        (&format!("{one}{one}"), "above already"),
        (&format!("{one}per_second = 0"), "per_second"),
        (&format!("{one}first_retry_seconds = 9\nlongest_retry_seconds = 8"), "shorter"),
    ] {
        let report = read(text).unwrap_err();
        assert!(report.contains(part), "{part} in {report}");
    }
}
