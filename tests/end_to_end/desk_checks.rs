//! The desk and letters that are out: second looks, letters sent back, several mailboxes, other
//! authorities, and the filters of the list.

use crate::desk_place::{Person, Place};
use crate::settings::{embedded, mail};
use crate::support::{Installation, wait_until};

const LINKS: &str =
    "blind_least = 0\nurl = \"http://desk.klitkobing.example\"\nkey_file = \"desk.key\"\n";

/// A desk with these lines in `[desk]`, after these letters have gone out by a rule.
fn after(letters: &[(&str, &str)], lines: &str) -> Place {
    let desk = format!("\n[desk]\nlisten = \"127.0.0.1:0\"\ngrace_seconds = 0\n{lines}");
    let here = Installation::with(&(embedded() + &desk));
    here.write("desk.key", "0123456789abcdef0123456789abcdef\n");
    for (n, (subject, text)) in letters.iter().enumerate() {
        here.write(&format!("letters/{n}.eml"), mail(subject, text));
    }
    here.json(&["send", "letters"]);
    let place = Place::over(here, 0);
    place.here.wait_for("delivered", letters.len());
    place
}

fn form(place: &Place, person: &Person, path: &str, fields: &str) -> (u16, String, String) {
    let said =
        place.post(path, &format!("csrf={}&{fields}", person.csrf), Some(&person.cookie), "");
    (said.status, said.header("location"), said.body)
}

/// The path of the link in a delivered mail.
fn link(mail: &[u8]) -> String {
    let text = String::from_utf8_lossy(mail).into_owned();
    let field = text.split("X-Postbud-Not-Mine:").nth(1).unwrap();
    let url = field.split('<').nth(1).unwrap().split('>').next().unwrap();
    let path = url.strip_prefix("http://desk.klitkobing.example").unwrap();
    assert!(path.starts_with("/not-mine/"), "{path}");
    path.to_owned()
}

#[test]
fn a_second_look_is_blind_measures_the_error_and_can_send_on() {
    let place = after(
        &[("Afhentning", "Jeg har storskrald."), ("Hul", "Et hul efter storskrald på vejen.")],
        "blind_share = 1.0\n",
    );
    let clerk = place.person("klara", "clerk");
    let owner = place.person("otto", "owner");
    let mut path = String::new();
    wait_until("a second look", || {
        path = place.get("/second-look", Some(&clerk.cookie)).header("location");
        path.ends_with("/second-look")
    });
    let list = place.get("/", Some(&clerk.cookie));
    wait_until("both letters drawn", || {
        place.get("/", Some(&clerk.cookie)).body.contains("2 breve venter på et andet blik")
    });
    assert_eq!(list.status, 200);
    let page = place.get(&path, Some(&clerk.cookie));
    assert_eq!(page.status, 200);
    assert!(page.body.contains("storskrald") && page.body.contains("Et andet blik"));
    let told = ["Reglen", "selected", "<small>", "delivered", "leveret", "class=\"why\""];
    for word in told {
        assert!(!page.body.contains(word), "{word} tells what the machine thought");
    }
    // Another opinion: it counts as an error, once, and the letter can follow.
    let (status, _, body) = form(&place, &clerk, &path, "mailbox=vej-park");
    assert!(status == 200 && body.contains("Affald og Genbrug"), "{status}");
    assert_eq!(form(&place, &owner, &path, "mailbox=affald").0, 409, "somebody was first");
    let on = path.replace("/second-look", "/send-on");
    assert_eq!(form(&place, &owner, &on, "mailbox=vej-park").0, 409, "not their answer");
    assert_eq!(form(&place, &clerk, &on, "mailbox=boern-familie").0, 409, "nor this mailbox");
    assert_eq!(form(&place, &clerk, &on, "mailbox=vej-park").0, 303);
    wait_until("the letter in the other mailbox", || place.here.maildir("vej-park").len() == 1);
    assert_eq!(form(&place, &clerk, &on, "mailbox=vej-park").0, 409, "it goes once");
    // The other letter is where it belongs.
    let next = place.get("/second-look", Some(&clerk.cookie)).header("location");
    assert_ne!(next, path);
    assert_eq!(form(&place, &clerk, &next, "mailbox=affald").0, 303);
    assert_eq!(place.get("/second-look", Some(&clerk.cookie)).header("location"), "/");
    let evidence = place.get("/evidence", Some(&owner.cookie)).body;
    let rules = evidence.split("Regler og svar i alt").nth(1).unwrap();
    let cells: Vec<_> = rules.split("<td>").skip(1).take(6).collect();
    let cells: Vec<_> = cells.iter().map(|cell| cell.split('<').next().unwrap()).collect();
    // One of two: Clopper and Pearson's interval is from 1.3 to 98.7 percent.
    assert_eq!(cells, ["2", "2", "1", "50,0 %", "1,3 % – 98,7 %", "0"]);
    let labels = place.here.json(&["labels", "list"]);
    let sources: Vec<_> =
        labels["labels"].as_array().unwrap().iter().map(|l| &l["source"]).collect();
    assert_eq!(sources, ["blind-sample", "blind-sample"]);
}

#[test]
fn a_mailbox_sends_a_letter_back_by_its_link_once() {
    let place = after(
        &[("Hemmeligt emne", "Om storskrald."), ("Ukendt", "Også storskrald.")],
        &format!("blind_share = 0\n{LINKS}"),
    );
    let delivered = place.here.maildir("affald");
    let paths: Vec<String> = delivered.iter().map(|(_, mail)| link(mail)).collect();
    let page = place.get(&paths[0], None);
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Affald og Genbrug"));
    assert!(!page.body.contains("Hemmeligt") && !page.body.contains("storskrald,"));
    assert_eq!(place.here.count("delivered"), 2, "looking does nothing");
    // Another delivery's mark, a mark that is too short, no delivery at all.
    let mark = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    let key = |path: &str| path.split('/').nth(2).unwrap().to_owned();
    for (key, mark) in [
        (key(&paths[0]), mark(&paths[1])),
        (key(&paths[0]), mark(&paths[0])[1..].to_owned()),
        ("nothing-1".to_owned(), mark(&paths[0])),
    ] {
        let path = format!("/not-mine/{key}/{mark}");
        assert_eq!(place.get(&path, None).status, 404);
        assert_eq!(place.post(&path, "name=Bente", None, "").status, 404);
    }
    assert_eq!(place.post(&paths[0], "mailbox=vej-park", None, "").status, 400, "nameless");
    assert_eq!(place.post(&paths[0], "name=postbud", None, "").status, 400, "no person");
    assert_eq!(place.post(&paths[0], "name=Bente&mailbox=nowhere", None, "").status, 400);
    let foreign = "Sec-Fetch-Site: cross-site\r\n";
    assert_eq!(place.post(&paths[0], "name=Bente&mailbox=vej-park", None, foreign).status, 403);
    // With the right mailbox it goes there, and that is a label.
    let said = place.post(&paths[0], "name=Bente&mailbox=vej-park", None, "");
    assert_eq!(said.status, 200, "{}", said.body);
    wait_until("the letter in its mailbox", || place.here.maildir("vej-park").len() == 1);
    assert_eq!(place.post(&paths[0], "name=Bente&mailbox=affald", None, "").status, 410);
    assert_eq!(place.get(&paths[0], None).status, 410);
    let labels = place.here.json(&["labels", "list"]);
    assert_eq!(labels["labels"][0]["source"], "returned");
    assert_eq!(labels["labels"][0]["by"], "Bente (affald)");
    // The letter that came again can be sent back again, by its own link.
    let again = link(&place.here.maildir("vej-park")[0].1);
    assert_ne!(again, paths[0]);
    assert_eq!(place.get(&again, None).status, 200);
    // Without it, a person decides.
    assert_eq!(place.post(&paths[1], "name=Bente", None, "").status, 200);
    assert_eq!(place.here.count("review"), 1);
    let clerk = place.person("klara", "clerk");
    let only = place.get("/?why=returned", Some(&clerk.cookie));
    assert!(only.body.contains("href=\"/letters/"));
    let owner = place.person("otto", "owner");
    let evidence = place.get("/evidence", Some(&owner.cookie)).body;
    let rules = evidence.split("Regler og svar i alt").nth(1).unwrap();
    let returned = rules.split("<td>").nth(6).unwrap();
    assert!(returned.starts_with("2<"), "both misroutes are counted: {returned}");
}

#[test]
fn a_letter_goes_to_several_mailboxes_and_all_of_it_can_be_taken_back() {
    let place = Place::open(&[("Hul i vejen", "Der er et hul.")]);
    let clerk = place.person("klara", "clerk");
    let letter = place.waiting(&clerk).remove(0);
    let path = format!("/letters/{letter}/several");
    let fields = "mailbox=vej-park&also=affald&also=vej-park&also=affald&also=boern-familie";
    assert_eq!(form(&place, &clerk, &path, "mailbox=vej-park&also=nowhere").0, 400);
    assert_eq!(form(&place, &clerk, &path, fields).0, 303);
    assert_eq!(place.here.count("routed"), 1);
    assert_eq!(form(&place, &clerk, &path, fields).0, 409, "decided already");
    let undo = format!("/letters/{letter}/undo");
    assert_eq!(form(&place, &clerk, &undo, "").0, 303);
    assert_eq!(place.here.count("review"), 1);
    for mailbox in ["affald", "vej-park", "boern-familie"] {
        assert!(place.here.maildir(mailbox).is_empty(), "{mailbox}: nothing had left");
    }
    assert_eq!(place.waiting(&clerk), [letter], "and it waits as before");
}

#[test]
fn each_of_several_mailboxes_gets_the_letter_once() {
    let desk = "\n[desk]\nlisten = \"127.0.0.1:0\"\ngrace_seconds = 0\n";
    let here = Installation::with(&(embedded() + desk));
    here.write("letters/0.eml", mail("Hul i vejen", "Der er et hul."));
    let place = Place::over(here, 1);
    let clerk = place.person("klara", "clerk");
    let letter = place.waiting(&clerk).remove(0);
    let path = format!("/letters/{letter}/several");
    assert_eq!(form(&place, &clerk, &path, "mailbox=andet&also=affald&also=vej-park").0, 303);
    place.here.wait_for("delivered", 1);
    let count = |mailbox: &str| place.here.maildir(mailbox).len();
    assert_eq!((count("affald"), count("vej-park"), count("boern-familie")), (1, 1, 0));
    let labels = place.here.json(&["labels", "list"]);
    let labels = labels["labels"].as_array().unwrap().clone();
    assert_eq!((labels.len(), &labels[0]["mailbox"]), (1, &"andet".into()), "it belongs in one");
}

#[test]
fn a_filter_stays_on_the_way_to_the_next_letter() {
    let place = Place::open(&[("Hul i vejen", "Der er et hul."), ("Lygte", "Den er gået ud.")]);
    let clerk = place.person("klara", "clerk");
    let ask =
        |path: &str, filter: &str| place.get(path, Some(&format!("{}; {filter}", clerk.cookie)));
    for (query, found) in [
        ("channel=email", true),
        ("channel=digital_post", false),
        ("why=delivery-failed", false),
        ("language=de", false),
        ("mailbox=ingen", false),
    ] {
        let list = place.get(&format!("/?{query}"), Some(&clerk.cookie));
        let cookies = list.header("set-cookie");
        let cookie = cookies.split(';').next().unwrap().to_owned();
        assert_eq!(cookie, format!("filter={query}"));
        assert_eq!(list.body.contains("href=\"/letters/"), found, "{query}");
        let next = ask("/next", &cookie).header("location");
        assert_eq!(next.starts_with("/letters/"), found, "{query}: {next}");
        assert!(found || next == format!("/?{query}"), "{next}");
    }
    let nonsense = place.get("/?why=%3Cscript%3E&language=xx", Some(&clerk.cookie));
    assert_eq!(nonsense.header("set-cookie").split(';').next().unwrap(), "filter=");
    assert!(nonsense.body.contains("href=\"/letters/") && !nonsense.body.contains("<script>"));
}
