//! A real store and queue on disk, with a queue in front that can be told to be away.

#![allow(
    dead_code,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "each test uses its part"
)]

pub mod imap;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use postbud_intake::Acceptor;
use postbud_letter::{Limits, read};
use postbud_pipeline::ports::{
    Body, DeadJudge, DeadLetter, Depth, Message, Queue, QueueError, Received, Settlement, Store,
    Token,
};
use postbud_store::{EmbeddedOptions, EmbeddedQueue, SqlStore, StoreOptions};
use tempfile::TempDir;

/// A queue that takes nothing while it is away.
pub struct Moody {
    inner: EmbeddedQueue,
    away: AtomicBool,
}

#[async_trait]
impl Queue for Moody {
    async fn publish(&self, messages: Vec<Message>) -> Result<(), QueueError> {
        if self.away.load(Ordering::Relaxed) {
            return Err(QueueError::Refused { what: "away".to_owned() });
        }
        self.inner.publish(messages).await
    }
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Received>, QueueError> {
        self.inner.receive(max, wait).await
    }
    async fn settle(&self, outcomes: Vec<(Token, Settlement)>) -> Result<(), QueueError> {
        self.inner.settle(outcomes).await
    }
    async fn depth(&self) -> Result<Depth, QueueError> {
        self.inner.depth().await
    }
    async fn dead(&self, max: usize) -> Result<Vec<DeadLetter>, QueueError> {
        self.inner.dead(max).await
    }
    async fn erase_dead(&self, judge: &dyn DeadJudge) -> Result<u64, QueueError> {
        self.inner.erase_dead(judge).await
    }
    async fn replay(&self, id: Option<&str>, max: usize) -> Result<u64, QueueError> {
        self.inner.replay(id, max).await
    }
    async fn shutdown(&self) -> Result<(), QueueError> {
        self.inner.shutdown().await
    }
}

/// A place for letters to arrive in.
pub struct House {
    pub dir: TempDir,
    queue: Arc<Moody>,
    store: Arc<SqlStore>,
    pub limits: Limits,
}

impl House {
    pub async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("postbud.db").display());
        let store = postbud_store::open(&StoreOptions::new(url)).await.unwrap();
        let inner = EmbeddedQueue::new(store.clone(), EmbeddedOptions::default());
        let queue = Arc::new(Moody { inner, away: AtomicBool::new(false) });
        let limits = Limits { letter_bytes: 3 << 20, ..Limits::default() };
        Self { dir, queue, store: Arc::new(store), limits }
    }

    pub fn acceptor(&self) -> Acceptor {
        Acceptor::new(
            Arc::clone(&self.queue) as _,
            Arc::clone(&self.store) as _,
            self.limits.clone(),
        )
    }

    /// The queue itself.
    pub fn queue(&self) -> Arc<dyn Queue> {
        Arc::clone(&self.queue) as _
    }

    /// The queue is away, or back.
    pub fn away(&self, away: bool) {
        self.queue.away.store(away, Ordering::Relaxed);
    }

    /// The raw bytes of everything that waits on the queue, in order; it stays there no longer.
    pub async fn letters(&self) -> Vec<Bytes> {
        let mut all = Vec::new();
        loop {
            let received = self.queue.receive(100, Duration::from_millis(50)).await.unwrap();
            if received.is_empty() {
                return all;
            }
            let done = received.iter().map(|one| (one.token, Settlement::Done)).collect();
            for one in received {
                all.push(match one.body.unwrap() {
                    Body::Inline(raw) => raw,
                    Body::Stored(id) => self.store.raw(&id).await.unwrap().unwrap(),
                });
            }
            self.queue.settle(done).await.unwrap();
        }
    }

    /// The ids of the letters that wait, sorted.
    pub async fn ids(&self) -> Vec<String> {
        let letters = self.letters().await;
        let mut ids: Vec<String> =
            letters.iter().map(|raw| read(raw, &self.limits).id.to_string()).collect();
        ids.sort();
        ids
    }

    /// How many pieces of raw letters are in the store.
    pub async fn pieces(&self) -> u64 {
        self.store.key_use().await.unwrap().plain
    }

    /// How many wait, without taking them.
    pub async fn waiting(&self) -> u64 {
        self.queue.depth().await.unwrap().waiting
    }
}

/// Waits until `done` says so.
pub async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    for _ in 0..600 {
        if done().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("waited in vain for: {what}");
}

/// A mail.
pub fn mail(subject: &str) -> String {
    format!("From: a@borger.example\r\nTo: b@klit.example\r\nSubject: {subject}\r\n\r\nGoddag\r\n")
}

/// The UUID of MeMo number `n`.
pub fn uuid(n: u32) -> String {
    format!("8c2ea15d-61fb-4ba9-9366-{n:012x}")
}

/// MeMo number `n`, with a document of about `bytes` bytes.
pub fn memo(n: u32, bytes: usize) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<memo:Message xmlns:memo="https://DigitalPost.dk/MeMo-1" memoVersion="1.1" memoSchVersion="1.1.0">
  <memo:MessageHeader>
    <memo:messageType>DIGITALPOST</memo:messageType>
    <memo:messageUUID>{}</memo:messageUUID>
    <memo:label>Brev {n}</memo:label>
    <memo:mandatory>false</memo:mandatory>
    <memo:legalNotification>false</memo:legalNotification>
    <memo:Sender><memo:senderID>12345678</memo:senderID><memo:idType>CVR</memo:idType><memo:label>A</memo:label></memo:Sender>
    <memo:Recipient><memo:recipientID>87654321</memo:recipientID><memo:idType>CVR</memo:idType></memo:Recipient>
  </memo:MessageHeader>
  <memo:MessageBody>
    <memo:createdDateTime>2026-11-23T07:15:00Z</memo:createdDateTime>
    <memo:MainDocument><memo:File>
      <memo:encodingFormat>text/plain</memo:encodingFormat>
      <memo:filename>brev.txt</memo:filename>
      <memo:language>da</memo:language>
      <memo:content>{}</memo:content>
    </memo:File></memo:MainDocument>
  </memo:MessageBody>
</memo:Message>
"#,
        uuid(n),
        "R29kZGFn".repeat(bytes / 6 + 1)
    )
}

/// A TLS client that trusts this authority, with a certificate of its own or without.
pub fn tls_client(
    authority: &postbud_testkit::Authority,
    own: Option<&postbud_testkit::Issued>,
) -> rustls::ClientConfig {
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority.ca()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    match own {
        None => builder.with_no_client_auth(),
        Some(own) => {
            let certificate = CertificateDer::from_pem_file(&own.certificate).unwrap();
            let key = PrivateKeyDer::from_pem_file(&own.key).unwrap();
            builder.with_client_auth_cert(vec![certificate], key).unwrap()
        }
    }
}
