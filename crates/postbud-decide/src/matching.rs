//! Does a condition hold? Yes, no, or not known; and by which names.

use crate::looking::Look;
use crate::rule::{Condition, Place, Rule};
use crate::view::View;

/// The first rule that matches, with the names of the conditions that did.
pub(crate) fn first_match<'r>(
    rules: &'r [Rule],
    view: &View<'_>,
) -> Option<(&'r Rule, Vec<String>)> {
    rules.iter().find_map(|rule| {
        let mut names = Vec::new();
        (evaluate(&rule.when, view, &mut names) == Some(true)).then_some((rule, names))
    })
}

/// `Some(true)`, `Some(false)`, or `None` when it cannot be known (Kleene's three values). Adds
/// the names of what matched to `names` when it is true, and leaves them alone otherwise.
fn evaluate(condition: &Condition, view: &View<'_>, names: &mut Vec<String>) -> Option<bool> {
    let before = names.len();
    let result = match condition {
        Condition::All(parts) => all(parts, view, names),
        Condition::Any(parts) => any(parts, view, names),
        Condition::Not(inner) => {
            let result = evaluate(inner, view, &mut Vec::new()).map(|holds| !holds);
            names.push(format!("not {}", inner.label()));
            result
        }
        leaf => {
            let Look { found, known } = Look::at(leaf, view);
            let holds = found.is_some();
            names.extend(found);
            (holds || known).then_some(holds)
        }
    };
    if result != Some(true) {
        names.truncate(before);
    }
    result
}

fn all(parts: &[Condition], view: &View<'_>, names: &mut Vec<String>) -> Option<bool> {
    let mut result = Some(true);
    for part in parts {
        match evaluate(part, view, names) {
            Some(false) => return Some(false),
            None => result = None,
            Some(true) => {}
        }
    }
    result
}

fn any(parts: &[Condition], view: &View<'_>, names: &mut Vec<String>) -> Option<bool> {
    let mut result = Some(false);
    for part in parts {
        match evaluate(part, view, names) {
            Some(true) => return Some(true),
            None => result = None,
            Some(false) => {}
        }
    }
    result
}

impl Condition {
    /// The name of the condition in reasons, without what it compares with.
    pub(crate) fn label(&self) -> String {
        let name = match self {
            Self::All(parts) | Self::Any(parts) => {
                let names: Vec<_> = parts.iter().map(Self::label).collect();
                let word = if matches!(self, Self::All(_)) { "all" } else { "any" };
                return format!("{word} of ({})", names.join(", "));
            }
            Self::Not(inner) => return format!("not {}", inner.label()),
            Self::ContactPointId(_) => "contact point id",
            Self::ContactPointLabel(_) => "contact point label",
            Self::ContactPointGroup(_) => "contact point group",
            Self::MessageCode(_) => "message code",
            Self::SenderId(_) => "sender id",
            Self::SenderType(_) => "sender type",
            Self::SenderAddress(_) => "sender address",
            Self::Kle(_) => "kle",
            Self::Reply(true) => "reply",
            Self::Reply(false) => "no reply",
            Self::CaseId(_) => "case id",
            Self::GeneratingSystem(_) => "generating system",
            Self::Words { place: Place::Anywhere, .. } => "words",
            Self::Words { place: Place::Subject, .. } => "words in the subject",
            Self::Words { place: Place::Text, .. } => "words in the text",
            Self::Words { place: Place::Documents, .. } => "words in a document",
            Self::Language(_) => "language",
            Self::Channel(_) => "channel",
            Self::Attachment(_) => "attachment",
            Self::Format(_) => "document format",
        };
        name.to_owned()
    }
}
