//! A mail server that misbehaves, by script: what cannot be had keeps no other letter waiting, nothing
//! hangs, and all of it is told.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use postbud_intake::{Imap, ImapError, ImapOptions, ImapPassword, ImapTls, Room};
use postbud_pipeline::{RetryPolicy, stop_pair};
use support::imap::{ImapFault, ImapScript};
use support::{House, mail, until};
use tokio::time::timeout;

/// Whatever it does, a round ends before this.
const SOON: Duration = Duration::from_secs(10);

fn adapter(server: &ImapScript, aside: Option<RetryPolicy>) -> Imap {
    let options = ImapOptions {
        host: "127.0.0.1".to_owned(),
        port: server.port,
        tls: ImapTls::None,
        ca: None,
        user: "post".to_owned(),
        password: ImapPassword::new("hemmelig".to_owned()),
        folder: "INBOX".to_owned(),
        processed: "Postbud".to_owned(),
        failed: "Fejl".to_owned(),
        every: Duration::from_millis(50),
        idle: Duration::from_millis(500),
        deadline: Duration::from_secs(60),
        aside,
    };
    Imap::open(options, Room::new(64 << 20)).unwrap()
}

/// No pauses: what failed is due again in the next round.
const AT_ONCE: Option<RetryPolicy> =
    Some(RetryPolicy { attempts: 1, first: Duration::ZERO, longest: Duration::ZERO });

async fn mailbox(letters: u32) -> ImapScript {
    let letters: Vec<_> = (1..=letters).map(|n| (n, mail(&format!("Brev {n}")))).collect();
    ImapScript::start(&letters).await
}

/// One round, which must end.
async fn round(imap: &mut Imap, house: &House) -> Result<usize, ImapError> {
    timeout(SOON, imap.round(&house.acceptor())).await.expect("the round hangs")
}

/// An adapter that is left alone: it tells its trouble, and ends it when the server behaves.
async fn trouble_is_told_and_ends(fault: ImapFault, word: &'static str) {
    let (house, server) = (House::new().await, mailbox(2).await);
    server.fail(Some(fault));
    let mut imap = adapter(&server, AT_ONCE);
    let activity = Arc::clone(imap.activity());
    let (stopper, stop) = stop_pair();
    let acceptor = house.acceptor();
    let run = imap.run(&acceptor, &stop);
    let watch = async {
        until("trouble", async || activity.reading().trouble == Some(word)).await;
        assert_eq!((server.left().len(), house.waiting().await), (2, 0), "{fault:?}");
        server.fail(None);
        until("the letters", async || server.left().is_empty()).await;
        until("no trouble", async || activity.reading().trouble.is_none()).await;
        stopper.stop();
    };
    tokio::join!(run, watch);
    assert_eq!(house.letters().await.len(), 2, "{fault:?}");
    let reading = activity.reading();
    assert_eq!((reading.accepted, reading.waiting), (2, 0), "{fault:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_silent_before_the_mailbox_is_open_is_told() {
    let silent = |at| trouble_is_told_and_ends(ImapFault::SilentAt(at), "broken");
    tokio::join!(
        silent("LOGIN"),
        silent("CAPABILITY"),
        silent("CREATE"),
        silent("SELECT"),
        silent("UID SEARCH"),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_or_cut_passes_for_no_empty_mailbox() {
    tokio::join!(
        trouble_is_told_and_ends(ImapFault::NoTo("UID SEARCH"), "garbage"),
        trouble_is_told_and_ends(ImapFault::EndsAt("UID SEARCH"), "unreachable"),
        trouble_is_told_and_ends(ImapFault::EndsAt("CAPABILITY"), "unreachable"),
        trouble_is_told_and_ends(ImapFault::NoTo("UID FETCH"), "garbage"),
        trouble_is_told_and_ends(ImapFault::EndsAt("UID FETCH"), "unreachable"),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_error_names_the_step() {
    let (house, server) = (House::new().await, mailbox(1).await);
    let mut imap = adapter(&server, None);
    for (at, step) in [("CAPABILITY", "to say what it can do"), ("SELECT", "to open the mailbox")] {
        server.fail(Some(ImapFault::SilentAt(at)));
        let said = round(&mut imap, &house).await.unwrap_err().to_string();
        // Silence ends the step or the read, whichever is noticed first.
        assert!(said.ends_with(step) || said.ends_with("with an answer"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_letter_that_cannot_be_had_keeps_no_other_waiting() {
    let faults = [
        ImapFault::NoToFetchUpTo(1),
        ImapFault::SilentInside(1),
        ImapFault::CutInside(1),
        ImapFault::Rubbish(1),
        ImapFault::NoTo("UID MOVE 1 "),
        ImapFault::SilentAt("UID MOVE 1 "),
    ];
    for fault in faults {
        let (house, server) = (House::new().await, mailbox(4).await);
        server.fail(Some(fault));
        let mut imap = adapter(&server, AT_ONCE);
        let said = round(&mut imap, &house).await;
        assert!(matches!(said, Ok(3)), "{fault:?}: {said:?}");
        assert_eq!(server.left(), [1], "{fault:?}");
        assert_eq!(imap.activity().reading().waiting, 1, "{fault:?}");
        // Others came: the fault is this letter's. It is tried again, and taken when it can be.
        assert!(matches!(round(&mut imap, &house).await, Ok(0)), "{fault:?}");
        assert_eq!(imap.activity().reading().waiting, 1, "{fault:?}");
        server.fail(None);
        assert!(matches!(round(&mut imap, &house).await, Ok(1)), "{fault:?}");
        assert_eq!(imap.activity().reading().waiting, 0, "{fault:?}");
        let mut letters = house.letters().await;
        letters.sort();
        letters.dedup();
        assert_eq!(letters.len(), 4, "{fault:?}: the same letter twice has the same bytes");
        assert!(server.moved().iter().all(|(_, folder)| folder == "Postbud"), "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_bad_letters_in_front_starve_no_good_one() {
    let (house, server) = (House::new().await, mailbox(14).await);
    server.fail(Some(ImapFault::NoToFetchUpTo(12)));
    let mut imap = adapter(&server, AT_ONCE);
    for _ in 0..4 {
        // Three in a row: told as a fault of the server.
        assert!(matches!(round(&mut imap, &house).await, Err(ImapError::Declined)));
    }
    let _ = round(&mut imap, &house).await;
    assert_eq!(server.left(), (1..=12).collect::<Vec<_>>());
    assert_eq!(house.letters().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_mailbox_under_the_old_name_begins_anew() {
    let (house, server) = (House::new().await, mailbox(2).await);
    server.fail(Some(ImapFault::NoToFetchUpTo(1)));
    let mut imap = adapter(&server, None);
    assert!(matches!(round(&mut imap, &house).await, Ok(1)));
    server.fail(None);
    // It pauses for half a minute ...
    assert!(matches!(round(&mut imap, &house).await, Ok(0)));
    // ... but the number names another letter now.
    server.new_validity();
    assert!(matches!(round(&mut imap, &house).await, Ok(1)));
    assert!(server.left().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_cannot_be_read_is_not_repeated() {
    let (house, server) = (House::new().await, mailbox(1).await);
    server.fail(Some(ImapFault::Rubbish(1)));
    let error = round(&mut adapter(&server, None), &house).await.unwrap_err();
    let mut said = format!("{error:?} {error}");
    let mut cause = error.source();
    while let Some(inner) = cause {
        said = format!("{said} {inner}");
        cause = inner.source();
    }
    assert!(!said.contains("Goddag") && !said.contains("borger"), "{said}");
}
