//! The dispatcher over time: leases, outages of the store, targets that hang.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/leasing.rs"]
mod leasing;
mod support;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use leasing::LeasingStore;
use postbud_decide::{Decision, MailboxId, Outcome, Reason};
use postbud_letter::LetterId;
use postbud_pipeline::ports::{Body, DeliveryError, OutboxItem, Outgoing, Target};
use postbud_pipeline::{AllTerms, Dispatcher, DispatcherOptions, Terms, stop_pair};
use support::away;

fn items(mailbox: &str, count: usize) -> Vec<OutboxItem> {
    let letter = LetterId::parse("sha-00").unwrap();
    let mailbox = MailboxId::parse(mailbox).unwrap();
    let item = |n| OutboxItem {
        key: format!("{mailbox}-{n}"),
        letter: letter.clone(),
        raw: Body::Inline(Bytes::from_static(b"Subject: x\r\n\r\n")),
        size: 14,
        decision: Decision {
            id: "d-0".into(),
            letter: letter.clone(),
            outcome: Outcome::Route { mailbox: mailbox.clone() },
            reason: Reason::Assigned { by: "anna".into() },
            suggestions: Vec::new(),
            documents: Vec::new(),
            text: None,
            access: None,
            urgent: false,
        },
        mailbox: mailbox.clone(),
        attempts: 0,
    };
    (0..count).map(item).collect()
}

/// Counts attempts by key. "hanging" and "also-hanging" share a server that never answers, "slow"
/// takes a minute for a letter.
#[derive(Default)]
struct Counting(Mutex<BTreeMap<String, usize>>);

#[async_trait]
impl Target for Counting {
    async fn deliver(&self, item: &Outgoing) -> Result<(), DeliveryError> {
        *self.0.lock().unwrap().entry(item.key.clone()).or_default() += 1;
        match item.mailbox.as_str() {
            "hanging" | "also-hanging" => std::future::pending().await,
            "slow" => tokio::time::sleep(Duration::from_secs(60)).await,
            _ => {}
        }
        Ok(())
    }
    fn lane(&self, mailbox: &MailboxId) -> String {
        if mailbox.as_str().ends_with("hanging") { "server".into() } else { mailbox.to_string() }
    }
}

/// Runs a dispatcher until `done` says so, and returns how often each letter was tried.
async fn run(store: &Arc<LeasingStore>, done: impl Fn() -> bool) -> BTreeMap<String, usize> {
    run_with(DispatcherOptions::default(), store, done).await
}

async fn run_with(
    options: DispatcherOptions,
    store: &Arc<LeasingStore>,
    done: impl Fn() -> bool,
) -> BTreeMap<String, usize> {
    let target = Arc::new(Counting::default());
    let dispatcher = Dispatcher::new(Arc::clone(store) as _, Arc::clone(&target) as _, options);
    let (stopper, stop) = stop_pair();
    let watch = async {
        for _ in 0..100_000 {
            if done() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        stopper.stop();
    };
    tokio::join!(dispatcher.run(&stop), watch);
    target.0.lock().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn a_target_that_hangs_keeps_no_other_waiting() {
    let mut all = items("hanging", 300);
    all.extend(items("also-hanging", 300));
    all.extend(items("open", 200));
    let store = Arc::new(LeasingStore::with(all));
    let tried = run(&store, || store.delivered("open") == 200).await;
    assert_eq!(store.delivered("open"), 200);
    let hanging = tried.keys().filter(|key| key.contains("hanging")).count();
    assert_eq!(hanging, 16, "no more than its lane takes");
    let held = store.claimed("hanging") + store.claimed("also-hanging");
    assert!(held < 200, "{held}: the others stay in the store");
}

#[tokio::test(start_paused = true)]
async fn a_full_lane_is_filled_again_without_a_rest() {
    let store = Arc::new(LeasingStore::with(items("open", 2_000)));
    // A dispatcher that rested even once would still be resting when the test gives up.
    let options =
        DispatcherOptions { idle: Duration::from_secs(86_400), ..DispatcherOptions::default() };
    run_with(options, &store, || store.delivered("open") == 2_000).await;
    assert_eq!(store.delivered("open"), 2_000);
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_prolonged_while_a_letter_is_on_its_way() {
    let store = Arc::new(LeasingStore::with(items("slow", 20)));
    let tried = run(&store, || store.delivered("slow") == 20).await;
    assert_eq!(tried.len(), 20);
    assert!(tried.values().all(|tries| *tries == 1), "{tried:?}");
    assert!(store.prolonged.load(Ordering::SeqCst) > 50, "leases are short");
}

#[tokio::test(start_paused = true)]
async fn two_workers_send_no_letter_twice() {
    let store = Arc::new(LeasingStore::with(items("slow", 40)));
    let done = || store.delivered("slow") == 40;
    let (mut tried, others) = tokio::join!(run(&store, done), run(&store, done));
    for (key, tries) in others {
        *tried.entry(key).or_default() += tries;
    }
    assert_eq!(tried.len(), 40);
    assert!(tried.values().all(|tries| *tries == 1), "{tried:?}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_begun_under_a_lease_that_may_have_ended() {
    let store = Arc::new(LeasingStore::with(items("slow", 64)));
    let begun = tokio::time::Instant::now();
    let tried = run(&store, || {
        // The store goes away while the first letters are being sent.
        store.gone.store(begun.elapsed() > Duration::from_secs(1), Ordering::SeqCst);
        begun.elapsed() > Duration::from_secs(100)
    })
    .await;
    assert_eq!(tried.len(), 16);
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_is_noted_when_the_store_answers_again() {
    assert!(matches!(away(), postbud_pipeline::ports::StoreError::Unavailable { .. }));
    let store = Arc::new(LeasingStore::with(items("open", 40)));
    store.away.store(12, Ordering::SeqCst);
    let tried = run(&store, || store.delivered("open") == 40).await;
    assert_eq!(store.delivered("open"), 40);
    assert!(tried.values().all(|tries| *tries == 1), "{tried:?}");
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_took_is_not_begun() {
    let store = Arc::new(LeasingStore::with(items("slow", 64)));
    store.taken_over.store(true, Ordering::SeqCst);
    let begun = tokio::time::Instant::now();
    let tried = run(&store, || begun.elapsed() > Duration::from_millis(3_900)).await;
    assert_eq!(tried.len(), 16, "those that had begun, and none of the others");
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_a_target_that_hangs() {
    let store = Arc::new(LeasingStore::with(items("hanging", 5)));
    let begun = tokio::time::Instant::now();
    run(&store, || begun.elapsed() > Duration::from_secs(30)).await;
    assert!(begun.elapsed() < Duration::from_secs(60), "not as long as a send may take");
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_with_a_pace_gets_its_letters_one_by_one_and_others_do_not_wait() {
    let mut letters = items("spared", 3);
    letters.extend(items("quick", 3));
    let store = Arc::new(LeasingStore::with(letters));
    let options = DispatcherOptions::default();
    let spared = Terms { retry: options.retry, interval_ms: Some(60_000) };
    let terms = AllTerms::new(options.retry).with(MailboxId::parse("spared").unwrap(), spared);
    let target = Arc::new(Counting::default());
    let dispatcher = Dispatcher::new(Arc::clone(&store) as _, target, options).with_terms(terms);
    let (stopper, stop) = stop_pair();
    let begun = tokio::time::Instant::now();
    let watch = async {
        while store.delivered("quick") < 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // By the clock of the test, which stands still while there is work.
        assert!(begun.elapsed() < Duration::from_secs(30));
        assert_eq!(store.delivered("spared"), 1);
        while store.delivered("spared") < 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(begun.elapsed() >= Duration::from_secs(119));
        stopper.stop();
    };
    tokio::join!(dispatcher.run(&stop), watch);
    assert_eq!(store.reserved.load(Ordering::SeqCst), 3, "the others reserve nothing");
}
