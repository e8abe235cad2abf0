//! What a person reads when a configuration has faults.

use super::super::from_str;
use super::{loaded, refused};
use std::path::Path;

/// Faults of every kind in one file, all named at once.
#[test]
fn a_dozen_faults() {
    let text = r#"# Vores opsætning
stor = 1

[store]
url = "mysql://root:hemmelig@db/post"

[queue]
url = "amqp://postbud:hemmelig@mq.example.dk"
prefech = 64
attempts = 0
retry_delay_seconds = "30"

[promise]
target_error = 0.9

[delivery]
language = "dansk"
first_retry_seconds = 60
longest_retry_seconds = 30
domain = "klitkøbing.dk"

[log]
level = "information"

[[mailbox]]
id = "borgerservice"
name = "Borgerservice"
kle = ["23.*", "27.6956", 27]
deliver = "smtp:borgerservice@klitkobing.dk"

[[mailbox]]
id = "Borgerservice"
tier = "must-not-mis"
deliver = "mappe:post"

[[mailbox]]
id = "whistle/blower"
name = "Whistleblower"
tier = "never-automatic"
automatic = true

[[rule]]
name = "Pas"
to = "borgerservise"
when = { words = ["*pas"], kanal = "email" }

[[rule]]
name = "Pas"
to = "person"
when = {}

[[rule]]
name = "Alt andet"
to = "person"
"#;
    let report = from_str(text, Path::new("/srv/postbud")).map(|_| ()).expect_err("faults");
    let shown = report.to_string();
    assert!(!shown.contains("hemmelig"), "{shown}");
    insta::assert_snapshot!(shown);
}

#[test]
fn faults_in_conditions() {
    let nested =
        |depth: usize| format!("{}reply = true{}", "not = { ".repeat(depth), " }".repeat(depth));
    let text = format!(
        r#"
[[rule]]
name = "Mange"
to = "skole"
[rule.when]
contact_point_label = ["a*b", ""]
sender_id = ["010190-000", 5]
sender_type = "cpr-nummer"
kle = ["27"]
reply = "ja"
words = ["-", "a*b c"]
language = "no"
channel = ["mail"]
any = []
all = [1]
not = {{}}

[[rule]]
name = "Dyb"
to = "person"
when = {{ {} }}

[[rule]]
name = "{}"
to = "person"
when = {{ reply = true }}
"#,
        nested(9),
        "x".repeat(101)
    );
    let shown = refused(&text).to_string();
    assert!(!shown.contains("010190"), "{shown}");
    insta::assert_snapshot!(shown);
}

#[test]
fn wrong_kinds_of_table() {
    let text = "store = 1\nqueue = []\nrule = {}\n[mailbox]\nid = \"skole\"\n";
    let report = from_str(text, Path::new("")).map(|_| ()).expect_err("faults");
    insta::assert_snapshot!(report.to_string());
}

#[test]
fn nothing_at_all() {
    let report = from_str("", Path::new("")).map(|_| ()).expect_err("faults");
    insta::assert_snapshot!(report.to_string());
}

/// A parser that goes on finds them all; what it says repeats nothing of the file.
#[test]
fn syntax() {
    let text = "[store]\nurl = sqlite:hemmelig\n\n[queue\nprefetch = 1\nattempts = 1 2\n\
                = 5\nprefix = \"hemmelig\nretry_delay_seconds = 03\n[[mailbox]]\nid 'skole'\n";
    let report = from_str(text, Path::new("")).map(|_| ()).expect_err("faults").to_string();
    assert!(!report.contains("hemmelig"), "{report}");
    insta::assert_snapshot!(report);
}

#[test]
fn a_key_written_twice() {
    let report = from_str("[queue]\nprefetch = 1\nprefetch = 2\n", Path::new(""));
    insta::assert_snapshot!(report.map(|_| ()).expect_err("faults").to_string());
}

#[test]
fn servers() {
    let urls = [
        "[store]\nurl = \"postgres://db.example.dk\"",
        "[store]\nurl = \"postgres:///post\"",
        "[store]\nurl = \"postgres://a:hemmelig@[::/post\"",
        "[store]\nurl = \"postgres://a:hemmelig@db/post\"\npassword_file = \"x\"",
        "[store]\nurl = \"postgres://db/post\"\npassword_file = \"x\"",
        "[store]\nurl = \"sqlite:\"",
        "[store]\nurl = \"sqlite::memory:\"",
        "[store]\nurl = \"post.db\"",
        "[queue]\nurl = \"http://mq\"",
        "[queue]\nurl = \"amqp://\"",
        "[queue]\nprefix = \"post bud\"",
        "[delivery.smtp]\nhost = \"h.dk\"\nfrom = \"a@h.dk\"\nuser = \"u\"",
        "[delivery.smtp]\nhost = \"h.dk\"\nfrom = \"a@h.dk\"\npassword_file = \"x\"",
        "[delivery.smtp]\nhost = \"h dk\"\nfrom = \"hr. a\"\nport = 0\ntls = \"ssl\"",
        "[delivery.smtp]",
        "[limits]\nletter_bytes = 1024\ntext_bytes = 2048",
        "[limits]\nletter_bytes = 99999999999",
        "[limits]\nparts = 1.5",
    ];
    let reports = urls.map(|text| (text, refused(text).to_string()));
    assert!(reports.iter().all(|(_, report)| !report.contains("hemmelig")));
    let shown = reports.map(|(text, report)| format!("{text}\n--\n{report}")).join("\n");
    insta::assert_snapshot!(shown);
}

#[test]
fn two_tables_that_do_not_fit_together() {
    let text = r#"
[[mailbox]]
id = "byg"
name = "Byg"
deliver = "smtp:post@klitkobing.dk"
claims = { case_id = ["BYG-*"] }
[[mailbox]]
id = "plan"
name = "Plan"
deliver = "maildir:post"
automatic = true
claims = { case_id = ["byg-*"] }
[[mailbox]]
id = "vej"
name = "Vej"
automatic = true
[[mailbox]]
id = "person"
name = "Person"
"#;
    insta::assert_snapshot!(refused(text).to_string());
}

#[test]
fn warnings() {
    let texts = [
        "[store]\npassword_file = \"x\"",
        "[queue]\npassword_file = \"x\"",
        "[store]\nurl = \"postgres://a:hemmelig@db/post\"",
        "[queue]\nurl = \"amqp://a@mq.example.dk\"",
        "[clamd]\naddress = \"tcp:192.0.2.1:3310\"",
        "[delivery.smtp]\nhost = \"h.dk\"\nfrom = \"a@h.dk\"\ntls = \"none\"",
        "[[rule]]\nname = \"r\"\nto = \"skole\"\nwhen = { reply = true }",
        "[[mailbox]]\nid = \"a\"\nname = \"A\"\ndeliver = \"maildir:m\"\n\
         [[mailbox]]\nid = \"b\"\nname = \"B\"\ndeliver = \"maildir:m\"",
    ];
    let shown = texts.map(|text| {
        let (config, warnings) = loaded(text);
        let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        assert!(!format!("{config:?} {warnings:?}").contains("hemmelig"));
        format!("{text}\n--\n{}\n", warnings.join("\n"))
    });
    insta::assert_snapshot!(shown.join("\n").replace("a:hemmelig@", "a:…@"));
}

#[test]
fn servers_on_this_machine_need_no_encryption() {
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        let text = format!(
            "[store]\nurl = \"postgres://a@{host}/post\"\n[queue]\nurl = \"amqp://{host}:5672\"\n\
             [delivery.smtp]\nhost = \"{host}\"\nfrom = \"a@h.dk\"\ntls = \"none\""
        );
        let (_, warnings) = loaded(&text);
        assert!(warnings.is_empty(), "{host}: {warnings:?}");
    }
    let (_, warnings) = loaded("[store]\nurl = \"postgres://a@%2Frun%2Fpostgresql/post\"");
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[test]
fn a_database_elsewhere_must_prove_which_one_it_is() {
    for (query, certain) in [
        ("", false),
        ("?sslmode=require", false),
        ("?sslmode=verify-full", true),
        ("?application_name=x&ssl-mode=verify-ca", true),
        ("?host=verify-full", false),
    ] {
        let (_, warnings) =
            loaded(&format!("[store]\nurl = \"postgres://a@db.example.dk/post{query}\""));
        assert_eq!(warnings.is_empty(), certain, "{query}: {warnings:?}");
    }
}
