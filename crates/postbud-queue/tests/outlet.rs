//! Letters on mailboxes' queues of a real broker, with the envelope that readers rely on.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use bytes::Bytes;
use lapin::options::{BasicGetOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use postbud_pipeline::CertificateFiles;
use postbud_pipeline::ports::{Envelope, Outlet, QueueError};
use postbud_queue::{MailboxQueues, OutletOptions};
use support::*;

fn outlet(url: &str, declare: bool) -> MailboxQueues {
    MailboxQueues::new(OutletOptions {
        url: url.to_owned(),
        password: None,
        declare,
        call_deadline_ms: 5_000,
        certificates: CertificateFiles::default(),
    })
    .unwrap()
}

fn envelope(key: &str) -> Envelope {
    Envelope {
        key: key.to_owned(),
        media_type: "message/rfc822",
        headers: vec![
            ("x-postbud-letter", "sha-1".to_owned()),
            ("x-postbud-reason", "Vej æøå".to_owned()),
        ],
        body: Bytes::from_static(b"Subject: x\r\n\r\n\0\xff"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_lies_there_unchanged_under_its_key() {
    let Some(url) = broker() else { return };
    let admin = Admin::connect(&url).await;
    let name = uuid::Uuid::new_v4().to_string();
    let outlet = outlet(&url, true);
    outlet.put(&name, envelope("o-1")).await.unwrap();
    // Somebody deletes the queue: the letter is refused once, then the queue is made again.
    let got = admin.channel.basic_get(name.as_str().into(), BasicGetOptions { no_ack: true }).await;
    let got = got.unwrap().unwrap();
    assert_eq!(got.data, b"Subject: x\r\n\r\n\0\xff");
    let properties = &got.properties;
    assert_eq!(properties.message_id().as_ref().unwrap().as_str(), "o-1");
    assert_eq!(properties.content_type().as_ref().unwrap().as_str(), "message/rfc822");
    assert_eq!(properties.kind().as_ref().unwrap().as_str(), "postbud.letter");
    assert_eq!(*properties.delivery_mode(), Some(2));
    let headers = properties.headers().as_ref().unwrap().inner();
    let AMQPValue::LongString(reason) = &headers["x-postbud-reason"] else { panic!("{headers:?}") };
    assert_eq!(reason.as_bytes(), "Vej æøå".as_bytes());
    admin.delete(&name).await;
    let gone = outlet.put(&name, envelope("o-2")).await;
    assert!(matches!(gone, Err(QueueError::Unroutable { .. })), "{gone:?}");
    outlet.put(&name, envelope("o-2")).await.unwrap();
    outlet.close().await;
    // Closed, it opens again when a letter comes.
    outlet.put(&name, envelope("o-3")).await.unwrap();
    outlet.close().await;
    admin.delete(&name).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_queue_is_said_and_never_made_when_it_is_somebody_elses() {
    let Some(url) = broker() else { return };
    let admin = Admin::connect(&url).await;
    let name = uuid::Uuid::new_v4().to_string();
    let outlet = outlet(&url, false);
    for _ in 0..2 {
        let missing = outlet.put(&name, envelope("o-1")).await;
        assert!(matches!(missing, Err(QueueError::Unroutable { .. })), "{missing:?}");
    }
    let declare = QueueDeclareOptions::durable();
    admin
        .channel
        .queue_declare(name.as_str().into(), declare, FieldTable::default())
        .await
        .unwrap();
    outlet.put(&name, envelope("o-1")).await.unwrap();
    outlet.close().await;
    admin.delete(&name).await;
}

#[tokio::test]
async fn a_broker_that_is_away_is_said() {
    let outlet = outlet("amqp://127.0.0.1:1", true);
    let away = outlet.put("x", envelope("o-1")).await;
    assert!(matches!(away, Err(QueueError::Unavailable { .. })), "{away:?}");
}
