//! Death at the worst moments. The campaign over all of them is a command of its own; here stand
//! the cases that must be right with every change.
#![cfg(feature = "fault-points")]

use crate::servers::servers;
use crate::settings::{STORSKRALD, embedded, mail, memo, production};
use crate::support::{Installation, wait_until};

const UUID: &str = "1b9f5b1e-7a4c-4d0e-8f53-0c6d5a7e9b21";

fn send_two(here: &Installation) {
    here.write("in/1.xml", memo(UUID, "Til kommunen", STORSKRALD));
    here.write("in/2.eml", mail("Parkering", "Der mangler parkering."));
    here.json(&["send", "in"]);
}

/// Both letters delivered, once each, and nothing left anywhere.
fn both_arrive_once(here: &Installation) {
    here.wait_for("delivered", 2);
    wait_until("an empty queue", || here.json(&["queue", "depth"])["waiting"] == 0);
    assert_eq!(here.maildir("affald").len(), 1);
    assert_eq!(here.maildir("vej-park").len(), 1);
    let tally = here.json(&["letters"])["tally"].clone();
    assert_eq!((&tally["received"], &tally["delivered"]), (&2.into(), &2.into()));
}

fn killed_at(here: &Installation, point: &str) {
    send_two(here);
    let running = here.run(Some(&format!("{point}=stall")));
    running.wait_for_log(&format!("fault point {point} reached"));
    running.kill();
    let running = here.run(None);
    both_arrive_once(here);
    assert_eq!(running.terminate(), 0);
}

#[test]
fn killed_between_store_and_acknowledgement_nothing_is_lost_and_nothing_doubled() {
    let Some(servers) = servers("kill before ack") else {
        return;
    };
    killed_at(&Installation::with(&production(&servers, None)), "before-ack");
}

#[test]
fn killed_before_the_commit_nothing_is_lost() {
    let Some(servers) = servers("kill before commit") else {
        return;
    };
    killed_at(&Installation::with(&production(&servers, None)), "before-commit");
}

#[test]
fn killed_with_the_embedded_queue_between_store_and_acknowledgement() {
    killed_at(&Installation::with(&embedded()), "before-ack");
}
