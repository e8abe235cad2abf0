//! The clock moved on by days and years: what is older than its purpose allows is nowhere any more,
//! and what waits for a person still is.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::clock::Clock;
use crate::settings::{embedded, mail, memo};
use crate::support::{Installation, postbud, wait_until};

const TWICE: &str = "3f6c0d6c-3a55-4d54-9b1f-3b8f2d3a7777";
/// One word a letter, that stands nowhere else.
const DELIVERED: &str = "kvistroderi";
const LEARNT: &str = "mosevandring";
const WAITS: &str = "tagrendestrid";
const DEAD: &str = "havelaagefejl";
const CLASH: &str = "sandkassegrus";
const NO_LETTER: &str = "bomuldsgarn";

struct House {
    here: Installation,
    clock: Clock,
}

impl House {
    fn say(&self, args: &[&str]) -> String {
        let command = postbud(&self.here.path("."), args);
        let output = self.clock.shown_to(&self.here, command).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {err}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// So many days after the letters came: everything that is too old goes.
    fn after(&self, days: u32) -> Value {
        self.clock.set(&self.here, &format!("+{days}d"));
        serde_json::from_str(&self.say(&["retention", "--now", "--json"])).unwrap()
    }

    /// The words of letters that are still in a file of Postbud's. Mailboxes are their owners', and
    /// backups the operator's.
    fn held(&self) -> Vec<&'static str> {
        let mut files = Vec::new();
        files_below(&self.here.path("."), &mut files);
        let kept: Vec<Vec<u8>> = files
            .iter()
            .filter(|path| !path.components().any(|part| part.as_os_str() == "mailboxes"))
            .filter(|path| !path.components().any(|part| part.as_os_str() == "saved"))
            .filter_map(|path| fs::read(path).ok())
            .collect();
        let all = [DELIVERED, LEARNT, WAITS, DEAD, CLASH, NO_LETTER];
        let is_held = |word: &&str| kept.iter().any(|bytes| holds(bytes, word));
        all.into_iter().filter(is_held).collect()
    }
}

fn files_below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files_below(&path, files) } else { files.push(path) }
    }
}

fn holds(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|at| at == word.as_bytes())
}

fn gone(said: &Value, purpose: &str) -> u64 {
    let runs = said["runs"].as_array().unwrap();
    let run = runs.iter().find(|run| run["purpose"] == purpose).unwrap();
    run["gone"].as_u64().unwrap()
}

/// A letter of every kind there is, and a backup.
fn filled(here: &Installation) {
    let running = here.run(Some(&format!("after-parse=panic:{DEAD_ID}")));
    here.write("post/1.eml", mail(DELIVERED, &format!("Jeg har storskrald, {DELIVERED}.")));
    here.write("post/2.eml", mail(LEARNT, &format!("Der er noget med {LEARNT}.")));
    here.write("post/3.eml", mail(WAITS, &format!("Hvad med {WAITS}?")));
    here.write("post/4.xml", memo(DEAD_ID, DEAD, "SGVq"));
    here.write("post/5.xml", memo(TWICE, "Først", "SGVq"));
    assert_eq!(here.say(&["send", "post"]).code, 0);
    here.wait_for("review", 3);
    here.write("clash/6.xml", memo(TWICE, CLASH, "SGVqIGlnZW4="));
    assert_eq!(here.say(&["send", "clash"]).code, 0);
    here.write("drop/7.pdf", format!("%PDF-1.7 {NO_LETTER}"));
    here.wait_for("quarantined", 1);
    let list = here.json(&["letters", "--state", "review"]);
    let mut rows = list["letters"].as_array().unwrap().iter();
    let learnt = rows.find(|row| row["subject"] == LEARNT).unwrap()["letter"].as_str().unwrap();
    assert_eq!(here.say(&["assign", learnt, "vej-park"]).code, 0);
    here.wait_for("delivered", 2);
    wait_until("a dead letter", || here.json(&["queue", "depth"])["dead"] == 1);
    wait_until("the file that is no letter", || here.path("drop/failed/7.pdf.reason.txt").exists());
    assert_eq!(running.terminate(), 0);
    // The senders' own files.
    fs::remove_dir_all(here.path("post")).unwrap();
    fs::remove_dir_all(here.path("clash")).unwrap();
    assert_eq!(here.say(&["backup", "saved"]).code, 0);
}

const DEAD_ID: &str = "dead0001-0000-4000-8000-000000000001";

#[test]
fn nothing_is_anywhere_longer_than_its_purpose_allows() {
    let Some(clock) = Clock::find() else { return };
    let here = Installation::with(&format!(
        "{}\n[[intake.folder]]\npath = \"drop\"\nevery_seconds = 1\n\
         [privacy]\nbackups = [\"saved\"]\n[retention]\nbackups_days = 14\n",
        embedded()
    ));
    filled(&here);
    let house = House { here, clock };
    let all = [DELIVERED, LEARNT, WAITS, DEAD, CLASH, NO_LETTER];
    assert_eq!(house.held(), all, "a search that finds nothing proves nothing");

    let said = house.after(10);
    assert_eq!(gone(&said, "letters"), 0);
    assert_eq!(said["overdue_backups"].as_array().unwrap().len(), 0);
    assert_eq!(house.held(), all);

    let said = house.after(31);
    assert_eq!(gone(&said, "letters"), 1);
    let overdue = &said["overdue_backups"][0]["folder"];
    assert!(overdue.as_str().unwrap().contains("saved"), "{said}");
    assert!(house.say(&["retention", "--lang", "da"]).contains("skulle være slettet"));
    assert_eq!(house.held(), [LEARNT, WAITS, DEAD, CLASH, NO_LETTER]);

    let said = house.after(91);
    assert!(gone(&said, "leftovers") >= 1);
    // The folder is the intake's, which looks at it when it runs.
    let intake = postbud(&house.here.path("."), &["run", "intake"]);
    let intake = house.here.start(house.clock.shown_to(&house.here, intake));
    wait_until("an empty folder", || {
        fs::read_dir(house.here.path("drop/failed")).unwrap().count() == 0
    });
    assert_eq!(intake.terminate(), 0);
    assert_eq!(house.held(), [LEARNT, WAITS, CLASH]);

    assert_eq!(gone(&house.after(366), "quarantined"), 1);
    assert_eq!(house.held(), [LEARNT, WAITS]);
    assert_eq!(gone(&house.after(731), "training"), 1);
    assert_eq!(house.held(), [WAITS]);

    let said = house.after(1_826);
    assert_eq!(gone(&said, "decisions"), 2);
    assert!(gone(&said, "statistics") >= 1, "{said}");
    let list: Value = serde_json::from_str(&house.say(&["letters", "--json"])).unwrap();
    assert_eq!(list["tally"]["received"], 2, "what waits is never too old");
    assert_eq!(house.held(), [WAITS]);
}
