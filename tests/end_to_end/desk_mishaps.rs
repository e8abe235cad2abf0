//! The desk when something goes wrong in the middle of work: nothing is lost, and the page says what
//! to do.

use std::fs;

use postbud_testkit::{Proxy, Weather, free_port};

use crate::desk_browser::{press_away, sign_in};
use crate::desk_chromium::{Browser, Page};
use crate::desk_place::Place;
use crate::servers::servers;
use crate::settings::{embedded, mail, production};
use crate::support::Installation;

const HOLE: (&str, &str) = ("Hul i vejen", "Der er et stort hul i asfalten.");
const NOTE: &str = "Ringede til Anna: hullet er ved nr. 7.";

/// Writes a note on the letter that is open, and sends it.
fn write_note(browser: &mut Browser, page: &Page) {
    browser.eval(page, "document.getElementById('note').focus()");
    browser.write(page, NOTE);
    browser
        .eval(page, "window.before = true; document.getElementById('note').form.requestSubmit()");
    browser.until(page, "!window.before");
}

fn text(browser: &mut Browser, page: &Page, id: &str) -> String {
    let text = browser.eval(page, &format!("document.getElementById('{id}').innerText"));
    text.as_str().unwrap_or_default().to_owned()
}

fn note_in_the_form(browser: &mut Browser, page: &Page) -> String {
    browser.until(page, "document.getElementById('note')");
    let text = browser.eval(page, "document.getElementById('note').value");
    text.as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_session_that_ends_in_mid_work_comes_back_to_the_letter_with_what_was_typed() {
    let Some(mut browser) = Browser::start() else { return };
    let place = Place::open(&[HOLE]);
    let page = browser.page(1280, false);
    sign_in(&mut browser, &page, &place, "klara", "clerk");
    let path = press_away(&mut browser, &page, "Enter");
    // A new password ends every session.
    let password = place.here.json(&["user", "password", "klara"]);
    let password = password["password"].as_str().unwrap().to_owned();
    write_note(&mut browser, &page);
    browser.until(&page, "document.getElementById('name')");
    browser.eval(&page, "document.getElementById('name').focus()");
    browser.write(&page, "klara");
    browser.press(&page, "Tab");
    browser.write(&page, &password);
    assert_eq!(press_away(&mut browser, &page, "Enter"), path, "back to the letter");
    assert_eq!(note_in_the_form(&mut browser, &page), NOTE);
    browser
        .eval(&page, "window.before = true; document.getElementById('note').form.requestSubmit()");
    browser.until(&page, "!window.before");
    assert!(text(&mut browser, &page, "notes").contains(NOTE));
    assert_eq!(note_in_the_form(&mut browser, &page), "", "it is stored and not offered again");
    // The same in the middle of a decision.
    let password = place.here.json(&["user", "password", "klara"]);
    assert_eq!(press_away(&mut browser, &page, "1"), "/sign-in");
    assert_eq!(place.here.count("review"), 1);
    browser.eval(&page, "document.getElementById('name').focus()");
    browser.write(&page, "klara");
    browser.press(&page, "Tab");
    browser.write(&page, password["password"].as_str().unwrap());
    assert_eq!(press_away(&mut browser, &page, "Enter"), path);
    press_away(&mut browser, &page, "1");
    assert_eq!(place.here.count("review"), 0);
}

#[test]
fn back_button_second_click_and_second_tab_decide_once() {
    let Some(mut browser) = Browser::start() else { return };
    let place = Place::open(&[HOLE]);
    let clerk = place.person("karl", "clerk");
    let one = browser.page(1280, false);
    sign_in(&mut browser, &one, &place, "klara", "clerk");
    let path = press_away(&mut browser, &one, "Enter");
    // A double click: the second press finds the form sent.
    browser.eval(
        &one,
        "window.before = true; const b = document.querySelector('[data-key=\"1\"]'); \
         const chosen = b.value; b.click(); b.click();",
    );
    browser.until(&one, "!window.before");
    assert_eq!(browser.eval(&one, "location.pathname"), "/");
    assert_eq!(browser.eval(&one, "document.querySelectorAll('.alert').length"), 0);
    // The back button shows the letter as it is now: decided, with nothing left to press.
    browser.eval(&one, "window.before = true; history.back()");
    browser.until(&one, "!window.before && location.pathname !== '/'");
    browser.until(&one, "!document.getElementById('decide')");
    let labels = place.here.json(&["labels", "list"])["labels"].clone();
    assert_eq!(labels.as_array().unwrap().len(), 1);
    let chosen = labels[0]["mailbox"].as_str().unwrap().to_owned();
    // The page from before, in another tab: the same again is done already, another is refused.
    let ask = |person: &crate::desk_place::Person, mailbox: &str| {
        let form = format!("csrf={}&mailbox={mailbox}", person.csrf);
        place.post(&format!("{path}/decide"), &form, Some(&person.cookie), "")
    };
    let klara = browser.eval(&one, "document.querySelector('[name=csrf]').value");
    let fetch = |mailbox: &str| {
        format!(
            "fetch('{path}/decide', {{ method: 'POST', headers: {{ 'Content-Type': \
             'application/x-www-form-urlencoded' }}, body: 'csrf={}&mailbox={mailbox}' }}) \
             .then(async (r) => r.status + ' ' + await r.text())",
            klara.as_str().unwrap()
        )
    };
    let said = browser.eval(&one, &fetch(&chosen));
    assert!(said.as_str().unwrap().starts_with("200"), "{said}");
    let other = if chosen == "affald" { "vej-park" } else { "affald" };
    let said = browser.eval(&one, &fetch(other));
    let said = said.as_str().unwrap();
    assert!(said.starts_with("409") && said.contains("Du har selv valgt"), "{said}");
    let said = ask(&clerk, other);
    assert!(said.status == 409 && said.body.contains("klara var først"), "{}", said.status);
    assert_eq!(place.here.json(&["labels", "list"])["labels"].as_array().unwrap().len(), 1);
}

#[test]
fn a_mailbox_that_is_taken_away_while_a_letter_is_open_is_said_and_the_letter_stays() {
    let Some(mut browser) = Browser::start() else { return };
    let port = free_port().unwrap();
    let desk = format!("\n[desk]\nlisten = \"127.0.0.1:{port}\"\ngrace_seconds = 60\n");
    let config = embedded() + &desk;
    let here = Installation::with(&config);
    here.write("letters/0.eml", mail(HOLE.0, HOLE.1));
    let place = Place::over(here, 1);
    let page = browser.page(1280, false);
    sign_in(&mut browser, &page, &place, "klara", "clerk");
    let path = press_away(&mut browser, &page, "Enter");
    let Place { here, running, .. } = place;
    assert_eq!(running.terminate(), 0);
    // The mailbox has another name from now on.
    here.write("postbud.toml", config.replace("\"affald\"", "\"genbrug\""));
    fs::remove_file(here.path("log")).unwrap();
    let place = Place::again(here, 1);
    browser.eval(
        &page,
        "window.before = true; const s = document.getElementById('mailbox'); s.value = 'affald'; \
         s.form.requestSubmit()",
    );
    browser.until(&page, "!window.before");
    let said = text(&mut browser, &page, "main");
    assert!(said.contains("Den postkasse findes ikke længere"), "{said}");
    assert_eq!(place.here.count("review"), 1);
    browser.eval(&page, "window.before = true; document.querySelector('main a.button').click()");
    browser.until(&page, "!window.before");
    assert_eq!(browser.eval(&page, "location.pathname"), path.as_str(), "back to the letter");
    let offered = browser
        .eval(&page, "[...document.getElementById('mailbox').options].map((o) => o.value).join()");
    let offered = offered.as_str().unwrap();
    assert!(offered.contains("genbrug") && !offered.contains("affald"), "{offered}");
}

#[test]
fn without_its_database_the_page_says_so_and_comes_back_by_itself() {
    let Some(servers) = servers("the desk without its database") else { return };
    let Some(mut browser) = Browser::start() else { return };
    let (server, rest) = servers.postgres.rsplit_once(':').unwrap();
    let (port, name) = rest.split_once('/').unwrap();
    let proxy = Proxy::start(port.parse().unwrap()).unwrap();
    let direct = servers.postgres.clone();
    let through = format!("{server}:{}/{name}", proxy.port());
    let desk = "\n[desk]\nlisten = \"127.0.0.1:0\"\ngrace_seconds = 60\n";
    let config = production(&servers, None).replace(&direct, &through) + desk;
    let here = Installation::with(&config);
    here.write("letters/0.eml", mail(HOLE.0, HOLE.1));
    let place = Place::over(here, 1);
    let page = browser.page(1280, false);
    sign_in(&mut browser, &page, &place, "klara", "clerk");
    let path = press_away(&mut browser, &page, "Enter");
    proxy.set(Weather::Cut);
    write_note(&mut browser, &page);
    // The page tries again every few seconds: a look may meet it between two of its tries.
    let away = "document.getElementById('main').innerText.includes('Databasen svarer ikke')";
    browser.until(&page, away);
    proxy.set(Weather::Clear);
    browser.until(&page, &format!("location.pathname === '{path}'"));
    assert_eq!(note_in_the_form(&mut browser, &page), NOTE, "what was typed is still there");
    // The list, too, says so and comes back where it was.
    proxy.set(Weather::Cut);
    browser.go(&page, &format!("http://{}/find", place.address));
    browser.until(&page, away);
    proxy.set(Weather::Clear);
    browser.until(&page, "document.querySelector('form[action=\"/find\"], main form')");
    assert_eq!(browser.eval(&page, "location.pathname"), "/find");
}
