//! `[traces]`.

use std::path::Path;

use postbud_trace::TraceOptions;

use crate::config::from_str;

const REST: &str = "[[mailbox]]\nid = \"a\"\nname = \"A\"\ndescription = \"a\"\n";

fn read(traces: &str) -> Result<Option<TraceOptions>, String> {
    let read = from_str(&format!("{traces}\n{REST}"), Path::new("/etc/postbud"));
    read.map(|(config, _)| config.traces).map_err(|report| report.to_string())
}

#[test]
fn no_section_is_no_traces_and_an_endpoint_is_enough() {
    assert_eq!(read("").unwrap(), None);
    let traces = read("[traces]\nendpoint = \"http://127.0.0.1:4318/v1/traces\"").unwrap().unwrap();
    assert_eq!((traces.share, traces.every.as_secs()), (1.0, 5));
}

#[test]
fn what_cannot_be_is_named() {
    for (text, part) in [
        ("", "endpoint"),
        ("endpoint = \"localhost:4318\"", "with its path"),
        ("endpoint = \"http://127.0.0.1:4318\"", "with its path"),
        ("endpoint = \"http://a/v1/traces\"\nshare = 1.5", "share"),
        ("endpoint = \"http://a/v1/traces\"\nevery_seconds = 0", "every_seconds"),
    ] {
        let said = read(&format!("[traces]\n{text}")).unwrap_err();
        assert!(said.contains(part), "{text}: {said}");
    }
}
