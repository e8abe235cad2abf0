//! What holds when nothing is written, and what is read when something is.

use std::path::Path;
use std::time::Duration;

use postbud_decide::{Condition, Destination, Lang, Target, Tier};

use super::super::types::{LogFormat, LogLevel, QueueKind, Store, Tls};
use super::loaded;

#[test]
fn defaults() {
    let (config, warnings) = loaded("");
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(config.store.to_string(), "sqlite:/srv/postbud/postbud-data/postbud.db");
    assert_eq!(config.store.expose(), config.store.to_string());
    assert!(matches!(config.queue.kind, QueueKind::Embedded));
    assert_eq!(config.queue.prefix, "postbud");
    assert_eq!((config.queue.prefetch, config.queue.attempts), (256, 3));
    assert_eq!(config.queue.retry_delay, Duration::from_secs(30));
    assert_eq!(config.model, Path::new("/srv/postbud/models/klitkobing"));
    assert_eq!((config.promise.target_error, config.promise.confidence), (0.02, 0.95));
    assert_eq!(config.settings.must_not_miss_probability, 0.05);
    assert_eq!(config.delivery.attempts, 8);
    assert_eq!(config.delivery.first_retry, Duration::from_secs(30));
    assert_eq!(config.delivery.longest_retry, Duration::from_secs(3600));
    assert_eq!(config.delivery.domain, "postbud.invalid");
    assert_eq!(config.delivery.language, Lang::Danish);
    assert!(config.delivery.smtp.is_none());
    assert_eq!(config.limits, postbud_letter::Limits::default());
    assert_eq!((config.log.format, config.log.level), (LogFormat::Text, LogLevel::Info));
    let [skole] = config.settings.mailboxes.as_slice() else { panic!("one mailbox") };
    assert!(!skole.automatic && skole.target.is_none() && skole.tier == Tier::Ordinary);
}

const WRITTEN_OUT: &str = r#"
        [store]
        url = "postgres://postbud@db.example.dk:5433/post?sslmode=verify-full"
        [queue]
        url = "amqps://postbud@mq.example.dk/vhost"
        prefix = "test-1"
        prefetch = 8
        attempts = 5
        retry_delay_seconds = 1
        [model]
        path = "/var/lib/postbud/model.postbud"
        [promise]
        target_error = 0.01
        confidence = 0.99
        must_not_miss_probability = 0
        [delivery]
        attempts = 2
        first_retry_seconds = 1
        longest_retry_seconds = 1
        language = "en"
        [delivery.smtp]
        host = "127.0.0.1"
        tls = "none"
        from = "postbud@example.dk"
        timeout_seconds = 5
        connections = 2
        [limits]
        letter_bytes = 2048
        text_bytes = 1024
        parts = 3
        [log]
        format = "json"
        level = "debug"
        [[mailbox]]
        id = "byg"
        name = "Byggesag"
        description = "Byggetilladelser"
        kle = ["02.*"]
        tier = "must-not-miss"
        automatic = true
        deliver = "smtp:byg@example.dk"
        claims = { case_id = ["BYG-*"], generating_system = "structura" }
        [[rule]]
        name = "Byg"
        to = "byg"
        when = { kle = "02.34.*", any = [{ words = ["carport*"] }, { not = { reply = true } }] }
        "#;

#[test]
fn everything_written_out() {
    let (config, warnings) = loaded(WRITTEN_OUT);
    assert!(warnings.is_empty(), "{warnings:?}");
    let Store::Postgres { url } = &config.store else { panic!("{:?}", config.store) };
    assert_eq!(url.expose(), "postgres://postbud@db.example.dk:5433/post?sslmode=verify-full");
    let QueueKind::Amqp { url } = &config.queue.kind else { panic!("{:?}", config.queue) };
    assert_eq!(url.expose(), "amqps://postbud@mq.example.dk/vhost");
    assert_eq!(config.model, Path::new("/var/lib/postbud/model.postbud"));
    let smtp = config.delivery.smtp.expect("a mail server");
    assert_eq!((smtp.port, smtp.tls, smtp.connections), (25, Tls::None, 2));
    assert_eq!(config.delivery.domain, "example.dk");
    assert_eq!((config.limits.letter_bytes, config.limits.parts), (2048, 3));
    let byg = &config.settings.mailboxes[0];
    assert_eq!(byg.target, Some(Target::Smtp { address: "byg@example.dk".to_owned() }));
    assert!(byg.automatic && byg.tier == Tier::MustNotMiss);
    assert_eq!(byg.claims.generating_system.len(), 1);
    let [rule] = config.settings.rules.as_slice() else { panic!("one rule") };
    assert!(matches!(&rule.to, Destination::Mailbox(id) if id.as_str() == "byg"));
    let Condition::All(parts) = &rule.when else { panic!("{:?}", rule.when) };
    let [Condition::Kle(_), Condition::Any(parts)] = parts.as_slice() else { panic!("{parts:?}") };
    assert!(matches!(parts.as_slice(), [Condition::Words { .. }, Condition::Not(_)]));
}

/// Every kind of condition is read into its own, and none is lost.
#[test]
fn every_condition() {
    let (config, warnings) = loaded(
        r#"
        [[rule]]
        name = "Alt"
        to = "person"
        [rule.when]
        contact_point_id = "a*"
        contact_point_label = ["*b"]
        contact_point_group = ["*c*"]
        message_code = ["d"]
        sender_id = ["010190-0000", "12345678"]
        sender_type = ["cpr", "cvr"]
        sender_address = ["*@example.dk"]
        kle = ["27.36.04", "27.36.*", "27.*"]
        reply = false
        case_id = ["*"]
        generating_system = ["e"]
        words = ["f*"]
        subject_words = ["g h"]
        text_words = ["i"]
        language = ["da", "other"]
        channel = ["digital_post", "email", "unknown"]
        attachment_type = ["pdf", "image/*"]
        document_format = ["pdf", "open-document"]
        document_words = ["j k*"]
        any = [{ reply = true }]
        all = [{ reply = true }, { reply = false }]
        not = { reply = true }
        "#,
    );
    assert!(warnings.is_empty(), "{warnings:?}");
    let Condition::All(parts) = &config.settings.rules[0].when else { panic!("all of them") };
    let shown = format!("{parts:#?}");
    assert!(!shown.contains("0101"), "{shown}");
    insta::assert_snapshot!(shown);
}

#[test]
fn ports_follow_from_the_rest() {
    let port = |more: &str| {
        let text = format!("[delivery.smtp]\nhost = \"h.dk\"\nfrom = \"a@h.dk\"\n{more}");
        loaded(&text).0.delivery.smtp.map(|smtp| smtp.port)
    };
    assert_eq!(port(""), Some(25));
    assert_eq!(port("tls = \"tls\""), Some(465));
    assert_eq!(port("port = 2525"), Some(2525));
}
