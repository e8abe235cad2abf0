//! A clerk's and an operator's work from the terminal.

use crate::settings::{embedded, mail, model};
use crate::support::Installation;

#[test]
fn init_writes_a_configuration_that_loads_and_never_overwrites() {
    let here = Installation::empty();
    let said = here.say(&["init"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let written = std::fs::read_to_string(here.path("postbud.toml")).unwrap();
    assert!(written.contains("[[mailbox]]"));
    assert_eq!(here.say(&["init"]).code, 1);
    assert_eq!(std::fs::read_to_string(here.path("postbud.toml")).unwrap(), written);
}

#[test]
fn one_report_names_every_fault_of_a_configuration_with_its_line() {
    let here = Installation::with(
        "[queue]\nurl = \"http://x\"\nprefech = 3\n[[mailbox]]\nid = \"a\"\nname = \"A\"\ndescription = \"a\"\ntier = \"soon\"\n",
    );
    let said = here.say(&["run"]);
    assert_eq!(said.code, 2);
    for part in
        ["prefech", "prefetch", "tier", "must-not-miss", "amqps://", "line 2", "line 3", "line 8"]
    {
        assert!(said.err.contains(part), "{part} in {}", said.err);
    }
}

#[test]
fn classify_says_where_and_why_without_storing_anything() {
    let here = Installation::with(&embedded());
    here.write("storskrald.eml", mail("Storskrald", "Hvornår henter I storskrald?"));
    here.write(
        "hul.eml",
        mail("Hul i vejen", "Der er et stort hul i asfalten ud for vores hus på Strandvejen."),
    );
    let said = here.json(&["classify", "storskrald.eml", "hul.eml"]);
    assert_eq!(said["letters"][0]["mailbox"], "affald");
    let second = &said["letters"][1];
    assert_eq!(second["mailbox"], serde_json::Value::Null);
    assert_eq!(second["suggestions"].as_array().unwrap().len(), 3);
    assert!(!second["words"].as_array().unwrap().is_empty());
    let table = here.say(&["classify", "hul.eml"]);
    assert!(table.out.contains("hul.eml") && table.out.contains(" %"), "{}", table.out);
    assert!(!here.path("postbud.db").exists());
}

#[test]
fn letters_are_listed_filtered_shown_and_decided() {
    let here = Installation::with(&embedded());
    here.write("1.eml", mail("Hul i vejen", "Der er et hul i vejen."));
    here.write("2.eml", mail("Storskrald", "Hent mit storskrald."));
    here.json(&["send", "1.eml", "2.eml"]);
    let running = here.run(None);
    here.wait_for("delivered", 1);
    here.wait_for("review", 1);
    let listed = here.say(&["letters", "--lang", "da"]);
    assert!(listed.out.contains("Hul i vejen") && listed.out.contains("venter"), "{}", listed.out);
    let of_affald = here.json(&["letters", "--mailbox", "affald", "--state", "delivered"]);
    assert_eq!(of_affald["letters"].as_array().unwrap().len(), 1);
    let id = here.json(&["letters", "--state", "review"])["letters"][0]["letter"]
        .as_str()
        .unwrap()
        .to_owned();
    let shown = here.say(&["letters", "show", &id]);
    assert!(shown.out.contains("Der er et hul i vejen."), "{}", shown.out);
    let unknown = here.say(&["assign", &id, "vejogpark"]);
    assert_eq!(unknown.code, 1);
    assert!(unknown.err.contains("vej-park"), "the mailboxes there are: {}", unknown.err);
    here.json(&["assign", &id, "vej-park", "--by", "anna"]);
    here.wait_for("delivered", 2);
    assert_eq!(running.terminate(), 0);
    let shown = here.json(&["letters", "show", &id]);
    let decisions = shown["letter"]["decisions"].as_array().unwrap();
    assert_eq!(decisions.len(), 2, "what the machine thought stays beside what a person decided");
    assert_eq!(decisions[1]["reason"]["by"], "anna");
}

#[test]
fn a_trained_model_judges_and_explains_and_its_words_add_up() {
    let here = Installation::empty();
    let letters = format!("{}/letters.jsonl", model());
    // Enough for a model, little enough for a test: the first letters of the demo municipality.
    let text = std::fs::read_to_string(letters).unwrap();
    here.write("letters.jsonl", text.lines().take(300).collect::<Vec<_>>().join("\n"));
    let train = |out| {
        let args = ["train", "--letters", "letters.jsonl", "--out", out, "--hold-out"];
        here.json(&[&args[..], &["--threads", if out == "a" { "1" } else { "2" }]].concat())
    };
    let (one, two) = (train("a"), train("b"));
    assert_eq!(one["model"], "a/1");
    assert_eq!(one["evaluation"]["checksum"], two["evaluation"]["checksum"], "on any threads");

    let args = ["evaluate", "--model", "a", "--letters", "letters.jsonl", "--held-out"];
    let judged = here.json(&args);
    assert_eq!(judged["accuracy"], one["evaluation"]["accuracy"]);
    for key in ["letters", "macro_f1", "log_loss", "calibration_error", "top3", "curve"] {
        assert!(!judged[key].is_null(), "{key}");
    }
    assert!(judged["certified"]["target"].is_f64() && judged["mailboxes"].is_object());
    assert!(here.say(&args).out.contains("first guess right"));

    here.write("hul.eml", mail("Hul i vejen", "Der er et hul i vejen ud for nr. 12."));
    let explained = here.json(&["explain", "--model", "a/1", "hul.eml"])["letters"][0].clone();
    let words = explained["words"].as_array().unwrap();
    let sum: f64 = words.iter().map(|word| word["weight"].as_f64().unwrap()).sum();
    assert!(!words.is_empty());
    assert_eq!(sum + explained["bias"].as_f64().unwrap(), explained["score"].as_f64().unwrap());
    let unknown = here.say(&["explain", "--model", "a", "--mailbox", "nowhere", "hul.eml"]);
    assert_eq!(unknown.code, 1, "{}", unknown.err);
}

#[test]
fn without_a_model_rules_route_and_people_decide_the_rest() {
    let here = Installation::with(&embedded().replace(&model(), "no-model-yet"));
    here.write("in/1.eml", mail("Storskrald", "Hent mit storskrald."));
    here.write("in/2.eml", mail("Hej", "Der er et hul i vejen."));
    here.json(&["send", "in"]);
    let running = here.run(None);
    assert!(running.log().contains("there is no model"), "{}", running.log());
    here.wait_for("delivered", 1);
    here.wait_for("review", 1);
    assert_eq!(running.terminate(), 0);
    let waiting = here.json(&["letters", "--state", "review"])["letters"][0].clone();
    let shown = here.json(&["letters", "show", waiting["letter"].as_str().unwrap()]);
    let doubts = &shown["letter"]["decisions"][0]["reason"]["doubts"];
    assert_eq!(doubts[0]["doubt"], "no-model");
}

#[test]
fn classify_works_on_a_fresh_machine_with_the_model_it_carries() {
    let here = Installation::empty();
    here.write("hul.eml", mail("Hul", "Der er et stort hul i asfalten på Strandvejen."));
    let said = here.json(&["classify", "hul.eml"]);
    assert_eq!(said["letters"][0]["suggestions"][0]["mailbox"], "vej-park");
}
