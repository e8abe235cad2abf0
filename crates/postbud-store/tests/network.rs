//! A network that swallows everything: calls end, and the store works again after it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use postbud_pipeline::ports::{Store as _, StoreError};
use postbud_store::open;
use support::{Fixture, PATIENCE, entry};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Passes bytes on in both directions until it goes silent; then the connection stays open and
/// nothing moves any more.
async fn pass(client: TcpStream, server: String, mut silent: watch::Receiver<bool>) {
    let mut client = client;
    let mut server = TcpStream::connect(server).await.unwrap();
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => return,
        _ = silent.wait_for(|silent| *silent) => {}
    }
    std::future::pending::<()>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_network_holds_nobody_for_ever() {
    let Some(fixture) = Fixture::postgres("a silent network").await else {
        return;
    };
    let url = fixture.options.url.clone();
    let (user, rest) = url.split_once('@').unwrap();
    let (server, database) = rest.split_once('/').unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let silent = Arc::new(watch::Sender::new(false));
    let (server, sender) = (server.to_owned(), Arc::clone(&silent));
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            // Connections made from now on see only what is said from now on.
            tokio::spawn(pass(client, server.clone(), sender.subscribe()));
        }
    });
    let mut options = fixture.options.clone();
    options.url = format!("{user}@127.0.0.1:{port}/{database}");
    options.deadline = Duration::from_secs(1);
    options.pool_size = 2;
    let store = open(&options).await.unwrap();
    store.record(&[entry("a", "raw a", None)]).await.unwrap();

    silent.send_replace(true);
    for n in 0..4 {
        let letter = entry(&format!("b-{n}"), "raw b", None);
        let error = store.record(&[letter]).await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    }
    silent.send_replace(false);
    let recovered = async {
        while store.record(&[entry("c", "raw c", None)]).await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, recovered).await.expect("the store works again");
    assert!(fixture.store.tally().await.unwrap().received >= 2);
    fixture.end().await;
}
