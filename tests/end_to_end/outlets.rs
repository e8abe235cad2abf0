//! Letters to specialist systems, over HTTP and by queue, with real servers and through their faults.

use postbud_testkit::{WebhookFault, WebhookServer};

use crate::servers::{Servers, servers};
use crate::settings::{embedded, mail, production};
use crate::support::{Installation, wait_until};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The production form, with letters about waste going to `deliver`.
fn installation(servers: &Servers, deliver: &str, tables: &str) -> Installation {
    let own = "deliver = \"maildir:mailboxes/affald\"";
    let config = production(servers, None).replace(own, &format!("deliver = \"{deliver}\""));
    let here = Installation::with(&format!("{config}{tables}"));
    here.write("webhook.secret", SECRET);
    here
}

fn webhook(seconds: u32) -> String {
    format!("\n[delivery.webhook]\nsecret_file = \"webhook.secret\"\ntimeout_seconds = {seconds}\n")
}

/// Sends so many letters about waste.
fn send(here: &Installation, count: usize) {
    for n in 0..count {
        here.write(&format!("in/{n}.eml"), mail(&format!("Sag {n}"), "Jeg har storskrald."));
    }
    here.json(&["send", "in"]);
}

#[test]
fn a_specialist_system_gets_each_letter_once_whatever_goes_wrong_on_the_way() {
    let Some(servers) = servers("a webhook") else { return };
    let system = WebhookServer::start(SECRET.as_bytes()).unwrap();
    let faults = [
        WebhookFault::Status(503),
        WebhookFault::Status(429),
        WebhookFault::Page,
        WebhookFault::Garbage,
        WebhookFault::OtherKey,
        WebhookFault::Redirect,
        WebhookFault::NoHttp,
        WebhookFault::Close,
        WebhookFault::KeepAndClose,
    ];
    for fault in &faults {
        system.fail_once(fault.clone());
    }
    let here = installation(&servers, &format!("webhook:{}", system.url()), &webhook(5));
    send(&here, 12);
    let running = here.run(None);
    here.wait_for("delivered", 12);
    let (kept, posted) = (system.kept(), system.posted());
    assert_eq!(kept.len(), 12, "one effect a letter");
    assert_eq!(posted.len(), 12 + faults.len(), "and one more attempt a fault");
    assert!(posted.iter().all(|posted| posted.signed), "every attempt is signed");
    let letters = here.json(&["letters", "--limit", "100"]);
    for letter in letters["letters"].as_array().unwrap() {
        let id = letter["letter"].as_str().unwrap();
        let holds = |body: &[u8]| String::from_utf8_lossy(body).contains(id);
        assert_eq!(kept.values().filter(|kept| holds(&kept.body)).count(), 1, "{id}");
    }
    let log = running.log();
    assert!(!log.contains(SECRET) && !log.contains("storskrald"), "{log}");
    assert_eq!(running.terminate(), 0);
}

#[test]
fn a_system_that_hangs_keeps_nobody_else_waiting() {
    let Some(servers) = servers("a webhook that hangs") else { return };
    let system = WebhookServer::start(SECRET.as_bytes()).unwrap();
    system.fail_always(WebhookFault::Hang);
    let here = installation(&servers, &format!("webhook:{}", system.url()), &webhook(1));
    here.write("in/p.eml", mail("Parkering", "Om parkering ved skolen."));
    send(&here, 5);
    let running = here.run(None);
    wait_until("the other mailbox", || here.maildir("vej-park").len() == 1);
    assert!(system.kept().is_empty());
    system.recover();
    here.wait_for("delivered", 6);
    assert_eq!(system.kept().len(), 5);
    assert_eq!(running.terminate(), 0);
}

/// The reader is a second Postbud, which takes the letters from that queue as a foreign one.
#[test]
fn letters_go_to_a_mailboxs_queue_and_from_there_into_another_system() {
    let Some(servers) = servers("a mailbox that is a queue") else { return };
    let queue = format!("{}-affald", servers.prefix);
    let tables = "\n[delivery.queue]\ndeclare = true\n";
    let here = installation(&servers, &format!("queue:{queue}"), tables);
    send(&here, 3);
    let running = here.run(None);
    here.wait_for("delivered", 3);
    assert_eq!(running.terminate(), 0);
    let foreign = format!("\n[[intake.queue]]\nurl = \"{}\"\nqueue = \"{queue}\"\n", servers.amqp);
    let other = Installation::with(&(embedded() + &foreign));
    let running = other.run(None);
    other.wait_for("delivered", 3);
    for n in 0..3 {
        let sent = mail(&format!("Sag {n}"), "Jeg har storskrald.");
        let files = other.maildir("affald");
        let whole = files.iter().filter(|(_, file)| file.ends_with(sent.as_bytes())).count();
        assert_eq!(whole, 1, "every byte of letter {n}, once");
    }
    assert_eq!(running.terminate(), 0);
}

#[test]
fn a_queue_that_is_not_there_is_said_and_a_person_gets_the_letter() {
    let Some(servers) = servers("a queue that is missing") else { return };
    let queue = format!("{}-nowhere", servers.prefix);
    let here = installation(&servers, &format!("queue:{queue}"), "\n");
    let config = std::fs::read_to_string(here.path("postbud.toml")).unwrap();
    here.write("postbud.toml", config.replace("[delivery]\n", "[delivery]\nattempts = 2\n"));
    send(&here, 1);
    let running = here.run(None);
    here.wait_for("review", 1);
    let letter = here.json(&["letters"])["letters"][0]["letter"].as_str().unwrap().to_owned();
    let shown = here.say(&["letters", "show", &letter]);
    assert!(shown.out.contains(&queue), "which queue: {}", shown.out);
    assert_eq!(running.terminate(), 0);
}

#[test]
fn letters_are_handed_over_by_kle_subject_with_their_documents() {
    let Some(servers) = servers("a hand-over by KLE subject") else { return };
    let system = WebhookServer::start_sf2900().unwrap();
    for fault in [WebhookFault::Status(500), WebhookFault::Page, WebhookFault::KeepAndClose] {
        system.fail_once(fault);
    }
    let tables = format!(
        "\n[delivery.sf2900]\nurl = \"{}\"\ndocuments = \"sf2900\"\ncvr = \"29189999\"\n\
         system = \"6f0c9a4e-64f5-4b0e-9a55-2f3f3a2a5b11\"\ntimeout_seconds = 5\n",
        system.url()
    );
    let here = installation(&servers, "sf2900:07.18.10-G01", &tables);
    send(&here, 4);
    let running = here.run(None);
    here.wait_for("delivered", 4);
    let kept = system.kept();
    assert_eq!(kept.len(), 4, "one transaction a letter");
    assert_eq!(system.posted().len(), 7, "and one more attempt a fault");
    for (n, posted) in kept.values().enumerate() {
        let request = String::from_utf8_lossy(&posted.body).into_owned();
        assert!(request.contains("<RoutingKLEEmne>07.18.10</RoutingKLEEmne>"), "letter {n}");
        let name =
            request.split_once("<DokumentFilNavn>").and_then(|(_, rest)| rest.split_once('<'));
        let document = std::fs::read(here.path("sf2900").join(name.unwrap().0)).unwrap();
        let title = request.split_once("<TitelTekst>").and_then(|(_, rest)| rest.split_once('<'));
        let sent = mail(title.unwrap().0, "Jeg har storskrald.");
        assert_eq!(document, sent.as_bytes(), "every byte, beside the request that names it");
    }
    assert!(!running.log().contains("storskrald"));
    assert_eq!(running.terminate(), 0);
    // Refused for good: a person gets the letter, and reads which code was given.
    system.fail_always(WebhookFault::Refuse("F-12".to_owned()));
    here.write("in/refused.eml", mail("Afvist", "Jeg har storskrald."));
    here.json(&["send", "in/refused.eml"]);
    let running = here.run(None);
    here.wait_for("review", 1);
    let letter = here.json(&["letters", "--state", "review"])["letters"][0]["letter"]
        .as_str()
        .unwrap()
        .to_owned();
    let shown = here.say(&["letters", "show", &letter]);
    assert!(shown.out.contains("F-12"), "{}", shown.out);
    assert_eq!(running.terminate(), 0);
}
