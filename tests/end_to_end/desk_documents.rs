//! Letters that are large, and documents that are not what they say.

use crate::desk_browser::{press_away, sign_in};
use crate::desk_chromium::Browser;
use crate::desk_place::Place;
use crate::settings::{embedded, mail, mail_with};
use crate::support::Installation;

const DESK: &str = "\n[desk]\nlisten = \"127.0.0.1:0\"\n";

const TEXT: &str = "Hej, se venligst de vedlagte papirer.";

#[test]
fn a_letter_of_five_megabytes_of_text_opens_and_says_that_it_is_cut() {
    let here = Installation::with(&(embedded() + DESK));
    here.write("letters/0.eml", mail("Lang", &"Der er et hul i vejen. ".repeat(230_000)));
    let place = Place::over(here, 1);
    let clerk = place.person("klara", "clerk");
    let letter = place.waiting(&clerk).remove(0);
    let page = place.get(&format!("/letters/{letter}"), Some(&clerk.cookie));
    assert_eq!(page.status, 200);
    assert!(page.body.contains(">vejen</mark>"));
    assert!(page.body.contains("Teksten er meget lang; her er begyndelsen"));
    assert!(page.body.contains("Teksten er længere end grænsen; resten er ikke læst"));
    assert!(page.body.len() < 1 << 20, "{} bytes", page.body.len());
    let form = format!("csrf={}&mailbox=vej-park", clerk.csrf);
    let said = place.post(&format!("/letters/{letter}/decide"), &form, Some(&clerk.cookie), "");
    assert_eq!(said.status, 303);
}

#[test]
fn the_desk_shows_the_text_of_documents_and_those_that_are_not_what_they_say() {
    let Some(mut browser) = Browser::start() else { return };
    let here = Installation::with(&(embedded() + DESK));
    let zip = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    here.write(
        "letters/0.eml",
        mail_with(
            "Se vedlagt",
            TEXT,
            &[
                ("ansoegning.txt", "Jeg søger om et lån af <b>salen</b>.".as_bytes()),
                ("skema.pdf", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0"),
                ("tom.zip", zip),
            ],
        ),
    );
    let place = Place::over(here, 1);
    let page = browser.page(1280, false);
    sign_in(&mut browser, &page, &place, "klara", "clerk");
    let letter = press_away(&mut browser, &page, "Enter");
    let main = browser.eval(&page, "document.querySelector('main').innerText");
    let main = main.as_str().unwrap();
    assert!(main.contains("Navnet ender på .pdf, men indholdet er: billede"), "{main}");
    assert!(main.contains("ansoegning.txt") && main.contains("(tekst, 1 KiB)"), "{main}");
    // d opens the first document's text, k comes back.
    assert_eq!(press_away(&mut browser, &page, "d"), format!("{letter}/documents/0/text"));
    let text = browser.eval(&page, "document.querySelector('.text').innerText");
    assert_eq!(text, "Jeg søger om et lån af <b>salen</b>.");
    assert_eq!(press_away(&mut browser, &page, "k"), letter);
    browser.go(&page, &format!("http://{}{letter}/documents/1/text", place.address));
    let said = browser.eval(&page, "document.querySelector('main').innerText");
    let said = said.as_str().unwrap();
    assert!(
        said.contains("Navnet ender på .pdf") && said.contains("Bilag 2 rummer billeder"),
        "{said}"
    );
    // Who read a document is known.
    let owner = place.person("otto", "owner");
    let seen = place.get("/evidence", Some(&owner.cookie)).body;
    assert!(seen.contains("dokument hentet"), "who read a document is known");
}

#[test]
fn where_nobody_reads_documents_the_page_says_so() {
    let here = Installation::with(&(embedded() + DESK + "[documents]\nread = false\n"));
    here.write("letters/0.eml", mail_with("Se vedlagt", TEXT, &[("a.txt", b"Hej")]));
    let place = Place::over(here, 1);
    let clerk = place.person("klara", "clerk");
    let letter = place.waiting(&clerk).remove(0);
    let page = place.get(&format!("/letters/{letter}/documents/0/text"), Some(&clerk.cookie));
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Dokumenter læses ikke her"));
    let none = place.get(&format!("/letters/{letter}/documents/1/text"), Some(&clerk.cookie));
    assert_eq!(none.status, 404);
}
