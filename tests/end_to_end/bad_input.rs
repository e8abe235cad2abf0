//! What bad input gets: a clear word, an exit code, and no letter lost.

use std::fs;

use crate::settings::{embedded, mail, memo, model};
use crate::support::Installation;

#[test]
fn files_that_are_no_letters_are_refused_by_name_and_the_others_are_sent() {
    let here = Installation::with(&embedded());
    here.write("good.eml", mail("Storskrald", "Hent mit storskrald."));
    here.write("empty.eml", "");
    here.write("image.png", [0x89, b'P', b'N', b'G', 0, 1, 2, 3]);
    fs::File::create(here.path("huge.eml")).unwrap().set_len(200 << 20).unwrap();
    let said = here.say(&[
        "send",
        "good.eml",
        "empty.eml",
        "image.png",
        "huge.eml",
        "missing.eml",
        "--json",
    ]);
    assert_eq!(said.code, 1);
    let report = said.json();
    assert_eq!(report["sent"], 1);
    assert_eq!(report["refused"].as_array().unwrap().len(), 4);
    for part in [
        "empty.eml is empty",
        "image.png is neither",
        "limits.letter_bytes",
        "missing.eml cannot be read",
    ] {
        assert!(said.err.contains(part), "{part} in {}", said.err);
    }
    assert_eq!(here.json(&["queue", "depth"])["waiting"], 1);
}

#[test]
fn broken_letters_go_to_a_person_with_their_bytes() {
    let here = Installation::with(&embedded());
    let uuid = "5d0c4ef0-1111-4222-8333-444455556666";
    here.write("base64.xml", memo(uuid, "Til kommunen", "SGVu*broken*"));
    let part = "--x\r\nContent-Type: text/plain\r\n\r\ndel\r\n";
    let parts = format!(
        "From: sporhilde@maerket.example\r\nSubject: mange dele\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n{}--x--\r\n",
        part.repeat(10_000)
    );
    here.write("parts.eml", &parts);
    assert_eq!(here.json(&["send", "base64.xml", "parts.eml"])["sent"], 2);
    let running = here.run(None);
    here.wait_for("review", 2);
    assert_eq!(running.terminate(), 0);
    let shown = here.json(&["letters", "show", uuid]);
    assert_eq!(shown["defects"][0]["kind"], "broken-base64");
    assert!(shown["defects"][0]["position"].is_u64());
}

#[test]
fn a_queue_or_a_database_that_is_away_at_start_is_named_with_what_to_do() {
    for (from, to, place) in [
        ("url = \"embedded\"", "url = \"amqp://guest@127.0.0.1:1\"", "127.0.0.1:1"),
        (
            "url = \"sqlite:postbud.db\"",
            "url = \"postgres://nobody@127.0.0.1:1/none\"",
            "127.0.0.1:1",
        ),
    ] {
        let here = Installation::with(&embedded().replace(from, to));
        let said = here.say(&["run"]);
        assert_eq!(said.code, 3, "{}", said.err);
        assert!(said.err.contains(place), "{}", said.err);
    }
}

#[test]
fn a_model_with_one_byte_flipped_is_refused() {
    let here = Installation::with(&embedded().replace(&model(), "model"));
    let mut bytes = fs::read(format!("{}/1/model.postbud", model())).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    here.write("model/1/model.postbud", bytes);
    here.write("a.eml", mail("Hej", "Goddag"));
    for args in [&["run"][..], &["classify", "a.eml"]] {
        let said = here.say(args);
        assert_eq!(said.code, 4, "{}", said.err);
        assert!(said.err.contains("model/1/model.postbud"), "{}", said.err);
    }
}

#[test]
fn a_full_disk_is_said_and_loses_nothing() {
    let here = Installation::empty();
    let small = here.path("small");
    fs::create_dir(&small).unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
        .arg(&small)
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        println!("skipped: a full disk needs the right to mount a small one");
        return;
    }
    here.write("postbud.toml", embedded().replace("sqlite:postbud.db", "sqlite:small/postbud.db"));
    for number in 0..20 {
        let text = format!("storskrald {number} {}", "x".repeat(100_000));
        here.write(&format!("in/{number:02}.eml"), mail("Storskrald", &text));
    }
    let said = here.say(&["send", "in"]);
    let unmounted = std::process::Command::new("umount").arg("-l").arg(&small).status();
    assert!(unmounted.is_ok_and(|status| status.success()));
    assert_eq!(said.code, 3, "{}{}", said.out, said.err);
    assert!(said.err.contains("full") && said.err.contains("small/postbud.db"), "{}", said.err);
    assert!(!said.err.contains("panicked"));
}
