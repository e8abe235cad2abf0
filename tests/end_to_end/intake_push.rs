//! Letters that others post over HTTPS with a certificate of their own, over the real binary.

use postbud_testkit::marks;
use postbud_testkit::{Authority, Issued, free_port, https};
use serde_json::Value;

use crate::settings::{STORSKRALD, embedded, mail, memo};
use crate::support::{Installation, wait_until};

const UUID: &str = "8C2EA15D-61FB-4BA9-9366-42F8B194C114";
const OTHER: &str = "8C2EA15D-61FB-4BA9-9366-42F8B194C115";

/// An endpoint, who may come in, and the installation behind it.
struct Endpoint {
    authority: Authority,
    client: Issued,
    port: u16,
    here: Installation,
}

impl Endpoint {
    fn new() -> Self {
        let authority = Authority::new().unwrap();
        let (own, client) = (authority.issue("push").unwrap(), authority.issue("client").unwrap());
        let port = free_port().unwrap();
        let config = format!(
            "{}\n[limits]\nletter_bytes = 65536\ntext_bytes = 65536\n[intake.push]\nlisten = \"127.0.0.1:{port}\"\n\
             certificate_file = \"{}\"\nkey_file = \"{}\"\nclients_file = \"{}\"\n",
            embedded(),
            own.certificate.display(),
            own.key.display(),
            authority.ca().display(),
        );
        Self { authority, client, port, here: Installation::with(&config) }
    }

    /// What the endpoint answers to a client with a certificate.
    fn post(&self, path: &str, body: &str) -> (u16, Value) {
        let (authority, own) = (&self.authority, Some(&self.client));
        let (status, body) = https::post(authority, own, self.port, path, body.as_bytes()).unwrap();
        (status, serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}")))
    }
}

#[test]
fn a_memo_is_one_letter_however_often_it_is_posted_and_a_kill_loses_none() {
    let endpoint = Endpoint::new();
    let running = endpoint.here.run(None);
    let letter = memo(UUID, "Til kommunen", STORSKRALD);
    for _ in 0..2 {
        let (status, said) = endpoint.post("/memos", &letter);
        assert_eq!((status, &said["accepted"]), (200, &Value::Bool(true)), "{said}");
        assert_eq!(said["messageUUID"], UUID.to_lowercase());
    }
    let (status, _) = endpoint.post("/memos", &memo(OTHER, "Et brev til", STORSKRALD));
    assert_eq!(status, 200);
    // As kill -9, right after the answer: 200 has said that the letter is kept.
    drop(running);
    let running = endpoint.here.run(None);
    endpoint.here.wait_for("delivered", 2);
    // The sender did not see the answer and comes again.
    assert_eq!(endpoint.post("/memos", &letter).0, 200);
    wait_until("an empty queue", || endpoint.here.json(&["queue", "depth"])["waiting"] == 0);
    let log = running.log();
    assert_eq!(running.terminate(), 0);
    assert_eq!(endpoint.here.maildir("affald").len(), 2);
    assert_eq!(endpoint.here.json(&["letters"])["tally"]["received"], 2);
    assert!(!log.contains(marks::CPR) && !log.contains("Til kommunen"), "no content in logs");
}

#[test]
fn what_is_no_memo_or_too_large_is_refused_and_nothing_of_it_is_kept() {
    let endpoint = Endpoint::new();
    let running = endpoint.here.run(None);
    let large = memo(UUID, "Til kommunen", &STORSKRALD.repeat(4_000));
    let wrong = format!("/memos?memo-message-uuid={OTHER}");
    for (path, body, status, code) in [
        ("/memos", large, 413, "memo.too.large"),
        ("/memos", mail("Hej", "Kan I ringe?"), 422, "memo.invalid"),
        ("/memos", String::new(), 422, "memo.invalid"),
        (&wrong, memo(UUID, "Til kommunen", STORSKRALD), 422, "memo.uuid.mismatch"),
        ("/andet", memo(UUID, "Til kommunen", STORSKRALD), 404, "not.found"),
    ] {
        let (answered, said) = endpoint.post(path, &body);
        assert_eq!((answered, said["code"].as_str()), (status, Some(code)), "{said}");
        assert_eq!(said["accepted"], false);
    }
    assert_eq!(endpoint.here.json(&["queue", "depth"])["waiting"], 0);
    assert_eq!(running.terminate(), 0);
    assert_eq!(endpoint.here.json(&["letters"])["tally"]["received"], 0);
}

#[test]
fn nobody_comes_in_without_a_certificate_or_with_one_of_somebody_elses() {
    let endpoint = Endpoint::new();
    let running = endpoint.here.run(None);
    let elsewhere = Authority::new().unwrap();
    let stranger = elsewhere.issue("client").unwrap();
    let letter = memo(UUID, "Til kommunen", STORSKRALD);
    for own in [None, Some(&stranger)] {
        let said =
            https::post(&endpoint.authority, own, endpoint.port, "/memos", letter.as_bytes());
        assert!(said.is_err(), "{said:?}");
    }
    // The same letter by somebody who may.
    assert_eq!(endpoint.post("/memos", &letter).0, 200);
    endpoint.here.wait_for("delivered", 1);
    assert_eq!(running.terminate(), 0);
    assert_eq!(endpoint.here.json(&["letters"])["tally"]["received"], 1);
}
