//! A foreign queue: nothing is acknowledged there before it is durable here.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::Arc;

use bytes::Bytes;
use postbud_intake::{Forward, Kind};
use postbud_pipeline::ports::{Body, Message, Queue, RawId};
use postbud_pipeline::stop_pair;
use support::{House, mail, memo, until, uuid};

/// Fills another house's queue, as its people would.
async fn filled(bodies: Vec<Body>) -> (House, Arc<dyn Queue>) {
    let house = House::new().await;
    let queue = house.queue();
    for body in bodies {
        queue.publish(vec![Message { body, id: "foreign".to_owned() }]).await.unwrap();
    }
    (house, queue)
}

fn inline(text: impl Into<String>) -> Body {
    Body::Inline(Bytes::from(text.into()))
}

#[tokio::test]
async fn messages_leave_the_foreign_queue_when_they_are_durable() {
    let bodies = (0..40).map(|n| inline(memo(n, 100))).collect();
    let (_theirs, source) = filled(bodies).await;
    let house = House::new().await;
    let forward = Forward::new(Arc::clone(&source), "dueslag", Kind::Anything);
    let (stopper, stop) = stop_pair();
    house.away(true);
    let acceptor = house.acceptor();
    let run = forward.run(&acceptor, &stop);
    let watch = async {
        until("trouble", async || forward.activity().reading().trouble == Some("not-taken")).await;
        assert_eq!(source.depth().await.unwrap().dead, 0);
        house.away(false);
        until("all letters", async || house.waiting().await >= 40).await;
        until("an empty queue", async || source.depth().await.unwrap().waiting == 0).await;
        stopper.stop();
    };
    tokio::join!(run, watch);
    assert_eq!(forward.activity().reading().trouble, None);
    let mut ids = house.ids().await;
    ids.dedup();
    assert_eq!(ids, (0..40).map(uuid).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_no_letter_goes_to_a_person_or_is_refused() {
    let bodies = || {
        vec![
            inline("<Haendelsesbesked/>"),
            inline(mail("a mail")),
            inline(" "),
            // A foreign message that claims to lie in our store.
            Body::Stored(RawId("0".repeat(64))),
        ]
    };
    for (kind, taken, refused) in [(Kind::Anything, 2, 2), (Kind::Letter, 1, 3)] {
        let (_theirs, source) = filled(bodies()).await;
        let house = House::new().await;
        let forward = Forward::new(Arc::clone(&source), "dueslag", kind);
        let (stopper, stop) = stop_pair();
        let acceptor = house.acceptor();
        let run = forward.run(&acceptor, &stop);
        let watch = async {
            until("all refused", async || source.depth().await.unwrap().dead == refused).await;
            until("all taken", async || forward.activity().reading().accepted == taken).await;
            stopper.stop();
        };
        tokio::join!(run, watch);
        assert_eq!(house.waiting().await, taken, "{kind:?}");
        assert_eq!(forward.activity().reading().refused, refused, "{kind:?}");
    }
}
