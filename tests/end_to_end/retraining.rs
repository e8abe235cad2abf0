//! The loop closed: people decide, a new model learns from it, and takes over when it is not worse.

use std::fs;

use serde_json::Value;

use crate::settings::{embedded, mail, model};
use crate::support::Installation;

/// An installation whose model lies in a folder of its own.
fn installation(retrain: &str) -> Installation {
    let config = embedded().replace(&model(), "models/klit");
    Installation::with(&config.replace("[delivery]", &format!("[retrain]\n{retrain}\n[delivery]")))
}

/// Letters for two mailboxes, as JSON Lines.
fn lines(range: std::ops::Range<usize>) -> String {
    let line = |n: usize| {
        let (mailbox, words) = [
            ("affald", "skraldespanden er ikke tømt"),
            ("vej-park", "der er et hul i vejen"),
            ("andet", "tillykke med fødselsdagen"),
        ][n % 3];
        format!(
            "{{\"id\":\"B{n}\",\"category\":\"{mailbox}\",\"subject\":\"Sag {n}\",\"body\":\"{words}, nummer {n} og {}\"}}\n",
            n * 7919 % 1000
        )
    };
    range.map(line).collect()
}

/// The version in use.
fn champion(here: &Installation) -> Value {
    let text = fs::read_to_string(here.path("models/klit/registry.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["champion"]["version"].clone()
}

fn versions(here: &Installation) -> Vec<String> {
    let entries = fs::read_dir(here.path("models/klit")).into_iter().flatten();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut versions: Vec<String> =
        names.filter(|name| name.bytes().all(|b| b.is_ascii_digit())).collect();
    versions.sort();
    versions
}

#[test]
fn people_decide_and_the_next_model_learns_from_it() {
    let here = installation("letters = [\"base.jsonl\"]");
    here.write("base.jsonl", lines(0..150));
    let first = here.json(&["retrain", "--promote", "--by", "anna"]);
    assert_eq!((&first["outcome"], &first["version"]), (&"promoted".into(), &"klit/1".into()));
    assert_eq!(champion(&here), 1);
    let again = here.say(&["retrain", "--promote"]);
    assert!(again.code == 0 && again.out.contains("Nothing new: klit/1"), "{}", again.out);
    assert_eq!(versions(&here), ["1"]);

    // 70 letters arrive, and a person says where they belong.
    for n in 0..70 {
        let (_, words) =
            [("affald", "spanden blev glemt"), ("vej-park", "fortovet er knækket")][n % 2];
        here.write(
            &format!("in/{n:02}.eml"),
            mail(&format!("Henvendelse {n}"), &format!("{words} ved nummer {n}.")),
        );
    }
    here.json(&["send", "in"]);
    let running = here.run(None);
    here.wait_for("review", 70);
    let waiting = here.json(&["letters", "--state", "review", "--limit", "100"]);
    let mut ids = Vec::new();
    for letter in waiting["letters"].as_array().unwrap() {
        let id = letter["letter"].as_str().unwrap().to_owned();
        let n: usize =
            letter["subject"].as_str().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        here.json(&["assign", &id, ["affald", "vej-park"][n % 2], "--by", "anna"]);
        ids.push(id);
    }
    here.wait_for("delivered", 70);
    assert_eq!(running.terminate(), 0);

    let second = here.json(&["retrain", "--by", "anna"]);
    assert_eq!(second["version"], "klit/2");
    assert_eq!(second["retrain"]["letters"], 220);
    let judged = &second["retrain"]["judged"];
    assert_eq!((&judged["by"], &judged["champion_saw"]), (&"time".into(), &0.into()));
    assert_eq!(judged["comparison"]["letters"], judged["letters"]);
    assert_eq!(champion(&here), 1, "nobody asked it to take over");

    // A label that is taken back does not count any more.
    let withdrawn =
        here.json(&["labels", "withdraw", &ids[0], "--why", "wrong letter", "--by", "bo"]);
    assert_eq!(withdrawn["withdrawn"], 1);
    let third = here.say(&["retrain", "--promote", "--by", "anna", "--lang", "da"]);
    assert_eq!(third.code, 0, "{}{}", third.out, third.err);
    assert!(third.out.contains("219 breve") && third.out.contains("I brug"), "{}", third.out);
    assert!(third.out.contains("klit/3 er i brug fra nu af"), "{}", third.out);
    assert_eq!(champion(&here), 3);
    let learned = fs::read_to_string(here.path("models/klit/3/letters.txt")).unwrap();
    assert!(!learned.contains(&ids[0]) && learned.contains(&ids[1]));
    let listed = here.json(&["labels", "--letter", &ids[0]]);
    assert_eq!(listed["labels"][0]["withdrawn"]["by"], "bo");
    assert_eq!(here.json(&["retrain"])["outcome"], "unchanged");

    // `train` learns from the same labels, without the base letters that nobody named.
    let args = ["train", "--from-store", "--config", "postbud.toml", "--out", "other/klit"];
    assert_eq!(here.json(&args)["evaluation"]["training_letters"], 69);
}

#[test]
fn sorted_mail_is_imported_without_being_sent() {
    let here = installation("");
    for n in 0..40 {
        let (mailbox, words) =
            [("affald", "skraldet ligger der"), ("vej-park", "et hul i vejen")][n % 2];
        here.write(
            &format!("old/{mailbox}/{n}"),
            mail(&format!("Sag {n}"), &format!("{words} {n}.")),
        );
    }
    here.write("more.jsonl", lines(0..10));
    let imported = here.json(&["labels", "import", "old", "more.jsonl", "--by", "anna"]);
    assert_eq!((&imported["stored"], &imported["failed"]), (&50.into(), &0.into()));
    let again = here.json(&["labels", "import", "old", "--by", "anna"]);
    assert_eq!((&again["stored"], &again["known"]), (&0.into(), &40.into()));
    here.write("wrong/hundeluft/1", mail("Hund", "Hunden løb væk."));
    let wrong = here.say(&["labels", "import", "wrong", "--by", "anna"]);
    assert!(wrong.code == 1 && wrong.out.contains("vej-park"), "{}", wrong.out);
    assert_eq!(here.count("delivered"), 50);
    let running = here.run(None);
    assert_eq!(running.terminate(), 0);
    assert!(here.maildir("affald").is_empty(), "nothing is sent");
    let made = here.json(&["retrain"]);
    assert_eq!((&made["version"], &made["retrain"]["letters"]), (&"klit/1".into(), &50.into()));
}

#[test]
fn without_memory_it_dies_and_the_model_in_use_stays() {
    let here = installation("letters = [\"base.jsonl\"]\nmemory = \"2 GiB\"");
    here.write("base.jsonl", lines(0..150));
    here.json(&["retrain", "--promote"]);
    let config = fs::read_to_string(here.path("postbud.toml")).unwrap();
    here.write("postbud.toml", config.replace("2 GiB", "64 MiB"));
    // 96 MB of text do not fit into 64 MiB, however thrifty training is.
    let body = "skraldespanden er ikke tømt ".repeat(4_000);
    let line = |n: usize| {
        let mailbox = ["affald", "vej-park"][n % 2];
        format!("{{\"id\":\"C{n}\",\"category\":\"{mailbox}\",\"body\":\"{n} {body}\"}}\n")
    };
    let many: String = (0..860).map(line).collect();
    here.write("many.jsonl", many);
    let said = here.say(&["retrain", "--promote", "--letters", "many.jsonl"]);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    assert!(
        said.err.contains("64 MiB") && said.err.contains("Raise memory in [retrain]"),
        "{}",
        said.err
    );
    assert_eq!((champion(&here), versions(&here)), (1.into(), vec!["1".to_owned()]));
    // It left no lock: with its memory back it goes on.
    here.write("postbud.toml", config);
    here.write("base.jsonl", lines(0..160));
    assert_eq!(here.json(&["retrain"])["version"], "klit/2");
}

#[test]
fn without_time_it_is_ended() {
    let here = installation("letters = [\"many.jsonl\"]\ntime = \"1 s\"");
    here.write("many.jsonl", lines(0..40_000));
    let said = here.say(&["retrain"]);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    assert!(said.err.contains("Raise time in [retrain]"), "{}", said.err);
    assert!(versions(&here).is_empty());
}

#[test]
fn of_two_at_once_one_says_that_the_other_is_running() {
    let here = installation("letters = [\"base.jsonl\"]");
    here.write("base.jsonl", lines(0..150));
    // Another process that is at it.
    here.write("models/klit/.retrain.lock", "");
    let other =
        fs::File::options().append(true).open(here.path("models/klit/.retrain.lock")).unwrap();
    other.try_lock().unwrap();
    let said = here.say(&["retrain"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("another retraining is running"), "{}", said.err);
    assert!(versions(&here).is_empty());
    drop(other);
    let both: Vec<i32> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(|| here.say(&["retrain"]).code)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    // At once or one after the other: there is one version.
    assert!(both.contains(&0), "{both:?}");
    assert_eq!(versions(&here), ["1"]);
}
