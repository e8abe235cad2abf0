//! The life of a model's versions: promoted, rolled back, compared, and changed under a router
//! that goes on.

use std::fs;

use serde_json::Value;

use crate::retraining::lines;
use crate::servers::servers;
use crate::settings::{embedded, mail, model, production};
use crate::support::{Installation, wait_until};

/// An installation with two versions of a model of its own: the second has learned from more.
fn two_versions(config: &str) -> Installation {
    let here = Installation::with(&config.replace(&model(), "models/klit"));
    for (name, letters) in [("few.jsonl", 0..90), ("more.jsonl", 0..240)] {
        here.write(name, lines(letters));
        let trained = here.json(&["train", "--letters", name, "--out", "models/klit"]);
        assert!(trained["model"].as_str().unwrap().starts_with("klit/"));
    }
    here
}

/// Sends a letter that no rule decides, waits until it is there, and returns its id.
fn arrive(here: &Installation, subject: &str, waiting: usize) -> String {
    here.write("next.eml", mail(subject, "Der er et hul i vejen ved os, nummer 12 og 345."));
    here.json(&["send", "next.eml"]);
    here.wait_for("review", waiting);
    let list = here.json(&["letters", "--state", "review", "--limit", "1000"]);
    let letters = list["letters"].as_array().unwrap();
    let found = letters.iter().find(|letter| letter["subject"] == subject);
    found.unwrap()["letter"].as_str().unwrap().to_owned()
}

/// The model that a stored decision names: `klit/1`.
fn decided_by(here: &Installation, id: &str) -> String {
    let shown = here.json(&["letters", "show", id]);
    let reason = &shown["letter"]["decisions"][0]["reason"];
    let model = reason["model"].as_str().unwrap_or_else(|| panic!("no model in {reason}"));
    model.split('@').next().unwrap().to_owned()
}

/// Turns one bit of a version's file over.
fn damage(here: &Installation, version: u32) {
    let file = format!("models/klit/{version}/model.postbud");
    let mut bytes = fs::read(here.path(&file)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    // As a copy that went wrong would: in place of the old one.
    here.write("damaged", &bytes);
    fs::rename(here.path("damaged"), here.path(&file)).unwrap();
}

#[test]
fn versions_are_listed_shown_promoted_and_rolled_back() {
    let here = two_versions(&embedded());
    let list = here.json(&["model"]);
    assert_eq!((&list["champion"], &list["previous"]), (&1.into(), &Value::Null));
    let letters: Vec<&Value> =
        list["versions"].as_array().unwrap().iter().map(|version| &version["letters"]).collect();
    assert_eq!(letters, [90, 240]);
    let table = here.say(&["model", "list", "--lang", "da"]);
    assert!(table.out.contains("klit/1") && table.out.contains("i brug"), "{}", table.out);

    let shown = here.json(&["model", "show"]);
    assert_eq!(shown["facts"]["name"], "klit/1", "the one in use");
    assert_eq!(shown["checksum"], shown["evaluation"]["checksum"]);
    assert_eq!(shown["facts"]["faults"], Value::Array(Vec::new()));
    let text = here.say(&["model", "show", "2", "--lang", "da"]);
    for part in ["klit/2", "240", "Kendte svagheder", "kontrolsum", "card.md"] {
        assert!(text.out.contains(part), "{part} in {}", text.out);
    }

    let promote = ["model", "promote", "2", "--by", "anna", "--why", "flere breve"];
    let promoted = here.json(&promote);
    assert_eq!(
        (&promoted["champion"], &promoted["instead_of"], &promoted["changed"]),
        (&"klit/2".into(), &"klit/1".into(), &true.into())
    );
    assert_eq!(here.json(&promote)["changed"], false);
    let history = here.json(&["model", "show", "2"])["history"].clone();
    assert_eq!(history.as_array().unwrap().len(), 1, "promoted once");
    assert_eq!((&history[0]["by"], &history[0]["why"]), (&"anna".into(), &"flere breve".into()));

    let back = here.say(&["model", "rollback", "--by", "bo", "--lang", "da"]);
    assert!(back.out.contains("klit/1 er i brug igen i stedet for klit/2"), "{}", back.out);
    assert_eq!(here.json(&["model"])["champion"], 1);
    let text = here.say(&["model", "show", "1", "--lang", "da"]);
    assert!(text.out.contains("taget i brug igen") && text.out.contains("bo"), "{}", text.out);
    let again = here.say(&["model", "rollback"]);
    assert!(again.code == 1 && again.err.contains("klit/1 stays in use"), "{}", again.err);
}

#[test]
fn what_cannot_take_a_role_is_refused_and_nothing_changes() {
    let here = two_versions(&embedded());
    let unknown = here.say(&["model", "promote", "9"]);
    assert_eq!(unknown.code, 4);
    for part in ["no version 9", "1, 2", "klit/1 stays in use"] {
        assert!(unknown.err.contains(part), "{part} in {}", unknown.err);
    }
    let itself = here.say(&["model", "challenge", "1"]);
    assert!(itself.code == 1 && itself.err.contains("is the champion"), "{}", itself.err);

    damage(&here, 2);
    for command in ["promote", "challenge"] {
        let damaged = here.say(&["model", command, "2"]);
        assert_eq!(damaged.code, 4, "{}", damaged.err);
        assert!(damaged.err.contains("does not verify"), "{}", damaged.err);
        assert!(damaged.err.contains("klit/1 stays in use"), "{}", damaged.err);
    }
    let shown = here.say(&["model", "show", "2"]);
    assert!(shown.out.contains("does not verify"), "{}", shown.out);

    // Labels of another municipality.
    here.write(
        "other.jsonl",
        lines(0..90).replace("affald", "renovation").replace("vej-park", "x").replace("andet", "y"),
    );
    here.json(&["train", "--letters", "other.jsonl", "--out", "models/klit"]);
    let other = here.say(&["model", "promote", "3"]);
    assert_eq!(other.code, 4, "{}", other.err);
    assert!(other.err.contains("none of its labels is a mailbox"), "{}", other.err);
    assert_eq!(here.json(&["model"])["champion"], 1);
    assert!(!here.path("models/klit/registry.json").exists(), "nothing was changed");

    let one = here.say(&["model", "list", "--model", "models/klit/1"]);
    assert!(one.code == 2 && one.err.contains("one model for ever"), "{}", one.err);
}

#[test]
fn two_versions_are_compared_on_the_same_letters() {
    let here = two_versions(&embedded());
    here.write("new.jsonl", lines(300..400));
    let args = ["model", "compare", "1", "2", "--letters", "new.jsonl"];
    let compared = here.json(&args);
    assert_eq!(compared["letters"], 100);
    let paired = &compared["comparison"];
    let count = |name: &str| paired[name].as_u64().unwrap();
    assert_eq!(count("both") + count("only_first") + count("only_second") + count("neither"), 100);
    assert_eq!(compared["first"]["right"], count("both") + count("only_first"));
    // The other way round everything is the other way round.
    let turned = here.json(&["model", "compare", "2", "1", "--letters", "new.jsonl"]);
    assert_eq!(turned["comparison"]["only_first"], paired["only_second"]);
    assert_eq!(turned["comparison"]["p_value"], compared["comparison"]["p_value"]);
    let text = here.say(&[&args[..], &["--lang", "da"]].concat());
    assert!(text.out.contains("p-værdi") && text.out.contains("klit/2"), "{}", text.out);

    assert_eq!(here.say(&["model", "compare", "2", "2"]).code, 2);
    let never = here.say(&["model", "compare", "1", "2"]);
    assert_eq!(never.code, 1);
    assert!(never.err.contains("have not scored letters side by side"), "{}", never.err);
}

#[test]
fn judging_a_model_says_when_the_mail_has_changed() {
    let here = Installation::empty();
    let text = fs::read_to_string(format!("{}/letters.jsonl", model())).unwrap();
    here.write("letters.jsonl", text.lines().take(400).collect::<Vec<_>>().join("\n"));
    here.json(&["train", "--letters", "letters.jsonl", "--out", "klit", "--hold-out"]);
    let args = ["evaluate", "--model", "klit", "--letters", "letters.jsonl", "--held-out"];
    let same = here.json(&args)["drift"].clone();
    assert_eq!(same["drifted"], false, "{same}");
    assert!(same["before"].as_u64() > Some(300) && same["now"].as_u64() > Some(50), "{same}");

    let other = |n: usize| {
        format!("{{\"category\":\"affald\",\"body\":\"Where do I pay my parking fine {n}?\"}}\n")
    };
    here.write("other.jsonl", (0..200).map(other).collect::<String>());
    let args = ["evaluate", "--model", "klit", "--letters", "other.jsonl"];
    let changed = here.json(&args)["drift"].clone();
    assert_eq!((&changed["drifted"], &changed["known"]["drifted"]), (&true.into(), &true.into()));
    let text = here.say(&args).out;
    assert!(text.contains("the promise may not hold for them"), "{text}");
}

/// A router goes on through a promotion, a damaged file and a rollback.
fn changes_over(config: &str) {
    let here = two_versions(config);
    let running = here.run(None);
    let first = arrive(&here, "Sag 1", 1);
    assert_eq!(decided_by(&here, &first), "klit/1");

    here.json(&["model", "promote", "2", "--by", "anna"]);
    running.wait_for_log("klit/2@");
    let second = arrive(&here, "Sag 2", 2);
    assert_eq!(decided_by(&here, &second), "klit/2");

    damage(&here, 2);
    running.wait_for_log("the last good model");
    let third = arrive(&here, "Sag 3", 3);
    assert_eq!(decided_by(&here, &third), "klit/2", "the last good one goes on");
    let list = here.say(&["model", "list"]);
    assert!(list.out.contains("does not verify"), "{}", list.out);
    let log = running.log();
    assert_eq!(log.matches("the last good model").count(), 1, "said once: {log}");
    assert!(log.contains("does not verify"), "{log}");

    let before = running.log().matches("klit/1@").count();
    here.json(&["model", "rollback", "--by", "anna"]);
    wait_until("klit/1 again", || running.log().matches("klit/1@").count() > before);
    let fourth = arrive(&here, "Sag 4", 4);
    assert_eq!(decided_by(&here, &fourth), "klit/1");
    // What was decided before names the model that decided it.
    assert_eq!(decided_by(&here, &second), "klit/2");
    assert_eq!(running.terminate(), 0);

    // At the start there is no last good one.
    let record = fs::read_to_string(here.path("models/klit/registry.json")).unwrap();
    let promoted = record.replacen("\"version\": 1", "\"version\": 2", 1);
    here.write("models/klit/registry.json", promoted);
    let refused = here.say(&["run"]);
    assert_eq!(refused.code, 4, "{}", refused.err);
    assert!(refused.err.contains("does not verify"), "{}", refused.err);
}

#[test]
fn a_running_router_changes_over_and_refuses_a_damaged_file() {
    changes_over(&embedded());
}

#[test]
fn so_does_one_with_servers() {
    if let Some(servers) = servers("changing the model of a running router") {
        changes_over(&production(&servers, None));
    }
}

/// A challenger scores every letter, both opinions are kept, and only the champion's counts.
fn challenged(config: &str) {
    // Switched on, the second version has evidence enough to route there, and the first has not.
    let park = "deliver = \"maildir:mailboxes/vej-park\"";
    let config = config.replace(park, &format!("{park}\nautomatic = true"));
    let here = two_versions(&format!("[promise]\ntarget_error = 0.05\n{config}"));
    here.json(&["model", "challenge", "2", "--by", "anna"]);
    assert_eq!(here.json(&["model"])["challenger"], 2);
    let running = here.run(None);
    running.wait_for_log("klit/2@");
    let ids: Vec<String> =
        (1..=6).map(|number| arrive(&here, &format!("Sag {number}"), number)).collect();
    // A rule decides about this one: neither model is asked.
    here.write("rule.eml", mail("Storskrald", "Hent mit storskrald."));
    here.json(&["send", "rule.eml"]);
    here.wait_for("delivered", 1);
    assert!(ids.iter().all(|id| decided_by(&here, id) == "klit/1"), "only the champion decides");

    let unlabelled = here.json(&["model", "compare", "1", "2"]);
    assert_eq!(
        (&unlabelled["on"], &unlabelled["counts"]["letters"]),
        (&"shadow".into(), &6.into())
    );
    assert_eq!(unlabelled["counts"]["champion_routed"], 0);
    assert_eq!(unlabelled["counts"]["challenger_routed"], 6, "it would have, and did not");
    assert!(here.maildir("vej-park").is_empty());
    assert_eq!(unlabelled["comparison"]["letters"], 0, "nobody has said where they belong");
    let run = &unlabelled["run"];
    assert!(run["champion"].as_str().unwrap().starts_with("klit/1@"), "{run}");
    assert!(run["challenger"].as_str().unwrap().starts_with("klit/2@"), "{run}");

    for id in &ids[..4] {
        here.json(&["assign", id, "vej-park", "--by", "anna"]);
    }
    let labelled = here.json(&["model", "compare", "1", "2"]);
    assert_eq!(labelled["comparison"]["letters"], 4);
    let turned = here.json(&["model", "compare", "2", "1"]);
    assert_eq!(turned["comparison"]["only_first"], labelled["comparison"]["only_second"]);
    let text = here.say(&["model", "compare", "1", "2", "--lang", "da"]);
    assert!(text.out.contains("Begge har bedømt 6 breve"), "{}", text.out);

    let ended = here.json(&["model", "challenge", "--none", "--by", "anna"]);
    assert_eq!(ended["ended"], "klit/2");
    assert_eq!(here.json(&["model", "challenge", "--none"])["ended"], Value::Null);
    assert_eq!(running.terminate(), 0);
}

#[test]
fn a_challenger_scores_in_shadow_and_never_acts() {
    challenged(&embedded());
}

#[test]
fn so_it_does_with_servers() {
    if let Some(servers) = servers("a challenger in shadow") {
        challenged(&production(&servers, None));
    }
}
