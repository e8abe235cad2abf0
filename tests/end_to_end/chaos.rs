//! Death between the outbox and the mailbox. The letters that a worker had taken must not wait for
//! long after its end; the campaign over all points is `cargo xtask chaos`.
#![cfg(feature = "fault-points")]

use crate::servers::servers;
use crate::settings::{STORSKRALD, embedded, mail, memo, production};
use crate::support::{Installation, wait_until};

const UUID: &str = "5f0c7a52-3f0e-4a0d-9a55-5f6f0b8d1c37";

/// Killed at `point`, and started again: both letters are in their mailboxes, once each, well before
/// a waiting test gives up. Without a lease that ends with its worker it would.
fn killed_on_the_way_out(here: &Installation, point: &str) {
    here.write("in/1.xml", memo(UUID, "Til kommunen", STORSKRALD));
    here.write("in/2.eml", mail("Parkering", "Der mangler parkering."));
    here.json(&["send", "in"]);
    let running = here.run(Some(&format!("{point}=stall")));
    running.wait_for_log(&format!("fault point {point} reached"));
    running.kill();
    let running = here.run(None);
    here.wait_for("delivered", 2);
    wait_until("an empty queue", || here.json(&["queue", "depth"])["waiting"] == 0);
    assert_eq!(running.terminate(), 0);
    assert_eq!(here.maildir("affald").len(), 1);
    assert_eq!(here.maildir("vej-park").len(), 1);
}

#[test]
fn killed_with_letters_taken_from_the_outbox() {
    killed_on_the_way_out(&Installation::with(&embedded()), "after-outbox-read");
}

#[test]
fn killed_between_the_mailbox_and_the_mark() {
    for point in ["after-link", "before-outbox-mark", "after-outbox-mark"] {
        killed_on_the_way_out(&Installation::with(&embedded()), point);
    }
}

#[test]
fn killed_with_letters_taken_from_the_outbox_in_the_production_form() {
    let Some(servers) = servers("kill after the outbox was read") else {
        return;
    };
    killed_on_the_way_out(&Installation::with(&production(&servers, None)), "after-outbox-read");
}
