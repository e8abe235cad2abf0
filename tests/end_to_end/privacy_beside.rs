//! What is held about a person beside the letters of the store: dead letters, a restriction.

use crate::privacy::{CPR, die_on_rabbitmq, letter, names_in, other, person};
use crate::servers::servers;
use crate::settings::production;
use crate::support::{Installation, wait_until};

#[test]
fn a_person_also_gets_dead_letters_and_whether_they_are_restricted() {
    let Some(servers) = servers("handing out everything") else { return };
    let place = Installation::with(&production(&servers, None));
    let mine = letter("Strandet", "Brevet kom ikke frem.");
    let dead = [("one", mine.clone()), ("two", other("Strandet", "Brevet kom ikke frem."))];
    die_on_rabbitmq(&servers, &dead);
    wait_until("two dead letters", || place.json(&["queue", "depth"])["dead"] == 2);
    let exported = |to: &str| {
        let said = person(&place, CPR, &["export", "--to", to]);
        assert_eq!(said.code, 0, "{}", said.err);
        names_in(&place.path(to))
    };
    let files = exported("first.zip");
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["strandede/0001.eml", "oversigt.txt"]);
    assert_eq!(files[0].1, mine);
    assert!(files[1].1.contains("1 strandede breve"), "{}", files[1].1);
    assert!(!files[1].1.contains("begrænset siden"), "{}", files[1].1);
    assert_eq!(person(&place, CPR, &["restrict"]).code, 0);
    let files = exported("second.zip");
    assert!(files[1].1.contains("begrænset siden 20"), "{}", files[1].1);
    assert_eq!(place.json(&["queue", "depth"])["dead"], 2, "they stay where they are");
}
