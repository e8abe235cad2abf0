//! Letters that name their KLE subject.

use crate::settings::{embedded, memo_about};
use crate::support::Installation;

/// The UUID of the letter of this number.
fn uuid(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// [`embedded`] where waste takes all of 05 and parks 05.13, and letters go by it.
fn by_kle() -> String {
    let entries = |config: String, mailbox: &str, kle: &str| {
        let own = format!("deliver = \"maildir:mailboxes/{mailbox}\"");
        config.replace(&own, &format!("kle = {kle}\n{own}"))
    };
    let config = entries(embedded(), "affald", "\"05.*\"");
    let config = entries(config, "vej-park", "[\"05.13.*\", \"05.14.02\"]");
    format!("{config}\n[kle]\nroute = true\n")
}

fn send(here: &Installation, letters: &[(usize, &str)]) {
    for (number, kle) in letters {
        here.write(&format!("in/{number}.xml"), memo_about(&uuid(*number), kle));
    }
    here.json(&["send", "in"]);
}

#[test]
fn letters_go_by_the_table_and_a_reorganisation_changes_the_table() {
    let here = Installation::with(&by_kle());
    send(&here, &[(1, "05.01.00"), (2, "05.13.04"), (3, "05.14.02"), (4, "27.36.04")]);
    let running = here.run(None);
    here.wait_for("delivered", 3);
    here.wait_for("review", 1);
    assert_eq!((here.maildir("affald").len(), here.maildir("vej-park").len()), (1, 2));
    let shown = here.say(&["letters", "show", &uuid(2), "--lang", "en"]);
    assert!(shown.out.contains("05.13.04") && shown.out.contains("05.13.*"), "{}", shown.out);
    assert_eq!(running.terminate(), 0);

    // Parks give 05.13 up.
    here.write("postbud.toml", by_kle().replace("\"05.13.*\", ", ""));
    send(&here, &[(5, "05.13.04")]);
    let running = here.run(None);
    here.wait_for("delivered", 4);
    assert_eq!((here.maildir("affald").len(), here.maildir("vej-park").len()), (2, 2));
    assert_eq!(running.terminate(), 0);
}

#[test]
fn the_table_can_be_looked_at() {
    let here = Installation::with(&by_kle());
    let table = here.json(&["kle"]);
    assert_eq!(table["route"], true);
    let rows: Vec<_> = table["table"].as_array().unwrap().iter().collect();
    assert_eq!(rows.len(), 3);
    assert_eq!(here.json(&["kle", "05.13.04"])["mailbox"], "vej-park");
    assert_eq!(here.json(&["kle", "05.14.03"])["pattern"], "05.*");
    assert!(here.json(&["kle", "27.36.04"])["mailbox"].is_null());
    let wrong = here.say(&["kle", "27.*"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("27.36.04"), "{}", wrong.err);
    let doctor = here.say(&["doctor"]);
    assert!(doctor.out.contains("3 entries on 2 mailboxes"), "{}", doctor.out);
}

#[test]
fn two_mailboxes_with_the_same_entry_do_not_start() {
    let here = Installation::with(&by_kle().replace("05.14.02", "05.*"));
    let refused = here.say(&["run"]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("takes \"05.*\" already"), "{}", refused.err);
    assert!(refused.err.contains("instead:"), "{}", refused.err);
}
