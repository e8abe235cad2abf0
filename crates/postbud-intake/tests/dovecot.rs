//! A mailbox on a real server, read over IMAP: Debian's Dovecot, in an instance of its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use postbud_intake::{Imap, ImapError, ImapOptions, ImapPassword, ImapTls, Room};
use postbud_pipeline::stop_pair;
use postbud_testkit::{Authority, Dovecot};
use support::{House, mail, until};

/// An instance with one user. `None` after saying why there is none.
fn started(authority: &Authority) -> Option<Dovecot> {
    if !Dovecot::installed() {
        println!("skipped: Dovecot is not installed here, or we are not root");
        return None;
    }
    Some(Dovecot::start(&authority.issue("imap").unwrap()).unwrap())
}

fn options(authority: &Authority, port: u16) -> ImapOptions {
    ImapOptions {
        host: "localhost".to_owned(),
        port,
        tls: ImapTls::StartTls,
        ca: Some(authority.ca()),
        user: Dovecot::USER.to_owned(),
        password: ImapPassword::new(Dovecot::PASSWORD.to_owned()),
        folder: "INBOX".to_owned(),
        processed: "Post bud".to_owned(),
        failed: "Fejl".to_owned(),
        every: Duration::from_millis(100),
        idle: Duration::from_secs(10),
        deadline: Duration::from_secs(20),
        aside: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_leave_the_mailbox_when_they_are_durable() {
    let house = House::new().await;
    let authority = Authority::new().unwrap();
    let Some(dovecot) = started(&authority) else { return };
    let mut imap = Imap::open(options(&authority, dovecot.port()), Room::new(64 << 20)).unwrap();
    for n in 0..10 {
        dovecot.put(&format!("1700000000.{n}.host"), &mail(&format!("Brev {n}"))).unwrap();
    }
    // One above the limit, and one that is none.
    dovecot
        .put("1700000000.a.host", &format!("{}{}", mail("stor"), "x\r\n".repeat(1_100_000)))
        .unwrap();
    dovecot.put("1700000000.b.host", "\r\n").unwrap();
    house.away(true);
    let acceptor = house.acceptor();
    let said = imap.round(&acceptor).await;
    assert!(matches!(said, Err(ImapError::Accept(_))), "{said:?}: {}", dovecot.log());
    assert_eq!((house.waiting().await, dovecot.count("")), (0, 12));
    house.away(false);
    let (stopper, stop) = stop_pair();
    let activity = Arc::clone(imap.activity());
    let run = imap.run(&acceptor, &stop);
    let watch = async {
        let told = || activity.reading();
        until("an empty mailbox", async || dovecot.count("") == 0).await;
        until("the figures", async || told().accepted + told().refused == 12).await;
        stopper.stop();
    };
    tokio::join!(run, watch);
    assert_eq!((dovecot.count("Post bud"), dovecot.count("Fejl")), (10, 2));
    let letters = house.letters().await;
    assert_eq!(letters.len(), 10);
    for n in 0..10 {
        let letter = mail(&format!("Brev {n}"));
        assert!(letters.iter().any(|raw| raw == letter.as_bytes()), "byte for byte");
    }
    let reading = imap.activity().reading();
    assert_eq!((reading.accepted, reading.refused), (10, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_we_are_matters_and_is_not_told() {
    let house = House::new().await;
    let authority = Authority::new().unwrap();
    let Some(dovecot) = started(&authority) else { return };
    let said = async |options: ImapOptions| {
        let shown = format!("{options:?}");
        assert!(!shown.contains("forkert") && !shown.contains("hemmelig"));
        let mut imap = Imap::open(options, Room::new(1 << 20)).unwrap();
        imap.round(&house.acceptor()).await.unwrap_err()
    };
    let right = options(&authority, dovecot.port());
    let password = ImapPassword::new("forkert".to_owned());
    assert!(matches!(said(ImapOptions { password, ..right.clone() }).await, ImapError::Refused));
    let folder = "Findes ikke".to_owned();
    assert!(matches!(said(ImapOptions { folder, ..right.clone() }).await, ImapError::NoFolder(_)));
    let ca = Some(Authority::new().unwrap().ca());
    // The authority is gone with its folder, so the file is not there.
    assert!(Imap::open(ImapOptions { ca, ..right.clone() }, Room::new(1)).is_err());
    let other = Authority::new().unwrap();
    let ca = Some(other.ca());
    assert!(matches!(said(ImapOptions { ca, ..right.clone() }).await, ImapError::Unreachable(_)));
    assert!(matches!(said(ImapOptions { port: 1, ..right }).await, ImapError::Unreachable(_)));
}
