//! The desk as a program uses it.

use serde_json::{Value, json};

use crate::desk_place::{Answer, Place};
use crate::settings::{embedded, mail};
use crate::support::{Installation, wait_until};

/// What a program gets, as JSON.
fn ask(place: &Place, token: &str, path: &str) -> (u16, Value) {
    answer(&place.get_with(path, &format!("Authorization: Bearer {token}\r\n")))
}

fn answer(answer: &Answer) -> (u16, Value) {
    (answer.status, serde_json::from_str(&answer.body).unwrap_or(Value::Null))
}

#[test]
fn a_program_does_what_a_person_can_and_both_are_named() {
    let place = Place::open(&[("Hul i vejen", "Der er et hul."), ("Rotter", "Der er rotter.")]);
    let made = place.here.json(&["user", "token", "esdh"]);
    let token = made["token"].as_str().unwrap().to_owned();
    let (status, described) = answer(&place.get("/api/openapi.json", None));
    assert_eq!((status, &described["openapi"]), (200, &"3.1.0".into()));

    let (status, list) = ask(&place, &token, "/api/v1/letters?state=review&limit=1");
    assert_eq!((status, &list["next_offset"]), (200, &1.into()), "{list}");
    let id = list["letters"][0]["letter"].as_str().unwrap().to_owned();
    let (status, letter) = ask(&place, &token, &format!("/api/v1/letters/{id}"));
    assert!(status == 200 && letter["text"].as_str().unwrap().starts_with("Der er"), "{letter}");
    assert!(!letter["why"].as_str().unwrap().is_empty());

    let decide = |body: Value| {
        let path = format!("/api/v1/letters/{id}/decision");
        let bearer = format!("Authorization: Bearer {token}\r\n");
        answer(&place.post(&path, &body.to_string(), None, &bearer))
    };
    assert_eq!(decide(json!({ "mailbox": "affald" })).0, 400, "a person decides");
    assert_eq!(decide(json!({ "mailbox": "affald", "by": "postbud" })).0, 400);
    assert_eq!(decide(json!({ "mailbox": "hundeluft", "by": "Klara Holm" })).0, 400);
    let (status, decided) = decide(json!({ "mailbox": "affald", "by": "Klara Holm" }));
    assert_eq!((status, &decided["by"]), (200, &"Klara Holm (esdh)".into()), "{decided}");
    let (status, refused) = decide(json!({ "mailbox": "vej-park", "by": "Karl" }));
    assert_eq!((status, &refused["title"]), (409, &"conflict".into()), "{refused}");

    let (_, history) = ask(&place, &token, &format!("/api/v1/letters/{id}/history"));
    let events = history["events"].as_array().unwrap();
    let assigned = events.iter().find(|event| event["what"] == "assigned").unwrap();
    assert_eq!(assigned["by"], "Klara Holm (esdh)");
    let (_, labels) = ask(&place, &token, "/api/v1/labels?by=Klara%20Holm%20%28esdh%29");
    assert_eq!(labels["labels"][0]["letter"], id.as_str(), "{labels}");
    let (_, evidence) = ask(&place, &token, "/api/v1/evidence");
    assert_eq!((&evidence["received"], &evidence["decided"]), (&2.into(), &1.into()));

    // That it read the letter is written down.
    let owner = place.person("otto", "owner");
    let page = place.get("/evidence", Some(&owner.cookie)).body;
    assert!(page.contains("esdh · hentet af et program"), "{page}");
}

#[test]
fn a_program_sends_to_several_mailboxes_and_keeps_letters_for_other_authorities() {
    let place = Place::open(&[("Hul i vejen", "Der er et hul."), ("Skat", "Min skat er forkert.")]);
    let made = place.here.json(&["user", "token", "esdh"]);
    let token = made["token"].as_str().unwrap().to_owned();
    let (_, directory) = ask(&place, &token, "/api/v1/directory");
    let mailboxes = directory["mailboxes"].as_array().unwrap();
    assert!(mailboxes.iter().any(|one| one["id"] == "affald" && one["name"] != ""), "{directory}");
    let authority = directory["authorities"][0]["name"].as_str().unwrap().to_owned();
    let (_, list) = ask(&place, &token, "/api/v1/letters?state=review");
    let ids: Vec<&str> = list["letters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|letter| letter["letter"].as_str().unwrap())
        .collect();
    let decide = |id: &str, body: Value| {
        let path = format!("/api/v1/letters/{id}/decision");
        let bearer = format!("Authorization: Bearer {token}\r\n");
        answer(&place.post(&path, &body.to_string(), None, &bearer))
    };
    let many = vec!["affald"; 21];
    for wrong in [
        json!({ "by": "Klara" }),
        json!({ "by": "Klara", "mailbox": "affald", "authority": authority }),
        json!({ "by": "Klara", "authority": "Atlantis" }),
        json!({ "by": "Klara", "mailbox": "affald", "also": ["hundeluft"] }),
        json!({ "by": "Klara", "mailbox": "affald", "also": many }),
    ] {
        assert_eq!(decide(ids[0], wrong.clone()).0, 400, "{wrong}");
    }
    let several = json!({ "by": "Klara", "mailbox": "vej-park", "also": ["affald", "affald", "vej-park"],
        "note": "Begge steder" });
    let (status, said) = decide(ids[0], several);
    assert_eq!((status, &said["mailbox"]), (200, &"vej-park".into()), "{said}");
    let (_, notes) = ask(&place, &token, &format!("/api/v1/letters/{}/notes", ids[0]));
    assert_eq!(notes["notes"][0]["text"], "Begge steder", "{notes}");
    let (status, said) =
        decide(ids[1], json!({ "by": "Klara", "authority": authority, "note": "Til jer" }));
    assert_eq!(status, 200, "{said}");
    let (_, notes) = ask(&place, &token, &format!("/api/v1/letters/{}/notes", ids[1]));
    let text = notes["notes"][0]["text"].as_str().unwrap();
    assert!(text.contains(&authority) && text.ends_with("Til jer"), "{text}");
    wait_until("both mailboxes have the letter once", || {
        ["vej-park", "affald"].map(|mailbox| place.here.maildir(mailbox).len()) == [1, 1]
    });
    let (_, evidence) = ask(&place, &token, "/api/v1/evidence");
    assert!(evidence["waited_median_seconds"].is_number(), "{evidence}");
}

#[test]
fn without_a_token_that_holds_programs_get_nothing() {
    let place = Place::open(&[("Hul i vejen", "Der er et hul.")]);
    let owner = place.person("otto", "owner");
    let letter = place.waiting(&owner).remove(0);
    let made = place.here.json(&["user", "token", "esdh", "--days", "1"]);
    let token = made["token"].as_str().unwrap().to_owned();
    let routes = postbud_desk::ROUTES.iter();
    for route in routes.filter(|route| route.access == postbud_desk::Access::Program) {
        let path = route.path.replace("{id}", &letter).replace("{n}", "0");
        let bearers = ["", "Authorization: Bearer wrong\r\n", "Authorization: Basic b3R0bzp4\r\n"];
        for more in bearers {
            let said = match route.method {
                "GET" => place.get_with(&path, more),
                _ => place.post(&path, "{}", Some(&owner.cookie), more),
            };
            assert_eq!(said.status, 401, "{path} {more}");
            assert_eq!(said.header("www-authenticate"), "Bearer");
        }
        // The letter has no documents.
        if route.method == "GET" && !path.contains("/documents/") {
            assert_eq!(ask(&place, &token, &path).0, 200, "{path}");
        }
    }
    // A token opens no page, and a name that a person has is no program's.
    let as_cookie = format!("postbud={token}");
    assert_eq!(place.get("/", Some(&as_cookie)).status, 303);
    assert_eq!(place.here.say(&["user", "token", "otto"]).code, 1);
    let listed = place.here.json(&["user", "list"]);
    let users = listed["users"].as_array().unwrap();
    assert!(users.iter().any(|user| user["name"] == "esdh" && user["role"] == "integration"));
    place.here.json(&["user", "disable", "esdh"]);
    assert_eq!(ask(&place, &token, "/api/v1/evidence").0, 401);
}

#[test]
fn a_restricted_letter_does_not_exist_for_a_program_either() {
    let desk = "\n[desk]\nlisten = \"127.0.0.1:0\"\n\
        [[desk.restricted]]\nmailbox = \"affald\"\npeople = [\"journal\"]\n";
    let here = Installation::with(&(embedded() + desk));
    here.write("letters/2.eml", mail("Storskrald", "Hent mit storskrald."));
    here.json(&["send", "letters"]);
    let place = Place::over(here, 0);
    place.here.wait_for("delivered", 1);
    let token = |name: &str| {
        place.here.json(&["user", "token", name])["token"].as_str().unwrap().to_owned()
    };
    let (named, other) = (token("journal"), token("robot"));
    let (_, list) = ask(&place, &named, "/api/v1/letters");
    let id = list["letters"][0]["letter"].as_str().unwrap().to_owned();
    let (_, hidden) = ask(&place, &other, "/api/v1/letters");
    assert_eq!(hidden["letters"], json!([]));
    for path in [format!("/api/v1/letters/{id}"), format!("/api/v1/letters/{id}/history")] {
        assert_eq!(ask(&place, &named, &path).0, 200, "{path}");
        assert_eq!(ask(&place, &other, &path).0, 404, "{path}");
    }
}

/// A letter with one document, and a program with its token.
fn place_with_a_document() -> (Place, String) {
    let here = Installation::with(&(embedded() + "\n[desk]\nlisten = \"127.0.0.1:0\"\n"));
    let letter = "From: Sporhilde Maerkegaard <sporhilde@maerket.example>\r\nTo: post@klitkobing.example\r\nSubject: Bilag\r\n\
        Message-ID: <bilag@b.example>\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=x\r\n\r\n\
        --x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nSe vedlagte.\r\n\
        --x\r\nContent-Type: text/plain\r\n\
        Content-Disposition: attachment; filename=\"../kort.txt\"\r\n\r\nfra nr. 7\r\n--x--\r\n";
    here.write("letters/1.eml", letter);
    let place = Place::over(here, 1);
    let made = place.here.json(&["user", "token", "esdh"]);
    let token = made["token"].as_str().unwrap().to_owned();
    (place, token)
}

#[test]
fn a_program_takes_back_writes_notes_and_reads_documents() {
    let (place, token) = place_with_a_document();
    let bearer = format!("Authorization: Bearer {token}\r\n");
    let tell =
        |path: &str, body: Value| answer(&place.post(path, &body.to_string(), None, &bearer));
    let (_, list) = ask(&place, &token, "/api/v1/letters");
    let id = list["letters"][0]["letter"].as_str().unwrap().to_owned();
    let of = |rest: &str| format!("/api/v1/letters/{id}/{rest}");

    let decided = tell(&of("decision"), json!({ "mailbox": "affald", "by": "Klara Holm" }));
    assert_eq!(decided.0, 200, "{}", decided.1);
    // Nobody takes back what somebody else decided.
    assert_eq!(tell(&of("undo"), json!({ "by": "Karl Berg" })).0, 409);
    let (status, undone) = tell(&of("undo"), json!({ "by": "Klara Holm" }));
    assert_eq!((status, &undone["by"]), (200, &"Klara Holm (esdh)".into()), "{undone}");
    assert_eq!(tell(&of("undo"), json!({ "by": "Klara Holm" })).0, 409, "once");
    assert_eq!(ask(&place, &token, &format!("/api/v1/letters/{id}")).1["state"], "review");

    let note = |text: &str| tell(&of("notes"), json!({ "text": text, "by": "Klara Holm" }));
    assert_eq!(note("  ").0, 400);
    assert_eq!(note(&"a".repeat(2_001)).0, 400);
    assert_eq!(note("Ringet op").0, 200);
    assert_eq!(tell(&of("notes"), json!({ "text": "Ringet op" })).0, 400, "a person writes it");
    let (_, notes) = ask(&place, &token, &of("notes"));
    let notes = notes["notes"].as_array().unwrap();
    assert_eq!(notes.len(), 1);
    assert_eq!(
        (&notes[0]["text"], &notes[0]["by"]),
        (&"Ringet op".into(), &"Klara Holm (esdh)".into())
    );

    let document = place.get_with(&of("documents/0"), &bearer);
    assert_eq!(document.status, 200);
    assert!(document.body.starts_with("fra nr. 7"), "{}", document.body);
    let name = document.header("content-disposition");
    assert_eq!(name, "attachment; filename=\"kort.txt\"");
    for none in ["documents/1", "documents/-1", "documents/x"] {
        assert_eq!(place.get_with(&of(none), &bearer).status, 404, "{none}");
    }
}

#[test]
fn who_guesses_tokens_is_stopped() {
    let (place, token) = place_with_a_document();
    let mut said = Vec::new();
    for n in 0..25 {
        let (status, body) = ask(&place, &format!("guess-{n}"), "/api/v1/letters");
        if status == 429 {
            assert_eq!(body["title"], "resting", "{body}");
        }
        said.push(status);
    }
    assert_eq!(said.iter().filter(|&&status| status == 401).count(), 20, "{said:?}");
    assert_eq!(said.iter().filter(|&&status| status == 429).count(), 5, "{said:?}");
    // The right token waits as well, or the answer would tell it from the wrong ones.
    let rests = place.get_with("/api/v1/letters", &format!("Authorization: Bearer {token}\r\n"));
    assert_eq!((rests.status, rests.header("retry-after").as_str()), (429, "900"));
    // People at the same address still sign in.
    place.person("klara", "clerk");
}
