//! A malware scanner that goes away and comes back: letters wait for it, unopened, and go on by
//! themselves. Against a scanner on loopback that speaks as clamd does and can be stopped.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use postbud_testkit::free_port;
use serde_json::Value;

use crate::desk_place::Place;
use crate::monitoring::{figure, get};
use crate::settings::{embedded, mail, mail_with};
use crate::support::{Installation, Running, wait_until};

/// Harmless words that the scanner knows.
const KNOWN: &str = "postbuds-eget-ufarlige-kendetegn";
const UP: &str = "postbud_up{part=\"scanner\"}";
const WAITS: &str = "letters wait for it";
const AGAIN: &str = "the malware scanner answers again";

/// Listens until it is dropped.
pub(crate) struct FakeClamd {
    stop: Arc<AtomicBool>,
    scanned: Arc<AtomicUsize>,
    listening: Option<JoinHandle<()>>,
}

impl FakeClamd {
    pub(crate) fn at(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let (stop, scanned) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (stopped, count) = (Arc::clone(&stop), Arc::clone(&scanned));
        let listening = thread::spawn(move || {
            while !stopped.load(Ordering::SeqCst) {
                match listener.accept() {
                    Ok((stream, _)) => {
                        stream.set_nonblocking(false).unwrap();
                        let count = Arc::clone(&count);
                        // Whoever asks may be gone before the answer.
                        thread::spawn(move || drop(answer(stream, &count)));
                    }
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::WouldBlock);
                        thread::sleep(Duration::from_millis(5));
                    }
                }
            }
        });
        Self { stop, scanned, listening: Some(listening) }
    }
}

impl Drop for FakeClamd {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = self.listening.take().unwrap().join();
    }
}

fn answer(mut stream: TcpStream, scanned: &AtomicUsize) -> std::io::Result<()> {
    let mut command = Vec::new();
    while command.last() != Some(&0) {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        command.push(byte[0]);
    }
    if command == b"zVERSION\0" {
        return stream.write_all(b"ClamAV 1.4.2/27450\0");
    }
    assert_eq!(command, b"zINSTREAM\0");
    let mut seen = Vec::new();
    loop {
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length) as usize;
        if length == 0 {
            break;
        }
        let begun = seen.len();
        seen.resize(begun + length, 0);
        stream.read_exact(&mut seen[begun..])?;
    }
    scanned.fetch_add(1, Ordering::SeqCst);
    let known = seen.windows(KNOWN.len()).any(|window| window == KNOWN.as_bytes());
    stream.write_all(if known { b"stream: Postbud.Test FOUND\0" } else { b"stream: OK\0" })
}

/// The section of a configuration that asks the one at this port.
pub(crate) fn section(port: u16) -> String {
    format!("\n[clamd]\naddress = \"tcp:127.0.0.1:{port}\"\n")
}

fn asks(clamd: u16, metrics: u16, more: &str) -> Installation {
    Installation::with(&format!(
        "{}{}{more}\n[metrics]\nlisten = \"127.0.0.1:{metrics}\"\n",
        embedded(),
        section(clamd)
    ))
}

fn letters(here: &Installation) -> Vec<Value> {
    here.json(&["letters", "--limit", "100"])["letters"].as_array().unwrap().clone()
}

fn told(running: &Running, text: &str) -> usize {
    running.log().matches(text).count()
}

#[test]
fn letters_wait_unopened_and_go_on_by_themselves() {
    let (clamd, metrics) = (free_port().unwrap(), free_port().unwrap());
    let here = asks(clamd, metrics, "");
    let running = here.run(None);
    here.write("post/1.eml", mail("Et", "Hent mit storskrald, tak."));
    here.write("post/2.eml", mail_with("To", "Hent mit storskrald, tak.", &[("a.txt", b"Bilag")]));
    here.write("post/3.eml", mail_with("Tre", "Hent storskrald.", &[("a.txt", KNOWN.as_bytes())]));
    here.json(&["send", "post"]);
    wait_until("a line that says so", || told(&running, WAITS) == 1);
    wait_until("a scanner that is down", || figure(metrics, UP) == Some(0.0));
    wait_until("not ready", || get(metrics, "/health/ready").0 == 503);
    assert!(get(metrics, "/health/ready").1.contains("clamd cannot be reached"));
    assert_eq!(letters(&here).len(), 0, "nothing was decided");

    let scanner = FakeClamd::at(clamd);
    here.wait_for("delivered", 2);
    here.wait_for("quarantined", 1);
    assert_eq!(here.maildir("affald").len(), 2);
    wait_until("a line that says so", || told(&running, AGAIN) == 1);
    wait_until("ready", || get(metrics, "/health/ready").0 == 200);
    assert_eq!(figure(metrics, UP), Some(1.0));
    assert!(scanner.scanned.load(Ordering::SeqCst) >= 4, "letters, and what lies in one of them");

    drop(scanner);
    here.write("4.eml", mail("Fire", "Hent mere storskrald, tak."));
    here.json(&["send", "4.eml"]);
    wait_until("a line that says so", || told(&running, WAITS) == 2);
    assert_eq!(letters(&here).len(), 3);
    assert_eq!(running.terminate(), 0, "a stop waits for no scanner");
    assert_eq!(here.json(&["queue", "depth"])["waiting"], 1);
    let _scanner = FakeClamd::at(clamd);
    let running = here.run(None);
    here.wait_for("delivered", 3);
    assert_eq!(running.terminate(), 0);
}

/// Silence is more than a refused connection: it costs time, and it must not cost every letter that.
#[test]
fn letters_wait_for_a_scanner_that_says_nothing() {
    let (clamd, metrics) = (free_port().unwrap(), free_port().unwrap());
    let here = asks(clamd, metrics, "seconds = 1");
    let silent = TcpListener::bind(("127.0.0.1", clamd)).unwrap();
    let running = here.run(None);
    for n in 0..5 {
        here.write(&format!("post/{n}.eml"), mail(&format!("Nr {n}"), "Hent mit storskrald, tak."));
    }
    here.json(&["send", "post"]);
    wait_until("a line that says so", || told(&running, WAITS) == 1);
    assert_eq!(letters(&here).len(), 0);
    drop(silent);
    let _scanner = FakeClamd::at(clamd);
    here.wait_for("delivered", 5);
    assert_eq!(running.terminate(), 0);
}

#[test]
fn after_the_time_to_wait_a_letter_goes_to_a_person_who_is_told() {
    let (clamd, metrics) = (free_port().unwrap(), free_port().unwrap());
    let here = asks(clamd, metrics, "wait_minutes = 0\n[desk]\nlisten = \"127.0.0.1:0\"");
    let letter = mail_with("Nu", "Hent mit storskrald, tak.", &[("a.txt", b"Bilag")]);
    here.write("letters/1.eml", letter);
    let place = Place::over(here, 1);
    let clerk = place.person("klara", "clerk");
    let letter = place.waiting(&clerk).remove(0);
    let page = place.get(&format!("/letters/{letter}"), Some(&clerk.cookie)).body;
    assert!(
        page.contains("brevet er ikke kontrolleret for virus: kontrollen kan ikke nås"),
        "{page}"
    );
    // Nor is it opened later, while nobody has looked.
    let text = place.get(&format!("/letters/{letter}/documents/0/text"), Some(&clerk.cookie)).body;
    assert!(!text.contains("Bilag</"), "{text}");
    let shown = place.here.json(&["letters", "show", &letter]);
    assert_eq!(shown["letter"]["decisions"][0].get("documents"), None, "{shown}");
    assert_eq!(place.here.count("review"), 1, "the rule would have sent it on");
}

#[test]
fn the_doctor_says_which_scanner_answers_and_what_happens_without() {
    let clamd = free_port().unwrap();
    let here = asks(clamd, free_port().unwrap(), "");
    let finding = |say: &str| {
        let found = here.say(&["doctor", "--json"]).json()["findings"].clone();
        let found = found.as_array().unwrap();
        let clamd = found.iter().find(|finding| finding["part"] == "clamd").unwrap();
        assert!(clamd["says"].as_str().unwrap().contains(say), "{clamd}");
        clamd["level"].clone()
    };
    assert_eq!(finding("letters are not checked for malware: clamd cannot be reached"), "fault");
    let said = here.say(&["doctor", "--lang", "da"]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("breve venter på den i 60 minutter"), "{}", said.out);
    let _scanner = FakeClamd::at(clamd);
    assert_eq!(finding("letters are checked for malware by ClamAV 1.4.2/27450"), "good");
}
