//! The desk in a browser, as a clerk uses it: with the keyboard.

use crate::desk_chromium::{Browser, Page};
use crate::desk_place::Place;

const LETTERS: [(&str, &str); 11] = [
    ("Hul i vejen", "Der er et stort hul i asfalten på Strandvejen."),
    ("Lygtepæl", "Lyset ved skolen virker ikke."),
    ("Tilmelding", "Mit barn skal begynde i skole til august."),
    ("Flytning", "Jeg er flyttet og vil melde det."),
    ("Byggetilladelse", "Jeg vil gerne bygge en carport."),
    ("Hjemmehjælp", "Min mor har brug for hjælp til rengøring."),
    ("Rotter", "Vi har rotter i haven."),
    ("Pas", "Hvornår har I åbent for pas?"),
    ("Gebyr", "Jeg har fået en regning, som jeg ikke forstår."),
    ("Træ", "Et træ fra parken hænger ind over vores grund."),
    ("Vand", "Vandet smager af jern."),
];

/// Signs in by keyboard and waits for the list.
pub(crate) fn sign_in(browser: &mut Browser, page: &Page, place: &Place, name: &str, role: &str) {
    let password = place.account(name, role);
    browser.go(page, &format!("http://{}/", place.address));
    browser.until(page, "document.activeElement.id === 'name'");
    browser.write(page, name);
    browser.press(page, "Tab");
    browser.write(page, &password);
    browser.press(page, "Enter");
    browser.until(page, "document.getElementById('start')");
}

/// The letter that is open.
fn letter(browser: &mut Browser, page: &Page) -> String {
    browser.eval(page, "location.pathname").as_str().unwrap().to_owned()
}

/// Presses a key on a letter and waits until another page is there; returns its path.
pub(crate) fn press_away(browser: &mut Browser, page: &Page, key: &str) -> String {
    browser.eval(page, "window.before = true");
    browser.press(page, key);
    browser.until(page, "!window.before");
    letter(browser, page)
}

#[test]
fn ten_letters_by_keyboard_one_taken_back_and_none_left_behind() {
    let Some(mut browser) = Browser::start() else { return };
    let place = Place::open(&LETTERS);
    let page = browser.page(1280, false);
    sign_in(&mut browser, &page, &place, "klara", "clerk");
    let mut at = press_away(&mut browser, &page, "Enter");
    for n in 0..10 {
        assert!(at.starts_with("/letters/"), "{at}");
        let next = match n % 3 {
            // By searching a mailbox.
            0 => {
                browser.press(&page, "/");
                browser.until(&page, "document.activeElement.id === 'search'");
                browser.write(&page, "storskrald");
                press_away(&mut browser, &page, "Enter")
            }
            n => press_away(&mut browser, &page, &n.to_string()),
        };
        assert_ne!(next, at, "the next letter comes by itself");
        at = next;
    }
    assert_eq!(place.here.count("review"), 1);
    // The last one is taken back and opens again.
    let last = press_away(&mut browser, &page, "u");
    assert_ne!(last, at);
    assert_eq!(place.here.count("review"), 2);
    let errors = browser.eval(&page, "document.querySelectorAll('.alert').length");
    assert_eq!(errors, 0);
    press_away(&mut browser, &page, "2");
    let list = press_away(&mut browser, &page, "1");
    assert_eq!(list, "/", "nothing waits any more");
    assert_eq!(place.here.count("review"), 0);
}

#[test]
fn the_second_clerk_on_a_letter_sees_who_has_it_and_who_was_first() {
    let Some(mut browser) = Browser::start() else { return };
    let place = Place::open(&LETTERS[..1]);
    let (one, two) = (browser.page(1280, false), browser.page(1280, false));
    sign_in(&mut browser, &one, &place, "klara", "clerk");
    sign_in(&mut browser, &two, &place, "karl", "clerk");
    let path = press_away(&mut browser, &one, "Enter");
    browser.go(&two, &format!("http://{}{path}", place.address));
    let said = browser.eval(&two, "document.querySelector('.alert').innerText");
    assert!(said.as_str().unwrap().contains("klara"), "{said}");
    press_away(&mut browser, &one, "1");
    press_away(&mut browser, &two, "2");
    let said = browser.eval(&two, "document.querySelector('main').innerText");
    assert!(said.as_str().unwrap().contains("klara var først"), "{said}");
}

#[test]
fn no_page_is_wider_than_a_narrow_screen() {
    let Some(mut browser) = Browser::start() else { return };
    let long = "Donaudampfschifffahrtsgesellschaftskapitän".repeat(5);
    let place = Place::open(&[(&long, &long), LETTERS[0]]);
    let page = browser.page(320, false);
    sign_in(&mut browser, &page, &place, "klara", "owner");
    let letter = place.here.json(&["letters"])["letters"][0]["letter"].clone();
    let letter = format!("/letters/{}", letter.as_str().unwrap());
    let owners = ["/evidence", "/looks", "/threshold", "/models", "/labels"];
    for path in ["/sign-in", "/", "/find", &letter, "/nowhere"].into_iter().chain(owners) {
        browser.go(&page, &format!("http://{}{path}", place.address));
        let width = browser.eval(&page, "document.documentElement.scrollWidth");
        assert!(width.as_u64().unwrap() <= 320, "{path} is {width} wide");
    }
}

#[test]
fn another_language_is_chosen_without_leaving_the_page() {
    let Some(mut browser) = Browser::start() else { return };
    let place = Place::open(&LETTERS[..2]);
    let page = browser.page(1280, false);
    sign_in(&mut browser, &page, &place, "klara", "clerk");
    let switch = "window.before = true; document.querySelector('header form button').click()";
    for (path, heading) in
        [("/find?state=review", "Find a letter"), ("/find?state=review", "Find et brev")]
    {
        browser.go(&page, &format!("http://{}{path}", place.address));
        browser.eval(&page, switch);
        browser.until(&page, "!window.before");
        let at = browser.eval(&page, "location.pathname + location.search");
        assert_eq!(at, path);
        assert_eq!(browser.eval(&page, "document.querySelector('h1').innerText"), heading);
    }
}

#[test]
fn another_authority_and_several_mailboxes_by_keyboard() {
    let Some(mut browser) = Browser::start() else { return };
    let place = Place::open(&LETTERS[..2]);
    let page = browser.page(1280, false);
    sign_in(&mut browser, &page, &place, "klara", "clerk");
    let first = press_away(&mut browser, &page, "Enter");
    // o, the second authority, and Enter on the button that has the focus.
    assert!(press_away(&mut browser, &page, "o").ends_with("/authority"));
    press_away(&mut browser, &page, "2");
    let text = browser.eval(&page, "document.getElementById('forward').value");
    let text = text.as_str().unwrap();
    assert!(text.starts_with("Til Udbetaling Danmark") && text.contains("§ 7, stk. 2"), "{text}");
    let next = press_away(&mut browser, &page, "Enter");
    assert_ne!(next, first, "the next letter comes by itself");
    assert_eq!(place.here.count("review"), 1);
    browser.go(&page, &format!("http://{}{first}", place.address));
    let notes = browser.eval(&page, "document.getElementById('notes').innerText");
    assert!(notes.as_str().unwrap().contains("Udbetaling Danmark"), "{notes}");
    browser.go(&page, &format!("http://{}{next}", place.address));
    // s, a mailbox by its first letters, Tab to the first box and Space, Enter sends.
    browser.press(&page, "s");
    browser.until(&page, "document.activeElement.id === 'belongs'");
    browser.eval(&page, "document.getElementById('belongs').value = 'vej-park'");
    browser.press(&page, "Tab");
    browser.press(&page, " ");
    browser.until(&page, "document.querySelector('[name=also]').checked");
    press_away(&mut browser, &page, "Enter");
    assert_eq!(place.here.count("review"), 0);
    let errors = browser.eval(&page, "document.querySelectorAll('.alert').length");
    assert_eq!(errors, 0);
}
