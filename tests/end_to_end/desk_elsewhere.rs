//! Signing in elsewhere, with OpenID Connect.

use postbud_testkit::free_port;
use serde_json::json;

use crate::desk_chromium::Browser;
use crate::desk_issuer::{CLIENT, Issuer, SECRET, Says, person};
use crate::desk_place::{Answer, Place};
use crate::settings::{embedded, mail};
use crate::support::{Installation, wait_until};

/// A desk whose people sign in at this issuer.
fn open(issuer: &Issuer) -> Place {
    let port = free_port().unwrap();
    let desk = format!(
        "\n[desk]\nlisten = \"127.0.0.1:{port}\"\n[desk.oidc]\nissuer = \"{}\"\n\
         client_id = \"{CLIENT}\"\nclient_secret_file = \"secret\"\n\
         public_url = \"http://127.0.0.1:{port}\"\n\
         [desk.oidc.roles]\nclerk = [\"Fordeler\"]\nowner = [\"Ejer\"]\n",
        issuer.address()
    );
    let here = Installation::empty();
    here.write("secret", format!("{SECRET}\n"));
    here.write("postbud.toml", embedded() + &desk);
    here.write("letters/1.eml", mail("Hul i vejen", "Der er et hul."));
    Place::over(here, 1)
}

/// What a desk asks: where the browser is sent, and the cookie it carries.
fn question(place: &Place, path: &str) -> (String, String) {
    let asked = place.get(path, None);
    assert_eq!(asked.status, 303, "{}", asked.body);
    let cookie = asked.header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    (asked.header("location"), cookie.split(';').next().unwrap().to_owned())
}

/// The way back that the issuer gives, as a path of the desk.
fn way_back(issuer: &Issuer, there: &str) -> String {
    let back = issuer.agree(there);
    let (_, rest) = back.split_once("://").unwrap();
    rest[rest.find('/').unwrap()..].to_owned()
}

/// Signs in with what the issuer says now.
fn sign_in(place: &Place, issuer: &Issuer) -> Answer {
    let (there, cookie) = question(place, "/sign-in/elsewhere");
    place.get(&way_back(issuer, &there), Some(&cookie))
}

fn session(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

#[test]
fn a_browser_signs_in_elsewhere_and_comes_back_to_the_letter() {
    let Some(mut browser) = Browser::start() else { return };
    let issuer = Issuer::start();
    let place = open(&issuer);
    let letter = place.here.json(&["letters"])["letters"][0]["letter"].clone();
    let path = format!("/letters/{}", letter.as_str().unwrap());
    let page = browser.page(1280, false);
    browser.go(&page, &format!("http://{}{path}", place.address));
    browser.eval(&page, "document.getElementById('elsewhere').click()");
    browser
        .until(&page, &format!("location.pathname === '{path}' && document.querySelector('h1')"));
    let who = browser.eval(&page, "document.querySelector('header').innerText");
    assert!(who.as_str().unwrap().contains("klara"), "{who}");
}

#[test]
fn a_role_is_what_the_issuer_says_now() {
    let issuer = Issuer::start();
    let place = open(&issuer);
    let clerk = session(&sign_in(&place, &issuer));
    assert_eq!(place.get("/", Some(&clerk)).status, 200, "{}", place.running.log());
    assert_eq!(place.get("/models", Some(&clerk)).status, 403);
    // Called something else there by now, and an owner.
    issuer.says(person("1", "klara.holm", &["andet", "Ejer"]));
    let owner = session(&sign_in(&place, &issuer));
    assert_eq!(place.get("/models", Some(&owner)).status, 200);
    assert_eq!(place.get("/models", Some(&clerk)).status, 200, "in every session");
    let users = place.here.json(&["user", "list"]);
    let users = users["users"].as_array().unwrap();
    assert_eq!((users.len(), &users[0]["name"]), (1, &"klara".into()), "one person, one name");
    // Whoever has no role any more does not get in, nor does an account that is switched off.
    issuer.says(person("1", "klara", &["andet"]));
    assert_eq!(sign_in(&place, &issuer).status, 403);
    issuer.says(person("1", "klara", &["Ejer"]));
    place.here.json(&["user", "disable", "klara"]);
    let refused = sign_in(&place, &issuer);
    assert!(refused.status == 403 && refused.body.contains("slået fra"), "{}", refused.body);
    // The password of such an account is one that nobody has.
    let form = "name=klara&password=";
    assert_eq!(place.post("/sign-in", form, None, "").status, 401);
}

#[test]
fn nobody_gets_the_account_of_somebody_else() {
    let issuer = Issuer::start();
    let place = open(&issuer);
    let local = place.person("otto", "owner");
    issuer.says(person("7", "otto", &["Ejer"]));
    let refused = sign_in(&place, &issuer);
    assert!(refused.status == 403 && refused.header("set-cookie").is_empty(), "{}", refused.head);
    assert_eq!(place.get("/models", Some(&local.cookie)).status, 200, "nothing has changed");
    issuer.says(person("1", "klara", &["Fordeler"]));
    assert_eq!(sign_in(&place, &issuer).status, 200);
    issuer.says(person("2", "klara", &["Ejer"]));
    assert_eq!(sign_in(&place, &issuer).status, 403, "another person of that name");
    issuer.says(person("3", "postbud", &["Ejer"]));
    assert_eq!(sign_in(&place, &issuer).status, 403, "that is the machine");
}

#[test]
fn only_a_token_that_holds_counts() {
    let issuer = Issuer::start();
    let place = open(&issuer);
    let usual = person("1", "klara", &["Ejer"]);
    let with = |name: &str, value: serde_json::Value| {
        let mut says = usual.clone();
        says.claims[name] = value;
        says
    };
    let wrong: Vec<(&str, Says)> = vec![
        ("another question", with("nonce", json!("0".repeat(64)))),
        ("no question", with("nonce", json!(null))),
        ("another issuer", with("iss", json!("https://evil.example"))),
        ("another program", with("aud", json!("other"))),
        ("no program", with("aud", json!(null))),
        ("several programs", with("aud", json!([CLIENT, "other"]))),
        ("given to another", with("azp", json!("other"))),
        ("long over", with("exp", json!(1_000_000_000))),
        ("endless", with("exp", json!(null))),
        ("no number in time", with("exp", json!("2100-01-01"))),
        ("not yet", with("nbf", json!(32_503_680_000_u64))),
        ("nobody", with("sub", json!(null))),
        ("a forged signature", Says { forged: true, ..usual.clone() }),
        ("an unknown key", Says { kid: "unknown", forged: true, ..usual.clone() }),
        ("no signature", Says { alg: "none", ..usual.clone() }),
        ("a shared secret", Says { alg: "HS256", ..usual.clone() }),
        ("another algorithm", Says { alg: "RS256", ..usual.clone() }),
    ];
    for (what, says) in wrong {
        issuer.says(says);
        let said = sign_in(&place, &issuer);
        assert_eq!(said.status, 403, "{what}: {}", said.body);
        assert!(!said.head.contains("postbud="), "{what}: {}", said.head);
    }
    issuer.says(usual.clone());
    assert_eq!(sign_in(&place, &issuer).status, 200, "and the true one does");
    // An issuer gets new keys now and then; it is asked for them when a token names one.
    issuer.new_key("two");
    issuer.says(Says { kid: "two", ..usual });
    wait_until("the new key", || sign_in(&place, &issuer).status == 200);
    let log = place.running.log();
    assert!(log.contains("somebody could not sign in elsewhere"), "{log}");
    for secret in ["hemmelig", "eyJ", "code-"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

#[test]
fn an_answer_belongs_to_the_browser_that_asked_and_counts_once() {
    let issuer = Issuer::start();
    let place = open(&issuer);
    let (there, cookie) = question(&place, "/sign-in/elsewhere?next=//evil.example");
    assert!(there.starts_with(&issuer.address()), "{there}");
    let back = way_back(&issuer, &there);
    assert_eq!(place.get(&back, None).status, 403, "without the cookie");
    let (_, other) = question(&place, "/sign-in/elsewhere");
    assert_eq!(place.get(&back, Some(&other)).status, 403, "with another question's");
    let broken_off = back.replace("code=", "error=access_denied&x=");
    assert_eq!(place.get(&broken_off, Some(&cookie)).status, 403);
    let said = place.get(&back, Some(&cookie));
    assert!(said.status == 200 && !said.body.contains("evil.example"), "{}", said.body);
    let cookie_of_session = said.header("set-cookie");
    assert!(cookie_of_session.contains("SameSite=Strict"), "{cookie_of_session}");
    assert_eq!(place.get(&back, Some(&cookie)).status, 403, "the code is used");
}

#[test]
fn an_issuer_that_is_away_keeps_nobody_out_who_has_an_account_here() {
    let issuer = Issuer::start();
    let place = open(&issuer);
    let gone = free_port().unwrap();
    let place = {
        let text = std::fs::read_to_string(place.here.path("postbud.toml")).unwrap();
        let text = text.replace(&issuer.address(), &format!("http://127.0.0.1:{gone}"));
        drop(place);
        let here = Installation::empty();
        here.write("secret", SECRET);
        here.write("postbud.toml", text);
        Place::over(here, 0)
    };
    let said = place.get("/sign-in/elsewhere", None);
    assert_eq!(said.status, 502, "{}", said.body);
    let page = place.get("/sign-in", None).body;
    assert!(page.contains("/sign-in/elsewhere"), "{page}");
    place.person("otto", "owner");
}

#[test]
fn without_an_issuer_there_is_no_such_way_in() {
    let place = Place::open(&[]);
    assert_eq!(place.get("/sign-in/elsewhere", None).status, 404);
    assert_eq!(place.get("/sign-in/elsewhere/back?code=x&state=y", None).status, 404);
    assert!(!place.get("/sign-in", None).body.contains("elsewhere"));
}
