//! The desk over HTTP: who may do what, and what an attacker tries.

use std::collections::BTreeMap;

use postbud_desk::{Access, ROUTES, Route};

use crate::desk_place::{Person, Place};
use crate::settings::{embedded, mail, memo};
use crate::support::{Installation, wait_until};

fn path_of(route: &Route, letter: &str) -> String {
    route.path.replace("{id}", letter).replace("{n}", "0")
}

/// Asks for a route; a form has the token and everything that some form asks for.
fn ask(
    place: &Place,
    route: &Route,
    letter: &str,
    cookie: Option<&str>,
    csrf: &str,
) -> (u16, String) {
    let path = path_of(route, letter);
    let answer = match route.method {
        "GET" => place.get(&path, cookie),
        _ => place.post(&path, &format!("csrf={csrf}&text=x&mailbox=affald"), cookie, ""),
    };
    (answer.status, answer.header("location"))
}

/// Every route there is, not a list that somebody has to keep.
#[test]
fn every_route_refuses_strangers_other_roles_and_forms_without_a_token() {
    let place = Place::open(&[("Hul i vejen", "Der er et hul.")]);
    let clerk = place.person("klara", "clerk");
    let owner = place.person("otto", "owner");
    let auditor = place.person("aud", "auditor");
    let leaver = place.person("lea", "owner");
    let letter = place.waiting(&clerk).remove(0);
    for route in ROUTES {
        let what = format!("{} {}", route.method, route.path);
        let (right, wrong): (&Person, Option<&Person>) = match route.access {
            Access::Public => {
                if route.method == "POST" {
                    let foreign = "Sec-Fetch-Site: cross-site\r\n";
                    let said = place.post(route.path, "lang=en&name=a&password=b", None, foreign);
                    assert_eq!(said.status, 403, "{what} from another site");
                }
                continue;
            }
            // Signing out ends the session.
            Access::SignedIn => (&leaver, None),
            Access::Letters => (&clerk, Some(&auditor)),
            Access::Evidence => (&auditor, Some(&clerk)),
            Access::Owner => (&owner, Some(&auditor)),
            Access::Auditor => (&auditor, Some(&owner)),
            // Cookies count for nothing there: see `desk_owner`.
            Access::Program => {
                let (status, _) = ask(&place, route, &letter, Some(&owner.cookie), &owner.csrf);
                assert_eq!(status, 401, "{what}, with a cookie");
                continue;
            }
        };
        let (status, to) = ask(&place, route, &letter, None, "");
        assert!(status == 303 && to.starts_with("/sign-in"), "{what}, a stranger: {status} {to}");
        let (status, to) = ask(&place, route, &letter, Some("postbud=0123"), "");
        assert!(status == 303 && to.starts_with("/sign-in"), "{what}, no session: {status} {to}");
        if let Some(wrong) = wrong {
            let (status, _) = ask(&place, route, &letter, Some(&wrong.cookie), &wrong.csrf);
            assert_eq!(status, 403, "{what}, another role");
        }
        if route.method == "POST" {
            for token in ["", &wrong.unwrap_or(&clerk).csrf] {
                let (status, _) = ask(&place, route, &letter, Some(&right.cookie), token);
                assert_eq!(status, 403, "{what}, without its token");
            }
        }
        let (status, to) = ask(&place, route, &letter, Some(&right.cookie), &right.csrf);
        let let_in = status != 403 && (!to.starts_with("/sign-in") || route.path == "/sign-out");
        assert!(let_in && status < 500, "{what}, as it should be: {status} {to}");
    }
    let after = place.get("/evidence", Some(&leaver.cookie));
    assert_eq!(after.status, 303, "the session is over after signing out");
}

#[test]
fn what_a_letter_says_is_text_and_its_documents_are_only_saved() {
    let here = Installation::with(&(embedded() + "\n[desk]\nlisten = \"127.0.0.1:0\"\n"));
    let evil = "From: \"<script>alert(1)</script>\" <a@b.example>\r\nTo: post@klitkobing.example\r\n\
        Subject: </title><script>alert(2)</script>\r\nMessage-ID: <evil@b.example>\r\n\
        MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n\
        --x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n<img src=x onerror=alert(3)> hej\r\n> Kendeordsproeve 290985-4673 sporhilde@maerket.example\r\n\
        --x\r\nContent-Type: text/html; name=\"../../etc/side.html\"\r\n\
        Content-Disposition: attachment; filename=\"../../etc/si\\\"de.html\"\r\n\r\n\
        <script>alert(4)</script>\r\n--x--\r\n";
    here.write("letters/evil.eml", evil);
    let place = Place::over(here, 1);
    let clerk = place.person("klara", "clerk");
    let letter = place.waiting(&clerk).remove(0);
    for path in ["/".to_owned(), "/find".to_owned(), format!("/letters/{letter}")] {
        let page = place.get(&path, Some(&clerk.cookie));
        assert_eq!(page.status, 200, "{path}");
        assert!(page.body.contains("script&") || page.body.contains("&#60;script"), "{path}");
        assert!(!page.body.contains("<script>") && !page.body.contains("<img"), "{path}");
        let policy = page.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(page.header("x-frame-options"), "DENY");
        assert_eq!(page.header("cache-control"), "no-store");
    }
    let document = place.get(&format!("/letters/{letter}/documents/0"), Some(&clerk.cookie));
    assert_eq!(document.status, 200);
    assert_eq!(document.header("content-type"), "application/octet-stream");
    assert_eq!(document.header("x-content-type-options"), "nosniff");
    let name = document.header("content-disposition");
    assert!(name.starts_with("attachment; filename=\"") && !name.contains(['/', '\\']), "{name}");
    let none = place.get(&format!("/letters/{letter}/documents/7"), Some(&clerk.cookie));
    assert_eq!(none.status, 404);
}

#[test]
fn addresses_and_forms_that_nobody_should_send_do_no_harm() {
    let place = Place::open(&[("Hul i vejen", "Der er et hul.")]);
    let clerk = place.person("klara", "clerk");
    let letter = place.waiting(&clerk).remove(0);
    for path in
        ["/letters/..%2f..%2fetc%2fpasswd", "/letters/x%0d%0aSet-Cookie:%20a=b", "/../Cargo.toml"]
    {
        let said = place.get(path, Some(&clerk.cookie));
        assert_eq!(said.status, 404, "{path}");
        assert!(!said.head.contains("a=b"), "{path}");
    }
    let next = place.get("/sign-in?next=//evil.example", None);
    assert!(next.status == 200 && !next.body.contains("evil.example"));
    let large = "text=".to_owned() + &"x".repeat(50 << 20);
    for path in ["/sign-in".to_owned(), format!("/letters/{letter}/note")] {
        let said = place.post(&path, &large, Some(&clerk.cookie), "");
        // Refused with an answer, or the connection is closed while the form is still coming.
        assert!(matches!(said.status, 413 | 0), "{path}: {}", said.status);
    }
    let decide = format!("/letters/{letter}/decide");
    let form = format!("csrf={}&mailbox=../../x", clerk.csrf);
    let said = place.post(&decide, &form, Some(&clerk.cookie), "");
    assert!((400..500).contains(&said.status), "{}", said.status);
    assert_eq!(place.waiting(&clerk), [letter], "and the letter still waits");
}

#[test]
fn of_twenty_decisions_at_once_one_counts_and_all_learn_who_was_first() {
    let place = Place::open(&[("Hul i vejen", "Der er et hul.")]);
    let people = [place.person("klara", "clerk"), place.person("karl", "clerk")];
    let letter = place.waiting(&people[0]).remove(0);
    let path = format!("/letters/{letter}/decide");
    let mut seen: BTreeMap<u16, usize> = BTreeMap::new();
    std::thread::scope(|scope| {
        let asked: Vec<_> = (0..20)
            .map(|n| {
                let (place, person, path) = (&place, &people[n % 2], &path);
                let form = format!("csrf={}&mailbox=affald", person.csrf);
                scope.spawn(move || place.post(path, &form, Some(&person.cookie), "").status)
            })
            .collect();
        for answer in asked {
            *seen.entry(answer.join().unwrap()).or_default() += 1;
        }
    });
    // Whoever was first may click again; the other learns who that was.
    assert_eq!(seen, BTreeMap::from([(303, 10), (409, 10)]));
    let labels = place.here.json(&["labels", "list", "--letter", &letter]);
    assert_eq!(labels["labels"].as_array().unwrap().len(), 1);
}

#[test]
fn accounts_are_made_listed_renewed_and_switched_off() {
    let place = Place::open(&[]);
    let person = place.person("klara", "clerk");
    assert_eq!(place.here.say(&["user", "add", "klara"]).code, 1, "there is one already");
    assert_eq!(place.here.say(&["user", "disable", "nobody"]).code, 1);
    let changed = place.here.json(&["user", "password", "klara"]);
    assert_eq!(place.get("/", Some(&person.cookie)).status, 303, "old sessions are over");
    let form = format!("name=klara&password={}", changed["password"].as_str().unwrap());
    let said = place.post("/sign-in", &form, None, "");
    assert_eq!(said.status, 303);
    let cookie = said.header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    place.here.json(&["user", "disable", "klara"]);
    assert_eq!(place.get("/", Some(cookie.split(';').next().unwrap())).status, 303);
    assert_eq!(place.post("/sign-in", &form, None, "").status, 401);
    let listed = place.here.json(&["user", "list"]);
    assert_eq!(listed["users"][0]["name"], "klara");
    assert_eq!(listed["users"][0]["disabled"], true);
    assert!(!listed.to_string().contains("argon2"), "no hash is shown");
}

#[test]
fn guessing_passwords_ends_for_the_account_and_then_for_the_address() {
    let place = Place::open(&[]);
    let password = place.account("klara", "clerk");
    let right = format!("name=klara&password={password}");
    for _ in 0..5 {
        assert_eq!(place.post("/sign-in", "name=klara&password=wrong", None, "").status, 401);
    }
    assert_eq!(place.post("/sign-in", &right, None, "").status, 401, "the account rests");
    let statuses: Vec<u16> = (0..30)
        .map(|n| place.post("/sign-in", &format!("name=x{n}&password=wrong"), None, "").status)
        .collect();
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    place.here.json(&["user", "password", "klara"]);
    assert_eq!(place.post("/sign-in", &right, None, "").status, 429, "from this address nobody");
}

#[test]
fn the_desk_runs_alone_and_says_when_there_is_none() {
    let here = Installation::with(&embedded());
    let said = here.say(&["run", "desk"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("[desk]"), "{}", said.err);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let desk = format!("\n[desk]\nlisten = \"{}\"\n", taken.local_addr().unwrap());
    let here = Installation::with(&(embedded() + &desk));
    let said = here.say(&["run", "desk"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("cannot listen"), "{}", said.err);
}

#[test]
fn one_owner_stops_all_automatic_routing_and_two_begin_it_again() {
    const CHANGED: &str = "switches for automatic routing have changed";
    let place = Place::open(&[("Hul i vejen", "Der er et hul.")]);
    let one = place.person("otto", "owner");
    let two = place.person("olga", "owner");
    let press = |path: &str, person: &Person| {
        let form = format!("csrf={}&mailbox=", person.csrf);
        let said = place.post(path, &form, Some(&person.cookie), "");
        assert_eq!(said.status, 303, "{}", said.body);
        place.get("/evidence", Some(&person.cookie)).body
    };
    let changes = || place.running.log().matches(CHANGED).count();
    let send = |name: &str| {
        place.here.write(name, mail(name, "Hent mit storskrald."));
        place.here.json(&["send", name]);
    };
    let page = press("/switch-off", &one);
    assert!(page.contains("slukket (otto"), "{page}");
    wait_until("the router to hear of it", || changes() == 1);
    send("1.eml");
    place.here.wait_for("review", 2);
    for _ in 0..2 {
        let page = press("/switch-on", &one);
        assert!(page.contains("en anden skal bekræfte (otto"), "one alone cannot: {page}");
    }
    let page = press("/switch-on", &two);
    assert!(!page.contains("slukket"), "{page}");
    wait_until("the router to hear of it", || changes() == 2);
    send("2.eml");
    place.here.wait_for("delivered", 1);
    assert_eq!(place.here.count("review"), 2);
}

#[test]
fn a_letter_that_only_a_rule_leads_to_a_restricted_mailbox_is_hidden_while_it_waits() {
    let config = embedded()
        + "\n[desk]\nlisten = \"127.0.0.1:0\"\n\
           [[desk.restricted]]\nmailbox = \"affald\"\npeople = [\"klara\"]\n\
           [[rule]]\nname = \"Kvist\"\nto = \"affald\"\nwhen = { words = [\"kvistroderi\"] }\n";
    let here = Installation::with(&config);
    // It could not be read to its end, and the model does not know the word.
    let whole = memo("3f6c0d6c-3a55-4d54-9b1f-3b8f2d3a8888", "kvistroderi", "SGVq");
    here.write("letters/1.xml", whole.replace("</memo:Message>", ""));
    let place = Place::over(here, 1);
    let found = place.here.json(&["letters", "--state", "review"]);
    let id = found["letters"][0]["letter"].as_str().unwrap().to_owned();
    let shown = place.here.json(&["letters", "show", &id]);
    let decision = &shown["letter"]["decisions"][0];
    assert_eq!(decision["reason"]["doubts"][0]["doubt"], "rule-held");
    let mut suggestions = decision["suggestions"].as_array().unwrap().iter();
    assert!(
        suggestions.all(|s| s["mailbox"] != "affald" || s["probability"].as_f64() < Some(0.02))
    );
    let (klara, karl) = (place.person("klara", "clerk"), place.person("karl", "owner"));
    for (person, status) in [(&klara, 200), (&karl, 404)] {
        assert_eq!(place.get(&format!("/letters/{id}"), Some(&person.cookie)).status, status);
        let listed = place.get("/", Some(&person.cookie)).body.contains(&id);
        assert_eq!(listed, status == 200);
    }
}

#[test]
fn a_restricted_letter_does_not_exist_for_others() {
    let config = embedded()
        + "\n[desk]\nlisten = \"127.0.0.1:0\"\n\
           [[desk.restricted]]\nmailbox = \"affald\"\npeople = [\"klara\"]\n";
    let here = Installation::with(&config);
    here.write("letters/1.eml", mail("Hul i vejen", "Der er et hul."));
    here.write("more/2.eml", mail("Storskrald", "Hent mit storskrald."));
    let place = Place::over(here, 1);
    place.here.json(&["send", "more"]);
    place.here.wait_for("delivered", 1);
    let klara = place.person("klara", "clerk");
    let karl = place.person("karl", "owner");
    let found = place.here.json(&["letters", "--state", "delivered"]);
    let id = found["letters"][0]["letter"].as_str().unwrap().to_owned();
    // Also with a character of the id written otherwise.
    let hidden = format!("/letters/%{:02x}{}", id.as_bytes()[0], &id[1..]);
    for path in [format!("/letters/{id}"), hidden, format!("/letters/{id}/documents/0")] {
        let status = place.get(&path, Some(&karl.cookie)).status;
        assert_eq!(status, 404, "{path}");
    }
    assert_eq!(place.get(&format!("/letters/{id}"), Some(&klara.cookie)).status, 200);
    for action in ["decide", "note", "take"] {
        let form = format!("csrf={}&mailbox=andet&text=x", karl.csrf);
        let said = place.post(&format!("/letters/{id}/{action}"), &form, Some(&karl.cookie), "");
        assert_eq!(said.status, 404, "{action}");
    }
    let find = |person: &Person| {
        let all = place.get("/find", Some(&person.cookie)).body.contains(&id);
        let by_id = place.get(&format!("/find?id={id}"), Some(&person.cookie)).status;
        (all, by_id)
    };
    assert_eq!(find(&klara), (true, 303));
    assert_eq!(find(&karl), (false, 200));
    // The page after a decision names a letter to those who may see it, whatever is asked for.
    let done = |person: &Person| place.get(&format!("/?done={id}"), Some(&person.cookie)).body;
    assert!(done(&klara).contains("»Storskrald« sendes om lidt til"), "{}", done(&klara));
    let said = done(&karl);
    assert!(!said.contains("Storskrald") && said.contains("Brevet er fordelt"), "{said}");
    // One that waits disappears when somebody sends it there, and can be taken back all the same.
    let letter = place.waiting(&karl).remove(0);
    let form = format!("csrf={}&mailbox=affald", karl.csrf);
    let decide = format!("/letters/{letter}/decide");
    assert_eq!(place.post(&decide, &form, Some(&karl.cookie), "").status, 303);
    assert_eq!(place.get(&format!("/letters/{letter}"), Some(&karl.cookie)).status, 404);
    let undo = format!("/letters/{letter}/undo");
    assert_eq!(place.post(&undo, &form, Some(&karl.cookie), "").status, 303);
    assert_eq!(place.waiting(&karl), [letter]);
}
