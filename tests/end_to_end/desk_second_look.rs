//! In a browser: the blind second look, a letter that a mailbox sends back, and the switch that stops
//! all automatic routing.

use crate::desk_browser::{press_away, sign_in};
use crate::desk_chromium::{Browser, Page};
use crate::desk_place::Place;
use crate::settings::{embedded, mail};
use crate::support::{Installation, wait_until};

const LINKS: &str = "url = \"http://desk.example\"\nkey_file = \"desk.key\"\n";

/// A desk after these letters have gone out by a rule.
fn after(letters: usize, lines: &str) -> Place {
    let desk = format!("\n[desk]\nlisten = \"127.0.0.1:0\"\ngrace_seconds = 0\n{lines}{LINKS}");
    let here = Installation::with(&(embedded() + &desk));
    here.write("desk.key", "0123456789abcdef0123456789abcdef\n");
    for n in 0..letters {
        here.write(&format!("letters/{n}.eml"), mail(&format!("Sag {n}"), "Jeg har storskrald."));
    }
    here.json(&["send", "letters"]);
    let place = Place::over(here, 0);
    place.here.wait_for("delivered", letters);
    place
}

fn main_text(browser: &mut Browser, page: &Page) -> String {
    let text = browser.eval(page, "document.querySelector('main').innerText");
    text.as_str().unwrap_or_default().to_owned()
}

/// Clicks, and waits for another page.
fn click_away(browser: &mut Browser, page: &Page, selector: &str) {
    let click = format!("window.before = true; document.querySelector(\"{selector}\").click()");
    browser.eval(page, &click);
    browser.until(page, "!window.before");
}

/// Searches a mailbox with the keyboard and answers.
fn answer(browser: &mut Browser, page: &Page, mailbox: &str) -> String {
    browser.press(page, "/");
    browser.until(page, "document.activeElement.id === 'search'");
    browser.write(page, mailbox);
    press_away(browser, page, "Enter")
}

#[test]
fn a_second_look_by_keyboard_shows_nothing_of_what_the_machine_thought() {
    let Some(mut browser) = Browser::start() else { return };
    let place = after(2, "blind_least = 0\nblind_share = 1.0\n");
    let clerk = place.person("karl", "clerk");
    wait_until("both letters drawn", || {
        place.get("/", Some(&clerk.cookie)).body.contains("2 breve venter på et andet blik")
    });
    let page = browser.page(1280, false);
    let password = place.account("klara", "clerk");
    browser.go(&page, &format!("http://{}/sign-in", place.address));
    browser.until(&page, "document.activeElement.id === 'name'");
    browser.write(&page, "klara");
    browser.press(&page, "Tab");
    browser.write(&page, &password);
    browser.press(&page, "Enter");
    browser.until(&page, "document.querySelector('header nav a')");
    click_away(&mut browser, &page, "a[href='/second-look']");
    let shown = main_text(&mut browser, &page);
    assert!(shown.contains("Et andet blik") && shown.contains("storskrald"), "{shown}");
    let suggested =
        browser.eval(&page, "document.querySelectorAll('[data-key=\"1\"], mark, .why').length");
    assert_eq!(suggested, 0, "no suggestion and no marked word");
    // Where the machine sent it: on to the next one, with thanks.
    let next = answer(&mut browser, &page, "storskrald");
    assert!(next.ends_with("/second-look"), "{next}");
    assert!(main_text(&mut browser, &page).contains("Tak, dit svar tæller"));
    // Somewhere else: the page says where it went, and it can be sent on.
    answer(&mut browser, &page, "vej");
    let other = main_text(&mut browser, &page);
    assert!(other.contains("Affald og Genbrug"), "{other}");
    click_away(&mut browser, &page, "form[action$='/send-on'] button");
    wait_until("the letter in the other mailbox", || place.here.maildir("vej-park").len() == 1);
}

#[test]
fn a_caseworker_sends_a_letter_back_from_the_link_in_it() {
    let Some(mut browser) = Browser::start() else { return };
    let place = after(1, "blind_share = 0\n");
    let delivered = String::from_utf8_lossy(&place.here.maildir("affald")[0].1).into_owned();
    let link = delivered.split("<http://desk.example").nth(1).unwrap();
    let link = link.split('>').next().unwrap().to_owned();
    // No account: the link is all a caseworker needs.
    let page = browser.page(1280, false);
    browser.go(&page, &format!("http://{}{link}", place.address));
    browser.eval(&page, "document.querySelector('[name=name]').focus()");
    browser.write(&page, "Bente");
    browser.eval(&page, "document.querySelector('select[name=mailbox]').value = 'vej-park'");
    click_away(&mut browser, &page, "main form button");
    wait_until("the letter in the right mailbox", || place.here.maildir("vej-park").len() == 1);
    let label = place.here.json(&["labels", "list"])["labels"][0].clone();
    assert_eq!((&label["source"], &label["mailbox"]), (&"returned".into(), &"vej-park".into()));
    // A second use is refused, on a page that says so.
    browser.go(&page, &format!("http://{}{link}", place.address));
    assert_eq!(browser.eval(&page, "document.querySelectorAll('main form button').length"), 0);
}

#[test]
fn the_kill_switch_sends_everything_to_people_until_two_owners_agree() {
    let Some(mut browser) = Browser::start() else { return };
    let place = after(1, "blind_share = 0\n");
    let page = browser.page(1280, false);
    sign_in(&mut browser, &page, &place, "otto", "owner");
    browser.go(&page, &format!("http://{}/evidence", place.address));
    click_away(&mut browser, &page, "form[action='/switch-off'] button");
    const CHANGED: &str = "switches for automatic routing have changed";
    wait_until("the router to notice", || place.running.log().contains(CHANGED));
    place.here.write("more/1.eml", mail("Sag 1", "Jeg har storskrald igen."));
    place.here.json(&["send", "more"]);
    place.here.wait_for("review", 1);
    // On again: one owner asks, and another one confirms.
    click_away(&mut browser, &page, "form[action='/switch-on'] button");
    let asked = main_text(&mut browser, &page);
    assert!(asked.contains("otto"), "{asked}");
    let second = browser.page(1280, false);
    sign_in(&mut browser, &second, &place, "olga", "owner");
    browser.go(&second, &format!("http://{}/evidence", place.address));
    click_away(&mut browser, &second, "form[action='/switch-on'] button");
    wait_until("the router to notice", || place.running.log().matches(CHANGED).count() == 2);
    place.here.write("again/2.eml", mail("Sag 2", "Mere storskrald."));
    place.here.json(&["send", "again"]);
    place.here.wait_for("delivered", 2);
}
