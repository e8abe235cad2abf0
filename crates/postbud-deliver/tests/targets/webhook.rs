//! Letters to a specialist system, and every answer that is none.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{MEMO, answers, item, mail, mailbox, options, told};
use postbud_decide::Target;
use postbud_deliver::{DeliverOptions, Deliverer, WebhookOptions};
use postbud_pipeline::CertificateFiles;
use postbud_pipeline::ports::Target as _;
use postbud_testkit::{WebhookFault, WebhookServer};

const SECRET: &str = "en hemmelighed som begge kender";

fn options_for(url: &str) -> DeliverOptions {
    let url = url.to_owned();
    let mut hook = WebhookOptions::new(SECRET);
    hook.timeout_ms = 2_000;
    DeliverOptions {
        mailboxes: vec![mailbox("vej", Some(Target::Webhook { url }))],
        smtp: None,
        webhook: Some(hook),
        ..options(1)
    }
}

fn deliverer(server: &WebhookServer) -> Deliverer {
    Deliverer::new(options_for(&server.url())).unwrap()
}

#[tokio::test]
async fn a_letter_is_signed_and_kept_once_however_often_it_is_sent() {
    let server = WebhookServer::start(SECRET.as_bytes()).unwrap();
    let deliverer = deliverer(&server);
    for _ in 0..3 {
        deliverer.deliver(&item("o-1", MEMO.as_bytes())).await.unwrap();
    }
    let posted = server.posted();
    assert_eq!(posted.len(), 3);
    assert!(posted.iter().all(|one| one.signed && one.key == "o-1"));
    assert!(posted.iter().all(|one| one.body == posted[0].body), "the same bytes on every attempt");
    assert_eq!(server.kept().len(), 1);
    // Another secret, and the system does not know us.
    let mut wrong = options_for(&server.url());
    wrong.webhook = Some(WebhookOptions::new("en ganske anden hemmelighed"));
    let (kind, text) =
        told(Deliverer::new(wrong).unwrap().deliver(&item("o-2", MEMO.as_bytes())).await);
    assert_eq!(kind, "transient");
    assert!(text.contains("401 (signature)"), "{text}");
    assert!(!server.posted()[3].signed);
}

#[tokio::test]
async fn what_is_no_documented_answer_is_no_delivery() {
    let server = WebhookServer::start(SECRET.as_bytes()).unwrap();
    let deliverer = deliverer(&server);
    let faults = [
        WebhookFault::Status(500),
        WebhookFault::Status(404),
        WebhookFault::Status(429),
        WebhookFault::Status(413),
        WebhookFault::Page,
        WebhookFault::Garbage,
        WebhookFault::OtherKey,
        WebhookFault::Endless,
        WebhookFault::Redirect,
        WebhookFault::Refuse("sag.lukket".to_owned()),
        WebhookFault::Refuse("Kære Mette".to_owned()),
        WebhookFault::Hang,
    ];
    insta::assert_snapshot!(answers(&server, &deliverer, &faults).await);
    assert!(server.kept().is_empty());
    // The words of a broken connection are the library's.
    for fault in [WebhookFault::NoHttp, WebhookFault::Close, WebhookFault::KeepAndClose] {
        server.fail_once(fault);
        let (kind, text) = told(deliverer.deliver(&item("o-1", &mail("Hej\r\n"))).await);
        assert_eq!(kind, "transient", "{text}");
        assert!(text.contains("broke the connection off"), "{text}");
        assert!(!text.contains("/letters"), "the path may hold a token: {text}");
    }
    let kept = server.kept();
    deliverer.deliver(&item("o-1", &mail("Hej\r\n"))).await.unwrap();
    assert_eq!(server.kept(), kept, "the letter that was kept and not acknowledged has no twin");
}

#[tokio::test]
async fn a_system_that_is_away_and_a_letter_that_is_too_large() {
    let deliverer = Deliverer::new(options_for("https://localhost:1/letters")).unwrap();
    let (kind, text) = told(deliverer.deliver(&item("o-1", &mail("Hej\r\n"))).await);
    assert_eq!(kind, "transient");
    assert!(text.contains("https://localhost:1 cannot be reached"), "{text}");
    let mut small = options_for("https://localhost:1/letters");
    small.webhook.as_mut().unwrap().letter_bytes = 10;
    let small = Deliverer::new(small).unwrap();
    let (kind, text) = told(small.deliver(&item("o-1", &mail("Hej\r\n"))).await);
    assert_eq!(kind, "permanent");
    assert!(text.contains("10 is the most"), "{text}");
}

#[tokio::test]
async fn certificates_count_on_both_sides() {
    let server = WebhookServer::start_mutual(SECRET.as_bytes()).unwrap();
    let (authority, client) = server.certificates().unwrap();
    let ca = authority.ca();
    let identity = (client.certificate.clone(), client.key.clone());
    let with = |ca: Option<&PathBuf>, identity: Option<&(PathBuf, PathBuf)>| {
        let mut options = options_for(&server.url());
        let hook = options.webhook.as_mut().unwrap();
        hook.certificates = CertificateFiles { ca: ca.cloned(), identity: identity.cloned() };
        Deliverer::new(options)
    };
    let good = with(Some(&ca), Some(&identity)).unwrap();
    good.deliver(&item("o-1", &mail("Hej\r\n"))).await.unwrap();
    assert_eq!(server.kept().len(), 1);
    let (kind, text) =
        told(with(None, Some(&identity)).unwrap().deliver(&item("o-2", &mail("Hej\r\n"))).await);
    assert_eq!(kind, "transient");
    assert!(text.contains("certificate"), "{text}");
    let nobody = with(Some(&ca), None).unwrap().deliver(&item("o-2", &mail("Hej\r\n"))).await;
    assert_eq!(told(nobody).0, "transient");
    assert_eq!(server.kept().len(), 1);
    let folder = tempfile::tempdir().unwrap();
    let no_pem = folder.path().join("hej");
    fs::write(&no_pem, "Hej").unwrap();
    for (ca, identity) in [
        (Some(no_pem.clone()), None),
        (Some(folder.path().join("missing")), None),
        (None, Some((no_pem.clone(), identity.1.clone()))),
        (None, Some((identity.0.clone(), no_pem.clone()))),
    ] {
        assert!(with(ca.as_ref(), identity.as_ref()).is_err());
    }
}

#[tokio::test]
async fn renewed_certificates_need_no_restart() {
    let server = WebhookServer::start_mutual(SECRET.as_bytes()).unwrap();
    let (authority, client) = server.certificates().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let put = |certificate: &Path, key: &Path| {
        fs::copy(certificate, path("certificate")).unwrap();
        fs::copy(key, path("key")).unwrap();
    };
    // A certificate that the system does not know, as an expired one.
    let other = WebhookServer::start_mutual(SECRET.as_bytes()).unwrap();
    let (_, stranger) = other.certificates().unwrap();
    put(&stranger.certificate, &stranger.key);
    let mut options = options_for(&server.url());
    options.webhook.as_mut().unwrap().certificates = CertificateFiles {
        ca: Some(authority.ca()),
        identity: Some((path("certificate"), path("key"))),
    };
    let deliverer = Deliverer::new(options).unwrap();
    let refused = deliverer.deliver(&item("o-1", &mail("Hej\r\n"))).await;
    assert_eq!(told(refused).0, "transient");
    fs::remove_file(path("key")).unwrap();
    let without = deliverer.deliver(&item("o-1", &mail("Hej\r\n"))).await;
    assert_eq!(told(without).0, "transient", "the last one goes on");
    put(&client.certificate, &client.key);
    deliverer.deliver(&item("o-1", &mail("Hej\r\n"))).await.unwrap();
    assert_eq!(server.kept().len(), 1);
}
