//! The push endpoint, over real TLS.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use postbud_intake::{Identity, Push, PushOptions, Room};
use postbud_pipeline::{Stopper, stop_pair};
use postbud_testkit::{Authority, Issued};
use reqwest::{Client, Response};
use support::{House, mail, memo, tls_client, until, uuid};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

struct Served {
    authority: Authority,
    client: Issued,
    address: SocketAddr,
    push: Arc<Push>,
    files: PushOptions,
    stopper: Stopper,
    task: tokio::task::JoinHandle<()>,
}

fn options(identity: Option<Identity>) -> PushOptions {
    PushOptions {
        listen: "127.0.0.1:0".parse().unwrap(),
        path: "/memos".to_owned(),
        identity,
        clients: None,
        connections: 8,
        idle: Duration::from_millis(700),
        deadline: Duration::from_secs(3),
    }
}

async fn serve(house: &House, tls: bool, room: usize) -> Served {
    let authority = Authority::new().unwrap();
    let (own, client) = (authority.issue("push").unwrap(), authority.issue("client").unwrap());
    let identity = Identity { certificate: own.certificate, key: own.key };
    let mut options = options(tls.then_some(identity));
    options.clients = tls.then(|| authority.ca());
    let push = Arc::new(Push::open(options.clone(), Room::new(room)).await.unwrap());
    let (stopper, stop) = stop_pair();
    let (ours, acceptor) = (Arc::clone(&push), house.acceptor());
    let task = tokio::spawn(async move { ours.run(&acceptor, &stop).await });
    Served { authority, client, address: push.address(), push, files: options, stopper, task }
}

impl Served {
    fn client(&self, own: Option<&Issued>) -> Client {
        let tls = tls_client(&self.authority, own);
        Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap()
    }

    fn url(&self, rest: &str) -> String {
        format!("https://localhost:{}{rest}", self.address.port())
    }

    async fn post(&self, rest: &str, body: impl Into<reqwest::Body>) -> Response {
        let client = self.client(Some(&self.client));
        client.post(self.url(rest)).body(body).send().await.unwrap()
    }
}

async fn said(response: Response) -> (u16, String) {
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn a_memo_is_accepted_when_it_is_durable() {
    let house = House::new().await;
    let served = serve(&house, true, 16 << 20).await;
    let (status, body) = said(served.post("/memos", memo(1, 100)).await).await;
    assert_eq!(status, 200);
    assert_eq!(body, format!(r#"{{"accepted":true,"messageUUID":"{}"}}"#, uuid(1)));
    let large = memo(2, 2 << 20);
    assert_eq!(said(served.post("/memos/", large.clone()).await).await.0, 200);
    let named = format!("/memos?memo-message-uuid={}", uuid(3).to_uppercase());
    assert_eq!(said(served.post(&named, memo(3, 100)).await).await.0, 200);
    house.away(true);
    let refused = served.post("/memos", memo(4, 100)).await;
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(said(refused).await.0, 503);
    house.away(false);
    // Twice the same: accepted twice, one letter by its id.
    for _ in 0..2 {
        assert_eq!(said(served.post("/memos", memo(4, 100)).await).await.0, 200);
    }
    let mut ids = house.ids().await;
    ids.dedup();
    assert_eq!(ids, (1..=4).map(uuid).collect::<Vec<_>>());
    assert_eq!(served.push.activity().reading().accepted, 5);
}

#[tokio::test]
async fn what_is_refused_for_good_says_why_without_repeating_it() {
    let house = House::new().await;
    let served = serve(&house, true, 16 << 20).await;
    let other = format!("/memos?memo-message-uuid={}", uuid(9));
    for (path, body, status, code) in [
        ("/memos", mail("secret"), 422, "memo.invalid"),
        ("/memos", String::new(), 422, "memo.invalid"),
        ("/memos", "<html>secret</html>".to_owned(), 422, "memo.invalid"),
        ("/memos", memo(1, 4 << 20), 413, "memo.too.large"),
        ("/elsewhere", memo(1, 10), 404, "not.found"),
        (other.as_str(), memo(1, 10), 422, "memo.uuid.mismatch"),
    ] {
        let (got, body) = said(served.post(path, body).await).await;
        assert_eq!(got, status, "{body}");
        assert!(body.contains(code) && !body.contains("secret"), "{body}");
    }
    let client = served.client(Some(&served.client));
    let got = client.get(served.url("/memos")).send().await.unwrap();
    assert_eq!(got.headers()["allow"], "POST");
    assert_eq!(said(got).await.0, 405);
    assert_eq!(house.waiting().await, 0);
}

#[tokio::test]
async fn a_large_message_needs_little_memory_and_leaves_nothing_when_it_is_refused() {
    let house = House::new().await;
    let served = serve(&house, true, 1 << 20).await;
    let large = memo(1, 2 << 20);
    let named = |n| format!("/memos?memo-message-uuid={}", uuid(n));
    for path in ["/memos", &named(1)] {
        let (status, body) = said(served.post(path, large.clone()).await).await;
        assert_eq!((status, body.contains(&uuid(1))), (200, true), "{body}");
    }
    assert!(house.letters().await.iter().all(|letter| *letter == large));
    let pieces = house.pieces().await;
    let secret = mail("secret") + &"secret\r\n".repeat(200_000);
    for (path, body, code) in
        [(&*named(9), large.clone(), "memo.uuid.mismatch"), ("/memos", secret, "memo.invalid")]
    {
        let (status, body) = said(served.post(path, body).await).await;
        assert_eq!(status, 422, "{body}");
        assert!(body.contains(code) && !body.contains("secret"), "{body}");
    }
    // Half of one, and then silence.
    let plain = serve(&house, false, 1 << 20).await;
    let head =
        format!("POST /memos HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", large.len());
    let half = &memo(2, 2 << 20)[..large.len() * 3 / 4];
    let answer = speak(plain.address, &head, &[half], Duration::ZERO).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    until("nothing is left of it", async || house.pieces().await == pieces).await;
    assert_eq!(house.waiting().await, 0);
}

#[tokio::test]
async fn nobody_comes_in_without_a_certificate_of_ours() {
    let house = House::new().await;
    let served = serve(&house, true, 16 << 20).await;
    let elsewhere = Authority::new().unwrap();
    let stranger = elsewhere.issue("stranger").unwrap();
    for own in [None, Some(&stranger)] {
        let sent = served.client(own).post(served.url("/memos")).body(memo(1, 10)).send().await;
        assert!(sent.is_err(), "{sent:?}");
    }
    let failed = served.push.activity().reading();
    assert!(
        failed.failures >= 2 && failed.trouble.is_none(),
        "counted, and no trouble: {failed:?}"
    );
    // Without TLS nothing is understood.
    let request = "POST /memos HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
    let answer = speak(served.address, request, &[], Duration::ZERO).await;
    assert!(!answer.contains("HTTP"), "{answer:?}");
    assert_eq!(house.waiting().await, 0);
}

#[tokio::test]
async fn renewed_certificates_are_taken_up_without_a_restart() {
    let house = House::new().await;
    let served = serve(&house, true, 16 << 20).await;
    let (status, _) = said(served.post("/memos", memo(1, 10)).await).await;
    assert_eq!(status, 200);
    // Another authority from now on, for both sides.
    let mut renewed = served;
    let old = std::mem::replace(&mut renewed.authority, Authority::new().unwrap());
    let own = renewed.authority.issue("push").unwrap();
    let files = &renewed.files;
    for (new, place) in [
        (renewed.authority.ca(), files.clients.as_ref().unwrap()),
        (own.certificate, &files.identity.as_ref().unwrap().certificate),
        (own.key, &files.identity.as_ref().unwrap().key),
    ] {
        std::fs::copy(new, place).unwrap();
    }
    let stranger = std::mem::replace(&mut renewed.client, renewed.authority.issue("c").unwrap());
    let (status, _) = said(renewed.post("/memos", memo(2, 10)).await).await;
    assert_eq!(status, 200);
    renewed.authority = old;
    let sent = renewed.client(Some(&stranger)).post(renewed.url("/memos")).body(memo(3, 10));
    assert!(sent.send().await.is_err(), "who came in before does so no longer");
    assert_eq!(house.waiting().await, 2);
}

/// Speaks to an endpoint without TLS, as a proxy would, and returns what it answers.
async fn speak(address: SocketAddr, head: &str, parts: &[&str], pause: Duration) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    for part in parts {
        tokio::time::sleep(pause).await;
        // The endpoint may have had enough already.
        let _ = stream.write_all(part.as_bytes()).await;
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn who_sends_to_the_end_before_reading_still_hears_that_it_is_too_large() {
    let house = House::new().await;
    let served = serve(&house, false, 1 << 20).await;
    let body = vec![b'x'; 32 << 20];
    let head = format!("POST /memos HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len());
    let mut stream = tokio::net::TcpStream::connect(served.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body).await.expect("the connection stands until it is through");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    // Who asks first is answered at once and sends nothing.
    let head = head.replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n");
    let answer = speak(served.address, &head, &[], Duration::ZERO).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn endless_silent_and_broken_requests_end() {
    let house = House::new().await;
    let served = serve(&house, false, 1 << 20).await;
    let chunked = "POST /memos HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    let none = Duration::ZERO;
    // Silence after the head.
    assert!(speak(served.address, chunked, &[], none).await.starts_with("HTTP/1.1 408"));
    // A byte now and then, for ever.
    let drops = ["1\r\nx\r\n"; 40];
    let slow = speak(served.address, chunked, &drops, Duration::from_millis(200)).await;
    assert!(slow.starts_with("HTTP/1.1 408"), "{slow}");
    // No room for it.
    let chunk = format!("{:x}\r\n{}\r\n", 1 << 20, "x".repeat(1 << 20));
    let full = speak(served.address, chunked, &[&chunk, &chunk, &chunk], none).await;
    assert!(full.starts_with("HTTP/1.1 503"), "{full}");
    // Announced larger than a letter may be: refused before a byte of it is read.
    let head = "POST /memos HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n";
    assert!(speak(served.address, head, &[], none).await.starts_with("HTTP/1.1 413"));
    let broken = "POST /memos HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n";
    let answer = speak(served.address, broken, &[], none).await;
    assert!(answer.starts_with("HTTP/1.1 400") || answer.is_empty(), "{answer}");
    assert_eq!(house.waiting().await, 0);
    served.stopper.stop();
    served.task.await.unwrap();
}
