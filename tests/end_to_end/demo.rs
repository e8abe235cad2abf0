//! The demo: what a newcomer sees first.

use std::fs;

use crate::support::Installation;

fn number(value: &serde_json::Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("no number: {value}"))
}

#[test]
fn every_letter_of_the_demo_ends_in_one_place_and_the_figures_add_up() {
    let here = Installation::empty();
    let first = here.json(&["demo"]);
    let letters = number(&first["letters"]);
    assert!(letters > 200);
    assert_eq!(number(&first["automatic"]) + number(&first["waiting"]), letters);
    assert!(number(&first["automatic"]) > 0, "some letters are certain");
    assert!(number(&first["automatic_wrong"]) <= number(&first["automatic"]));

    // What the table says is what lies on the disk.
    let mut files = 0;
    for mailbox in fs::read_dir(here.path("postbud-data/mailboxes")).unwrap() {
        files += fs::read_dir(mailbox.unwrap().path().join("new")).unwrap().count() as u64;
    }
    assert_eq!(files, number(&first["automatic"]));
    let tally = here.json(&["letters"])["tally"].clone();
    assert_eq!(number(&tally["received"]), letters);
    assert_eq!(number(&tally["review"]), number(&first["waiting"]));

    // A second run finds everything done and changes nothing.
    let second = here.json(&["demo"]);
    assert_eq!(second["new"], 0);
    assert_eq!(second["continued"], true);
    assert_eq!(second["automatic"], first["automatic"]);
    let fresh = here.json(&["demo", "--fresh"]);
    assert_eq!(fresh["new"], first["new"]);
    assert_eq!(fresh["automatic"], first["automatic"]);
}

#[test]
fn the_table_is_readable_in_a_pipe_and_nothing_else_is_printed() {
    let here = Installation::empty();
    let said = here.say(&[]);
    assert_eq!(said.code, 0, "{}", said.err);
    for words in [
        "Breve modtaget (letters received)",
        "Fordelt automatisk",
        "heraf forkert",
        "Venter på et menneske",
        "--state review",
    ] {
        assert!(said.out.contains(words), "{words} in {}", said.out);
    }
    assert!(!said.out.contains('\u{1b}') && said.err.is_empty(), "{}", said.err);
}

#[test]
fn a_folder_of_somebody_else_is_not_touched() {
    let here = Installation::empty();
    here.write("postbud-data/mine.txt", "mine");
    let said = here.say(&["demo", "--fresh"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("--data"), "{}", said.err);
    assert!(here.path("postbud-data/mine.txt").exists());
}
