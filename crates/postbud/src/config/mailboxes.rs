//! `[[mailbox]]`: the function mailboxes.

use postbud_decide::{Claims, KlePattern, Mailbox, MailboxId, Tier};

use super::patterns::patterns;
use super::section::{At, Section, Span};
use super::targets::target;

/// More mailboxes than this are a mistake.
pub(super) const MAILBOXES_MAX: usize = 500;

/// A mailbox as read, with the places that later checks point to.
pub(super) struct ReadMailbox {
    pub(super) mailbox: Mailbox,
    /// Where its id stands.
    pub(super) id: Span,
    /// Where each of its KLE subjects stands.
    pub(super) kle: Vec<Span>,
    /// Where its target stands.
    pub(super) deliver: Span,
    /// What it is called in reports.
    pub(super) name: String,
}

/// Reads all mailboxes. One whose id is missing or malformed is left out, after its faults have
/// been noted.
pub(super) fn mailboxes(root: &Section<'_, '_>) -> Vec<ReadMailbox> {
    let sections = root.sections("mailbox");
    if sections.len() > MAILBOXES_MAX {
        let what = format!("there are more than {MAILBOXES_MAX} mailboxes");
        root.fault("mailbox", what, "fewer mailboxes");
    }
    sections.into_iter().take(MAILBOXES_MAX).filter_map(mailbox).collect()
}

fn mailbox(mut section: Section<'_, '_>) -> Option<ReadMailbox> {
    let id = section.required_text("id", "borgerservice");
    if let Some(id) = &id {
        section.add_to_path(&id.value);
    }
    let parsed = id.as_ref().and_then(|id| mailbox_id(&section, id));
    let name = section.required_text("name", "Borgerservice");
    let description = section.text("description");
    let (kle, spans): (Vec<_>, Vec<_>) = kle_spans(&section, "kle").into_iter().unzip();
    let tier = section.choice(
        "tier",
        Tier::Ordinary,
        &[
            ("ordinary", Tier::Ordinary),
            ("must-not-miss", Tier::MustNotMiss),
            ("never-automatic", Tier::NeverAutomatic),
        ],
    );
    let automatic = section.flag("automatic").unwrap_or(false);
    let deliver = section.text("deliver");
    let target = deliver.as_ref().and_then(|deliver| target(&section, deliver));
    let claims = claims(section.section("claims"));
    if automatic && tier == Tier::NeverAutomatic {
        section.fault(
            "automatic",
            "the tier of this mailbox is never-automatic",
            "automatic = false, or tier = \"ordinary\"",
        );
    } else if automatic && deliver.is_none() {
        section.fault(
            "automatic",
            "a mailbox without deliver cannot be served automatically",
            "deliver = \"maildir:…\" or \"smtp:…\", or automatic = false",
        );
    }
    let path = section.path().to_owned();
    section.finish();
    let mailbox = Mailbox {
        id: parsed?,
        name: name.map(|name| name.value).unwrap_or_default(),
        description: description.map(|text| text.value).unwrap_or_default(),
        kle,
        tier,
        automatic,
        target,
        claims,
    };
    let (id, deliver) = (id.and_then(|id| id.span), deliver.and_then(|deliver| deliver.span));
    Some(ReadMailbox { mailbox, id, kle: spans, deliver, name: path })
}

fn mailbox_id(section: &Section<'_, '_>, id: &At<String>) -> Option<MailboxId> {
    if id.value == "person" {
        section.fault("id", "\"person\" stands for a person in rules", "another id");
        return None;
    }
    match MailboxId::parse(&id.value) {
        Ok(id) => Some(id),
        Err(error) => {
            section.fault("id", error.to_string(), "id = \"borgerservice\"");
            None
        }
    }
}

/// Reads KLE subjects and branches.
pub(super) fn kle(section: &Section<'_, '_>, key: &'static str) -> Vec<KlePattern> {
    kle_spans(section, key).into_iter().map(|(subject, _)| subject).collect()
}

/// The same, with where each stands.
fn kle_spans(section: &Section<'_, '_>, key: &'static str) -> Vec<(KlePattern, Span)> {
    let mut subjects = Vec::new();
    for At { value, span } in section.texts(key) {
        match KlePattern::parse(&value) {
            Ok(subject) => subjects.push((subject, span)),
            Err(error) => {
                let what = format!("\"{value}\" is no KLE subject");
                section.reader.fault(span, &section.name(key), what, error.to_string());
            }
        }
    }
    subjects
}

fn claims(section: Section<'_, '_>) -> Claims {
    let claims = Claims {
        case_id: patterns(&section, "case_id"),
        generating_system: patterns(&section, "generating_system"),
        contact_point: patterns(&section, "contact_point"),
    };
    section.finish();
    claims
}
