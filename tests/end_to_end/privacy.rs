//! Whose data is here: handed out, erased, restricted, removed in time, and never in a log.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use postbud_pipeline::ports::{Body, Message, Queue as _, Settlement};
use postbud_queue::{RabbitOptions, RabbitQueue};
use postbud_testkit::marks;
use zip::ZipArchive;

use crate::servers::{Servers, servers};
use crate::settings::{embedded, memo, model, production};
use crate::support::{Installation, Said, wait_until};

/// Marks of a person that must stay where the letter is.
pub(crate) const CPR: &str = "010190-0000";
const NAME: &str = "Hjalmarsine";
const STREET: &str = "Troldepilestien";
const MARKS: [&str; 8] = [
    CPR,
    "0101900000",
    NAME,
    STREET,
    "hjalmarsine@borger.example",
    "98765432",
    "1234 0009876543",
    "Bilagshemmelighed",
];

pub(crate) fn letter(subject: &str, text: &str) -> String {
    format!(
        "From: {NAME} Holm <hjalmarsine@borger.example>\r\nTo: kommunen@klitkobing.example\r\n\
         Subject: {subject}\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=graense\r\n\r\n\
         --graense\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         {text}\r\nJeg bor på {STREET} 12. Mit CPR-nummer er {CPR}, telefon 98765432,\r\n\
         konto 1234 0009876543. Hilsen {NAME}\r\n> {}\r\n\
         --graense\r\nContent-Type: application/octet-stream\r\n\
         Content-Disposition: attachment; filename=\"{NAME}.txt\"\r\n\r\n\
         Bilagshemmelighed om {NAME}\r\n--graense--\r\n",
        marks::line()
    )
}

pub(crate) fn other(subject: &str, text: &str) -> String {
    format!(
        "From: Bo <bo@borger.example>\r\nSubject: {subject}\r\n\r\n\
         {text} CPR 020280-0000\r\n> {}\r\n",
        marks::line()
    )
}

/// Sends letters through a router that is gone afterwards; what it logged.
fn routed(place: &Installation, letters: &[(&str, String)], delivered: usize) -> String {
    for (name, letter) in letters {
        place.write(&format!("post/{name}"), letter);
    }
    let running = place.run(None);
    let sent = place.say(&["send", "--config", "postbud.toml", "post"]);
    assert_eq!(sent.code, 0, "{}", sent.err);
    place.wait_for("delivered", delivered);
    wait_until("all letters to be recorded", || {
        let list = place.json(&["letters", "--limit", "100"]);
        list["letters"].as_array().unwrap().len() >= letters.len()
    });
    let log = running.log();
    assert_eq!(running.terminate(), 0);
    fs::remove_dir_all(place.path("post")).unwrap();
    log
}

pub(crate) fn person(place: &Installation, cpr: &str, args: &[&str]) -> Said {
    place.say(&[&["person", "--by", "Dorte", "--cpr", cpr], args].concat())
}

pub(crate) fn names_in(zip: &Path) -> Vec<(String, String)> {
    let mut zip = ZipArchive::new(fs::File::open(zip).unwrap()).unwrap();
    (0..zip.len())
        .map(|place| {
            let mut file = zip.by_index(place).unwrap();
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            (file.name().unwrap().into_owned(), String::from_utf8_lossy(&bytes).into_owned())
        })
        .collect()
}

#[test]
fn a_person_gets_everything_and_nobody_elses() {
    let place = Installation::with(&embedded());
    let letters = [
        ("1.eml", letter("Skrald", "Jeg vil bestille storskrald.")),
        ("2.eml", other("Skrald", "Vi vil bestille storskrald.")),
    ];
    routed(&place, &letters, 2);
    let said = person(&place, CPR, &["export", "--to", "alt.zip"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let files = names_in(&place.path("alt.zip"));
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["0001/brev.eml", "0001/oplysninger.json", "oversigt.txt"]);
    assert_eq!(files[0].1, letters[0].1);
    assert!(files[1].1.contains("Storskrald"), "the rule that decided: {}", files[1].1);
    assert!(files.iter().all(|(_, text)| !text.contains("020280-0000")));
    let again = person(&place, CPR, &["export", "--to", "alt.zip"]);
    assert_ne!(again.code, 0, "an archive is never overwritten");
    let seen = place.json(&["audit", "verify"]);
    // The two that asked, and the letter that was handed out.
    assert_eq!((seen["whole"].as_bool(), seen["rows"].as_i64()), (Some(true), Some(3)));
    let end = seen["end"].as_str().unwrap();
    assert_eq!(place.say(&["audit", "verify", "--end", end]).code, 0);
    assert_ne!(place.say(&["audit", "verify", "--end", "1:00"]).code, 0);
    for wrong in ["12", "010190", "291390-0000"] {
        let said = person(&place, wrong, &["erase"]);
        assert_eq!(said.code, 2, "{}", said.out);
        assert!(!said.err.contains(wrong), "a number is not repeated: {}", said.err);
    }
}

#[test]
fn an_erased_person_is_gone_and_the_rest_is_not() {
    let place = Installation::with(&embedded());
    let letters = [
        ("1.eml", letter("Skrald", "Jeg vil bestille storskrald.")),
        ("2.eml", other("Skrald", "Vi vil bestille storskrald.")),
    ];
    routed(&place, &letters, 2);
    let said = person(&place, "0101900000", &["erase"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(place.count("delivered"), 1);
    // Nothing is left in the file either: SQLite overwrites or the pages are free.
    let said = person(&place, CPR, &["export", "--to", "tomt.zip"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(names_in(&place.path("tomt.zip")).len(), 1, "only the overview");
}

/// Puts letters among the dead ones of a broker, as a router does that cannot bring them through.
pub(crate) fn die_on_rabbitmq(servers: &Servers, letters: &[(&str, String)]) {
    let options = RabbitOptions {
        url: servers.amqp.clone(),
        prefix: servers.prefix.clone(),
        retry_delay_ms: 1_000,
        ..RabbitOptions::default()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let queue = RabbitQueue::connect(options).await.unwrap();
        let messages = letters.iter().map(|(id, letter)| {
            let body = Body::Inline(letter.clone().into_bytes().into());
            Message { body, id: (*id).to_owned() }
        });
        queue.publish(messages.collect()).await.unwrap();
        let mut left = letters.len();
        while left > 0 {
            let received = queue.receive(left, Duration::from_secs(5)).await.unwrap();
            left -= received.len();
            let dead = Settlement::Dead { reason: "for the test".to_owned() };
            let outcomes = received.into_iter().map(|one| (one.token, dead.clone()));
            queue.settle(outcomes.collect()).await.unwrap();
        }
        queue.shutdown().await.unwrap();
    });
}

#[test]
fn erasing_reaches_dead_letters_on_rabbitmq_and_names_the_backups_that_hold_the_person() {
    let Some(servers) = servers("erasing everywhere") else { return };
    let kept = "[privacy]\nbackups = [\"saved\"]\n[retention]\nbackups_days = 14\n";
    let place = Installation::with(&(production(&servers, None) + kept));
    let letters = [("1.eml", letter("Skrald", "Jeg vil bestille storskrald."))];
    routed(&place, &letters, 1);
    let saved = place.say(&["backup", "saved"]);
    assert_eq!(saved.code, 0, "{}", saved.err);
    die_on_rabbitmq(
        &servers,
        &[
            ("one", letter("Strandet", "Brevet kom ikke frem.")),
            ("two", other("Strandet", "Brevet kom ikke frem.")),
            ("three", letter("Igen", "Heller ikke det her.")),
        ],
    );
    wait_until("three dead letters", || place.json(&["queue", "depth"])["dead"] == 3);

    let erased = || {
        let said = place.say(&["person", "--json", "--by", "Dorte", "--cpr", CPR, "erase"]);
        assert_eq!(said.code, 0, "{}", said.err);
        said.json()
    };
    let said = erased();
    assert_eq!((said["erased"].as_i64(), said["dead_letters"].as_i64()), (Some(1), Some(2)));
    let backups = said["backups"].as_array().unwrap();
    assert_eq!(backups.len(), 1, "{said}");
    assert!(backups[0]["folder"].as_str().unwrap().contains("saved/postbud-"), "{said}");
    let kept = backups[0]["kept_until"].as_i64().unwrap() - backups[0]["made_at"].as_i64().unwrap();
    assert_eq!(kept, 14 * 86_400_000);
    let dead = place.json(&["queue", "dead"])["dead"].clone();
    let ids: Vec<_> = dead.as_array().unwrap().iter().map(|one| one["id"].as_str()).collect();
    assert_eq!(ids, [Some("two")], "the letter of somebody else stays");
    // A backup of afterwards does not hold the person, and once more there is nothing to erase.
    let again = erased();
    assert_eq!((again["erased"].as_i64(), again["dead_letters"].as_i64()), (Some(0), Some(0)));
}

#[test]
fn nothing_about_a_restricted_person_is_decided_automatically() {
    let place = Installation::with(&embedded());
    let said = person(&place, CPR, &["restrict"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let in_header = memo("3f6c0d6c-3a55-4d54-9b1f-3b8f2d3a1111", "Storskrald 0101900000", "SGVq");
    let letters = [
        ("1.eml", letter("Skrald", "Jeg vil bestille storskrald.")),
        ("2.eml", other("Skrald", "Vi vil bestille storskrald.")),
        ("3.xml", in_header),
    ];
    routed(&place, &letters, 1);
    assert_eq!((place.count("review"), place.count("delivered")), (2, 1));
    assert_eq!(person(&place, CPR, &["restrict", "--lift"]).code, 0);
    routed(&place, &[("4.eml", letter("Skrald igen", "Jeg vil bestille storskrald."))], 2);
    // A restriction without its key is no permission to go on.
    assert_eq!(person(&place, CPR, &["restrict"]).code, 0);
    fs::remove_file(place.path("postbud-data/privacy.key")).unwrap();
    let said = place.say(&["run"]);
    assert_eq!(said.code, 2, "{}", said.err);
    assert!(said.err.contains("privacy.key"), "{}", said.err);
}

#[test]
fn the_retention_says_what_it_did() {
    let place = Installation::with(&embedded());
    routed(&place, &[("1.eml", letter("Skrald", "Jeg vil bestille storskrald."))], 1);
    let kept = place.json(&["retention", "--now"]);
    let runs = kept["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 7);
    for run in runs {
        assert_eq!(run["gone"], 0, "nothing is old: {run}");
        assert!(run["last_run"].as_i64().is_some(), "{run}");
    }
    let said = place.say(&["retention", "--lang", "da"]);
    assert!(said.out.contains("adgangslog"), "{}", said.out);
}

/// The whole way of marked letters, and everything that was said meanwhile.
#[test]
fn no_mark_of_a_person_is_in_any_log_or_message() {
    let config =
        embedded().replacen("maildir:mailboxes/vej-park", "maildir:/proc/nowhere/vej-park", 1);
    let place = Installation::with(&format!("[log]\nlevel = \"trace\"\n{config}"));
    let broken =
        letter("Skrald", "Jeg vil bestille storskrald.").replace("--graense--", "%PDF-1.7 ");
    let whole = memo("3f6c0d6c-3a55-4d54-9b1f-3b8f2d3a2222", &format!("{NAME} {CPR}"), "SGVq");
    let (cut, _) = whole.split_once("<memo:Recipient>").unwrap();
    let letters = [
        ("1.eml", letter("Skrald", "Jeg vil bestille storskrald.")),
        ("2.eml", letter(&format!("Sag {CPR}"), "Noget helt andet.")),
        ("3.eml", letter("Parkering", "Der er problemer med parkering.")),
        ("4.eml", broken),
        ("5.xml", cut.to_owned()),
    ];
    // The broken one is for a person, and the target of the third cannot be reached.
    let log = routed(&place, &letters, 1);
    let mut said = vec![("the log".to_owned(), log)];
    let ids: Vec<String> = place.json(&["letters", "--limit", "50"])["letters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|letter| letter["letter"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), letters.len());
    for args in [
        &["queue", "dead"][..],
        &["queue", "depth"],
        &["retention", "--now"],
        &["audit", "verify"],
        &["labels"],
        &["letters", "show", "nowhere"],
        &["assign", &ids[1], "nowhere", "--by", "Dorte"],
        &["send", "--config", "postbud.toml", "nowhere.eml"],
    ] {
        let answer = place.say(args);
        said.push((args.join(" "), format!("{}{}", answer.out, answer.err)));
    }
    for id in &ids {
        let shown = place.json(&["letters", "show", id]);
        said.push((format!("decisions of {id}"), shown["letter"]["decisions"].to_string()));
        said.push((format!("events of {id}"), shown["letter"]["events"].to_string()));
    }
    for args in [&["export", "--to", "/proc/nowhere/a.zip"][..], &["erase"]] {
        let answer = person(&place, CPR, args);
        said.push((args.join(" "), format!("{}{}", answer.out, answer.err)));
    }
    for (what, text) in said {
        for mark in MARKS {
            let found = text.to_lowercase().contains(&mark.to_lowercase());
            // A reason may hold a word that weighed; a name is one, a number never.
            let word =
                what.starts_with("decisions of") && !mark.contains(|c: char| c.is_ascii_digit());
            assert!(!found || word, "{mark} is in {what}: {text}");
        }
    }
}

/// The model learns from letters with marks, and its file is looked through byte by byte.
#[test]
fn nothing_that_points_to_a_person_is_in_a_model_file() {
    let retrain = "[retrain]\nletters = [\"base.jsonl\"]\n[delivery]";
    let config = embedded().replace(&model(), "models/klit").replace("[delivery]", retrain);
    let place = Installation::with(&config);
    let topics = [
        ("affald", "skraldespanden er ikke tømt"),
        ("vej-park", "der er et hul i vejen"),
        ("andet", "tillykke med fødselsdagen"),
    ];
    let line = |n: usize| {
        let (mailbox, words) = topics[n % 3];
        format!(
            "{{\"id\":\"B{n}\",\"category\":\"{mailbox}\",\"subject\":\"Sag {CPR}\",\"body\":\"{words}, {NAME}, \
             {STREET}, 0101900000, 01 01 90 0000, hjalmarsine@borger.example, 98765432, {n}\"}}\n"
        )
    };
    place.write("base.jsonl", (0..150).map(line).collect::<String>());
    place.json(&["retrain", "--promote", "--by", "anna"]);
    let file = fs::read(place.path("models/klit/1/model.postbud")).unwrap();
    let magic = [0x28, 0xb5, 0x2f, 0xfd];
    let starts = file.windows(4).enumerate().filter(|(_, at)| *at == magic).map(|(at, _)| at);
    let mut all = file.clone();
    let mut unpacked = 0;
    for start in starts {
        // What only looks like a beginning is no frame and gives nothing more.
        let mut frame = zstd::Decoder::new(&file[start..]).unwrap().single_frame();
        unpacked += usize::from(frame.read_to_end(&mut all).is_ok());
    }
    assert!(unpacked > 0, "the content of the model was found");
    let holds = |mark: &str| all.windows(mark.len()).any(|at| at == mark.as_bytes());
    assert!(holds("vej-park"), "what is known to be in it");
    for mark in MARKS.iter().copied().chain([
        "010190",
        "01 01 90",
        &NAME.to_lowercase(),
        &STREET.to_lowercase(),
    ]) {
        assert!(!holds(mark), "{mark} is in the model file");
    }
}
