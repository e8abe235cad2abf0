//! What always holds, whatever the letter, the model and the settings.

mod support;

use postbud_decide::{
    AttachmentPattern, Claims, Condition, Contribution, Decision, Destination, Doubt, KlePattern,
    Lang, Mailbox, MailboxId, ModelId, Pattern, Place, Reason, Rule, Score, Scores, Settings,
    TextNote, Tier, Unlike, WordPattern, describe,
};
use postbud_letter::language::Language;
use postbud_letter::{Channel, Defect, DefectKind, DocumentFormat, Letter};
use proptest::prelude::*;
use support::*;

const NAMES: [&str; 5] = ["plads", "skole", "boern", "politi", "ukendt"];

fn a_mailbox_id() -> impl Strategy<Value = MailboxId> {
    prop::sample::select(NAMES.to_vec()).prop_map(id)
}

/// Any number a broken model could produce.
fn a_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => 0.0..=1.0,
        1 => any::<f64>(),
        1 => Just(f64::NAN),
        1 => Just(1.0),
        1 => Just(-0.0),
    ]
}

fn a_score() -> impl Strategy<Value = Score> {
    (a_mailbox_id(), a_number(), prop::option::of(a_number()))
        .prop_map(|(mailbox, probability, threshold)| Score { mailbox, probability, threshold })
}

fn an_answer() -> impl Strategy<Value = Option<Scores>> {
    let word = ("\\PC{0,60}", a_number());
    let word = word.prop_map(|(word, weight)| Contribution { word, weight });
    let ranked = prop::collection::vec(a_score(), 0..8);
    let words = prop::collection::vec(word, 0..14);
    let strange =
        (a_number(), a_number()).prop_map(|(known, least)| Unlike::Words { known, least });
    let unlike = prop::option::weighted(0.2, prop_oneof![Just(Unlike::NearlyEmpty), strange]);
    let text = (any::<f64>(), any::<u32>(), any::<bool>()).prop_map(|(known, grams, said)| {
        TextNote { known, grams, language: said.then_some(Language::Danish) }
    });
    let text = prop::option::of(text);
    let scores = (ranked, words, unlike, text).prop_map(|(ranked, words, unlike, text)| Scores {
        model: ModelId("klitkobing/1@9f2c".to_owned()),
        ranked,
        words,
        unlike,
        text,
    });
    prop::option::weighted(0.9, scores)
}

fn a_defect() -> impl Strategy<Value = Defect> {
    prop::sample::select(vec![
        DefectKind::Empty,
        DefectKind::BrokenXml,
        DefectKind::BrokenCharset,
        DefectKind::MissingElement,
        DefectKind::TextCut,
        DefectKind::NoText,
    ])
    .prop_map(Defect::whole)
}

fn a_letter() -> impl Strategy<Value = Letter> {
    let text = prop_oneof!["[a-cæøå ]{0,20}", "\\PC{0,40}", Just(LONG_DANISH.to_owned())];
    let defects = prop::collection::vec(a_defect(), 0..2);
    (any::<bool>(), text.clone(), text.clone(), text, defects).prop_map(
        |(is_memo, subject, new, quoted, defects)| {
            let mut letter = if is_memo { memo() } else { letter("", "") };
            letter.subject = subject;
            letter.text.new = new;
            letter.text.quoted = quoted;
            letter.defects = defects;
            letter
        },
    )
}

fn a_leaf() -> impl Strategy<Value = Condition> {
    let pattern = prop_oneof!["[a-c*]{0,3}", Just("BYG*".to_owned()), Just("*".to_owned())];
    let some = prop::collection::vec(pattern.prop_map(|text| Pattern::new(&text)), 0..3);
    let word = prop::sample::select(vec!["a", "b*", "æ", "a b", "vuggestue", "sn*"]);
    let word = word.prop_map(|text| WordPattern::parse(text).expect("a word"));
    let place =
        prop::sample::select(vec![Place::Anywhere, Place::Subject, Place::Text, Place::Documents]);
    prop_oneof![
        some.clone().prop_map(Condition::ContactPointId),
        some.clone().prop_map(Condition::ContactPointLabel),
        some.clone().prop_map(Condition::MessageCode),
        some.clone().prop_map(Condition::CaseId),
        some.clone().prop_map(Condition::GeneratingSystem),
        some.prop_map(Condition::SenderAddress),
        any::<bool>().prop_map(Condition::Reply),
        Just(Condition::Channel(vec![Channel::Email])),
        Just(Condition::Language(vec!["da".to_owned()])),
        Just(Condition::Attachment(vec![AttachmentPattern::new("pdf")])),
        Just(Condition::Format(vec![DocumentFormat::Pdf])),
        (place, prop::collection::vec(word, 0..3))
            .prop_map(|(place, patterns)| Condition::Words { place, patterns }),
    ]
}

fn a_condition() -> impl Strategy<Value = Condition> {
    a_leaf().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Condition::All),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Condition::Any),
            inner.prop_map(|inner| Condition::Not(Box::new(inner))),
        ]
    })
}

fn rules() -> impl Strategy<Value = Vec<Rule>> {
    let to = prop_oneof![Just(Destination::Person), a_mailbox_id().prop_map(Destination::Mailbox)];
    let rules = prop::collection::vec((a_condition(), to), 0..4);
    rules.prop_map(|rules| {
        let named = |(number, (when, to))| Rule { name: format!("regel {number}"), when, to };
        rules.into_iter().enumerate().map(named).collect()
    })
}

fn a_mailbox() -> impl Strategy<Value = Mailbox> {
    let tier = prop::sample::select(vec![Tier::Ordinary, Tier::MustNotMiss, Tier::NeverAutomatic]);
    let name = prop::sample::select(NAMES[..4].to_vec());
    let kle = prop::sample::subsequence(vec!["28.*", "28.09.*", "28.09.04", "29.*"], 0..=2);
    (name, tier, any::<bool>(), any::<bool>(), any::<bool>(), kle).prop_map(
        |(name, tier, automatic, has_target, claims, kle)| {
            let mut mailbox = Mailbox { tier, automatic, ..mailbox(name) };
            mailbox.target = mailbox.target.filter(|_| has_target);
            let parsed = kle.iter().map(|text| KlePattern::parse(text).expect("a KLE pattern"));
            mailbox.kle = parsed.collect();
            if claims {
                mailbox.claims = Claims { case_id: patterns(&["BYG*"]), ..Claims::default() };
            }
            mailbox
        },
    )
}

fn any_settings() -> impl Strategy<Value = Settings> {
    (prop::collection::vec(a_mailbox(), 0..6), rules(), a_number(), any::<bool>()).prop_map(
        |(mailboxes, rules, must_not_miss_probability, by_kle)| Settings {
            mailboxes,
            rules,
            must_not_miss_probability,
            by_kle,
        },
    )
}

fn raised(scores: Option<Scores>, by: f64) -> Option<Scores> {
    scores.map(|mut scores| {
        for score in &mut scores.ranked {
            score.threshold = score.threshold.map(|threshold| threshold + by);
        }
        scores
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Total, pure, sealed; and what is stored is what was decided.
    #[test]
    fn a_decision_is_total_and_pure(
        letter in a_letter(), settings in any_settings(), answer in an_answer()
    ) {
        let decision = decided(&letter, &settings, answer.clone());
        let again = decided(&letter, &settings, answer);
        let json = serde_json::to_string(&decision).expect("JSON");
        prop_assert_eq!(&json, &serde_json::to_string(&again).expect("JSON"));
        let read: Decision = serde_json::from_str(&json).expect("a decision");
        prop_assert_eq!(&read, &decision);
        prop_assert!(read.is_sealed());
        prop_assert_eq!(decision.letter, letter.id);
    }

    /// A letter goes by itself only where the settings let it go.
    #[test]
    fn only_where_it_may_go(
        letter in a_letter(), settings in any_settings(), answer in an_answer()
    ) {
        let decision = decided(&letter, &settings, answer);
        let Some(mailbox) = routed(&decision) else { return Ok(()) };
        let mailbox = settings.mailbox(&id(mailbox)).expect("a configured mailbox");
        prop_assert!(mailbox.target.is_some());
        match &decision.reason {
            Reason::Model { probability, threshold, .. } => {
                prop_assert!(mailbox.automatic && mailbox.tier != Tier::NeverAutomatic);
                prop_assert!(probability >= threshold);
            }
            Reason::Reply { .. } | Reason::Kle { .. } => {
                prop_assert!(mailbox.tier != Tier::NeverAutomatic);
            }
            Reason::Rule { .. } => {}
            other => prop_assert!(false, "routed by {other:?}"),
        }
    }

    /// No letter goes anywhere but by rule while another must-not-miss mailbox is possible.
    #[test]
    fn must_not_miss(letter in a_letter(), settings in any_settings(), answer in an_answer()) {
        let decision = decided(&letter, &settings, answer);
        let Some(target) = routed(&decision) else { return Ok(()) };
        if matches!(decision.reason, Reason::Rule { .. }) {
            return Ok(());
        }
        for suggestion in &decision.suggestions {
            let tier = settings.mailbox(&suggestion.mailbox).map(|mailbox| mailbox.tier);
            let elsewhere = suggestion.mailbox.as_str() != target;
            if tier == Some(Tier::MustNotMiss) && elsewhere {
                prop_assert!(suggestion.probability <= settings.must_not_miss_probability + 1e-9);
            }
        }
    }

    /// Raising thresholds never routes more letters, and none to another mailbox.
    #[test]
    fn higher_thresholds_never_route_more(
        letter in a_letter(), settings in any_settings(), answer in an_answer(), by in 0.0..1.0
    ) {
        let before = decided(&letter, &settings, answer.clone());
        let after = decided(&letter, &settings, raised(answer, by));
        if routed(&after).is_some() {
            prop_assert_eq!(routed(&before), routed(&after));
        }
    }

    /// The first rule that matches alone is the one that decides among all.
    #[test]
    fn the_order_of_rules_is_the_order_of_the_file(
        letter in a_letter(), settings in any_settings()
    ) {
        let alone = |rule: &Rule| {
            let settings = Settings { rules: vec![rule.clone()], ..settings.clone() };
            rule_of(&decided(&letter, &settings, None)).is_some()
        };
        let first = settings.rules.iter().find(|rule| alone(rule)).map(|rule| rule.name.clone());
        prop_assert_eq!(rule_of(&decided(&letter, &settings, None)), first);
    }

    /// A condition and its opposite never both hold.
    #[test]
    fn no_condition_holds_with_its_opposite(letter in a_letter(), condition in a_condition()) {
        let opposite = Condition::Not(Box::new(condition.clone()));
        prop_assert!(!(holds(condition, &letter) && holds(opposite, &letter)));
    }

    /// The order in which a model lists its mailboxes does not matter.
    #[test]
    fn the_order_of_scores_does_not_matter(
        letter in a_letter(), settings in any_settings(), answer in an_answer()
    ) {
        let turned = answer.clone().map(|mut scores| {
            scores.ranked.reverse();
            scores
        });
        prop_assert_eq!(
            decided(&letter, &settings, answer),
            decided(&letter, &settings, turned)
        );
    }

    /// What people read is there, on one line where one line is promised, and without the sender's
    /// number or words of the letter.
    #[test]
    fn descriptions(letter in a_letter(), settings in any_settings(), answer in an_answer()) {
        let decision = decided(&letter, &settings, answer);
        for lang in [Lang::Danish, Lang::English] {
            let short = describe::short(&decision, &settings.mailboxes, lang);
            prop_assert!(!short.is_empty() && !short.chars().any(char::is_control), "{short:?}");
            let long = describe::long(&decision, &settings.mailboxes, lang);
            prop_assert!(long.lines().count() >= 2, "{long}");
            prop_assert!(!short.contains("0101900000") && !long.contains("0101900000"));
        }
        let debug = format!("{decision:?} {settings:?}");
        prop_assert!(!debug.contains("0101900000"));
    }
}

/// The rule that a decision rests on, by name.
fn rule_of(decision: &Decision) -> Option<String> {
    match &decision.reason {
        Reason::Rule { rule, .. } => Some(rule.clone()),
        Reason::Person { doubts, .. } => doubts.iter().find_map(|doubt| match doubt {
            Doubt::Rule { rule } | Doubt::RuleHeld { rule, .. } => Some(rule.clone()),
            _ => None,
        }),
        _ => None,
    }
}
