//! The loop closed: people decide, a new model learns from it, and takes over when it is not worse.

use std::fs;

use postbud_decide::MailboxId;
use postbud_letter::LetterId;
use postbud_pipeline::ports::{LabelSource, Labels as _, NewLabel, Timestamp};
use postbud_store::{SqlStore, StoreOptions};
use serde_json::Value;

use crate::settings::{embedded, mail, model};
use crate::support::Installation;

/// An installation whose model lies in a folder of its own.
fn installation(retrain: &str) -> Installation {
    let config = embedded().replace(&model(), "models/klit");
    Installation::with(&config.replace("[delivery]", &format!("[retrain]\n{retrain}\n[delivery]")))
}

/// Letters for three mailboxes, as JSON Lines.
pub(crate) fn lines(range: std::ops::Range<usize>) -> String {
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

/// Does something in the store of an installation, beside its binary.
fn in_store<T>(here: &Installation, work: impl AsyncFnOnce(&SqlStore) -> T) -> T {
    let url = format!("sqlite:{}", here.path("postbud.db").display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = postbud_store::open(&StoreOptions::new(url)).await.unwrap();
        let done = work(&store).await;
        store.close().await;
        done
    })
}

/// What a version has learned from: letters by mailbox, and the ids.
fn learned(here: &Installation, version: &str) -> (Value, String) {
    let read = |file: &str| {
        fs::read_to_string(here.path(&format!("models/klit/{version}/{file}"))).unwrap()
    };
    let evaluation: Value = serde_json::from_str(&read("evaluation.json")).unwrap();
    (evaluation["training_letters_by_mailbox"].clone(), read("letters.txt"))
}

/// An installation that has imported sorted mail, 40 letters for each of two mailboxes.
fn imported(retrain: &str) -> Installation {
    let here = installation(retrain);
    for n in 0..80 {
        let (mailbox, words) = [("affald", "skraldet ligger"), ("vej-park", "et hul")][n % 2];
        let text = format!("{words} der ved nummer {n} og {}.", n * 7919 % 1000);
        here.write(&format!("old/{mailbox}/{n}"), mail(&format!("Sag {n}"), &text));
    }
    assert_eq!(here.json(&["labels", "import", "old", "--by", "anna"])["stored"], 80);
    here
}

fn ids(here: &Installation, mailbox: &str) -> Vec<String> {
    let labels = here.json(&["labels", "--mailbox", mailbox, "--limit", "1000"]);
    let labels = labels["labels"].as_array().unwrap();
    labels.iter().map(|label| label["letter"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_letter_that_was_erased_is_gone_from_the_next_model() {
    let here = imported("letters = [\"base.jsonl\"]");
    let (erased, kept) = (ids(&here, "affald")[3].clone(), ids(&here, "affald")[4].clone());
    // The same letters lie in a file, too: erased is erased, wherever a copy is.
    let copy = |id: &str| {
        format!("{{\"id\":\"{id}\",\"category\":\"affald\",\"body\":\"Brevet {id} om skrald.\"}}\n")
    };
    here.write("base.jsonl", lines(0..30) + &copy(&erased) + &copy(&kept));
    let first = here.json(&["retrain", "--promote"]);
    assert_eq!(first["retrain"]["letters"], 110);
    let (before, names) = learned(&here, "1");
    assert!(names.contains(&erased) && names.contains(&kept));

    let letter = LetterId::parse(&erased).unwrap();
    let gone = in_store(&here, async |store| {
        store.erase(&letter, "anna", Timestamp::now()).await.unwrap()
    });
    assert!(gone);
    let second = here.json(&["retrain"]);
    assert_eq!(
        (&second["version"], &second["retrain"]["letters"]),
        (&"klit/2".into(), &109.into())
    );
    let (after, names) = learned(&here, "2");
    assert!(!names.contains(&erased) && names.contains(&kept));
    assert_eq!(before["affald"].as_u64().unwrap() - 1, after["affald"].as_u64().unwrap());

    // Nor does it come back with the folder it came from, or by `train`.
    let again = here.json(&["labels", "import", "old", "--by", "anna"]);
    assert_eq!((&again["erased"], &again["known"]), (&1.into(), &79.into()));
    let args = ["train", "--from-store", "--config", "postbud.toml", "--letters", "base.jsonl"];
    let trained = here.json(&[&args[..], &["--out", "other/klit"]].concat());
    assert_eq!(trained["evaluation"]["training_letters"], 109);
}

#[test]
fn a_correction_wins_over_an_older_label() {
    let here = imported("letters = [\"base.jsonl\"]");
    let id = ids(&here, "affald")[7].clone();
    // An older label of the same letter, in a file.
    here.write(
        "base.jsonl",
        lines(0..30)
            + &format!("{{\"id\":\"{id}\",\"category\":\"andet\",\"body\":\"Det samme brev.\"}}\n"),
    );
    here.json(&["retrain", "--promote"]);
    let (first, _) = learned(&here, "1");
    assert_eq!(first, serde_json::json!({ "affald": 50, "andet": 10, "vej-park": 50 }));

    let label = NewLabel {
        letter: LetterId::parse(&id).unwrap(),
        mailbox: MailboxId::parse("vej-park").unwrap(),
        by: "bo".to_owned(),
        at: Timestamp::now(),
        source: LabelSource::Returned,
    };
    in_store(&here, async |store| store.add_label(&label).await.unwrap());
    assert_eq!(here.json(&["retrain"])["version"], "klit/2");
    let (second, _) = learned(&here, "2");
    assert_eq!(second, serde_json::json!({ "affald": 49, "andet": 10, "vej-park": 51 }));

    // Taken back, the label before it holds again: those are the letters of the first version.
    here.json(&["labels", "withdraw", &id, "--why", "a slip", "--by", "bo"]);
    here.json(&["retrain"]);
    assert_eq!(learned(&here, "3").0, first);
}

#[test]
fn mailboxes_that_were_renamed_or_closed_are_mapped() {
    let here = installation("letters = [\"base.jsonl\"]\nmapping = \"mapping.txt\"");
    let old = lines(0..120).replace("\"vej-park\"", "\"vejafdelingen\"");
    here.write("base.jsonl", old.replace("\"andet\"", "\"teknik\""));
    let missing = here.say(&["retrain"]);
    assert_eq!(missing.code, 2, "{}{}", missing.out, missing.err);
    assert!(missing.err.contains("mapping.txt cannot be read"), "{}", missing.err);
    here.write("mapping.txt", "vejafdelingen = vejpark\n");
    let wrong = here.say(&["retrain"]);
    assert!(wrong.code == 2 && wrong.err.contains("line 1"), "{}", wrong.err);
    assert!(versions(&here).is_empty());

    here.write("mapping.txt", "# 2025\nvejafdelingen = vej-park\nteknik = -\n");
    assert_eq!(here.json(&["retrain"])["retrain"]["letters"], 80);
    let (learned, _) = learned(&here, "1");
    assert_eq!(learned, serde_json::json!({ "affald": 40, "vej-park": 40 }));
    let card = fs::read_to_string(here.path("models/klit/1/card.md")).unwrap();
    assert!(card.contains("1 renamed, 1 gone"), "{card}");
    // Another mapping is another training set.
    here.write("mapping.txt", "vejafdelingen = vej-park\nteknik = andet\n");
    assert_eq!(here.json(&["retrain"])["retrain"]["letters"], 120);
    // One given on the command line takes the place of the configuration's.
    here.write("other.txt", "vejafdelingen = -\nteknik = andet\n");
    let other = here.json(&["retrain", "--mapping", "other.txt"]);
    assert_eq!(other["retrain"]["letters"], 80);
}

#[test]
fn a_model_of_no_use_is_not_even_trained() {
    let here = installation("letters = [\"base.jsonl\"]");
    let strange = lines(0..120).replace("\"vej-park\"", "\"roads\"");
    here.write("base.jsonl", strange.replace("\"andet\"", "\"else\"").replace("affald", "waste"));
    let said = here.say(&["retrain", "--promote"]);
    assert_eq!(said.code, 2, "{}{}", said.out, said.err);
    for part in ["none of its labels is a mailbox", "`mapping` in [retrain]"] {
        assert!(said.err.contains(part), "{part} in {}", said.err);
    }
    assert!(versions(&here).is_empty());
}

#[test]
fn a_damaged_champion_stops_a_retraining_and_says_what_to_do() {
    let here = installation("letters = [\"base.jsonl\"]");
    here.write("base.jsonl", lines(0..150));
    here.json(&["retrain", "--promote"]);
    here.write("models/klit/1/model.postbud", "nonsense");
    here.write("base.jsonl", lines(0..160));
    let said = here.say(&["retrain", "--promote"]);
    assert_eq!(said.code, 4, "{}{}", said.out, said.err);
    for part in ["does not verify", "backup", "postbud train"] {
        assert!(said.err.contains(part), "{part} in {}", said.err);
    }
    // What it says helps.
    let args = ["train", "--letters", "base.jsonl", "--out", "models/klit"];
    assert_eq!(here.json(&args)["model"], "klit/2");
    here.json(&["model", "promote", "2", "--by", "anna"]);
    assert_eq!(here.json(&["retrain"])["version"], "klit/3");
}
