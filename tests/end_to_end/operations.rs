//! What an operator does: look whether everything is well, bring the schema up to date, save and
//! bring back.

use std::fs;
use std::net::TcpListener;

use postbud_testkit::Authority;

use crate::servers::servers;
use crate::settings::{embedded, mail, production};
use crate::support::Installation;

/// What the doctor found of a part, as level and advice.
fn found(here: &Installation, part: &str) -> (String, String) {
    let said = here.say(&["doctor", "--json"]);
    let findings = said.json()["findings"].clone();
    let of_part = findings.as_array().unwrap().iter().find(|finding| finding["part"] == part);
    let finding = of_part.unwrap_or_else(|| panic!("nothing about {part}: {findings}"));
    let advice = finding["advice"].as_str().unwrap_or_default();
    (finding["level"].as_str().unwrap().to_owned(), advice.to_owned())
}

#[test]
fn the_doctor_changes_nothing_and_says_what_to_do() {
    let here = Installation::with(&embedded());
    assert_eq!(found(&here, "store").0, "note");
    assert!(!here.path("postbud.db").exists(), "looking makes no store");
    assert_eq!(here.say(&["migrate", "--check"]).code, 1);
    let migrated = here.say(&["migrate"]);
    assert_eq!(migrated.code, 0, "{}", migrated.err);
    assert_eq!(here.say(&["migrate", "--check"]).code, 0);
    assert_eq!(found(&here, "store").0, "good");
    assert_eq!(found(&here, "queue").0, "good");
    assert_eq!(found(&here, "target").0, "good");
    let well = here.say(&["doctor", "--lang", "da"]);
    assert_eq!(well.code, 0, "{}{}", well.out, well.err);
    assert!(well.out.contains("database:"), "{}", well.out);
}

#[test]
fn the_doctor_names_each_fault() {
    let here = Installation::with(&embedded());
    here.write("no-model", "Kære kommune");
    here.write("wrong.pem", "no certificate");
    let broken = embedded().replace(&crate::settings::model(), "no-model");
    here.write("postbud.toml", broken.replace("\"embedded\"", "\"amqp://127.0.0.1:1\""));
    here.json(&["letters", "--config", "postbud.toml"]);
    let (level, advice) = found(&here, "model");
    assert_eq!(level, "fault");
    assert!(advice.contains("postbud model list"), "{advice}");
    let (level, advice) = found(&here, "queue");
    assert_eq!(level, "fault");
    assert!(advice.contains("[queue]"), "{advice}");
    let said = here.say(&["doctor", "--certificate", "wrong.pem"]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("FAULT certificate"), "{}", said.out);
    assert!(said.err.contains("3 of these"), "{}", said.err);
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let here = Installation::with(&embedded());
    here.write("postbud.db", "no database at all, and longer than a header of one would be");
    assert_eq!(found(&here, "store").0, "fault");
    assert_eq!(here.say(&["backup", "saved"]).code, 3);
    assert_eq!(here.say(&["migrate"]).code, 3);
    assert!(fs::read_to_string(here.path("postbud.db")).unwrap().starts_with("no database"));
}

/// Sends and delivers a letter, saves, goes on, and brings back what was saved.
fn there_and_back(here: &Installation) {
    here.write("a.eml", mail("Storskrald", "Hent mit storskrald, tak."));
    here.json(&["send", "a.eml"]);
    let running = here.run(None);
    here.wait_for("delivered", 1);
    let saved = here.say(&["backup", "saved"]);
    assert_eq!(saved.code, 0, "while it runs: {}", saved.err);
    here.write("b.eml", mail("Parkering", "Der mangler parkering."));
    here.json(&["send", "b.eml"]);
    here.wait_for("delivered", 2);
    assert_eq!(running.terminate(), 0);

    let folder = fs::read_dir(here.path("saved")).unwrap().next().unwrap().unwrap().path();
    let folder = folder.to_str().unwrap();
    let refused = here.say(&["restore", folder]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("--replace"), "{}", refused.err);
    assert_eq!(here.json(&["letters"])["tally"]["received"], 2, "nothing has changed");

    let restored = here.say(&["restore", folder, "--replace"]);
    assert_eq!(restored.code, 0, "{}{}", restored.out, restored.err);
    assert_eq!(here.json(&["letters"])["tally"]["received"], 1);
    // The letter of after the backup comes again, and the one of before is recognised.
    here.json(&["send", "a.eml"]);
    here.json(&["send", "b.eml"]);
    let running = here.run(None);
    here.wait_for("delivered", 2);
    assert_eq!(running.terminate(), 0);
    assert_eq!(here.maildir("affald").len(), 1, "delivered once");

    // One changed byte, and nothing is touched.
    let list = fs::read_to_string(format!("{folder}/manifest.json")).unwrap();
    let name = if list.contains("store.db") { "store.db" } else { "store.dump" };
    let file = format!("{folder}/{name}");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    let damaged = here.say(&["restore", folder, "--replace"]);
    assert_eq!(damaged.code, 1);
    assert!(damaged.err.contains("damaged"), "{}", damaged.err);
    assert_eq!(here.json(&["letters"])["tally"]["received"], 2);
}

#[test]
fn a_laptop_is_saved_and_brought_back() {
    there_and_back(&with_a_model_of_its_own(&embedded()));
}

#[test]
fn production_is_saved_and_brought_back() {
    let Some(servers) = servers("backup") else {
        return;
    };
    there_and_back(&with_a_model_of_its_own(&production(&servers, None)));
}

/// Restoring moves the models that are there aside: not those of the repository.
fn with_a_model_of_its_own(config: &str) -> Installation {
    Installation::with(&config.replace(&crate::settings::model(), "no-models-yet"))
}

#[test]
fn the_doctor_looks_at_every_way_in_and_out() {
    let authority = Authority::new().unwrap();
    let own = authority.issue("postbud").unwrap();
    // A server that says nothing anybody expects; nobody listens on port 1.
    let strange = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = strange.local_addr().unwrap().port();
    std::thread::spawn(move || strange.incoming().for_each(drop));
    let here = Installation::with(&format!(
        "{}\n[delivery.webhook]\nsecret_file = \"secret\"\ncertificate_file = \"{own}\"\nkey_file = \"{key}\"\n\
         [[intake.folder]]\npath = \"drop\"\n[[intake.folder]]\npath = \"log/drop\"\n\
         [intake.digital_post]\nurl = \"https://127.0.0.1:1/apis/v1/\"\ntoken_file = \"secret\"\n\
         certificate_file = \"{own}\"\nkey_file = \"{key}\"\nca_file = \"{ca}\"\n\
         [[intake.imap]]\nhost = \"127.0.0.1\"\nport = {port}\nuser = \"post\"\n\
         password_file = \"secret\"\ntls = \"starttls\"\n\
         [[intake.queue]]\nurl = \"amqp://post@127.0.0.1:1/fremmed\"\npassword_file = \"secret\"\n\
         queue = \"post\"\n",
        embedded().replace("maildir:mailboxes/affald", "webhook:https://localhost:1/post"),
        own = own.certificate.display(),
        key = own.key.display(),
        ca = authority.ca().display(),
    ));
    here.write("secret", "0123456789abcdef0123456789abcdef");
    here.write("log", "a file where a folder should be");
    let said = here.say(&["doctor", "--lang", "da"]);
    assert_eq!(said.code, 1, "{}", said.err);
    let place = here.path("").display().to_string();
    let certificates = authority.folder().display().to_string();
    let told: Vec<String> = said
        .out
        .lines()
        .skip_while(|line| !line.contains("indgang"))
        .filter(|line| !["disk", "documents", "programs"].iter().any(|part| line.contains(part)))
        .map(|line| {
            line.replace(&place, "").replace(&certificates, "").replace(&port.to_string(), "PORT")
        })
        .map(|line| match line.split_once(" gælder fra ") {
            Some((file, _)) => format!("{file} gælder fra … til …"),
            None => line,
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
    assert!(!said.out.contains("0123456789"), "no secret is said");
}
