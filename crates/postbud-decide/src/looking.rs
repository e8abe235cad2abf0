//! What a condition without parts finds in a letter.

use postbud_letter::{DocumentFormat, DocumentRole};

use crate::rule::{AttachmentPattern, Condition, Place};
use crate::view::View;
use crate::{KlePattern, Pattern, WordPattern, header};

/// What was found.
pub(crate) struct Look {
    /// The name to record when the condition holds.
    pub(crate) found: Option<String>,
    /// When it was not found: does that mean that it is not there?
    pub(crate) known: bool,
}

impl Look {
    /// Looks for one condition. Those with parts are no business of this function and never hold.
    pub(crate) fn at(condition: &Condition, view: &View<'_>) -> Self {
        match condition {
            Condition::ContactPointId(_)
            | Condition::ContactPointLabel(_)
            | Condition::ContactPointGroup(_) => at_contact_point(condition, view),
            Condition::SenderId(_) | Condition::SenderType(_) | Condition::SenderAddress(_) => {
                at_sender(condition, view)
            }
            Condition::MessageCode(_)
            | Condition::Kle(_)
            | Condition::Reply(_)
            | Condition::CaseId(_)
            | Condition::GeneratingSystem(_) => at_header(condition, view),
            Condition::Words { place: Place::Documents, patterns } => {
                in_documents(condition, patterns, view)
            }
            Condition::Words { .. }
            | Condition::Language(_)
            | Condition::Attachment(_)
            | Condition::Format(_) => at_text(condition, view),
            Condition::Channel(channels) => {
                let channel = view.letter.channel;
                let name = || format!("channel: {}", channel.as_str());
                Self { found: channels.contains(&channel).then(name), known: true }
            }
            Condition::All(_) | Condition::Any(_) | Condition::Not(_) => Self::UNKNOWN,
        }
    }

    const UNKNOWN: Self = Self { found: None, known: false };

    /// One of `patterns` in `texts`, named by the pattern: it is the configuration's, not the
    /// letter's.
    fn shown(condition: &Condition, patterns: &[Pattern], text: Option<&str>, known: bool) -> Self {
        let found = patterns.iter().find(|pattern| text.is_some_and(|text| pattern.matches(text)));
        Self { found: found.map(|found| named(condition, found.as_str())), known }
    }

    /// Something whose pattern says too much about a person to be recorded.
    fn hidden(condition: &Condition, found: bool, known: bool) -> Self {
        Self { found: found.then(|| condition.label()), known }
    }
}

fn named(condition: &Condition, what: &str) -> String {
    format!("{}: {what}", condition.label())
}

fn at_contact_point(condition: &Condition, view: &View<'_>) -> Look {
    let known = !view.unread;
    let point = view.letter.recipient.contact_point.as_ref();
    match condition {
        Condition::ContactPointId(patterns) => {
            Look::shown(condition, patterns, point.map(|point| point.id.as_str()), known)
        }
        Condition::ContactPointLabel(patterns) => {
            let label = point.and_then(|point| point.label.as_deref());
            Look::shown(condition, patterns, label, known)
        }
        Condition::ContactPointGroup(patterns) => {
            let group = point.and_then(|point| point.group.as_deref());
            Look::shown(condition, patterns, group, known)
        }
        _ => Look::UNKNOWN,
    }
}

fn at_sender(condition: &Condition, view: &View<'_>) -> Look {
    let known = !view.unread;
    let sender = &view.letter.sender;
    let found = match condition {
        Condition::SenderId(ids) => {
            sender.id.as_deref().is_some_and(|id| ids.iter().any(|wanted| wanted.matches(id)))
        }
        Condition::SenderType(types) => {
            sender.id_type.as_ref().is_some_and(|found| types.contains(found))
        }
        Condition::SenderAddress(patterns) => sender
            .address
            .as_deref()
            .is_some_and(|address| patterns.iter().any(|wanted| wanted.matches(address))),
        _ => return Look::UNKNOWN,
    };
    Look::hidden(condition, found, known)
}

fn at_header(condition: &Condition, view: &View<'_>) -> Look {
    let known = !view.unread;
    let letter = view.letter;
    match condition {
        Condition::MessageCode(patterns) => {
            Look::shown(condition, patterns, header::message_code(letter), known)
        }
        Condition::Kle(patterns) => {
            let subject = header::kle_subject(letter);
            let found = patterns.iter().find(|kle| subject.is_some_and(|text| kle.matches(text)));
            let name = |found: &KlePattern| named(condition, found.as_str());
            Look { found: found.map(name), known }
        }
        Condition::Reply(wanted) => {
            let is_reply = !header::replies(letter).is_empty();
            // Reply data settles both questions; none settles them only in a letter that was read
            // to its end.
            let known = known || is_reply;
            Look::hidden(condition, known && is_reply == *wanted, known)
        }
        Condition::CaseId(patterns) => {
            Look::hidden(condition, any_of(patterns, &case_ids(view)), known)
        }
        Condition::GeneratingSystem(patterns) => {
            let replies = header::replies(letter);
            let systems: Vec<&str> = replies.iter().filter_map(|r| r.generating_system).collect();
            Look::hidden(condition, any_of(patterns, &systems), known)
        }
        _ => Look::UNKNOWN,
    }
}

fn at_text(condition: &Condition, view: &View<'_>) -> Look {
    let known = !view.text_unread;
    match condition {
        Condition::Words { place, patterns } => {
            let found = patterns.iter().find(|pattern| {
                (*place != Place::Text && pattern.matches(view.subject()))
                    || (*place != Place::Subject && pattern.matches(view.text()))
            });
            let known = if *place == Place::Subject { !view.unread } else { known };
            Look { found: found.map(|found| named(condition, found.as_str())), known }
        }
        Condition::Language(wanted) => {
            let Some(language) = view.language() else {
                return Look::UNKNOWN;
            };
            let found = wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(language));
            Look { found: found.then(|| named(condition, language)), known }
        }
        Condition::Attachment(patterns) => {
            let found = patterns.iter().find(|pattern| has_attachment(pattern, view));
            Look { found: found.map(|found| named(condition, found.as_str())), known }
        }
        Condition::Format(formats) => {
            let attached = &view.letter.attached;
            let is = |format: &&DocumentFormat| attached.iter().any(|at| at.format == **format);
            let found = formats.iter().find(is);
            let name = |format: &DocumentFormat| named(condition, format.as_str());
            Look { found: found.map(name), known: view.documents_opened() }
        }
        _ => Look::UNKNOWN,
    }
}

/// Words that stand in a row in one document.
fn in_documents(condition: &Condition, patterns: &[WordPattern], view: &View<'_>) -> Look {
    let documents = view.documents();
    let found =
        patterns.iter().find(|pattern| documents.iter().any(|words| pattern.matches(words)));
    Look {
        found: found.map(|found| named(condition, found.as_str())),
        known: view.documents_read(),
    }
}

fn has_attachment(pattern: &AttachmentPattern, view: &View<'_>) -> bool {
    let documents = view.letter.documents.iter();
    documents.filter(|document| document.role != DocumentRole::Technical).any(|document| {
        match pattern {
            AttachmentPattern::Media(media) => media.matches(&document.media_type),
            AttachmentPattern::Ending(ending) => has_ending(&document.filename, ending),
        }
    })
}

fn has_ending(filename: &str, ending: &str) -> bool {
    filename.rsplit_once('.').is_some_and(|(_, found)| found.trim().to_lowercase() == ending)
}

fn any_of(patterns: &[Pattern], texts: &[&str]) -> bool {
    patterns.iter().any(|pattern| texts.iter().any(|text| pattern.matches(text)))
}

/// All case ids that the letter names.
pub(crate) fn case_ids<'a>(view: &View<'a>) -> Vec<&'a str> {
    let of_replies = header::replies(view.letter).into_iter().filter_map(|reply| reply.case_id);
    of_replies.chain(header::content_case_id(view.letter)).collect()
}
