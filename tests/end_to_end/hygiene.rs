//! The letters of the tests bear marks, and a mark in what a process says is found: by a binary that
//! writes letters into its log on purpose.

use std::fs;

use postbud_testkit::marks;

use crate::settings::{STORSKRALD, mail, mail_with, memo};

#[test]
fn every_letter_of_the_tests_bears_every_mark() {
    let uuid = "5f0c7a52-3f0e-4a0d-9a55-5f6f0b8d1c99";
    let letters = [
        mail("Emne", "Tekst").into_bytes(),
        mail_with("Emne", "Tekst", &[("a.txt", b"Bilag")]),
        memo(uuid, "Emne", STORSKRALD).into_bytes(),
    ];
    for letter in letters {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("letter"), &letter).unwrap();
        let kinds: Vec<&str> =
            marks::search(folder.path()).unwrap().iter().map(|mark| mark.kind).collect();
        for kind in ["a name", "an e-mail address", "a CPR number", "a word of a letter"] {
            assert!(kinds.contains(&kind), "{kind}: {}", String::from_utf8_lossy(&letter));
        }
    }
}

#[cfg(feature = "fault-points")]
#[test]
fn a_binary_that_writes_letters_into_its_log_is_found_out() {
    use crate::outputs::NOT_SEARCHED;
    use crate::settings::embedded;
    use crate::support::{Installation, postbud};

    let logged = |careless: bool| {
        let here = Installation::with(&embedded());
        here.write("in/1.eml", mail("Parkering", "Der mangler parkering."));
        here.json(&["send", "in"]);
        let mut command = postbud(&here.path("."), &["run"]);
        if careless {
            command.env("POSTBUD_LEAK", "1");
        }
        here.write(NOT_SEARCHED, "");
        let running = here.start(command);
        here.wait_for("delivered", 1);
        let outputs = tempfile::tempdir().unwrap();
        fs::write(outputs.path().join("run.err"), running.log()).unwrap();
        assert_eq!(running.terminate(), 0);
        marks::search(outputs.path()).unwrap()
    };
    assert_eq!(logged(false), []);
    let found = logged(true);
    let kinds: Vec<&str> = found.iter().map(|mark| mark.kind).collect();
    assert!(kinds.contains(&"a CPR number") && kinds.contains(&"a word of a letter"), "{found:?}");
}
