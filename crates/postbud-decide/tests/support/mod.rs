//! Letters, mailboxes and scores for the tests of this crate.

// Each test file uses some of these.
#![allow(dead_code)]

use postbud_decide::{
    Claims, Condition, Contribution, Decision, Destination, Doubt, Evidence, Mailbox, MailboxId,
    ModelId, Outcome, Pattern, Reason, Rule, Score, Scores, Settings, Target, Tier, decide_with,
};
use postbud_letter::memo::{CaseId, Classification, ContentData, Header, ReplyData};
use postbud_letter::{
    Channel, ContactPoint, Defect, DefectKind, Document, DocumentRole, IdType, Letter, LetterId,
    Party, Text,
};

pub(crate) const LONG_DANISH: &str = "Hej. Vores søn skal begynde i vuggestue til sommer, og vi vil \
    gerne vide, hvordan man skriver ham op. Med venlig hilsen Hanne";

/// A letter by mail with a subject and a text.
pub(crate) fn letter(subject: &str, text: &str) -> Letter {
    Letter {
        id: LetterId::parse("sha-00112233445566778899aabbccddeeff").expect("a letter id"),
        channel: Channel::Email,
        subject: subject.to_owned(),
        text: Text { new: text.to_owned(), quoted: String::new() },
        sender: Party { address: Some("hanne@example.dk".to_owned()), ..Party::default() },
        recipient: Party::default(),
        sent_at: None,
        message_id: None,
        documents: vec![document("scan.PDF", "application/octet-stream", DocumentRole::Attachment)],
        memo: None,
        defects: Vec::new(),
        attached: Vec::new(),
    }
}

pub(crate) fn document(filename: &str, media_type: &str, role: DocumentRole) -> Document {
    Document {
        role,
        label: None,
        filename: filename.to_owned(),
        media_type: media_type.to_owned(),
        bytes: Vec::new(),
    }
}

/// A Digital Post letter with every header field that rules know.
pub(crate) fn memo() -> Letter {
    let reply = ReplyData {
        case_id: Some("BYG-2026-17".to_owned()),
        generating_system_id: Some("structura".to_owned()),
        contact_point_id: Some("11111111-0000-4000-8000-000000000000".to_owned()),
        ..ReplyData::default()
    };
    let header = Header {
        message_code: Some("ANSOEGNING".to_owned()),
        content: ContentData {
            kle: Some(Classification {
                key: Some("28.09.04".to_owned()),
                ..Classification::default()
            }),
            case_id: Some(CaseId { id: Some("EDH-9".to_owned()), system: None }),
            ..ContentData::default()
        },
        replies: vec![reply],
        ..Header::default()
    };
    Letter {
        channel: Channel::DigitalPost,
        sender: Party {
            id: Some("0101900000".to_owned()),
            id_type: Some(IdType::Cpr),
            ..Party::default()
        },
        recipient: Party {
            contact_point: Some(ContactPoint {
                id: "AAAA1111-0000-4000-8000-000000000000".to_owned(),
                label: Some("Klitkøbing, Pladsanvisningen".to_owned()),
                group: Some("Børn".to_owned()),
                info: Vec::new(),
            }),
            ..Party::default()
        },
        memo: Some(Box::new(header)),
        ..letter("Opskrivning", LONG_DANISH)
    }
}

pub(crate) fn with_defect(mut letter: Letter, kind: DefectKind) -> Letter {
    letter.defects.push(Defect::whole(kind));
    letter
}

pub(crate) fn id(text: &str) -> MailboxId {
    MailboxId::parse(text).expect("a mailbox id")
}

/// An ordinary mailbox that is switched on.
pub(crate) fn mailbox(name: &str) -> Mailbox {
    let mut mailbox = Mailbox::new(id(name), name);
    mailbox.automatic = true;
    mailbox.target = Some(Target::Maildir { path: format!("mailboxes/{name}") });
    mailbox
}

/// `plads` and `skole` ordinary, `boern` must-not-miss, `politi` never automatic, `andet` without a
/// target, `slukket` not switched on.
pub(crate) fn settings() -> Settings {
    let tiered = |name, tier| Mailbox { tier, ..mailbox(name) };
    let mailboxes = vec![
        mailbox("plads"),
        mailbox("skole"),
        tiered("boern", Tier::MustNotMiss),
        Mailbox { automatic: false, ..tiered("politi", Tier::NeverAutomatic) },
        Mailbox { automatic: false, target: None, ..mailbox("andet") },
        Mailbox { automatic: false, ..mailbox("slukket") },
    ];
    Settings { mailboxes, ..Settings::default() }
}

/// [`settings`] where `plads` claims something.
pub(crate) fn claiming(claims: Claims) -> Settings {
    let mut settings = settings();
    settings.mailboxes[0].claims = claims;
    settings
}

pub(crate) fn patterns(texts: &[&str]) -> Vec<Pattern> {
    texts.iter().map(|text| Pattern::new(text)).collect()
}

pub(crate) fn rule(name: &str, to: &str, when: Condition) -> Rule {
    let to = match to {
        "person" => Destination::Person,
        mailbox => Destination::Mailbox(id(mailbox)),
    };
    Rule { name: name.to_owned(), when, to }
}

pub(crate) fn with_rules(rules: Vec<Rule>) -> Settings {
    Settings { rules, ..settings() }
}

/// Scores in the order given, each with the threshold 0.9.
pub(crate) fn scores(ranked: &[(&str, f64)]) -> Scores {
    let score = |(name, probability): &(&str, f64)| Score {
        mailbox: id(name),
        probability: *probability,
        threshold: Some(0.9),
    };
    Scores {
        model: ModelId("klitkobing/1@9f2c".to_owned()),
        ranked: ranked.iter().map(score).collect(),
        words: vec![
            Contribution { word: "vuggestue".to_owned(), weight: 2.5 },
            Contribution { word: "sommer".to_owned(), weight: -0.25 },
        ],
        unlike: None,
        text: None,
    }
}

/// A decision with these scores; the language is Danish.
#[expect(clippy::needless_pass_by_value, reason = "scores are made where they are given")]
pub(crate) fn decided(letter: &Letter, settings: &Settings, scores: Option<Scores>) -> Decision {
    let scores = || scores.clone();
    let language = || Some("da".to_owned());
    decide_with(letter, settings, &Evidence { scores: &scores, language: &language })
}

/// The mailbox that a decision routes to.
pub(crate) fn routed(decision: &Decision) -> Option<&str> {
    match &decision.outcome {
        Outcome::Route { mailbox } => Some(mailbox.as_str()),
        Outcome::Review => None,
    }
}

/// The doubts of a decision; panics when it has none to give.
pub(crate) fn doubts(decision: &Decision) -> &[Doubt] {
    match &decision.reason {
        Reason::Person { doubts, .. } => doubts,
        other => panic!("a person should decide, but {other:?}"),
    }
}

/// Does this condition let a rule to `skole` match?
pub(crate) fn holds(condition: Condition, letter: &Letter) -> bool {
    let settings = with_rules(vec![rule("r", "skole", condition)]);
    let decision = decided(letter, &settings, None);
    matches!(&decision.reason, Reason::Rule { .. })
        || matches!(
            &decision.reason,
            Reason::Person { doubts, .. } if matches!(doubts.first(), Some(Doubt::RuleHeld { .. }))
        )
}
