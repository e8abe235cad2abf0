//! Raw letters lie encrypted where the store has a master key, come back byte for byte, and nothing that
//! was changed passes for a letter.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use postbud_pipeline::ports::{Body, Message, Queue as _, State, Store as _};
use postbud_store::{EmbeddedOptions, EmbeddedQueue, KeyUse, MasterKey, SqlStore, StoreKeys, open};
use support::{Fixture, MANY_BYTES, at, entry, letter, raw_id};

support::on_both!(
    every_way_in_is_sealed_and_comes_back,
    without_its_key_the_store_does_not_open,
    what_lay_in_plain_is_sealed_by_a_rotation,
    another_master_key_takes_over_while_both_are_in_use,
    what_was_changed_is_no_letter,
    letters_come_and_go_while_keys_are_rotated,
);

fn key(digit: char) -> MasterKey {
    MasterKey::parse(&digit.to_string().repeat(64)).unwrap()
}

async fn with(fixture: &Fixture, current: MasterKey, more: &[MasterKey]) -> SqlStore {
    try_with(fixture, Some(StoreKeys::new(current, more.to_vec()))).await.unwrap()
}

async fn try_with(fixture: &Fixture, keys: Option<StoreKeys>) -> Result<SqlStore, String> {
    let mut options = fixture.options.clone();
    options.keys = keys;
    open(&options).await.map_err(|error| error.to_string())
}

/// The whole of a letter as it lies there is not what was written.
async fn sealed(fixture: &Fixture) -> i64 {
    fixture
        .count("SELECT COUNT(*) FROM raws WHERE data_key IS NOT NULL AND length(bytes) >= 28")
        .await
}

async fn plain(fixture: &Fixture) -> i64 {
    fixture.count("SELECT COUNT(*) FROM raws WHERE data_key IS NULL").await
}

/// How many chunks hold these words as they were written.
async fn readable(fixture: &Fixture, words: &str) -> i64 {
    let hex: String = words.bytes().map(|byte| format!("{byte:02x}")).collect();
    let found = if fixture.options.url.starts_with("sqlite") {
        format!("instr(bytes, x'{hex}') > 0")
    } else {
        format!("position('\\x{hex}'::bytea IN bytes) > 0")
    };
    fixture.count(&format!("SELECT COUNT(*) FROM raws WHERE {found}")).await
}

async fn every_way_in_is_sealed_and_comes_back(fixture: &Fixture) {
    let store = with(fixture, key('a'), &[]).await;
    let large = Bytes::from("hemmeligt brev ".repeat(180_000));
    assert!(large.len() > 2 << 20);
    let (small, empty) = (Bytes::from("hemmeligt brev"), Bytes::new());
    for raw in [&large, &small, &empty] {
        let id = store.put_raw(raw.clone(), at(0)).await.unwrap();
        assert_eq!(store.raw(&id).await.unwrap().as_ref(), Some(raw));
    }
    let pieces = Bytes::from(format!("i stykker: {}", "hemmeligt brev ".repeat(80_000)));
    let mut arriving = store.begin_raw(at(0));
    arriving.write(pieces.clone()).await.unwrap();
    assert_eq!((plain(fixture).await, readable(fixture, "hemmeligt").await), (0, 0));
    let id = arriving.finish().await.unwrap();
    assert_eq!(store.raw(&id).await.unwrap(), Some(pieces));
    let queue = EmbeddedQueue::new(store.clone(), EmbeddedOptions::default());
    let message =
        Message { id: "m".to_owned(), body: Body::Inline(Bytes::from("hemmeligt på køen")) };
    queue.publish(vec![message]).await.unwrap();
    let received = queue.receive(10, Duration::from_secs(5)).await.unwrap();
    assert!(matches!(&received[0].body, Ok(Body::Inline(raw)) if raw == "hemmeligt på køen"));
    let mut big = entry("b", "", Some("vej"));
    (big.raw_id, big.raw) = (raw_id(&large), large.clone());
    store.record(&[entry("a", "hemmeligt brev til vej", Some("vej")), big]).await.unwrap();
    let mut items = store.claim_outbox(10, MANY_BYTES, at(1), 1_000).await.unwrap();
    items.sort_by(|a, b| a.letter.cmp(&b.letter));
    assert_eq!(items.len(), 2);
    assert_eq!(items[0].raw, Body::Inline("hemmeligt brev til vej".into()));
    assert_eq!(items[1].raw, Body::Stored(raw_id(&large)));
    assert_eq!((plain(fixture).await, readable(fixture, "hemmeligt").await), (0, 0));
    assert_eq!(sealed(fixture).await, 3 + 1 + 1 + 2 + 1 + 1);
    store.close().await;
}

async fn without_its_key_the_store_does_not_open(fixture: &Fixture) {
    let store = with(fixture, key('a'), &[]).await;
    let id = store.put_raw(Bytes::from("brev"), at(0)).await.unwrap();
    let said = try_with(fixture, None).await.unwrap_err();
    assert!(said.contains("name their key with key_file or key_command"), "{said}");
    let said = try_with(fixture, Some(StoreKeys::new(key('b'), vec![]))).await.unwrap_err();
    assert!(said.contains(key('a').name()) && said.contains("more_key_files"), "{said}");
    assert!(!said.contains("aaaa"), "a key is never shown: {said}");
    let again = with(fixture, key('a'), &[]).await;
    assert_eq!(again.raw(&id).await.unwrap().unwrap(), "brev");
    assert_eq!(again.key_use().await.unwrap().keys.len(), 1, "no key of its own for each start");
}

async fn what_lay_in_plain_is_sealed_by_a_rotation(fixture: &Fixture) {
    let large = Bytes::from("x".repeat(3 << 20));
    let mut ids = Vec::new();
    for n in 0..450 {
        let raw = Bytes::from(format!("hemmeligt {n}"));
        ids.push((fixture.store.put_raw(raw.clone(), at(0)).await.unwrap(), raw));
    }
    ids.push((fixture.store.put_raw(large.clone(), at(0)).await.unwrap(), large));
    assert_eq!(fixture.store.rotate_keys().await.unwrap(), None);
    assert_eq!(fixture.store.key_use().await.unwrap(), KeyUse { plain: 453, ..KeyUse::default() });
    let store = with(fixture, key('a'), &[]).await;
    assert_eq!(
        store.raw(&ids[7].0).await.unwrap().unwrap(),
        "hemmeligt 7",
        "plain letters stay readable"
    );
    let rotated = store.rotate_keys().await.unwrap().unwrap();
    assert_eq!((rotated.letters, rotated.taken_over), (451, 0));
    let used = store.key_use().await.unwrap();
    let chunks: Vec<u64> = used.keys.iter().map(|key| key.chunks).collect();
    assert_eq!((used.plain, chunks), (0, vec![0, 453]));
    assert_eq!(used.master.as_deref(), Some(key('a').name()));
    assert_eq!(readable(fixture, "hemmeligt").await, 0);
    for (id, raw) in &ids {
        assert_eq!(store.raw(id).await.unwrap().as_ref(), Some(raw));
    }
}

async fn another_master_key_takes_over_while_both_are_in_use(fixture: &Fixture) {
    let first = with(fixture, key('a'), &[]).await;
    let one = first.put_raw(Bytes::from("et"), at(0)).await.unwrap();
    // Every process learns to open what is to come, one after the other; then they change over.
    let second = with(fixture, key('a'), &[key('b')]).await;
    let third = with(fixture, key('b'), &[key('a')]).await;
    let two = third.put_raw(Bytes::from("to"), at(0)).await.unwrap();
    for store in [&second, &third] {
        assert_eq!(store.raw(&one).await.unwrap().unwrap(), "et");
        assert_eq!(store.raw(&two).await.unwrap().unwrap(), "to");
    }
    let rotated = third.rotate_keys().await.unwrap().unwrap();
    assert_eq!((rotated.letters, rotated.taken_over), (2, 1));
    // One that still writes under the old data key is understood, by those without the old master too.
    let three = second.put_raw(Bytes::from("tre"), at(0)).await.unwrap();
    let fourth = with(fixture, key('b'), &[]).await;
    for (id, raw) in [(&one, "et"), (&two, "to"), (&three, "tre")] {
        assert_eq!(fourth.raw(id).await.unwrap().unwrap(), raw);
        assert_eq!(second.raw(id).await.unwrap().unwrap(), raw);
    }
    assert!(try_with(fixture, Some(StoreKeys::new(key('a'), vec![]))).await.is_err());
}

async fn what_was_changed_is_no_letter(fixture: &Fixture) {
    let store = with(fixture, key('a'), &[]).await;
    let queue = EmbeddedQueue::new(store.clone(), EmbeddedOptions::default());
    store
        .record(&[entry("a", "raw a", Some("vej")), entry("b", "raw b", Some("vej"))])
        .await
        .unwrap();
    let message = |text: &str| Message {
        id: text.to_owned(),
        body: Body::Inline(Bytes::from(text.to_owned())),
    };
    queue.publish(vec![message("raw c"), message("raw d")]).await.unwrap();
    // The bytes of one letter in the place of another's, as someone with the database could put them.
    for (to, from) in [("raw a", "raw b"), ("raw c", "raw d")] {
        let (to, from) = (raw_id(to.as_bytes()).0, raw_id(from.as_bytes()).0);
        let bytes = format!("(SELECT bytes FROM raws WHERE raw_id = '{from}')");
        fixture.sql(&format!("UPDATE raws SET bytes = {bytes} WHERE raw_id = '{to}'")).await;
    }
    let said = store.raw(&raw_id(b"raw a")).await.unwrap_err().to_string();
    assert!(said.contains("does not open: it was changed"), "{said}");
    let items = store.claim_outbox(10, MANY_BYTES, at(1), 1_000).await.unwrap();
    assert_eq!(items.len(), 1, "the other goes on its way");
    assert_eq!(items[0].raw, Body::Inline("raw b".into()));
    let detail = store.letter(&letter("a")).await.unwrap().unwrap();
    assert_eq!(detail.row.state, State::Review, "a person gets to know");
    let received = queue.receive(10, Duration::from_secs(5)).await.unwrap();
    let bodies: Vec<bool> = received.iter().map(|message| message.body.is_ok()).collect();
    assert_eq!((received[0].id.as_str(), bodies), ("raw c", vec![false, true]));
}

async fn letters_come_and_go_while_keys_are_rotated(fixture: &Fixture) {
    let store = with(fixture, key('a'), &[]).await;
    let other = with(fixture, key('a'), &[]).await;
    let done = AtomicBool::new(false);
    let writes = async {
        let mut ids = Vec::new();
        while !done.load(Ordering::Relaxed) || ids.len() < 50 {
            let text = format!("brev {}", ids.len());
            let id = other.put_raw(Bytes::from(text.clone()), at(0)).await.unwrap();
            assert_eq!(other.raw(&id).await.unwrap().unwrap(), text);
            ids.push((id, text));
        }
        ids
    };
    let rotates = async {
        for _ in 0..5 {
            store.rotate_keys().await.unwrap();
        }
        done.store(true, Ordering::Relaxed);
    };
    let (ids, ()) = tokio::join!(writes, rotates);
    for (id, text) in &ids {
        assert_eq!(store.raw(id).await.unwrap().unwrap(), *text);
    }
}
