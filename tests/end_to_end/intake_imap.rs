//! Letters from a mailbox on a real Dovecot, over the real binary.

use postbud_testkit::{Authority, Dovecot};

use crate::settings::{embedded, mail};
use crate::support::{Installation, postbud, wait_until};

/// A mailbox on a real server, and an installation that reads it. `None` after saying why not.
fn mailbox() -> Option<(Authority, Dovecot, Installation)> {
    if !Dovecot::installed() {
        println!("skipped: needs Dovecot and root; cargo xtask test installs it");
        return None;
    }
    let authority = Authority::new().unwrap();
    let dovecot = Dovecot::start(&authority.issue("imap").unwrap()).unwrap();
    let here = Installation::with(&format!(
        "{}\n[[intake.imap]]\nhost = \"localhost\"\nport = {}\ntls = \"starttls\"\n\
         ca_file = \"{}\"\nuser = \"{}\"\npassword_file = \"password\"\n\
         processed = \"Postbud\"\nevery_seconds = 1\n",
        embedded(),
        dovecot.port(),
        authority.ca().display(),
        Dovecot::USER,
    ));
    here.write("password", Dovecot::PASSWORD);
    Some((authority, dovecot, here))
}

fn put(dovecot: &Dovecot, n: usize) {
    let text = format!("Hent mit storskrald, tak. Det er nummer {n}.");
    dovecot.put(&format!("1700000000.{n}.host"), &mail(&format!("Brev {n}"), &text)).unwrap();
}

#[test]
fn a_kill_between_durable_and_moved_loses_and_doubles_no_letter() {
    let Some((_authority, dovecot, here)) = mailbox() else { return };
    // Nothing can be moved there yet: a letter becomes durable and stays in the mailbox.
    dovecot.closed_folder("Postbud").unwrap();
    put(&dovecot, 0);
    let running = here.run(None);
    here.wait_for("delivered", 1);
    wait_until("a warning about the folder", || running.log().contains("no letters can come in"));
    assert_eq!((dovecot.count(""), dovecot.count("Postbud")), (1, 0), "not acknowledged");
    // As kill -9.
    drop(running);
    dovecot.open_folder("Postbud").unwrap();
    // Whatever the libraries would say of it.
    let mut loud = postbud(&here.path("."), &["run"]);
    loud.env("POSTBUD_LOG", "trace");
    let running = here.start(loud);
    wait_until("the move", || dovecot.count("") == 0);
    wait_until("an empty queue", || here.json(&["queue", "depth"])["waiting"] == 0);
    let log = running.log();
    assert_eq!(running.terminate(), 0);
    assert_eq!(dovecot.count("Postbud"), 1, "{}", dovecot.log());
    assert_eq!(here.maildir("affald").len(), 1);
    assert_eq!(here.json(&["letters"])["tally"]["received"], 1);
    for secret in [Dovecot::PASSWORD, "storskrald", "Brev 0"] {
        assert!(!log.contains(secret), "{secret} in the log");
    }
}

#[test]
fn kills_in_the_middle_of_a_full_mailbox_lose_and_double_no_letter() {
    const LETTERS: usize = 60;
    let Some((_authority, dovecot, here)) = mailbox() else { return };
    for n in 0..LETTERS {
        put(&dovecot, n);
    }
    for moved in [5, 20, 40] {
        let running = here.run(None);
        wait_until("some letters moved", || dovecot.count("Postbud") >= moved);
        // As kill -9, wherever it is just now.
        drop(running);
    }
    let running = here.run(None);
    wait_until("an empty mailbox", || dovecot.count("") == 0);
    here.wait_for("delivered", LETTERS);
    wait_until("an empty queue", || here.json(&["queue", "depth"])["waiting"] == 0);
    assert_eq!(running.terminate(), 0);
    assert_eq!(dovecot.count("Postbud"), LETTERS);
    assert_eq!(here.json(&["letters"])["tally"]["received"], LETTERS);
    let mut seen = vec![0; LETTERS];
    for (_, letter) in here.maildir("affald") {
        let text = String::from_utf8(letter).unwrap();
        let (_, number) = text.rsplit_once("nummer ").unwrap();
        let number: String = number.chars().take_while(char::is_ascii_digit).collect();
        seen[number.parse::<usize>().unwrap()] += 1;
    }
    assert!(seen.iter().all(|times| *times == 1), "{seen:?}");
}
