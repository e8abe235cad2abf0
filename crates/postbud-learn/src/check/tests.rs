//! Letters that cannot all be right.

use super::*;

fn letter(id: &str, label: &str, body: &str) -> LabelledLetter {
    let mut letter = LabelledLetter::new(label, "", body);
    letter.id = id.to_owned();
    letter
}

fn shown(checked: &Checked<'_>) -> String {
    let lines: Vec<String> = checked.findings.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

#[test]
fn each_letter_once_and_none_that_is_argued_about() {
    let mut letters = vec![
        letter("1", "affald", "tøm min spand"),
        letter("2", "affald", "Tøm  min spand"),
        letter("3", "vej-park", "hul i vejen"),
        letter("4", "affald", "hul i vejen"),
        letter("5", "vej-park", "lygten er ude"),
    ];
    letters.extend((0..20).map(|n| letter(&format!("a{n}"), "affald", &format!("spand {n}"))));
    let checked = check(&letters);
    let ids: Vec<&str> = checked.letters.iter().map(|l| l.id.as_str()).take(3).collect();
    assert_eq!(ids, ["1", "5", "a0"]);
    let tally = checked.tally;
    assert_eq!((tally.given, tally.used, tally.duplicates, tally.conflicts), (25, 22, 1, 2));
    insta::assert_snapshot!(shown(&checked));
}

#[test]
fn the_later_label_wins_where_dates_tell() {
    let mut letters = vec![
        letter("old", "affald", "hul i vejen"),
        letter("new", "vej-park", "hul i vejen"),
        letter("b1", "affald", "lygten er ude"),
        letter("b2", "vej-park", "lygten er ude"),
    ];
    // The first pair: labelled at different times, sent in the other order.
    (letters[0].labelled_at, letters[1].labelled_at) = (Some(1), Some(2));
    (letters[0].sent_at, letters[1].sent_at) = (Some(9), Some(8));
    // The second: one date is missing.
    letters[2].labelled_at = Some(5);
    let checked = check(&letters);
    let ids: Vec<&str> = checked.letters.iter().map(|l| l.id.as_str()).collect();
    assert_eq!(ids, ["new"]);
    insta::assert_snapshot!(shown(&checked));
}

#[test]
fn near_letters_are_one_group_and_said_when_they_disagree() {
    let form: String = (0..60).map(|n| format!("felt{n} ")).collect();
    let mut letters = vec![
        letter("1", "affald", &format!("{form} anna")),
        letter("2", "affald", "noget helt andet end det andet"),
        letter("3", "skole", &format!("{form} bo")),
    ];
    letters.push(letter("1", "skole", "samme id igen og igen"));
    let checked = check(&letters);
    assert_eq!(checked.letters.len(), 4);
    assert_eq!(checked.groups, [Some("0".to_owned()), None, Some("0".to_owned()), None]);
    assert_eq!(checked.tally.near_duplicates, 2);
    assert_eq!(checked.examples(&[2, 1])[0].group, Some("0"));
    insta::assert_snapshot!(shown(&checked));
}
