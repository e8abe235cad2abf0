//! What a citizen can ask for, done by an auditor at the desk.

use crate::desk_axe::{axe, violations};
use crate::desk_chromium::Browser;
use crate::desk_owner::sign_in;
use crate::desk_place::Place;
use crate::settings::{embedded, mail};
use crate::support::{Installation, wait_until};

const CPR: &str = "010190-0000";

/// A desk at which a letter of the person and another one wait.
fn place() -> Place {
    let here = Installation::with(&(embedded() + "\n[desk]\nlisten = \"127.0.0.1:0\"\n"));
    here.write("letters/1.eml", mail("Min sag", &format!("Jeg er {CPR} og vil have aktindsigt.")));
    here.write("letters/2.eml", mail("Lygte", "Den er gået ud, siger 020280-0000."));
    Place::over(here, 2)
}

/// The rows of the access log as a supervisor gets them: why, and about what.
fn looks(place: &Place) -> Vec<(String, String)> {
    let page = place.here.json(&["audit", "sample", "--month", &month(), "--looks", "1000"]);
    let looks = page["looks"].as_array().unwrap().iter();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    looks.map(|look| (text(&look["why"]), text(&look["letter"]))).collect()
}

/// This month, as the desk offers it.
fn month() -> String {
    jiff::Timestamp::now().to_string().chars().take(7).collect()
}

#[test]
fn an_auditor_hands_out_restricts_and_erases_and_no_number_is_left_behind() {
    let place = place();
    let auditor = place.person("aud", "auditor");
    let form = |more: &str| format!("csrf={}&cpr=010190-0000{more}", auditor.csrf);
    let send = |what: &str, form: &str| {
        place.post(&format!("/person/{what}"), form, Some(&auditor.cookie), "")
    };
    let page = place.get("/person", Some(&auditor.cookie));
    assert!(page.status == 200 && page.body.contains("Hvad en borger kan bede om"));

    let file = send("export", &form(""));
    assert_eq!((file.status, file.header("content-type").as_str()), (200, "application/zip"));
    assert!(file.body.starts_with("PK") && file.body.contains("0001/brev.eml"));
    assert!(!file.body.contains("0002/"), "the letter of somebody else");

    for wrong in ["12", "991390-0000", ""] {
        let said = send("export", &format!("csrf={}&cpr={wrong}", auditor.csrf));
        assert_eq!(said.status, 400);
        assert!(wrong.is_empty() || !said.body.contains(wrong), "a number is not repeated");
    }

    let said = send("restrict", &form("&how=restrict"));
    assert!(said.body.contains("fordeler en medarbejder hvert brev"), "{}", said.body);
    place.here.write("more/3.eml", mail("Skrald", &format!("Jeg har storskrald, {CPR}.")));
    // The router reads restrictions every few seconds.
    std::thread::sleep(std::time::Duration::from_secs(6));
    place.here.json(&["send", "more"]);
    place.here.wait_for("review", 3);
    assert!(send("restrict", &form("&how=lift")).body.contains("fordeles igen som andre"));

    assert_eq!(send("erase", &form("")).status, 400, "nobody has said that they are sure");
    assert_eq!(place.here.count("review"), 3);
    let said = send("erase", &form("&sure=yes"));
    assert!(said.body.contains("Breve slettet: 2"), "{}", said.body);
    assert_eq!(place.here.count("review"), 1);

    let looks = looks(&place);
    let of = |why: &str| looks.iter().filter(|look| look.0 == why).collect::<Vec<_>>();
    for why in ["person-export", "person-restrict", "person-lift", "person-erase"] {
        assert_eq!(of(why).len(), 1, "{looks:?}");
        assert!(of(why)[0].1.starts_with("person "), "{looks:?}");
    }
    let log = place.running.log();
    for number in [CPR, "0101900000"] {
        assert!(!log.contains(number), "{log}");
        assert!(!said.body.contains(number) && looks.iter().all(|look| !look.1.contains(number)));
    }
}

#[test]
fn a_request_for_access_shows_the_day_by_which_it_must_be_answered() {
    let place = place();
    let clerk = place.person("klara", "clerk");
    let list = place.get("/", Some(&clerk.cookie)).body;
    assert_eq!(list.matches("aktindsigt, svar senest 20").count(), 1, "{list}");
    let rows = place.here.json(&["letters"]);
    let rows = rows["letters"].as_array().unwrap();
    let due: Vec<_> = rows.iter().filter(|row| row["due_at"].is_i64()).collect();
    assert_eq!(due.len(), 1);
    let days =
        (due[0]["due_at"].as_i64().unwrap() - due[0]["received_at"].as_i64().unwrap()) / 86_400_000;
    // Seven working days, with weekends and at most the holidays of Easter or Christmas between.
    assert!((9..=16).contains(&days), "{days}");
    let id = due[0]["letter"].as_str().unwrap();
    let page = place.get(&format!("/letters/{id}"), Some(&clerk.cookie)).body;
    assert!(page.contains("Aktindsigt, svarfrist"), "{page}");
    assert!(page.contains("offentlighedsloven § 36, stk. 2"), "{page}");
    let said = place.here.say(&["letters", "--lang", "da"]);
    assert!(said.out.contains("Svarfrist"), "{}", said.out);
}

#[test]
fn a_person_is_erased_in_a_browser() {
    let Some(mut browser) = Browser::start() else { return };
    let place = place();
    let page = browser.page(1280, false);
    sign_in(&mut browser, &page, &place, "aud", "auditor", "/person");
    browser.eval(&page, "document.getElementById('cpr-erase').focus()");
    browser.write(&page, CPR);
    browser.eval(&page, "document.querySelector('[name=sure]').click()");
    browser.eval(&page, "document.querySelector('form[action=\"/person/erase\"] button').focus()");
    browser.press(&page, "Enter");
    browser.until(&page, "document.querySelector('[role=status]')");
    let said = browser.eval(&page, "document.querySelector('[role=status]').innerText");
    assert!(said.as_str().unwrap().contains("Breve slettet: 1"), "{said}");
    let address = browser.eval(&page, "location.href");
    assert!(!address.as_str().unwrap().contains("0190"), "{address}");
    wait_until("the letter to be gone", || place.here.count("review") == 1);
}

#[test]
fn the_page_fits_a_narrow_screen_and_breaks_no_rule_of_wcag() {
    let Some(mut browser) = Browser::start() else { return };
    let place = place();
    let page = browser.page(320, false);
    sign_in(&mut browser, &page, &place, "aud", "auditor", "/person");
    let width = browser.eval(&page, "document.documentElement.scrollWidth");
    assert!(width.as_u64().unwrap() <= 320, "{width} wide");
    let Some(axe) = axe() else { return };
    for (dark, name) in [(false, "olga"), (true, "otto")] {
        let page = browser.page(1280, dark);
        sign_in(&mut browser, &page, &place, name, "auditor", "/person");
        let wrong = violations(&mut browser, &page, &axe);
        assert!(wrong.is_empty(), "dark: {dark}: {}", wrong.join("\n"));
    }
}
