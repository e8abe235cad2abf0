//! The production form: RabbitMQ, PostgreSQL and a real SMTP server, letters of every kind.

use postbud_testkit::SmtpServer;
use postbud_testkit::marks;

use crate::servers::servers;
use crate::settings::{STORSKRALD, mail, memo, production};
use crate::support::{Installation, PATIENCE, wait_until};

const UUID: &str = "8C2EA15D-61FB-4BA9-9366-42F8B194C114";

#[test]
fn letters_go_from_the_broker_to_their_mailboxes_and_to_a_person() {
    let Some(servers) = servers("production") else {
        return;
    };
    let smtp = SmtpServer::start().unwrap();
    let here = Installation::with(&production(&servers, Some(smtp.port())));
    let parking = mail("Parkering ved skolen", "Der mangler parkering ved skolen.");
    here.write("in/1.xml", memo(UUID, "Til kommunen", STORSKRALD));
    here.write("in/2.eml", &parking);
    here.write("in/3.eml", mail("Hej", "Kan I ringe til mig? Det haster lidt."));

    let sent = here.json(&["send", "in"]);
    assert_eq!(sent["sent"], 3);
    let running = here.run(None);
    here.wait_for("delivered", 2);
    here.wait_for("review", 1);

    // MeMo: a readable mail with the original XML attached, in the Maildir.
    let files = here.maildir("affald");
    assert_eq!(files.len(), 1);
    let text = String::from_utf8_lossy(&files[0].1);
    assert!(text.contains("X-Postbud-Decision: d-"));
    assert!(text.contains("storskrald"));
    let shown = here.json(&["letters", "show", &UUID.to_lowercase()]);
    assert_eq!(shown["letter"]["row"]["state"], "delivered");
    assert_eq!(shown["letter"]["decisions"][0]["reason"]["rule"], "Storskrald");

    // E-mail: the original bytes, untouched, behind our headers.
    let received = smtp.wait_for(1, PATIENCE).unwrap();
    assert_eq!(received[0].recipients, ["park@klitkobing.example"]);
    assert!(received[0].data.ends_with(parking.as_bytes()), "the original bytes arrive untouched");
    let headers =
        String::from_utf8_lossy(&received[0].data[..received[0].data.len() - parking.len()])
            .into_owned();
    assert!(headers.contains("X-Postbud-Mailbox: vej-park"), "{headers}");

    // The third waits until a person decides; the decision is a label and sends it on.
    let waiting = here.json(&["letters", "--state", "review"]);
    let id = waiting["letters"][0]["letter"].as_str().unwrap().to_owned();
    here.json(&["assign", &id, "affald", "--by", "anna"]);
    here.wait_for("delivered", 3);
    assert_eq!(here.maildir("affald").len(), 2);
    let again = here.say(&["assign", &id, "vej-park", "--by", "bo"]);
    assert_eq!(again.code, 1);
    assert!(again.err.contains("not waiting for a person"), "{}", again.err);

    let tally = here.json(&["letters"])["tally"].clone();
    assert_eq!(tally["received"], 3);
    assert_eq!(tally["delivered"], 3);
    assert_eq!(here.json(&["queue", "depth"])["waiting"], 0);
    let log = running.log();
    assert!(!log.contains("ringe til mig") && !log.contains(marks::CPR), "no content in logs");
    assert_eq!(running.terminate(), 0);
}

#[test]
fn the_same_letter_twice_is_delivered_once_and_another_under_its_id_is_quarantined() {
    let Some(servers) = servers("twice") else {
        return;
    };
    let here = Installation::with(&production(&servers, None));
    here.write("a.xml", memo(UUID, "Til kommunen", STORSKRALD));
    here.write("b.xml", memo(UUID, "Et andet brev", STORSKRALD));
    for file in ["a.xml", "a.xml", "b.xml", "b.xml"] {
        here.json(&["send", file]);
    }
    let running = here.run(None);
    here.wait_for("delivered", 1);
    here.wait_for("quarantined", 1);
    wait_until("an empty queue", || here.json(&["queue", "depth"])["waiting"] == 0);
    assert_eq!(running.terminate(), 0);
    assert_eq!(here.maildir("affald").len(), 1);
    assert_eq!(here.json(&["letters"])["tally"]["received"], 2);
}

#[test]
fn a_letter_above_one_mebibyte_travels_by_way_of_the_store() {
    let Some(servers) = servers("large letter") else {
        return;
    };
    let here = Installation::with(&production(&servers, None));
    let text = "storskrald ".repeat(300_000);
    let large = mail("Lang", &text);
    here.write("large.eml", &large);
    here.json(&["send", "large.eml"]);
    assert_eq!(here.json(&["queue", "depth"])["waiting"], 1);
    let running = here.run(None);
    // The text is above the limit, so what follows its first mebibyte is unread; the rule needs no
    // more, and every byte is delivered.
    here.wait_for("delivered", 1);
    assert_eq!(running.terminate(), 0);
    let id = here.json(&["letters"])["letters"][0]["letter"].as_str().unwrap().to_owned();
    assert_eq!(here.json(&["letters", "show", &id])["defects"][0]["kind"], "text-cut");
    assert!(here.maildir("affald")[0].1.ends_with(large.as_bytes()));
}
