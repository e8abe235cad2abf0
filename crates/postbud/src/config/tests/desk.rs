//! `[desk]`.

use std::path::Path;
use std::time::Duration;

use crate::config::{Desk, from_str};

const REST: &str = "[[mailbox]]\nid = \"a\"\nname = \"A\"\ndescription = \"a\"\n";

/// The desk, and how many warnings there were.
fn read(desk: &str) -> Result<(Option<Desk>, usize), String> {
    let read = from_str(&format!("{desk}\n{REST}"), Path::new("/etc/postbud"));
    read.map(|(config, warnings)| (config.desk, warnings.len()))
        .map_err(|report| report.to_string())
}

#[test]
fn no_section_is_no_desk_and_an_empty_one_is_the_default() {
    assert_eq!(read("").unwrap(), (None, 0));
    let desk = Desk::at("127.0.0.1:8025".parse().unwrap());
    assert_eq!(read("[desk]").unwrap(), (Some(desk.clone()), 0));
    assert_eq!(desk.grace, Duration::from_secs(20));
    assert_eq!((desk.session.as_secs(), desk.deadline.as_secs()), (28_800, 86_400));
}

#[test]
fn an_open_network_needs_tls_in_front() {
    assert_eq!(read("[desk]\nlisten = \"0.0.0.0:80\"").unwrap().1, 1);
    assert_eq!(read("[desk]\nlisten = \"[::1]:80\"").unwrap().1, 0);
    let behind = read("[desk]\nlisten = \"0.0.0.0:80\"\nbehind_tls = true").unwrap();
    assert!(behind.0.unwrap().behind_tls && behind.1 == 0);
}

#[test]
fn what_cannot_be_is_named() {
    for (text, part) in [
        ("listen = \"localhost\"", "an address of this machine and a port"),
        ("listen = \"127.0.0.1:99999\"", "an address of this machine and a port"),
        ("grace_seconds = -1", "from 0 to 3600"),
        ("session_hours = 48", "from 1 to 24"),
        ("lissen = \"x\"", "listen"),
    ] {
        let said = read(&format!("[desk]\n{text}")).unwrap_err();
        assert!(said.contains(part), "{text}: {said}");
    }
}

#[test]
fn restricted_mailboxes_exist_and_name_people() {
    let desk =
        read("[[desk.restricted]]\nmailbox = \"a\"\npeople = [\"klara\", \"karl\"]").unwrap();
    let restricted = desk.0.unwrap().restricted;
    assert_eq!(restricted.len(), 1);
    assert!(restricted.values().all(|people| people.contains("klara") && people.len() == 2));
    for (text, part) in [
        ("mailbox = \"b\"\npeople = [\"klara\"]", "not one of"),
        ("mailbox = \"a\"", "this key is missing"),
        ("people = [\"klara\"]", "this key is missing"),
    ] {
        let said = read(&format!("[[desk.restricted]]\n{text}")).unwrap_err();
        assert!(said.contains(part), "{text}: {said}");
    }
}

const OIDC: &str = "[desk.oidc]\nissuer = \"https://id.klit.example/realms/klit\"\n\
    client_id = \"postbud\"\npublic_url = \"https://postbud.klit.example/\"\n\
    [desk.oidc.roles]\nclerk = [\"Fordeler\", \"Vikar\"]\nowner = \"Ejer\"\n";

#[test]
fn signing_in_elsewhere_has_an_issuer_and_roles() {
    let oidc = read(OIDC).unwrap().0.unwrap().oidc.unwrap();
    assert_eq!(oidc.public_url, "https://postbud.klit.example");
    assert_eq!(
        (oidc.name_claim.as_str(), oidc.role_claim.as_str()),
        ("preferred_username", "roles")
    );
    assert_eq!((oidc.roles.len(), oidc.client_secret), (3, None));
    for (from, to, part) in [
        ("https://id", "http://id", "begins with https://"),
        ("client_id = \"postbud\"\n", "", "this key is missing"),
        ("[desk.oidc.roles]\nclerk = [\"Fordeler\", \"Vikar\"]\nowner = \"Ejer\"\n", "", "nobody"),
        ("owner =", "ovner =", "owner"),
        ("client_id", "client_secret_file = \"/nowhere\"\nclient_id", "cannot be read"),
    ] {
        let said = read(&OIDC.replacen(from, to, 1)).unwrap_err();
        assert!(said.contains(part), "{to}: {said}");
    }
    let here = OIDC.replace("https://", "http://127.0.0.1:9/");
    assert!(read(&here).is_ok(), "on this machine");
}

#[test]
fn second_looks_links_and_authorities_have_defaults_and_limits() {
    let (desk, warnings) = read("[desk]").unwrap();
    let checks = desk.unwrap().checks;
    assert_eq!((checks.blind_share, checks.blind_least, warnings), (200, 20, 0));
    assert!(checks.links.is_none() && checks.authorities.len() == 5);
    let some = "[desk]\nblind_share = 0.005\nurl = \"https://post.example/\"\n\
        key_file = \"desk.key\"\nauthority_mailbox = \"a\"\n\
        [[desk.authority]]\nname = \"Politiet\"\n";
    let checks = read(some).unwrap().0.unwrap().checks;
    assert_eq!((checks.blind_share, checks.authorities.len()), (50, 1));
    let links = checks.links.unwrap();
    assert_eq!(links.url, "https://post.example");
    assert_eq!(links.key_file, Path::new("/etc/postbud/desk.key"));
    for (text, part) in [
        ("blind_share = 2", "from 0 to 1"),
        ("link_days = 0", "from 1 to 365"),
        ("url = \"https://post.example\"", "need a key"),
        ("key_file = \"desk.key\"", "need an address"),
        ("key_file = \"k\"\nurl = \"ftp://post.example\"", "the address under which"),
        ("key_file = \"k\"\nurl = \"https://a.example/?x=<y>\"", "the address under which"),
        ("authority_mailbox = \"b\"", "not one of"),
    ] {
        let said = read(&format!("[desk]\n{text}")).unwrap_err();
        assert!(said.contains(part), "{text}: {said}");
    }
}
