//! `[intake]`.

use std::path::Path;

use postbud_intake::Kind;

use super::{loaded, refused};
use crate::config::load;

#[test]
fn no_section_is_no_intake() {
    assert!(loaded("").0.intake.is_none());
    let (config, warnings) = loaded("[intake]");
    assert!(config.intake.unwrap().options.folders.is_empty() && warnings.is_empty());
}

#[test]
fn folders_start_at_the_file_and_have_defaults() {
    let (config, _) =
        loaded("[[intake.folder]]\npath = \"drop\"\n[[intake.folder]]\npath = \"/b\"");
    let folders = config.intake.unwrap().options.folders;
    assert_eq!(folders[0].path, Path::new("/srv/postbud/drop"));
    assert_eq!(folders[1].path, Path::new("/b"));
    assert_eq!((folders[0].every.as_secs(), folders[0].keep.as_secs()), (5, 604_800));
}

#[test]
fn digital_post_reads_its_token_and_shows_it_to_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let text = "[intake.digital_post]\nurl = \"https://api.digitalpost.dk/apis/v1\"\n\
                token_file = \"token\"\ncertificate_file = \"c.pem\"\nkey_file = \"c.key\"\n";
    std::fs::write(dir.path().join("token"), "hemmelig\n").unwrap();
    let file = dir.path().join("postbud.toml");
    std::fs::write(&file, format!("{text}{}", super::MAILBOX)).unwrap();
    let (config, _) = load(&file).unwrap_or_else(|report| panic!("{report}"));
    assert!(!format!("{config:?}").contains("hemmelig"));
    let ngdp = config.intake.unwrap().options.digital_post.unwrap();
    assert_eq!(ngdp.identity.unwrap().key, dir.path().join("c.key"));
    assert_eq!((ngdp.every.as_secs(), ngdp.page), (60, 100));
}

#[test]
fn what_cannot_be_is_named() {
    for (text, part) in [
        ("[[intake.folder]]", "intake.folder 1.path"),
        ("[[intake.folder]]\npath = \"x\"\nkeep_days = -1", "from 0 to 3650"),
        ("[intake]\nfolders = 1", "there is no key \"folders\""),
        ("[intake.digital_post]\nurl = \"http://api.digitalpost.dk\"", "an https address"),
        ("[intake.digital_post]\nurl = \"https://a:b@api.digitalpost.dk\"", "an https address"),
        ("[intake.digital_post]\ntoken_file = \"/nowhere\"", "/nowhere cannot be read"),
        ("[intake.digital_post]\ncertificate_file = \"a\"", "a certificate needs its key"),
        ("[intake.digital_post]\nkey_file = \"a\"", "a key needs its certificate"),
        ("[intake.digital_post]", "token_file"),
        ("[[intake.smtp]]", "intake.smtp 1.listen"),
        ("[[intake.smtp]]\nlisten = \"25\"", "an address of this machine and a port"),
        (
            "[[intake.smtp]]\nlisten = \"127.0.0.1:25\"\nrequire_tls = true",
            "TLS needs a certificate",
        ),
        (
            "[[intake.smtp]]\nlisten = \"127.0.0.1:25\"\nclients = [\"mx\"]",
            "addresses and networks",
        ),
        (
            "[[intake.smtp]]\nlisten = \"127.0.0.1:25\"\nrecipients = [\"klit\"]",
            "neither an address",
        ),
        ("[[intake.smtp]]\nlisten = \"127.0.0.1:25\"\nname = \"a\\r\\nb\"", "no host name"),
        ("[[intake.queue]]", "intake.queue 1.url"),
        ("[[intake.queue]]\nurl = \"http://mq\"\nqueue = \"q\"", "not a RabbitMQ broker"),
        (
            "[[intake.queue]]\nurl = \"amqps://mq\"\nqueue = \"q\"\nothers = \"drop\"",
            "is not one of",
        ),
        ("[[intake.imap]]", "intake.imap 1.host"),
        ("[[intake.imap]]\nhost = \"imap.x.dk\"\ntls = \"none\"", "unencrypted"),
        ("[[intake.imap]]\nprocessed = \"INBOX\"", "again and again"),
        ("[[intake.imap]]\nfailed = \"Fejl*\"", "IMAP's own writing"),
        ("[intake.push]\nlisten = \"0.0.0.0:443\"", "anybody on the network"),
        ("[intake.push]\nlisten = \"127.0.0.1:443\"\nclients_file = \"c\"", "mutual TLS needs"),
        ("[intake.push]\nlisten = \"127.0.0.1:443\"\npath = \"memos\"", "begins with /"),
    ] {
        let said = refused(text).to_string();
        assert!(said.contains(part), "{text}: {said}");
    }
}

#[test]
fn listeners_are_for_this_machine_unless_said_otherwise() {
    let text =
        "[[intake.smtp]]\nlisten = \"127.0.0.1:2525\"\n[intake.push]\nlisten = \"127.0.0.1:8443\"";
    let (config, warnings) = loaded(text);
    assert!(warnings.is_empty());
    let intake = config.intake.unwrap().options;
    let (smtp, push) = (&intake.smtp[0], intake.push.unwrap());
    let clients: Vec<String> = smtp.clients.iter().map(ToString::to_string).collect();
    assert_eq!(clients, ["127.0.0.1/32", "::1/128"]);
    assert!(smtp.recipients.is_empty() && !smtp.lmtp && smtp.identity.is_none());
    assert_eq!(push.path, "/memos");
    let open = loaded(
        "[[intake.smtp]]\nlisten = \"0.0.0.0:25\"\nprotocol = \"lmtp\"\nclients = [\"10.0.0.0/8\"]",
    );
    assert_eq!(open.1.len(), 1, "unencrypted");
    assert!(open.0.intake.unwrap().options.smtp[0].lmtp);
}

#[test]
fn a_foreign_queue_takes_everything_unless_told_otherwise() {
    let text = "[[intake.queue]]\nurl = \"amqps://bf@mq.example/BF?auth_mechanism=external\"\nqueue = \"q\"";
    let (config, warnings) = loaded(text);
    assert!(warnings.is_empty(), "{warnings:?}");
    let queue = &config.intake.unwrap().queues[0];
    assert_eq!((queue.queue.as_str(), queue.kind, queue.prefetch), ("q", Kind::Anything, 16));
    assert!(queue.url.expose().ends_with("auth_mechanism=external"));
}
