//! `[metrics]`.

use std::path::Path;

use crate::config::from_str;

const REST: &str = "[[mailbox]]\nid = \"a\"\nname = \"A\"\ndescription = \"a\"\n";

fn read(metrics: &str) -> Result<Option<String>, String> {
    let read = from_str(&format!("{metrics}\n{REST}"), Path::new("/etc/postbud"));
    read.map(|(config, _)| config.metrics.map(|listen| listen.to_string()))
        .map_err(|report| report.to_string())
}

#[test]
fn no_section_serves_nothing_and_an_empty_one_this_machine() {
    assert_eq!(read("").unwrap(), None);
    assert_eq!(read("[metrics]").unwrap().as_deref(), Some("127.0.0.1:9464"));
    assert_eq!(read("[metrics]\nlisten = \"[::]:80\"").unwrap().as_deref(), Some("[::]:80"));
}

#[test]
fn what_cannot_be_is_named() {
    for (text, part) in [
        ("listen = \"localhost\"", "an address of this machine and a port"),
        ("listen = 9464", "a text belongs here"),
        ("lissen = \"x\"", "listen"),
    ] {
        let said = read(&format!("[metrics]\n{text}")).unwrap_err();
        assert!(said.contains(part), "{text}: {said}");
    }
}
