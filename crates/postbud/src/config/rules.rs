//! `[[rule]]`: what the municipality decides itself.

use postbud_decide::{AttachmentPattern, Condition, Destination, MailboxId, Place, Rule};
use postbud_letter::{Channel, DocumentFormat, IdType};

use super::mailboxes::kle;
use super::nearest::nearest;
use super::patterns::{patterns, sender_ids, words};
use super::section::{At, Section, Span};

/// More rules than this are a mistake.
const RULES_MAX: usize = 2000;
/// `any`, `all` and `not` inside each other.
const DEPTH_MAX: usize = 8;
/// A rule's name goes into mail headers and lists.
const NAME_CHARS_MAX: usize = 100;
/// The languages that can be told apart.
const FORMATS: [DocumentFormat; 14] = [
    DocumentFormat::Text,
    DocumentFormat::Html,
    DocumentFormat::Pdf,
    DocumentFormat::Docx,
    DocumentFormat::Xlsx,
    DocumentFormat::Pptx,
    DocumentFormat::OpenDocument,
    DocumentFormat::Rtf,
    DocumentFormat::Mail,
    DocumentFormat::Zip,
    DocumentFormat::Image,
    DocumentFormat::OldOffice,
    DocumentFormat::Signature,
    DocumentFormat::Unknown,
];
const LANGUAGES: [&str; 6] = ["da", "en", "de", "sv", "nb", "other"];

/// A rule as read, with the places that later checks point to.
pub(super) struct ReadRule {
    pub(super) rule: Rule,
    /// Where its name stands.
    pub(super) name: Span,
    /// Where its destination stands.
    pub(super) to: Span,
    /// What it is called in reports.
    pub(super) path: String,
}

/// Reads all rules. `mailboxes` are the known ids.
pub(super) fn rules(root: &Section<'_, '_>, mailboxes: &[&str]) -> Vec<ReadRule> {
    let sections = root.sections("rule");
    if sections.len() > RULES_MAX {
        root.fault("rule", format!("there are more than {RULES_MAX} rules"), "fewer rules");
    }
    sections.into_iter().take(RULES_MAX).filter_map(|section| rule(section, mailboxes)).collect()
}

fn rule(mut section: Section<'_, '_>, mailboxes: &[&str]) -> Option<ReadRule> {
    let name = section.required_text("name", "Straffeattester");
    if let Some(name) = &name {
        section.add_to_path(&name.value);
        check_name(&section, &name.value);
    }
    let to = section.required_text("to", "person");
    let destination = to.as_ref().and_then(|to| destination(&section, to, mailboxes));
    let when = section.section("when");
    if !when.is_present() {
        let example = "when = { words = [\"aktindsigt*\"] }";
        section.fault("when", "the rule has no condition", example);
    }
    let condition = condition(when, 1);
    let path = section.path().to_owned();
    section.finish();
    let (name, to) = (name?, to?);
    let rule = Rule { name: name.value, when: condition?, to: destination? };
    Some(ReadRule { rule, name: name.span, to: to.span, path })
}

fn check_name(section: &Section<'_, '_>, name: &str) {
    if name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        let what = format!("a name is one line of at most {NAME_CHARS_MAX} characters");
        section.fault("name", what, "a shorter name");
    }
}

fn destination(
    section: &Section<'_, '_>,
    to: &At<String>,
    mailboxes: &[&str],
) -> Option<Destination> {
    if to.value == "person" {
        return Some(Destination::Person);
    }
    if mailboxes.contains(&to.value.as_str()) {
        return MailboxId::parse(&to.value).ok().map(Destination::Mailbox);
    }
    let instead = match nearest(&to.value, mailboxes) {
        Some(best) => format!("to = \"{best}\""),
        None => "the id of a [[mailbox]], or to = \"person\"".to_owned(),
    };
    section.fault("to", format!("there is no mailbox \"{}\"", to.value), instead);
    None
}

/// Reads a table of conditions; several keys must all hold.
fn condition(section: Section<'_, '_>, depth: usize) -> Option<Condition> {
    if section.is_present() && section.is_empty() {
        section.reader.fault(
            section.span(),
            section.path(),
            "an empty condition would match every letter",
            "at least one key, such as words = [\"aktindsigt*\"]",
        );
    }
    if depth > DEPTH_MAX {
        section.reader.fault(
            section.span(),
            section.path(),
            format!("conditions stand more than {DEPTH_MAX} deep inside each other"),
            "fewer levels, or several rules",
        );
        return None;
    }
    let mut parts = plain_conditions(&section);
    for (key, join) in
        [("any", Condition::Any as fn(Vec<Condition>) -> Condition), ("all", Condition::All)]
    {
        let nested = section.sections(key);
        let nested: Vec<_> =
            nested.into_iter().filter_map(|part| condition(part, depth + 1)).collect();
        if !nested.is_empty() {
            parts.push(join(nested));
        } else if section.has(key) {
            section.fault(
                key,
                "the list holds no condition",
                format!("{key} = [{{ … }}, {{ … }}]"),
            );
        }
    }
    let negated = section.section("not");
    if negated.is_present() {
        parts.extend(condition(negated, depth + 1).map(|inner| Condition::Not(Box::new(inner))));
    }
    section.finish();
    match parts.len() {
        0 => None,
        1 => parts.pop(),
        _ => Some(Condition::All(parts)),
    }
}

/// The conditions without parts.
fn plain_conditions(section: &Section<'_, '_>) -> Vec<Condition> {
    let mut parts = Vec::new();
    add(&mut parts, patterns(section, "contact_point_id"), Condition::ContactPointId);
    add(&mut parts, patterns(section, "contact_point_label"), Condition::ContactPointLabel);
    add(&mut parts, patterns(section, "contact_point_group"), Condition::ContactPointGroup);
    add(&mut parts, patterns(section, "message_code"), Condition::MessageCode);
    add(&mut parts, sender_ids(section, "sender_id"), Condition::SenderId);
    let types = choices(section, "sender_type", &[("cpr", IdType::Cpr), ("cvr", IdType::Cvr)]);
    add(&mut parts, types, Condition::SenderType);
    add(&mut parts, patterns(section, "sender_address"), Condition::SenderAddress);
    add(&mut parts, kle(section, "kle"), Condition::Kle);
    parts.extend(section.flag("reply").map(Condition::Reply));
    add(&mut parts, patterns(section, "case_id"), Condition::CaseId);
    add(&mut parts, patterns(section, "generating_system"), Condition::GeneratingSystem);
    content_conditions(section, &mut parts);
    parts
}

/// The conditions on what the letter says and how it came.
fn content_conditions(section: &Section<'_, '_>, parts: &mut Vec<Condition>) {
    for (key, place) in [
        ("words", Place::Anywhere),
        ("subject_words", Place::Subject),
        ("text_words", Place::Text),
        ("document_words", Place::Documents),
    ] {
        add(parts, words(section, key), |patterns| Condition::Words { place, patterns });
    }
    let languages = LANGUAGES.map(|language| (language, language.to_owned()));
    add(parts, choices(section, "language", &languages), Condition::Language);
    let channels = [Channel::DigitalPost, Channel::Email, Channel::Unknown];
    let channels = channels.map(|channel| (channel.as_str(), channel));
    add(parts, choices(section, "channel", &channels), Condition::Channel);
    let types = patterns(section, "attachment_type");
    let types = types.iter().map(|kind| AttachmentPattern::new(kind.as_str())).collect();
    add(parts, types, Condition::Attachment);
    let formats = FORMATS.map(|format| (format.as_str(), format));
    add(parts, choices(section, "document_format", &formats), Condition::Format);
}

/// Adds a condition unless its list is empty: the key was missing, or all of it was refused.
fn add<T>(parts: &mut Vec<Condition>, list: Vec<T>, condition: impl Fn(Vec<T>) -> Condition) {
    if !list.is_empty() {
        parts.push(condition(list));
    }
}

/// A list of words out of a few.
fn choices<T: Clone>(section: &Section<'_, '_>, key: &'static str, words: &[(&str, T)]) -> Vec<T> {
    let mut found = Vec::new();
    for entry in section.texts(key) {
        match words.iter().find(|(word, _)| *word == entry.value) {
            Some((_, value)) => found.push(value.clone()),
            None => {
                let all: Vec<_> = words.iter().map(|(word, _)| *word).collect();
                section.not_one_of(key, &entry, &all);
            }
        }
    }
    found
}
