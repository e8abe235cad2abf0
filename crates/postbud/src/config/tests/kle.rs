//! `[kle]` and the KLE subjects of mailboxes.

use super::{loaded, refused};

/// A mailbox with these entries.
fn mailbox(id: &str, kle: &str) -> String {
    format!(
        "[[mailbox]]\nid = \"{id}\"\nname = \"{id}\"\nkle = {kle}\ndeliver = \"maildir:{id}\"\n"
    )
}

#[test]
fn nothing_goes_by_kle_unless_it_is_switched_on() {
    let table = mailbox("a", "[\"27.*\"]");
    assert!(!loaded(&table).0.settings.by_kle);
    assert!(!loaded(&format!("[kle]\n{table}")).0.settings.by_kle);
    let (config, warnings) = loaded(&format!("[kle]\nroute = true\n{table}"));
    assert!(config.settings.by_kle && warnings.is_empty(), "{warnings:?}");
}

#[test]
fn what_two_mailboxes_share_is_refused_with_what_to_do() {
    let text = [
        mailbox("visitation", "[\"27.36.*\", \"27.*\", \"27.36.04\"]"),
        mailbox("hjaelpemidler", "[\"27.60.*\",\n  \"27.36.04\", \"27.36.*\"]"),
    ];
    insta::assert_snapshot!(refused(&text.concat()).to_string());
}

#[test]
fn a_branch_and_a_part_of_it_are_two_entries_and_one_said_twice_is_one() {
    let text = [mailbox("a", "[\"27.*\", \"27.*\"]"), mailbox("b", "[\"27.36.*\", \"27.36.04\"]")];
    loaded(&text.concat());
}

#[test]
fn a_table_that_leads_nowhere_is_said() {
    let (_, warnings) = loaded("[kle]\nroute = true");
    let said: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    let nowhere = "[[mailbox]]\nid = \"a\"\nname = \"A\"\nkle = \"27.*\"\n";
    let (_, warnings) = loaded(&format!("[kle]\nroute = true\n{nowhere}"));
    let more: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert!(loaded(nowhere).1.is_empty());
    insta::assert_snapshot!([said, more].concat().join("\n"));
}
