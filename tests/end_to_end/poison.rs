//! A letter that cannot be brought through ends among the dead letters, and nobody else with it.
#![cfg(feature = "fault-points")]

use crate::servers::servers;
use crate::settings::{STORSKRALD, embedded, mail, memo, production};
use crate::support::{Installation, postbud, wait_until};

const UUID: &str = "c0ffee00-7a4c-4d0e-8f53-0c6d5a7e9b21";

fn poison(here: &Installation) {
    here.write("1.xml", memo(UUID, "Til kommunen", STORSKRALD));
    here.write("2.eml", mail("Parkering", "Der mangler parkering."));
    here.json(&["send", "1.xml", "2.eml"]);
    let running = here.run(Some("after-parse=panic:c0ffee00"));
    here.wait_for("delivered", 1);
    wait_until("a dead letter", || here.json(&["queue", "depth"])["dead"] == 1);
    let dead = here.json(&["queue", "dead"])["dead"].clone();
    assert_eq!(dead[0]["id"], UUID);
    assert_eq!(dead[0]["attempts"], 3);
    let reason = dead[0]["reason"].as_str().unwrap();
    assert!(reason.contains("panic"), "{reason}");
    let log = running.log();
    assert!(log.contains("a panic inside Postbud") && !log.contains("storskrald"), "{log}");
    assert_eq!(running.terminate(), 0);

    // Looking does not take it away; another id is refused; then the cause is mended.
    assert_eq!(here.json(&["queue", "depth"])["dead"], 1);
    let unknown = here.say(&["queue", "replay", "no-such-letter"]);
    assert_eq!(unknown.code, 1);
    assert!(unknown.err.contains("postbud queue dead"), "{}", unknown.err);
    assert_eq!(here.json(&["queue", "replay", UUID])["replayed"], 1);
    let running = here.run(None);
    here.wait_for("delivered", 2);
    assert_eq!(running.terminate(), 0);
    assert_eq!(here.maildir("affald").len(), 1);
    assert_eq!(here.json(&["queue", "depth"])["dead"], 0);
}

#[test]
fn a_poison_letter_ends_in_the_dead_letters_and_the_next_is_served() {
    let Some(servers) = servers("poison") else {
        return;
    };
    poison(&Installation::with(&production(&servers, None)));
}

#[test]
fn the_embedded_queue_does_the_same() {
    poison(&Installation::with(&embedded()));
}

/// One overflows the stack, which ends the process; one never ends. The worker is started again
/// whenever it dies, as by a supervisor.
#[test]
fn letters_that_end_the_process_are_given_up_with_the_reason_and_the_others_are_served() {
    let Some(servers) = servers("letters that end the process") else {
        return;
    };
    let here = Installation::with(&production(&servers, None));
    let (overflow, spin) =
        (UUID.replace("c0ffee00", "dead0002"), UUID.replace("c0ffee00", "dead0003"));
    here.write("in/1.eml", mail("Parkering", "Der mangler parkering."));
    here.write("in/2.xml", memo(&overflow, "Til kommunen", STORSKRALD));
    here.write("in/3.xml", memo(&spin, "Til kommunen", STORSKRALD));
    here.write("in/4.xml", memo(UUID, "Til kommunen", STORSKRALD));
    here.json(&["send", "in"]);
    let start = || {
        let mut command = postbud(&here.path(""), &["run"]);
        command.env("POSTBUD_FAULT", "after-parse=overflow:dead0002,after-parse=spin:dead0003");
        command.env("POSTBUD_STEPS_SECONDS", "1").stderr(here.append("log"));
        command.spawn().unwrap()
    };
    let mut worker = start();
    wait_until("two dead letters", || {
        if worker.try_wait().unwrap().is_some() {
            worker = start();
        }
        here.json(&["queue", "depth"])["dead"] == 2
    });
    here.wait_for("delivered", 2);
    worker.kill().unwrap();
    worker.wait().unwrap();
    let dead = here.json(&["queue", "dead"])["dead"].clone();
    for letter in dead.as_array().unwrap() {
        assert_eq!(letter["attempts"], 2, "beside the one that ended the worker");
        let reason = letter["reason"].as_str().unwrap();
        assert!(reason.contains("ends the process"), "{reason}");
    }
    assert_eq!(here.maildir("affald").len(), 1);
    assert_eq!(here.maildir("vej-park").len(), 1);
}
