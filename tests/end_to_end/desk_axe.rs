//! Every page against WCAG 2.1 A and AA, by axe-core from npm.

use std::process::{Command, Stdio};

use crate::desk_browser::sign_in;
use crate::desk_chromium::{Browser, Page};
use crate::desk_place::Place;
use crate::settings::{embedded, mail};
use crate::support::{Installation, wait_until};

const RULES: &str = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']";

/// The script; `None`, with a printed line, where npm cannot fetch it.
pub(crate) fn axe() -> Option<String> {
    let dir = tempfile::tempdir().unwrap();
    let fetched = Command::new("npm")
        .args(["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts"])
        .args(["--fetch-timeout=20000", "--fetch-retries=1", "axe-core@4"])
        .current_dir(dir.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let script = dir.path().join("node_modules/axe-core/axe.min.js");
    match (fetched, std::fs::read_to_string(script)) {
        (Ok(status), Ok(script)) if status.success() => Some(script),
        _ => {
            println!("skipped: axe-core cannot be fetched from npm");
            None
        }
    }
}

/// What axe finds wrong on the page that is open, with everything on it unfolded.
pub(crate) fn violations(browser: &mut Browser, page: &Page, axe: &str) -> Vec<String> {
    browser.eval(page, "document.querySelectorAll('details').forEach(d => { d.open = true; })");
    browser.eval(page, &format!("{axe}; true"));
    let found = browser.eval(
        page,
        &format!(
            "axe.run(document, {{ runOnly: {{ type: 'tag', values: {RULES} }} }}).then((found) => \
             found.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.target.join(' ')).join(' | ')))"
        ),
    );
    let found = found.as_array().unwrap().iter();
    found.map(|one| one.as_str().unwrap().to_owned()).collect()
}

#[test]
fn no_page_breaks_wcag_in_light_or_dark() {
    let Some(mut browser) = Browser::start() else { return };
    let Some(axe) = axe() else { return };
    let desk = "\n[desk]\nlisten = \"127.0.0.1:0\"\ngrace_seconds = 60\nblind_share = 1.0\n\
        url = \"http://desk.example\"\nkey_file = \"desk.key\"\n";
    let here = Installation::with(&(embedded() + desk));
    here.write("desk.key", "0123456789abcdef0123456789abcdef");
    here.write(
        "letters/0.eml",
        mail("Hul i vejen", "Der er et hul i asfalten på vejen ved skolen."),
    );
    here.write("letters/1.eml", mail("Afhentning", "Jeg har storskrald."));
    here.write("letters/2.eml", mail("Lygte", "Den er gået ud."));
    let place = Place::over(here, 2);
    place.here.wait_for("delivered", 1);
    let clerk = place.person("karl", "clerk");
    let waiting = place.waiting(&clerk).remove(0);
    let mut look = String::new();
    wait_until("a second look", || {
        look = place.get("/second-look", Some(&clerk.cookie)).header("location");
        look.ends_with("/second-look")
    });
    let sent = look.replace("/second-look", "");
    let delivered = place.here.maildir("affald").remove(0).1;
    let delivered = String::from_utf8_lossy(&delivered).into_owned();
    let link = delivered.split("<http://desk.example").nth(1).unwrap();
    let link = link.split('>').next().unwrap().to_owned();
    // This month: the last one has no looks.
    let looks = place.get("/looks", Some(&place.person("oda", "owner").cookie)).body;
    let month = looks.split("<option>").nth(1).unwrap().split('<').next().unwrap();
    let looks = format!("/looks?month={month}");
    let paths = [
        "/",
        "/?why=returned",
        &format!("/letters/{waiting}"),
        &format!("/letters/{waiting}/authority"),
        &format!("/letters/{waiting}/authority?to=1"),
        &sent,
        &look,
        &link,
        "/find",
        "/evidence",
        &looks,
        "/threshold",
        "/models",
        "/labels",
        "/nowhere",
        "/sign-in",
    ];
    let mut wrong = Vec::new();
    for dark in [false, true] {
        let page = browser.page(1280, dark);
        let name = if dark { "olga" } else { "otto" };
        sign_in(&mut browser, &page, &place, name, "owner");
        for path in &paths {
            browser.go(&page, &format!("http://{}{path}", place.address));
            let found = violations(&mut browser, &page, &axe);
            wrong.extend(found.into_iter().map(|one| format!("{path} (dark: {dark}): {one}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
