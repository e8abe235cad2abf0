//! Letters in from the outside, over the real binary: folder, Digital Post, mail.

use std::fs;
use std::process::{Child, Stdio};

use postbud_testkit::free_port;
use postbud_testkit::marks;
use postbud_testkit::ngdp::{Call, NgdpFault, NgdpServer};

use crate::settings::{STORSKRALD, embedded, mail, mailboxes, memo, model};
use crate::support::{Installation, postbud, wait_until};

const UUID: &str = "8C2EA15D-61FB-4BA9-9366-42F8B194C114";
/// What the list of Digital Post calls the same message.
const LISTED: &str = "aaaaaaaa-0000-4000-8000-000000000001";
pub(crate) const TOKEN: &str = "c3lzdGVtOmhlbW1lbGln";

/// Puts a file into the drop folder, whole and at once.
fn drop_in(here: &Installation, name: &str, text: &str) {
    here.write("drop/.writing", text);
    fs::rename(here.path("drop/.writing"), here.path(&format!("drop/{name}"))).unwrap();
}

#[test]
fn a_folder_gives_letters_and_the_same_letter_again_is_none() {
    let config = format!("{}\n[[intake.folder]]\npath = \"drop\"\nevery_seconds = 1\n", embedded());
    let here = Installation::with(&config);
    let running = here.run(None);
    drop_in(&here, "a.xml", &memo(UUID, "Til kommunen", STORSKRALD));
    drop_in(&here, "b.eml", &mail("Hej", "Kan I ringe til mig?"));
    drop_in(&here, "c.pdf", "%PDF-1.7 no letter");
    here.wait_for("delivered", 1);
    here.wait_for("review", 1);
    wait_until("the file that is no letter", || here.path("drop/failed/c.pdf.reason.txt").exists());
    drop_in(&here, "again.xml", &memo(UUID, "Til kommunen", STORSKRALD));
    wait_until("the letter again", || here.path("drop/processed/again.xml").exists());
    wait_until("an empty queue", || here.json(&["queue", "depth"])["waiting"] == 0);
    assert_eq!(running.terminate(), 0);
    assert_eq!(here.json(&["letters"])["tally"]["received"], 2);
    assert_eq!(here.maildir("affald").len(), 1);
}

pub(crate) fn digital_post(server: &NgdpServer) -> Installation {
    let client = server.client();
    let config = format!(
        "{}\n[intake.digital_post]\nurl = \"{}\"\ntoken_file = \"token\"\nca_file = \"{}\"\n\
         certificate_file = \"{}\"\nkey_file = \"{}\"\nevery_seconds = 1\n",
        embedded(),
        server.base(),
        server.authority().ca().display(),
        client.certificate.display(),
        client.key.display(),
    );
    let here = Installation::with(&config);
    here.write("token", TOKEN);
    here
}

#[test]
fn digital_post_survives_a_kill_between_durable_and_deleted() {
    let server = NgdpServer::start(TOKEN).unwrap();
    server.put(LISTED, memo(UUID, "Til kommunen", STORSKRALD));
    for call in [Call::Receipt, Call::Delete] {
        server.fail_always(call, "", NgdpFault::Hang);
    }
    let here = digital_post(&server);
    let running = here.run(None);
    here.wait_for("delivered", 1);
    assert_eq!(server.waiting(), [LISTED], "durable, and not acknowledged yet");
    // As kill -9.
    drop(running);
    server.recover();
    let running = here.run(None);
    wait_until("the acknowledgement", || server.waiting().is_empty());
    wait_until("an empty queue", || here.json(&["queue", "depth"])["waiting"] == 0);
    let log = running.log();
    assert_eq!(running.terminate(), 0);
    assert_eq!(here.maildir("affald").len(), 1);
    assert_eq!(here.json(&["letters"])["tally"]["received"], 1);
    assert_eq!((server.receipts().len(), server.trouble().len()), (1, 0));
    assert!(!log.contains(TOKEN) && !log.contains(marks::CPR), "no secret and no number in logs");
}

/// `postbud run intake`, killed when it is dropped.
struct Alone(Child);

impl Drop for Alone {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn intake_alone_fills_the_queue_and_routes_nothing() {
    let config = format!(
        "{}\n[[intake.folder]]\npath = \"drop\"\nevery_seconds = 1\nkeep_days = 0\n",
        embedded()
    );
    let here = Installation::with(&config);
    drop_in(&here, "a.xml", &memo(UUID, "Til kommunen", STORSKRALD));
    let mut command = postbud(&here.path(""), &["run", "intake"]);
    let alone = Alone(command.stdout(Stdio::null()).stderr(here.append("log")).spawn().unwrap());
    wait_until("the letter on the queue", || here.json(&["queue", "depth"])["waiting"] == 1);
    wait_until("the file is gone", || !here.path("drop/a.xml").exists());
    drop(alone);
    assert_eq!(here.json(&["letters"])["tally"]["received"], 0);
    let nothing = Installation::with(&embedded()).say(&["run", "intake"]);
    assert_eq!(nothing.code, 2);
    assert!(nothing.err.contains("[intake]"), "{}", nothing.err);
}

/// One Postbud sends by mail (through lettre), another takes it.
#[test]
fn a_letter_goes_by_mail_from_one_installation_into_another() {
    let port = free_port().unwrap();
    let taking = Installation::with(&format!(
        "{}\n[[intake.smtp]]\nlisten = \"127.0.0.1:{port}\"\nname = \"in.klit.example\"\n\
         recipients = [\"park@klitkobing.example\"]\n",
        embedded()
    ));
    let sending = Installation::with(&format!(
        "[store]\nurl = \"sqlite:postbud.db\"\n[model]\npath = \"{}\"\n\
         [delivery]\ndomain = \"klitkobing.example\"\nfirst_retry_seconds = 1\n\
         [delivery.smtp]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\n\
         from = \"postbud@klitkobing.example\"\n{}",
        model(),
        mailboxes(true)
    ));
    let sender = sending.run(None);
    let letter = mail("Parkering ved skolen", ".\r\n..\r\nDer mangler parkering ved skolen.");
    sending.write("in/1.eml", &letter);
    sending.json(&["send", "in"]);
    // Nobody listens yet: the letter waits and comes when somebody does.
    let taker = taking.run(None);
    sending.wait_for("delivered", 1);
    taking.wait_for("delivered", 1);
    let files = taking.maildir("vej-park");
    assert_eq!(files.len(), 1);
    assert!(files[0].1.ends_with(letter.as_bytes()), "the original bytes come through");
    assert_eq!((sender.terminate(), taker.terminate()), (0, 0));
}
