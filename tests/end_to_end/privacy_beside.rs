//! What is held about a person beside the letters of the store: files, dead letters, a restriction.

use std::fs;

use crate::privacy::{CPR, die_on_rabbitmq, letter, names_in, other, person};
use crate::servers::servers;
use crate::settings::{embedded, production};
use crate::support::{Installation, wait_until};

/// Files as the ways in and out leave them: of the person, of somebody else, a link, one too large.
fn leave_files(place: &Installation) {
    let (mine, his) = (letter("Skrald", "Det er henlagt."), other("Skrald", "Det er henlagt."));
    for folder in ["drop/processed", "drop/failed", "documents"] {
        place.write(&format!("{folder}/mine.eml"), &mine);
        place.write(&format!("{folder}/his.eml"), &his);
    }
    for name in ["mine.eml", "his.eml"] {
        place.write(&format!("drop/failed/{name}.reason.txt"), "it is no letter\n");
    }
    place.write("elsewhere.eml", &mine);
    std::os::unix::fs::symlink(place.path("elsewhere.eml"), place.path("drop/failed/link.eml"))
        .unwrap();
    place.write("drop/failed/large.eml", mine + &"x".repeat(200_000));
}

#[test]
fn erasing_reaches_the_files_of_drop_folders_and_of_sf2900() {
    let tables = "\n[limits]\nletter_bytes = 100000\ntext_bytes = 65536\n\
         [[intake.folder]]\npath = \"drop\"\nevery_seconds = 1\n\
         [delivery.sf2900]\nurl = \"https://fordeling.klitkobing.dk/sf2900\"\n\
         documents = \"documents\"\ncvr = \"29189999\"\n\
         system = \"6f0c9a4e-64f5-4b0e-9a55-2f3f3a2a5b11\"\n";
    let place = Installation::with(&(embedded() + tables));
    // One of the person and one of somebody else that Postbud has taken itself.
    let taken = letter("Skrald", "Jeg vil bestille storskrald.");
    place.write("drop/a.eml", &taken);
    place.write("drop/b.eml", taken.replace(CPR, "020280-0000"));
    let running = place.run(None);
    place.wait_for("delivered", 2);
    wait_until("both to be put aside", || place.path("drop/processed/b.eml").exists());
    assert_eq!(running.terminate(), 0);
    leave_files(&place);
    // A drop folder's bulk file may hold letters of others that were never taken.
    place.write("drop/failed/many.tar.lzma", "damaged");
    let said = place.say(&["person", "--json", "--by", "Dorte", "--cpr", CPR, "erase"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let said = said.json();
    assert_eq!((said["files"].as_i64(), said["unread_files"].as_i64()), (Some(4), Some(2)));
    assert_eq!(said["erased"], 1);
    let left = |folder: &str| {
        let names = fs::read_dir(place.path(folder)).unwrap();
        let mut names: Vec<String> =
            names.map(|name| name.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names.join(" ")
    };
    assert_eq!(left("drop/processed"), "b.eml his.eml");
    let failed = "his.eml his.eml.reason.txt large.eml link.eml many.tar.lzma";
    assert_eq!(left("drop/failed"), failed);
    assert_eq!(left("documents"), "his.eml");
    assert!(place.path("elsewhere.eml").exists(), "no link is followed");
    let said = person(&place, CPR, &["--lang", "da", "erase"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("0 filer"), "{}", said.out);
    assert!(said.out.contains("2 filer kan ikke læses"), "{}", said.out);
}

#[test]
fn a_person_also_gets_dead_letters_and_whether_they_are_restricted() {
    let Some(servers) = servers("handing out everything") else { return };
    let place = Installation::with(&production(&servers, None));
    let mine = letter("Strandet", "Brevet kom ikke frem.");
    let dead = [("one", mine.clone()), ("two", other("Strandet", "Brevet kom ikke frem."))];
    die_on_rabbitmq(&servers, &dead);
    wait_until("two dead letters", || place.json(&["queue", "depth"])["dead"] == 2);
    let exported = |to: &str| {
        let said = person(&place, CPR, &["export", "--to", to]);
        assert_eq!(said.code, 0, "{}", said.err);
        names_in(&place.path(to))
    };
    let files = exported("first.zip");
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["strandede/0001.eml", "oversigt.txt"]);
    assert_eq!(files[0].1, mine);
    assert!(files[1].1.contains("1 strandede breve"), "{}", files[1].1);
    assert!(!files[1].1.contains("begrænset siden"), "{}", files[1].1);
    assert_eq!(person(&place, CPR, &["restrict"]).code, 0);
    let files = exported("second.zip");
    assert!(files[1].1.contains("begrænset siden 20"), "{}", files[1].1);
    assert_eq!(place.json(&["queue", "depth"])["dead"], 2, "they stay where they are");
}
