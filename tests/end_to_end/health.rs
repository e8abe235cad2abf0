//! `postbud health`: what whoever watches over a container is told.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread;

use postbud_testkit::free_port;

use crate::settings::embedded;
use crate::support::{Installation, wait_until};

#[test]
fn a_process_that_is_well_is_told_from_one_that_is_not() {
    let port = free_port().unwrap();
    let metrics = format!("{}\n[metrics]\nlisten = \"127.0.0.1:{port}\"\n", embedded());
    let here = Installation::with(&metrics);
    let url = |page: &str| format!("http://127.0.0.1:{port}{page}");
    let ask = |page: &str| here.say(&["health", &url(page)]);
    let nobody = ask("/health/ready");
    assert_eq!(nobody.code, 3, "{}", nobody.err);
    assert!(nobody.err.contains("does not answer"), "{}", nobody.err);
    let running = here.run(None);
    wait_until("a process that is well", || ask("/health/ready").code == 0);
    assert_eq!(ask("/health/live").code, 0);
    let other = ask("/nothing");
    assert_eq!(other.code, 1, "{}", other.err);
    assert!(other.err.contains("answers 404"), "{}", other.err);
    assert_eq!(running.terminate(), 0);
    assert_eq!(ask("/health/ready").code, 3);
    for wrong in ["postbud", "https://127.0.0.1/health/ready"] {
        assert_eq!(here.say(&["health", wrong]).code, 2, "{wrong}");
    }
}

#[test]
fn what_is_silent_or_not_ready_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let here = Installation::empty();
    let ask = || here.say(&["health", &format!("http://127.0.0.1:{port}/health/ready")]);
    // It is connected by the system and heard by nobody.
    let silent = ask();
    assert_eq!(silent.code, 3, "{}", silent.err);
    assert!(silent.err.contains("nothing came for 4 seconds"), "{}", silent.err);
    let answers = thread::spawn(move || {
        // The first is the one that has left.
        for stream in listener.incoming().take(2) {
            let mut stream = stream.unwrap();
            // What is closed before it was read is reset, and the answer with it.
            let asked = BufReader::new(&stream).lines();
            asked.map_while(Result::ok).find(String::is_empty);
            let answer = "HTTP/1.1 503 Service Unavailable\r\n\r\nstore: away\n";
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    let away = ask();
    answers.join().unwrap();
    assert_eq!(away.code, 1, "{}", away.err);
    assert!(away.err.contains("answers 503: store: away"), "{}", away.err);
}
