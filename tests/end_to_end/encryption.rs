//! Letters encrypted at rest, over the real binary: switched on while letters are there, with a key from a
//! file and from a program, and rotated while letters come and go.

use std::os::unix::fs::PermissionsExt as _;

use crate::servers::servers;
use crate::settings::{embedded, mail, production};
use crate::support::Installation;

const WORDS: &str = "kaninen Plet bor hos naboen";

fn body() -> String {
    format!("Jeg har storskrald, og {WORDS}.")
}

fn send(here: &Installation, from: usize, to: usize) {
    for n in from..to {
        here.write(&format!("in-{from}/{n}.eml"), mail(&format!("Sag {n}"), &body()));
    }
    here.json(&["send", &format!("in-{from}")]);
}

/// The configuration with these lines in `[store]`.
fn configure(here: &Installation, config: &str, lines: &str) {
    here.write("postbud.toml", config.replace("[store]\n", &format!("[store]\n{lines}\n")));
}

/// Is the sentence in the files of the database?
fn in_files(here: &Installation) -> bool {
    ["postbud.db", "postbud.db-wal"].iter().any(|name| {
        let bytes = std::fs::read(here.path(name)).unwrap_or_default();
        bytes.windows(WORDS.len()).any(|window| window == WORDS.as_bytes())
    })
}

fn delivered_whole(here: &Installation, count: usize) {
    let files = here.maildir("affald");
    let whole = |n| {
        let sent = mail(&format!("Sag {n}"), &body());
        files.iter().filter(|(_, file)| file.ends_with(sent.as_bytes())).count()
    };
    assert!((0..count).all(|n| whole(n) == 1), "every byte of every letter, once");
}

#[test]
fn a_laptop_is_encrypted_and_nothing_readable_is_left_in_its_files() {
    let here = Installation::with(&embedded());
    send(&here, 0, 3);
    assert!(in_files(&here), "before, it could be read there");
    let made = here.say(&["key", "new", "store.key"]);
    assert_eq!(made.code, 0, "{}", made.err);
    let key = std::fs::read_to_string(here.path("store.key")).unwrap();
    assert_eq!(
        std::fs::metadata(here.path("store.key")).unwrap().permissions().mode() & 0o777,
        0o400
    );
    let again = here.say(&["key", "new", "store.key"]);
    assert_eq!(again.code, 1, "a key is never overwritten");
    let plain = here.say(&["key", "rotate"]);
    assert!(plain.code == 2 && plain.err.contains("postbud key new"), "{}", plain.err);
    configure(&here, &embedded(), "key_file = \"store.key\"");
    let rotated = here.json(&["key", "rotate"]);
    assert_eq!(rotated["letters"], 3);
    send(&here, 3, 6);
    let running = here.run(None);
    here.wait_for("delivered", 6);
    assert_eq!(running.terminate(), 0);
    delivered_whole(&here, 6);
    let shown = here.json(&["key", "show"]);
    assert_eq!(shown["plain_chunks"], 0);
    assert!(!shown.to_string().contains(key.trim()), "a key is never shown");
    // What was written over stands neither in a free page nor in the log of changes.
    assert!(!in_files(&here), "nothing of it can be read in the files any more");
    let well = here.say(&["doctor"]);
    assert!(
        well.code == 0 && well.out.contains("letters are encrypted"),
        "{}{}",
        well.out,
        well.err
    );
    let letter = here.json(&["letters"])["letters"][0]["letter"].as_str().unwrap().to_owned();
    assert!(here.say(&["letters", "show", &letter]).out.contains(WORDS));
    std::fs::rename(here.path("store.key"), here.path("elsewhere.key")).unwrap();
    let gone = here.say(&["letters"]);
    assert!(gone.code == 2 && gone.err.contains("store.key cannot be read"), "{}", gone.err);
    configure(&here, &embedded(), "");
    let without = here.say(&["letters"]);
    assert!(
        without.code == 3 && without.err.contains("its letters are encrypted"),
        "{}",
        without.err
    );
    configure(&here, &embedded(), "key_command = [\"/bin/cat\", \"elsewhere.key\"]");
    assert_eq!(here.json(&["letters"])["letters"].as_array().unwrap().len(), 6);
}

#[test]
fn another_master_key_comes_into_use_while_letters_come_and_go() {
    let Some(servers) = servers("the rotation of keys") else { return };
    let config = production(&servers, None);
    let here = Installation::with(&config);
    for name in ["one.key", "two.key"] {
        assert_eq!(here.say(&["key", "new", name]).code, 0);
    }
    let lines = |current: &str, more: &str| {
        format!("key_file = \"{current}.key\"\nmore_key_files = [{more}]")
    };
    configure(&here, &config, &lines("one", "\"two.key\""));
    send(&here, 0, 40);
    let first = here.run(None);
    configure(&here, &config, &lines("two", "\"one.key\""));
    let second = here.run(None);
    send(&here, 40, 80);
    here.wait_for("delivered", 80);
    let rotated = here.json(&["key", "rotate"]);
    assert_eq!(rotated["taken_over"], 1);
    send(&here, 80, 120);
    here.wait_for("delivered", 120);
    assert_eq!((first.terminate(), second.terminate()), (0, 0));
    configure(&here, &config, "key_file = \"two.key\"");
    std::fs::remove_file(here.path("one.key")).unwrap();
    assert_eq!(here.json(&["key", "show"])["plain_chunks"], 0);
    let list = here.json(&["letters", "--limit", "1000"]);
    let ids: Vec<&str> = list["letters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["letter"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 120);
    for id in ids.iter().step_by(13) {
        assert!(
            here.say(&["letters", "show", id]).out.contains(WORDS),
            "{id} opens without the old key"
        );
    }
    delivered_whole(&here, 120);
}
