//! What `train` and `evaluate` take from municipalities, and what they do with bad input.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::settings::{mail, model};
use crate::support::{Installation, Said, postbud, wait_until};

const TOPICS: [(&str, &str); 3] = [
    ("affald", "Skraldespanden blev ikke tømt, og affaldet ligger og flyder ved indkørslen"),
    ("vej-park", "Der er et dybt hul i asfalten, og bilerne skramler hver gang de kører forbi"),
    ("Ældre og pleje", "Min mor på 86 kan ikke længere gøre rent selv og har brug for hjælp"),
];

/// What makes each letter another one.
const VOICES: [&str; 8] = [
    "Jeg har ringet to gange uden svar.",
    "Hvornår sker der noget?",
    "Vi bor på Strandvejen, lige efter svinget.",
    "Det har stået på i ugevis, og naboerne er trætte af det.",
    "Tak for jeres arbejde i øvrigt!",
    "Kan en medarbejder komme forbi i morgen formiddag?",
    "Skriv venligst tilbage inden fredag.",
    "Min telefon er gået i stykker, så send hellere et brev.",
];

/// Letters of three mailboxes, each in words of its own: label, subject, body.
fn letters(count: usize) -> Vec<(&'static str, String, String)> {
    let letter = |n: usize| {
        let (label, text) = TOPICS[n % 3];
        let mut voices = VOICES;
        voices.rotate_left(n / 3 % 8);
        let subject = text.split_whitespace().take(2 + n % 4).collect::<Vec<_>>().join(" ");
        (label, subject, format!("{} {text}. {} Nr. {n}.", voices[n % 5], voices[6]))
    };
    (0..count).map(letter).collect()
}

fn jsonl(letters: &[(&str, String, String)]) -> String {
    let line = |(label, subject, body): &(&str, String, String)| {
        serde_json::json!({ "category": label, "subject": subject, "body": body }).to_string()
            + "\n"
    };
    letters.iter().map(line).collect()
}

fn train(here: &Installation, letters: &str, more: &[&str]) -> Said {
    let args = ["train", "--letters", letters, "--out", "m", "--no-words", "--json"];
    here.say(&[&args[..], more].concat())
}

/// What a training that must succeed printed.
fn trained(here: &Installation, letters: &str, more: &[&str]) -> Value {
    let said = train(here, letters, more);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    said.json()
}

fn evaluated(here: &Installation, letters: &str) -> Value {
    here.json(&["evaluate", "--model", "m", "--letters", letters])
}

#[test]
fn folders_maildirs_and_mboxes_give_the_model_that_their_letters_give() {
    let here = Installation::empty();
    for (n, (label, subject, body)) in letters(60).into_iter().enumerate() {
        // Each of another sender: what one alone writes is not learnt.
        let mail = mail(&subject, &body)
            .replace("Message-ID: <", &format!("Message-ID: <{n}."))
            .replace("<sporhilde@", &format!("<sporhilde{n}@"));
        here.write(&format!("folder/{label}/{n:03}"), &mail);
        fs::create_dir_all(here.path(&format!("maildir/{label}/new"))).unwrap();
        here.write(&format!("maildir/{label}/cur/{n:03}:2,S"), &mail);
        let path = here.path(&format!("mbox/{label}.mbox"));
        let before = fs::read(&path).unwrap_or_default();
        let from =
            format!("From sporhilde@maerket.example Mon Nov 23 08:{:02}:00 2026\r\n", n % 60);
        here.write(
            &format!("mbox/{label}.mbox"),
            [&before, from.as_bytes(), mail.as_bytes(), b"\r\n"].concat(),
        );
    }
    here.write("folder/affald/picture.jpg", [0xff, 0xd8, 0xff, 0, 1, 2]);
    let first = trained(&here, "folder", &[]);
    assert_eq!(first["evaluation"]["training_letters"], 60);
    assert_eq!(first["skipped"][0]["place"], "affald/picture.jpg");
    for input in ["maildir", "mbox"] {
        let next = trained(&here, input, &[]);
        assert_eq!(next["evaluation"]["checksum"], first["evaluation"]["checksum"], "{input}");
    }
    for file in [
        "model.postbud",
        "card.md",
        "evaluation.json",
        "label-check.json",
        "risk-coverage.svg",
        "reliability.svg",
        "confusion.svg",
    ] {
        assert!(here.path(&format!("m/1/{file}")).exists(), "{file}");
    }
    let judged = evaluated(&here, "mbox");
    assert_eq!(judged["groups"]["channel"]["email"]["letters"], 60);
    assert!(judged["drift"]["drifted"].is_boolean());
    assert!(judged["mailboxes"]["Ældre og pleje"]["recall_interval"]["low"].is_number());
    let said = here.say(&["evaluate", "--model", "m", "--letters", "folder"]);
    for part in ["drift:", "Precision", "channel", "email"] {
        assert!(said.out.contains(part), "{part} in {}", said.out);
    }
    assert_eq!(said.err, "skipped: affald/picture.jpg is neither MeMo, nor a mail, nor text\n");
}

#[test]
fn the_newest_letters_are_held_out_where_they_carry_dates() {
    let here = Installation::empty();
    let dated: String = jsonl(&letters(60))
        .lines()
        .enumerate()
        .map(|(n, line)| {
            let day = format!("\"date\": \"2026-{:02}-{:02}\"", 1 + n / 28, 1 + n % 28);
            line.replacen('{', &format!("{{\"id\": \"L{n:02}\", {day}, "), 1) + "\n"
        })
        .collect();
    here.write("dated.jsonl", &dated);
    let made = trained(&here, "dated.jsonl", &["--hold-out"])["evaluation"].clone();
    assert_eq!((&made["split"]["by"], &made["letters"]), (&"time".into(), &12.into()));
    let args = ["evaluate", "--model", "m", "--letters", "dated.jsonl", "--held-out"];
    assert_eq!(here.json(&args)["accuracy"], made["accuracy"]);
    let card = fs::read_to_string(here.path("m/1/card.md")).unwrap();
    assert!(card.contains("den nyeste femtedel: tråde, der begyndte 2026-02-21"), "{card}");
}

#[test]
fn labels_of_yesterday_are_those_of_today_after_a_mapping() {
    let here = Installation::empty();
    let old = jsonl(&letters(60)).replace("vej-park", "Teknisk afd.");
    here.write("old.jsonl", &old);
    here.write("mapping", "# merged\nTeknisk afd. = vej\n");
    let args = ["--mapping", "mapping"];
    let unknown = train(&here, "old.jsonl", &args);
    assert_eq!(unknown.code, 2, "{}", unknown.err);
    assert!(unknown.err.contains("line 2") && unknown.err.contains("vej = vej"), "{}", unknown.err);
    here.write("mapping", "Teknisk afd. = vej\nvej = vej\naffald = -\n");
    let made = trained(&here, "old.jsonl", &args)["evaluation"].clone();
    let mailboxes: Vec<&String> = made["mailboxes"].as_object().unwrap().keys().collect();
    assert_eq!(mailboxes, ["vej", "Ældre og pleje"]);
    assert_eq!(made["before"]["mapping"]["vanished"]["affald"], 20);
}

#[test]
fn labels_that_can_be_no_mailbox_are_learnt_and_never_routed() {
    let here = Installation::empty();
    here.write("a.jsonl", jsonl(&letters(60)).replace("affald", "Affald & Genbrug"));
    let made = trained(&here, "a.jsonl", &[])["evaluation"].clone();
    assert_eq!(made["findings"][0]["kind"], "no-mailbox");
    assert_eq!(made["findings"][0]["label"], "Affald & Genbrug");
    assert!(made["certificate"]["thresholds"]["Affald & Genbrug"].is_null());
    let judged = evaluated(&here, "a.jsonl");
    assert_eq!(judged["never_routed"][0], "Affald & Genbrug");
    assert_eq!(judged["mailboxes"]["Affald & Genbrug"]["letters"], 20);
}

#[test]
fn two_files_that_disagree_are_told_by_dates_or_not_used() {
    let here = Installation::empty();
    here.write("a.jsonl", jsonl(&letters(60)));
    let line = |label: &str, id: &str, text: &str, at: &str| {
        format!("{{\"id\":\"{id}\",\"label\":\"{label}\",\"text\":\"{text}\"{at}}}\n")
    };
    let at = |year: u32| format!(",\"labelled_at\":\"{year}-01-01\"");
    here.write(
        "b.jsonl",
        line("affald", "x1", "hvem tømmer det", &at(2024))
            + &line("affald", "y1", "hvem fejer det", ""),
    );
    here.write(
        "c.jsonl",
        line("vej-park", "x2", "Hvem tømmer DET", &at(2025))
            + &line("vej-park", "y2", "hvem fejer det", ""),
    );
    let made =
        trained(&here, "a.jsonl", &["--letters", "b.jsonl", "c.jsonl"])["evaluation"].clone();
    assert_eq!(made["training_letters"], 61);
    let kinds: Vec<&str> =
        made["findings"].as_array().unwrap().iter().map(|f| f["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["settled", "conflict"]);
    assert_eq!(made["findings"][0]["kept"][0], "x2");
}

#[test]
fn one_mailbox_single_letters_empty_ones_and_three_hundred_mailboxes() {
    let here = Installation::empty();
    let one: String =
        jsonl(&letters(60)).lines().step_by(3).fold(String::new(), |all, line| all + line + "\n");
    here.write("one.jsonl", one);
    let said = train(&here, "one.jsonl", &[]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("at least two labels"), "{}", said.err);
    assert!(!here.path("m").exists());

    let lonely = jsonl(&letters(60))
        + "{\"label\":\"pension\",\"text\":\"min pension\"}\n"
        + "{\"label\":\"affald\",\"text\":\"\"}\n{\"label\":\"vej-park\",\"subject\":\" \"}\n";
    here.write("lonely.jsonl", lonely);
    let made = trained(&here, "lonely.jsonl", &[])["evaluation"].clone();
    assert_eq!(made["training_letters_by_mailbox"]["pension"], 1);
    let few = made["findings"].as_array().unwrap().iter().find(|f| f["kind"] == "too-few").unwrap();
    assert_eq!((&few["label"], &few["more"]), (&"pension".into(), &19.into()));
    assert_eq!(evaluated(&here, "lonely.jsonl")["letters"], 63);

    let many: String = (0..900)
        .map(|n| {
            format!(
                "{{\"label\":\"postkasse {}\",\"text\":\"emne{} og sag{n} i dag\"}}\n",
                n % 300,
                n % 300
            )
        })
        .collect();
    here.write("many.jsonl", many);
    let made = trained(&here, "many.jsonl", &[])["evaluation"].clone();
    assert_eq!(made["mailboxes"].as_object().unwrap().len(), 300);
    let drawn = fs::read_to_string(here.path("m/2/confusion.svg")).unwrap();
    assert!(drawn.contains("260 postkasser med færre fejl er udeladt"));
}

#[test]
fn input_that_is_none_is_named_with_what_to_do_and_without_its_text() {
    let here = Installation::empty();
    here.write("letter.eml", mail("Hemmeligt", "hemmelig tekst"));
    here.write("bad.jsonl", "{\"label\":\"a\",\"text\":\"hemmelig tekst\n");
    here.write("empty/affald/1", "");
    for (input, part) in [
        ("missing", "could not be read"),
        ("letter.eml", "one sub-folder per mailbox"),
        ("bad.jsonl", "line 1: no JSON"),
        ("empty", "affald/1 is empty"),
    ] {
        for command in [&["train", "--out", "m"][..], &["evaluate", "--model", &model()]] {
            let said = here.say(&[command, &["--letters", input]].concat());
            assert_eq!(said.code, 1, "{}", said.err);
            assert!(said.err.contains(part) && said.out.is_empty(), "{}", said.err);
            assert!(!said.err.contains("hemmelig"), "{}", said.err);
        }
    }
    assert!(!here.path("m").exists());
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_disk_that_fills_while_the_model_is_written_leaves_the_old_version() {
    let here = Installation::empty();
    here.write("a.jsonl", jsonl(&letters(60)));
    trained(&here, "a.jsonl", &[]);
    let files = names(&here.path("m/1"));
    let pages = |file: &String| {
        fs::metadata(here.path(&format!("m/1/{file}"))).unwrap().len().div_ceil(4_096)
    };
    let pages: u64 = files.iter().map(pages).sum();
    fs::rename(here.path("m"), here.path("outside")).unwrap();
    let small = here.path("m");
    fs::create_dir(&small).unwrap();
    // Room for one version and a half.
    let size = format!("size={}k", pages * 4 * 3 / 2);
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
        .arg(&small)
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        println!("skipped: a full disk needs the right to mount a small one");
        return;
    }
    let (first, second) = (train(&here, "a.jsonl", &[]), train(&here, "a.jsonl", &[]));
    let left = names(&small);
    let judged = here.say(&["evaluate", "--model", "m", "--letters", "a.jsonl"]);
    let unmounted = std::process::Command::new("umount").arg("-l").arg(&small).status();
    assert!(unmounted.is_ok_and(|status| status.success()));
    assert_eq!(first.code, 0, "{}", first.err);
    assert_eq!(second.code, 1, "{}", second.err);
    assert!(second.err.contains("nothing was changed"), "{}", second.err);
    assert_eq!((left, judged.code), (vec!["1".to_owned()], 0), "{}", judged.err);
}

#[test]
fn ctrl_c_in_training_leaves_nothing_behind() {
    let here = Installation::empty();
    let letters = format!("{}/letters.jsonl", model());
    let args = ["train", "--letters", &letters, "--out", "m", "--threads", "1"];
    let mut command = postbud(&here.path(""), &args);
    command.env("POSTBUD_LOG", "info").stdout(Stdio::piped());
    let log = fs::File::create(here.path("log")).unwrap();
    let mut child = command.stderr(log).spawn().unwrap();
    let said = || fs::read_to_string(here.path("log")).unwrap();
    wait_until("the training", || said().contains("training begins"));
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGINT).unwrap();
    let code = child.wait().unwrap().code();
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(said().contains("nothing was changed"), "{}", said());
    assert!(!here.path("m").exists());
}
