//! The block above a letter's text: who, to whom, about what, and why it came here.

use postbud_letter::{ContactPoint, IdType, Letter, Party};

use super::header::one_line;
use super::words::Words;
use super::{Settings, memo_facts, when};

/// No value is shown longer, in characters. MeMo allows 512 for a comment.
const VALUE_MAX_CHARS: usize = 600;
/// No more attachments are named in the block.
const NAMES_MAX: usize = 50;

/// Lines of `label: value`.
#[derive(Debug, Default)]
pub(super) struct Facts {
    lines: Vec<String>,
}

impl Facts {
    /// Adds a line, unless there is nothing to say.
    pub(super) fn add(&mut self, label: &str, value: &str) {
        let value = one_line(value, VALUE_MAX_CHARS);
        if !value.is_empty() {
            self.lines.push(format!("{}: {value}", one_line(label, VALUE_MAX_CHARS)));
        }
    }

    /// Adds a line that belongs to the one above.
    pub(super) fn add_below(&mut self, label: &str, value: &str) {
        let before = self.lines.len();
        self.add(label, value);
        if let Some(line) = self.lines.get_mut(before) {
            line.insert_str(0, "  ");
        }
    }

    /// Adds a line without a value.
    pub(super) fn say(&mut self, line: &str) {
        self.lines.push(line.to_owned());
    }
}

/// What Postbud itself has to say about a letter.
pub(super) struct Said<'a> {
    /// Why it came.
    pub(super) why: &'a str,
    /// The link that sends it back.
    pub(super) not_mine: Option<&'a str>,
    /// What of its documents was not read, a sentence each.
    pub(super) unread: &'a [String],
}

/// The block for `letter`, with LF between lines. `names` are its attachments.
pub(super) fn block(
    letter: &Letter,
    names: &[String],
    said: &Said<'_>,
    words: &Words,
    settings: &Settings,
) -> String {
    let mut facts = Facts::default();
    facts.add(words.from, &party(&letter.sender));
    if let Some(memo) = &letter.memo {
        memo_facts::sender(memo, words, &mut facts);
    }
    facts.add(words.to, &party(&letter.recipient));
    if let Some(point) = &letter.recipient.contact_point {
        contact_point(point, words, &mut facts);
    }
    if let Some(sent) = letter.sent_at.and_then(|at| when::moment(at, settings.language)) {
        facts.add(words.sent, &sent);
    }
    if let Some(memo) = &letter.memo {
        memo_facts::matter(memo, words, settings.language, &mut facts);
    }
    facts.add(words.why, said.why);
    if let Some(link) = said.not_mine {
        facts.add(words.not_mine, link);
    }
    let named = names.iter().take(NAMES_MAX).map(String::as_str).collect::<Vec<_>>().join(" · ");
    let more = names.len().saturating_sub(NAMES_MAX);
    let more = if more > 0 { format!(" · +{more}") } else { String::new() };
    facts.lines.push(format!("{}: {named}{more}", words.documents));
    for unread in said.unread {
        facts.add(words.note, unread);
    }
    if !letter.defects.is_empty() {
        facts.add(words.note, words.has_defects);
    }
    facts.lines.join("\n")
}

fn party(party: &Party) -> String {
    let number = party.id.as_deref().map(|id| number(id, party.id_type.as_ref()));
    let label = party.label.clone().filter(|label| !label.trim().is_empty());
    let parts = [label, party.address.clone(), number];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// A CPR number with its dash, any other number as it stands, with its kind in front.
pub(super) fn number(id: &str, kind: Option<&IdType>) -> String {
    let id = id.trim();
    match kind {
        Some(IdType::Cpr) => match id.split_at_checked(6) {
            Some((date, serial)) if id.len() == 10 && id.bytes().all(|b| b.is_ascii_digit()) => {
                format!("CPR {date}-{serial}")
            }
            _ => format!("CPR {id}"),
        },
        Some(IdType::Cvr) => format!("CVR {id}"),
        Some(IdType::Other(other)) => format!("{other} {id}"),
        None => id.to_owned(),
    }
}

fn contact_point(point: &ContactPoint, words: &Words, facts: &mut Facts) {
    let label = point.label.as_deref().unwrap_or(&point.id);
    let shown = match point.group.as_deref() {
        Some(group) if !group.trim().is_empty() => format!("{label} ({group})"),
        _ => label.to_owned(),
    };
    facts.add(words.contact_point, &shown);
    for info in &point.info {
        facts.add_below(&info.label, &info.value);
    }
}
