//! Letters that name their KLE subject: `28.09.04` in these tests.

mod support;

use std::collections::BTreeSet;

use postbud_decide::{
    Claims, Condition, Doubt, KlePattern, KleSubject, Mailbox, Reason, Settings, Taken, Tier, taken,
};
use postbud_letter::{DefectKind, Letter};
use proptest::prelude::*;
use support::*;

fn pattern(text: &str) -> KlePattern {
    KlePattern::parse(text).expect("a KLE pattern")
}

fn subject(text: &str) -> KleSubject {
    KleSubject::parse(text).expect("a KLE subject")
}

/// [`settings`] with KLE switched on and these subjects on mailboxes.
fn taking(entries: &[(&str, &[&str])]) -> Settings {
    let mut settings = Settings { by_kle: true, ..settings() };
    for (name, patterns) in entries {
        let found = settings.mailboxes.iter_mut().find(|mailbox| mailbox.id == id(name));
        found.expect("a mailbox").kle = patterns.iter().map(|text| pattern(text)).collect();
    }
    settings
}

/// A letter that names a subject and answers nothing.
fn about(subject: &str) -> Letter {
    let mut letter = memo();
    let header = letter.memo.as_mut().expect("a header");
    header.replies.clear();
    header.content.case_id = None;
    header.content.kle.as_mut().expect("a KLE subject").key = Some(subject.to_owned());
    letter
}

#[test]
fn the_most_specific_pattern_decides_and_the_reason_names_it() {
    let settings = taking(&[("plads", &["28.*"]), ("skole", &["28.09.*", "17.*"])]);
    let sub_branch = decided(&about("28.09.04"), &settings, None);
    assert_eq!(routed(&sub_branch), Some("skole"));
    let reason = Reason::Kle { subject: subject("28.09.04"), pattern: pattern("28.09.*") };
    assert_eq!(sub_branch.reason, reason);
    assert_eq!(routed(&decided(&about("28.15.04"), &settings, None)), Some("plads"));
    // The facet behind a subject does not matter.
    assert_eq!(routed(&decided(&about("28.09.04-G01"), &settings, None)), Some("skole"));
    let exact = taking(&[("plads", &["28.09.04"]), ("skole", &["28.09.*"])]);
    assert_eq!(routed(&decided(&about("28.09.04"), &exact, None)), Some("plads"));
}

#[test]
fn a_subject_that_nobody_takes_is_the_models_affair() {
    let settings = taking(&[("plads", &["28.*"])]);
    let certain = || Some(scores(&[("skole", 0.97)]));
    for other in ["29.09.04", "28", "28.*", "28.0904", ""] {
        let decision = decided(&about(other), &settings, certain());
        assert!(matches!(decision.reason, Reason::Model { .. }), "{other}: {decision:?}");
    }
    assert_eq!(routed(&decided(&letter("S", LONG_DANISH), &settings, certain())), Some("skole"));
}

#[test]
fn nothing_goes_by_kle_until_someone_has_switched_it_on() {
    let settings = Settings { by_kle: false, ..taking(&[("plads", &["28.09.04"])]) };
    assert_eq!(routed(&decided(&about("28.09.04"), &settings, None)), None);
}

#[test]
fn rules_and_replies_come_first_and_the_model_after() {
    let mut settings = taking(&[("plads", &["28.*"])]);
    let certain = Some(scores(&[("skole", 0.99)]));
    assert_eq!(routed(&decided(&about("28.09.04"), &settings, certain)), Some("plads"));
    settings.mailboxes[5].claims = Claims { case_id: patterns(&["BYG-*"]), ..Claims::default() };
    assert_eq!(routed(&decided(&memo(), &settings, None)), Some("slukket"));
    settings.rules = vec![rule("r", "skole", Condition::Kle(vec![pattern("28.*")]))];
    assert_eq!(routed(&decided(&memo(), &settings, None)), Some("skole"));
}

#[test]
fn what_holds_a_letter_back() {
    let by = |mailbox: &str| Doubt::KleHeld {
        subject: subject("28.09.04"),
        pattern: pattern("28.*"),
        mailbox: id(mailbox),
    };
    let ask = |mailbox: &str| {
        doubts(&decided(&about("28.09.04"), &taking(&[(mailbox, &["28.*"])]), None)).to_vec()
    };
    assert_eq!(ask("politi"), [by("politi"), Doubt::NeverAutomatic]);
    assert_eq!(ask("andet"), [by("andet"), Doubt::Nowhere]);
    let settings = taking(&[("plads", &["28.*"])]);
    let cut = with_defect(about("28.09.04"), DefectKind::BrokenXml);
    assert_eq!(doubts(&decided(&cut, &settings, None)), [by("plads"), Doubt::Defect]);
    let worried = Some(scores(&[("plads", 0.8), ("boern", 0.2)]));
    let missed = Doubt::MustNotMiss { mailbox: id("boern"), probability: 0.2 };
    assert_eq!(doubts(&decided(&about("28.09.04"), &settings, worried)), [by("plads"), missed]);
}

const DIGITS: [&str; 3] = ["27", "03", "04"];

fn a_pattern() -> impl Strategy<Value = KlePattern> {
    let part = || prop::sample::select(DIGITS.to_vec());
    prop_oneof![
        part().prop_map(|a| pattern(&format!("{a}.*"))),
        (part(), part()).prop_map(|(a, b)| pattern(&format!("{a}.{b}.*"))),
        (part(), part(), part()).prop_map(|(a, b, c)| pattern(&format!("{a}.{b}.{c}"))),
    ]
}

fn a_subject() -> impl Strategy<Value = KleSubject> {
    let part = || prop::sample::select(DIGITS.to_vec());
    (part(), part(), part()).prop_map(|(a, b, c)| subject(&format!("{a}.{b}.{c}")))
}

/// Up to five mailboxes, and which patterns each has; some of them shared.
fn a_table() -> impl Strategy<Value = Vec<Mailbox>> {
    prop::collection::vec(prop::collection::vec(a_pattern(), 0..5), 0..5).prop_map(|lists| {
        let named = |(number, kle): (usize, Vec<KlePattern>)| Mailbox {
            kle,
            ..mailbox(&format!("m{number}"))
        };
        lists.into_iter().enumerate().map(named).collect()
    })
}

/// How much of a subject a pattern fixes, written down apart from the code that is tested.
fn fixed(pattern: &KlePattern) -> usize {
    pattern.as_str().split('.').filter(|part| *part != "*").count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Who takes a subject has a pattern for it, and nobody has a more specific one; and nobody
    /// takes it only when nobody could, or when two have the same claim to it.
    #[test]
    fn the_most_specific_pattern_wins(table in a_table(), subject in a_subject()) {
        let fitting: Vec<(usize, &Mailbox)> = table
            .iter()
            .flat_map(|mailbox| mailbox.kle.iter().map(move |pattern| (pattern, mailbox)))
            .filter(|(pattern, _)| pattern.matches(subject.as_str()))
            .map(|(pattern, mailbox)| (fixed(pattern), mailbox))
            .collect();
        let most = fitting.iter().map(|(fixed, _)| *fixed).max();
        let best: BTreeSet<_> = fitting
            .iter()
            .filter(|(fixed, _)| Some(*fixed) == most)
            .map(|(_, mailbox)| &mailbox.id)
            .collect();
        match taken(&table, &subject) {
            Some(Taken { mailbox, pattern }) => {
                prop_assert_eq!(Some(fixed(&pattern)), most);
                prop_assert_eq!(best, BTreeSet::from([&mailbox]));
            }
            None => prop_assert!(best.len() != 1, "{best:?}"),
        }
    }

    /// Where a mailbox stands in the file does not matter, nor a pattern in its list.
    #[test]
    fn the_order_does_not_matter(
        table in a_table(), subject in a_subject(), turn in 0_usize..5, flip in any::<bool>()
    ) {
        let mut other = table.clone();
        let by = turn.min(other.len());
        other.rotate_left(by);
        for mailbox in &mut other {
            if flip {
                mailbox.kle.reverse();
            }
        }
        prop_assert_eq!(taken(&table, &subject), taken(&other, &subject));
    }

    /// Whatever stands in the header: there is a decision, and it goes by KLE exactly when
    /// somebody takes the subject.
    #[test]
    fn a_decision_is_there_whatever_the_header_says(table in a_table(), text in "\\PC{0,12}|27\\.0[34]\\.0[34](-G01)?") {
        let settings = Settings { mailboxes: table.clone(), by_kle: true, ..Settings::default() };
        let decision = decided(&about(&text), &settings, None);
        let expected = KleSubject::parse(&text).and_then(|subject| taken(&table, &subject));
        prop_assert_eq!(routed(&decision).map(id), expected.map(|taken| taken.mailbox));
        prop_assert!(decision.is_sealed());
    }

    /// A pattern in the configuration that takes nothing more changes nothing for others.
    #[test]
    fn a_narrower_branch_moves_only_its_own_subjects(
        table in a_table(), subject in a_subject(), narrow in a_pattern()
    ) {
        let mut more = table.clone();
        more.push(Mailbox { kle: vec![narrow.clone()], ..mailbox("nyt") });
        if !narrow.matches(subject.as_str()) {
            prop_assert_eq!(taken(&table, &subject), taken(&more, &subject));
        }
    }
}

#[test]
fn tiers_matter_as_they_do_for_replies() {
    let mut settings = taking(&[("boern", &["28.*"])]);
    settings.mailboxes[1].tier = Tier::MustNotMiss;
    let worried = Some(scores(&[("boern", 0.9), ("skole", 0.1)]));
    let decision = decided(&about("28.09.04"), &settings, worried);
    let missed = |name, probability| Doubt::MustNotMiss { mailbox: id(name), probability };
    assert_eq!(doubts(&decision)[1..], [missed("boern", 0.9), missed("skole", 0.1)]);
    let calm = Some(scores(&[("boern", 0.99), ("skole", 0.01)]));
    assert_eq!(routed(&decided(&about("28.09.04"), &settings, calm)), Some("boern"));
}
