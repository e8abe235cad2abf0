//! A letter that cannot be brought through ends among the dead letters, and nobody else with it.
#![cfg(feature = "fault-points")]

use crate::servers::servers;
use crate::settings::{STORSKRALD, embedded, mail, memo, production};
use crate::support::{Installation, wait_until};

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
