//! The desk as a system owner uses it.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::desk_axe::{axe, violations};
use crate::desk_chromium::{Browser, Page};
use crate::desk_place::Place;
use crate::settings::{embedded, mail, model};
use crate::support::{Installation, wait_until};

/// An installation with a desk, whose models lie in a folder of their own.
fn installation(desk: &str) -> Installation {
    let config = embedded().replace(&model(), "models/klit");
    let retrain = "[retrain]\nletters = [\"base.jsonl\"]\n[delivery]";
    let desk = format!("\n[desk]\nlisten = \"127.0.0.1:0\"\n{desk}");
    let here = Installation::with(&(config.replace("[delivery]", retrain) + &desk));
    here.write("base.jsonl", lines(0..150));
    here
}

/// Letters for three mailboxes, as JSON Lines.
fn lines(range: std::ops::Range<usize>) -> String {
    let line = |n: usize| {
        let (mailbox, words) = [
            ("affald", "skraldespanden er ikke tømt"),
            ("vej-park", "der er et hul i vejen"),
            ("andet", "tillykke med fødselsdagen"),
        ][n % 3];
        let body = format!("{words}, nummer {n} og {}", n * 7919 % 1000);
        let line = json!({ "id": format!("B{n}"), "category": mailbox,
            "subject": format!("Sag {n}"), "body": body });
        format!("{line}\n")
    };
    range.map(line).collect()
}

/// Signs in and goes to a page.
pub(crate) fn sign_in(
    browser: &mut Browser,
    page: &Page,
    place: &Place,
    name: &str,
    role: &str,
    to: &str,
) {
    let password = place.account(name, role);
    browser.go(page, &format!("http://{}/sign-in", place.address));
    browser.until(page, "document.activeElement.id === 'name'");
    browser.write(page, name);
    browser.press(page, "Tab");
    browser.write(page, &password);
    browser.press(page, "Enter");
    browser.until(page, "document.querySelector('header nav a')");
    browser.go(page, &format!("http://{}{to}", place.address));
}

/// Clicks what a selector finds and waits for what must be there then.
fn click(browser: &mut Browser, page: &Page, selector: &str, then: &str) {
    browser.eval(page, &format!("document.querySelector({}).click()", json!(selector)));
    browser.until(page, then);
}

fn registry(place: &Place) -> Value {
    let text = fs::read_to_string(place.here.path("models/klit/registry.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn an_owner_promotes_a_version_and_rolls_it_back() {
    let Some(mut browser) = Browser::start() else { return };
    let here = installation("");
    here.json(&["retrain", "--promote", "--by", "anna"]);
    here.write("base.jsonl", lines(0..180));
    assert_eq!(here.json(&["retrain", "--by", "anna"])["version"], "klit/2");
    let place = Place::over(here, 0);
    let page = browser.page(1280, false);
    sign_in(&mut browser, &page, &place, "otto", "owner", "/models");
    let shown = browser.eval(&page, "document.querySelector('tbody').innerText");
    let shown = shown.as_str().unwrap();
    assert!(shown.contains("klit/2") && shown.contains("i brug"), "{shown}");

    let promote = "form[action='/models/promote'] button[value='2']";
    click(&mut browser, &page, promote, "document.getElementById('confirm')");
    let question = browser.eval(&page, "document.querySelector('h1').innerText");
    assert_eq!(question, "Skal klit/2 tages i brug i stedet for klit/1?");
    assert_eq!(registry(&place)["champion"]["version"], 1, "nothing has happened yet");
    browser.eval(&page, "document.getElementById('why').focus()");
    browser.write(&page, "flere breve");
    click(&mut browser, &page, "#confirm", "document.getElementById('roll-back')");
    let record = registry(&place);
    assert_eq!(record["champion"]["version"], 2);
    let last = record["history"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["by"], &last["why"]), (&"otto".into(), &"flere breve".into()));

    click(&mut browser, &page, "#roll-back", "document.getElementById('confirm')");
    click(
        &mut browser,
        &page,
        "#confirm",
        "location.pathname === '/models' && \
        document.querySelector('.events')?.innerText.includes('rullet tilbage')",
    );
    assert_eq!(registry(&place)["champion"]["version"], 1);

    // The slider says where it stands, and asks when it is let go.
    browser.go(&page, &format!("http://{}/threshold", place.address));
    let slide = "const r = document.querySelector('input[type=range]'); r.value = '97.5';";
    browser.eval(&page, &format!("{{ {slide} r.dispatchEvent(new Event('input')); }}"));
    let shown = browser.eval(&page, "document.getElementById('shown-at').textContent");
    assert_eq!(shown, "97,5 %");
    let let_go = format!("{{ {slide} r.dispatchEvent(new Event('change')); }}");
    browser.eval(&page, &let_go);
    browser.until(&page, "document.querySelector('.chosen th').innerText.startsWith('97,5 %')");

    // A card is a page, in the language chosen, with pictures that load.
    browser.go(&page, &format!("http://{}/models/1/card", place.address));
    let seen = browser.eval(
        &page,
        "document.querySelector('.card h2').innerText + ' ' + document.querySelectorAll('.card table').length \
         + [...document.images].map((i) => ` ${i.complete && i.naturalWidth > 0}`).join('')",
    );
    assert_eq!(seen, "Modelkort: klit 3 true true true");
    // A card can be read, and no page is wider than a narrow screen.
    let narrow = browser.page(320, false);
    sign_in(&mut browser, &narrow, &place, "olga", "owner", "/models/1/card");
    for path in ["/models/1/card", "/models", "/labels", "/threshold", "/evidence"] {
        browser.go(&narrow, &format!("http://{}{path}", place.address));
        let width = browser.eval(&narrow, "document.documentElement.scrollWidth");
        assert!(width.as_u64().unwrap() <= 320, "{path} is {width} wide");
    }
}

#[test]
fn the_owners_pages_break_no_wcag_with_something_on_them() {
    let Some(mut browser) = Browser::start() else { return };
    let Some(axe) = axe() else { return };
    let here = installation("history = \"old\"\n");
    here.json(&["retrain", "--promote", "--by", "anna"]);
    here.write("base.jsonl", lines(0..180));
    here.json(&["retrain", "--by", "anna"]);
    here.write("letters/1.eml", mail("Hul i vejen", "Der er et hul."));
    here.write("letters/2.eml", mail("Rotter", "Der er rotter i haven."));
    let place = Place::over(here, 2);
    let letter = place.here.json(&["letters"])["letters"][0]["letter"].clone();
    place.here.json(&["assign", letter.as_str().unwrap(), "affald", "--by", "klara"]);
    let mut wrong = Vec::new();
    for (dark, name) in [(false, "otto"), (true, "olga")] {
        let page = browser.page(1280, dark);
        sign_in(&mut browser, &page, &place, name, "owner", "/models");
        let promote = "form[action='/models/promote'] button[value='2']";
        click(&mut browser, &page, promote, "document.getElementById('confirm')");
        let mut found = violations(&mut browser, &page, &axe);
        for path in ["/models", "/models/1/card", "/labels", "/threshold?at=97.5"] {
            browser.go(&page, &format!("http://{}{path}", place.address));
            found.extend(violations(&mut browser, &page, &axe));
        }
        wrong.extend(found.into_iter().map(|one| format!("{one} (dark: {dark})")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_version_that_was_looked_at_is_rolled_back() {
    let here = installation("");
    here.json(&["retrain", "--promote", "--by", "anna"]);
    here.write("base.jsonl", lines(0..180));
    here.json(&["retrain", "--by", "anna"]);
    let place = Place::over(here, 0);
    let owner = place.person("otto", "owner");
    let send = |path: &str, form: &str| {
        place.post(path, &format!("csrf={}&{form}", owner.csrf), Some(&owner.cookie), "")
    };
    let asked = send("/models/promote", "version=2");
    assert!(asked.status == 200 && asked.body.contains("confirm"), "{}", asked.body);
    assert_eq!(registry(&place)["champion"]["version"], 1, "it was not confirmed");
    assert_eq!(send("/models/promote", "version=2&confirm=yes").status, 303);
    let stale = send("/models/roll-back", "version=1&confirm=yes");
    assert_eq!(stale.status, 409, "{}", stale.body);
    assert_eq!(registry(&place)["champion"]["version"], 2);
    assert_eq!(send("/models/promote", "version=9&confirm=yes").status, 400);
    assert_eq!(send("/models/challenge", "version=1&confirm=yes").status, 303);
    assert_eq!(registry(&place)["challenger"]["version"], 1);
    assert_eq!(send("/models/challenge", "version=0&confirm=yes").status, 303);
    assert_eq!(registry(&place)["challenger"], Value::Null);
}

#[test]
fn the_buttons_train_a_model_and_import_old_mail() {
    let Some(mut browser) = Browser::start() else { return };
    let here = installation("history = \"old\"\n");
    for n in 0..3 {
        here.write(&format!("old/affald/{n}"), mail(&format!("Gammel {n}"), "skraldet ligger der"));
    }
    let place = Place::over(here, 0);
    let page = browser.page(1280, false);
    sign_in(&mut browser, &page, &place, "otto", "owner", "/labels");
    click(
        &mut browser,
        &page,
        "#start-import",
        "document.getElementById('imported')?.innerText.includes('3 nye')",
    );
    let labels = place.here.json(&["labels", "list"]);
    assert_eq!(labels["labels"][0]["by"], "otto", "somebody stands behind each label");
    click(
        &mut browser,
        &page,
        "#start-retrain",
        "document.getElementById('trainings').innerText.includes('ny version lavet')",
    );
    let shown = browser.eval(&page, "document.getElementById('trainings').innerText");
    let shown = shown.as_str().unwrap();
    assert!(shown.contains("otto") && shown.contains("klit/1"), "{shown}");
    assert!(place.here.path("models/klit/1/model.postbud").is_file());
    let learned = fs::read_to_string(place.here.path("models/klit/1/letters.txt")).unwrap();
    assert_eq!(learned.lines().count(), 153);
}

#[test]
fn the_page_shows_how_far_a_retraining_has_come() {
    let here = installation("");
    here.write("base.jsonl", lines(0..2_400));
    let place = Place::over(here, 0);
    let owner = place.person("otto", "owner");
    let form = format!("csrf={}&start=yes", owner.csrf);
    let begin = || place.post("/labels/retrain", &form, Some(&owner.cookie), "");
    assert_eq!(begin().status, 303);
    let again = begin();
    assert!(again.body.contains("En træning er allerede i gang"), "{}", again.status);
    let mut steps = BTreeSet::new();
    wait_until("the new version", || {
        let page = place.get("/labels", Some(&owner.cookie)).body;
        let part = page.split("<progress id=\"progress\" value=\"").nth(1);
        steps.extend(part.and_then(|rest| rest.split('"').next()?.parse::<u64>().ok()));
        page.contains("ny version lavet")
    });
    assert!(!steps.is_empty(), "no page said how far it had come");
}

#[test]
fn labels_show_who_disagrees_and_can_be_withdrawn() {
    let place = Place::open(&[("Hul i vejen", "Der er et hul."), ("Rotter", "Der er rotter.")]);
    let (owner, auditor) = (place.person("otto", "owner"), place.person("aud", "auditor"));
    let page = place.get("/labels", Some(&owner.cookie)).body;
    assert!(page.contains("Hul i vejen"), "the model is unsure about it: {page}");
    let letter = place.waiting(&owner).remove(0);
    place.here.json(&["assign", &letter, "affald", "--by", "klara"]);
    let page = place.get("/labels", Some(&owner.cookie)).body;
    assert!(page.contains("klara") && page.contains(&letter), "{page}");
    let withdraw = |why: &str| {
        let form = format!("csrf={}&letter={letter}&number=1&why={why}", owner.csrf);
        place.post("/labels/withdraw", &form, Some(&owner.cookie), "").status
    };
    assert_eq!(withdraw(""), 400, "a withdrawal says why");
    assert_eq!(withdraw("forkert+brev"), 303);
    assert_eq!(withdraw("forkert+brev"), 409, "it is withdrawn already");
    let listed = place.here.json(&["labels", "list", "--letter", &letter]);
    assert_eq!(listed["labels"][0]["withdrawn"]["by"], "otto");
    // An auditor sees who said what, and no letter.
    let page = place.get("/labels", Some(&auditor.cookie)).body;
    assert!(page.contains(&letter) && !page.contains("Rotter") && !page.contains("/letters/"));
}

#[test]
fn another_threshold_is_a_form_that_needs_no_script() {
    let place = Place::open(&[("Hul i vejen", "Der er et hul.")]);
    let auditor = place.person("aud", "auditor");
    let page = place.get("/threshold?at=97%2C5&days=7", Some(&auditor.cookie));
    assert_eq!(page.status, 200);
    assert!(page.body.contains("97,5 % ←"), "{}", page.body);
    assert!(page.body.contains("1 breve"), "{}", page.body);
    let nonsense = place.get("/threshold?at=x&mailbox=../x", Some(&auditor.cookie));
    assert!(nonsense.status == 200 && nonsense.body.contains("90,0 % ←"));
}
