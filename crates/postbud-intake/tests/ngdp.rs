//! Digital Post, against the simulator: nothing lost, nothing twice, whatever goes wrong.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::time::Duration;

use postbud_intake::{AcceptError, ApiToken, Identity, Ngdp, NgdpError, NgdpOptions, Room, Round};
use postbud_pipeline::{RetryPolicy, stop_pair};
use postbud_testkit::ngdp::{Call, NgdpFault, NgdpServer};
use support::{House, mail, memo, until, uuid};

const TOKEN: &str = "c3lzdGVtOmhlbW1lbGln";

fn options(server: &NgdpServer) -> NgdpOptions {
    let client = server.client().clone();
    NgdpOptions {
        base: server.base().parse().unwrap(),
        token: ApiToken::new(TOKEN.to_owned()),
        identity: Some(Identity { certificate: client.certificate, key: client.key }),
        ca: Some(server.authority().ca()),
        every: Duration::from_millis(50),
        page: 3,
        idle: Duration::from_millis(700),
        deadline: Duration::from_secs(3),
        away: Some(RetryPolicy {
            attempts: u32::MAX,
            first: Duration::from_millis(20),
            longest: Duration::from_millis(100),
        }),
        aside: None,
    }
}

fn ngdp(server: &NgdpServer) -> Ngdp {
    Ngdp::open(options(server), Room::new(64 << 20)).unwrap()
}

/// Ids of the list that are not the messages' own.
fn listed(n: u32) -> String {
    format!("aaaaaaaa-0000-4000-8000-{n:012x}")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_is_durable_receipted_and_deleted_once() {
    let (house, server) = (House::new().await, NgdpServer::start(TOKEN).unwrap());
    for n in 0..8 {
        server.put(&listed(n), memo(n, 200));
    }
    server.put(&listed(8), memo(8, 2 << 20));
    let mut ngdp = ngdp(&server);
    let round = ngdp.round(&house.acceptor()).await.unwrap();
    assert_eq!(round, Round { listed: 9, done: 9 });
    assert!(server.waiting().is_empty() && server.trouble().is_empty(), "{:?}", server.trouble());
    assert_eq!(server.receipts().len(), 9);
    // The receipt names the message as it calls itself.
    assert!(server.receipts()[0].1.contains(&format!("\"messageUUID\":\"{}\"", uuid(0))));
    assert_eq!(house.ids().await, (0..9).map(uuid).collect::<Vec<_>>());
    assert_eq!(ngdp.round(&house.acceptor()).await.unwrap(), Round::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_acknowledged_before_it_is_durable() {
    let (house, server) = (House::new().await, NgdpServer::start(TOKEN).unwrap());
    server.put(&listed(1), memo(1, 200));
    house.away(true);
    let mut ngdp = ngdp(&server);
    let said = ngdp.round(&house.acceptor()).await;
    assert!(matches!(said, Err(NgdpError::Accept(_))), "{said:?}");
    assert_eq!((server.waiting().len(), server.receipts().len()), (1, 0));
    house.away(false);
    assert_eq!(ngdp.round(&house.acceptor()).await.unwrap().done, 1);
    assert_eq!(house.ids().await, [uuid(1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_call_loses_nothing() {
    for (call, receipts) in [(Call::Memo, 1), (Call::Receipt, 1), (Call::Delete, 1)] {
        let (house, server) = (House::new().await, NgdpServer::start(TOKEN).unwrap());
        server.put(&listed(1), memo(1, 200));
        server.fail_once(call, NgdpFault::DoAndClose);
        let before = ngdp(&server).round(&house.acceptor()).await;
        assert!(before.is_err() || before.is_ok_and(|round| round.done == 0), "{call:?}");
        // A new process knows nothing of the old one; what is still listed comes again.
        let mut after = ngdp(&server);
        after.round(&house.acceptor()).await.unwrap();
        assert!(server.waiting().is_empty() && server.trouble().is_empty(), "{call:?}");
        assert_eq!(server.receipts().len(), receipts, "{call:?}");
        let mut ids = house.ids().await;
        ids.dedup();
        assert_eq!(ids, [uuid(1)], "{call:?}: the same letter, known by its id");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_durable_already_is_not_fetched_again() {
    let (house, server) = (House::new().await, NgdpServer::start(TOKEN).unwrap());
    server.put(&listed(1), memo(1, 200));
    server.fail_once(Call::Delete, NgdpFault::Status(409, None));
    let mut ngdp = ngdp(&server);
    assert_eq!(ngdp.round(&house.acceptor()).await.unwrap().done, 0);
    assert_eq!(ngdp.activity().reading().waiting, 1);
    assert_eq!(server.fetched(&listed(1)), 1);
    assert_eq!(house.ids().await, [uuid(1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_message_keeps_no_other_waiting() {
    let faults = [
        NgdpFault::Garbage,
        NgdpFault::Status(500, None),
        NgdpFault::Endless,
        NgdpFault::Hang,
        NgdpFault::Cut,
    ];
    for fault in faults {
        let (house, server) = (House::new().await, NgdpServer::start(TOKEN).unwrap());
        for n in 1..=3 {
            server.put(&listed(n), memo(n, 200));
        }
        server.fail_always(Call::Memo, &listed(2), fault.clone());
        let mut ngdp = ngdp(&server);
        let round = ngdp.round(&house.acceptor()).await;
        assert!(matches!(round, Ok(Round { done: 2, .. })), "{fault:?}: {round:?}");
        assert_eq!(server.waiting(), [listed(2)], "{fault:?}");
        assert_eq!(house.ids().await, [uuid(1), uuid(3)], "{fault:?}");
        assert_eq!(ngdp.activity().reading().waiting, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_memo_is_never_acknowledged() {
    let (house, server) = (House::new().await, NgdpServer::start(TOKEN).unwrap());
    server.put(&listed(1), mail("a mail"));
    server.put(&listed(2), Vec::new());
    server.put(&listed(3), memo(3, 4 << 20));
    let mut ngdp = ngdp(&server);
    // That each of them is no MeMo says nothing about the other side.
    assert_eq!(ngdp.round(&house.acceptor()).await.unwrap(), Round { listed: 3, done: 0 });
    assert_eq!(ngdp.activity().reading().waiting, 3);
    server.put(&listed(4), memo(4, 200));
    assert_eq!(ngdp.round(&house.acceptor()).await.unwrap().done, 1);
    assert_eq!(server.waiting(), [listed(1), listed(2), listed(3)]);
    assert_eq!(house.ids().await, [uuid(4)]);
    assert_eq!(ngdp.activity().reading().waiting, 3);
}

/// Twelve messages that cannot be had at the head of the list, and a good one behind them.
fn twelve_in_front(server: &NgdpServer, fault: Option<&NgdpFault>) {
    for n in 0..12 {
        let id = listed(n);
        match fault {
            None => server.put(&id, mail("no MeMo")),
            Some(fault) => {
                server.put(&id, memo(n, 200));
                server.fail_always(Call::Memo, &id, fault.clone());
            }
        }
    }
    server.put(&listed(12), memo(12, 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_bad_messages_in_front_starve_no_good_one() {
    let (house, server) = (House::new().await, NgdpServer::start(TOKEN).unwrap());
    twelve_in_front(&server, None);
    let mut ngdp = ngdp(&server);
    assert_eq!(ngdp.round(&house.acceptor()).await.unwrap(), Round { listed: 13, done: 1 });
    assert_eq!((server.waiting().len(), house.ids().await), (12, vec![uuid(12)]));
    assert_eq!(ngdp.activity().reading().waiting, 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_before_comes_after_what_never_did() {
    // Three in a row end a round, and a message that is answered with 503 ends it at once.
    for (fault, rounds) in [(NgdpFault::Status(500, None), 4), (NgdpFault::Status(503, None), 12)] {
        let (house, server) = (House::new().await, NgdpServer::start(TOKEN).unwrap());
        twelve_in_front(&server, Some(&fault));
        // Without pauses the bad ones are due again in each round.
        let none = RetryPolicy { attempts: 1, first: Duration::ZERO, longest: Duration::ZERO };
        let options = NgdpOptions { aside: Some(none), ..options(&server) };
        let mut ngdp = Ngdp::open(options, Room::new(64 << 20)).unwrap();
        for round in 0..rounds {
            assert!(ngdp.round(&house.acceptor()).await.is_err(), "{fault:?}: round {round}");
        }
        let _ = ngdp.round(&house.acceptor()).await;
        assert_eq!(house.ids().await, [uuid(12)], "{fault:?}");
        assert_eq!(server.waiting().len(), 12, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn troubles_of_the_other_side_end_by_themselves() {
    let faults = [
        NgdpFault::Status(503, Some(0)),
        NgdpFault::Status(500, None),
        NgdpFault::Status(403, None),
        NgdpFault::Garbage,
        NgdpFault::Endless,
        NgdpFault::DoAndClose,
    ];
    for fault in faults {
        let (house, server) = (House::new().await, NgdpServer::start(TOKEN).unwrap());
        server.put(&listed(1), memo(1, 200));
        server.fail_always(Call::List, "", fault.clone());
        let mut ngdp = ngdp(&server);
        let acceptor = house.acceptor();
        let said = ngdp.round(&acceptor).await.unwrap_err();
        assert_eq!(server.receipts().len(), 0);
        let (stopper, stop) = stop_pair();
        server.recover();
        server.fail_once(Call::List, fault.clone());
        let run = ngdp.run(&acceptor, &stop);
        let watch = async {
            until("the letter", async || server.waiting().is_empty()).await;
            stopper.stop();
        };
        tokio::join!(run, watch);
        assert_eq!(house.ids().await, [uuid(1)]);
        let reading = ngdp.activity().reading();
        assert_eq!(reading.trouble, None, "{fault:?} ({said})");
        assert!(reading.failures > 0, "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_we_are_matters() {
    let (house, server) = (House::new().await, NgdpServer::start(TOKEN).unwrap());
    server.put(&listed(1), memo(1, 200));
    let said = async |options| {
        let mut ngdp = Ngdp::open(options, Room::new(1 << 20)).unwrap();
        ngdp.round(&house.acceptor()).await.unwrap_err()
    };
    let wrong_token = NgdpOptions { token: ApiToken::new("x".to_owned()), ..options(&server) };
    assert!(matches!(said(wrong_token).await, NgdpError::Refused(401)));
    let nobody = NgdpOptions { identity: None, ..options(&server) };
    // With TLS 1.3 the refusal comes after the connection is made.
    let refused = said(nobody).await;
    assert!(matches!(refused, NgdpError::Unreachable(_) | NgdpError::Broken(_)), "{refused:?}");
    let stranger = NgdpServer::start(TOKEN).unwrap();
    let other_ca = NgdpOptions { ca: Some(stranger.authority().ca()), ..options(&server) };
    assert!(matches!(said(other_ca).await, NgdpError::Unreachable(_)));
    let bad = NgdpOptions { token: ApiToken::new("a\nb".to_owned()), ..options(&server) };
    assert!(matches!(Ngdp::open(bad, Room::new(1)), Err(NgdpError::Token)));
    assert!(!format!("{:?}", options(&server)).contains(TOKEN));
    assert_eq!(server.waiting().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_at_once_wait() {
    let (house, server) = (House::new().await, NgdpServer::start(TOKEN).unwrap());
    server.put(&listed(1), memo(1, 1 << 20));
    let mut ngdp = Ngdp::open(options(&server), Room::new(1 << 19)).unwrap();
    let said = ngdp.round(&house.acceptor()).await;
    assert!(matches!(said, Err(NgdpError::Accept(AcceptError::NoRoom))), "{said:?}");
    assert_eq!(house.waiting().await, 0);
}
