//! Twenty clerks at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use crate::desk_place::{Person, Place};
use crate::settings::{embedded, mail};
use crate::support::Installation;

const CLERKS: usize = 20;
const LETTERS: usize = 120;

/// Works until nothing waits: to the next letter, and sends it. Returns what this person decided.
fn work(place: &Place, person: &Person, n: usize) -> Vec<(String, u16)> {
    let mut done = Vec::new();
    let mut at = "/next".to_owned();
    loop {
        let next = place.get(&at, Some(&person.cookie)).header("location");
        let path = next.split('?').next().unwrap_or_default().to_owned();
        let Some(letter) = path.strip_prefix("/letters/") else { return done };
        // Whoever opens a letter that another holds sends it all the same: one of them counts.
        place.get(&path, Some(&person.cookie));
        let mailbox = ["affald", "vej-park"][n % 2];
        let form = format!("csrf={}&mailbox={mailbox}", person.csrf);
        let said = place.post(&format!("{path}/decide"), &form, Some(&person.cookie), "");
        done.push((letter.to_owned(), said.status));
        at = format!("/next?from={letter}");
        assert!(done.len() <= 2 * LETTERS, "the work has no end");
    }
}

#[test]
fn twenty_clerks_at_once_lose_no_letter_and_decide_none_twice() {
    let desk = "\n[desk]\nlisten = \"127.0.0.1:0\"\ngrace_seconds = 0\n";
    let here = Installation::with(&(embedded() + desk));
    for n in 0..LETTERS {
        here.write(&format!("letters/{n}.eml"), mail(&format!("Sag {n}"), "Kan I ringe til mig?"));
    }
    let place = Place::over(here, LETTERS);
    let people: Vec<Person> =
        (0..CLERKS).map(|n| place.person(&format!("clerk{n}"), "clerk")).collect();
    let decided: Mutex<BTreeMap<String, usize>> = Mutex::default();
    std::thread::scope(|scope| {
        for (n, person) in people.iter().enumerate() {
            let (place, decided) = (&place, &decided);
            scope.spawn(move || {
                for (letter, status) in work(place, person, n) {
                    assert!(matches!(status, 303 | 409), "{letter}: {status}");
                    if status == 303 {
                        *decided.lock().unwrap().entry(letter).or_default() += 1;
                    }
                }
            });
        }
    });
    let decided = decided.into_inner().unwrap();
    assert_eq!(decided.len(), LETTERS, "every letter was decided");
    assert!(decided.values().all(|times| *times == 1), "and none twice: {decided:?}");
    place.here.wait_for("delivered", LETTERS);
    let labels = place.here.json(&["labels", "list", "--limit", "1000"]);
    let labels = labels["labels"].as_array().unwrap().clone();
    let letters: BTreeSet<String> =
        labels.iter().map(|label| label["letter"].to_string()).collect();
    assert_eq!((labels.len(), letters.len()), (LETTERS, LETTERS), "one label each");
    let delivered = place.here.maildir("affald").len() + place.here.maildir("vej-park").len();
    assert_eq!(delivered, LETTERS, "and each is in one mailbox, once");
}
