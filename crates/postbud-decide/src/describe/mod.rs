//! Decisions in words that clerks and caseworkers read: one line, or all steps.
//!
//! Neither form holds any text of the letter, so both may stand in mail headers and logs.

mod danish;
mod english;
mod percent;

use postbud_letter::{DefectKind, DocumentFormat};

use crate::{Decision, DocumentNote, Doubt, Lang, Mailbox, MailboxId, Outcome, Reason};

use danish::Danish;
use english::English;

/// A line for a mail header or a list: where the letter goes and why.
#[must_use]
pub fn short(decision: &Decision, mailboxes: &[Mailbox], lang: Lang) -> String {
    let voice = voice(lang);
    let names = Names(mailboxes);
    let text = match &decision.outcome {
        Outcome::Route { mailbox } => voice.routed(&names.of(mailbox), &decision.reason),
        Outcome::Review => {
            let suggestion = decision.suggestions.first();
            let suggestion = suggestion.map(|s| (names.of(&s.mailbox), s.probability));
            let doubts = doubts(&decision.reason);
            voice.in_review(suggestion, doubts.first().map(|doubt| voice.doubt(doubt, &names)))
        }
    };
    one_line(&text)
}

/// A few lines for a screen: the outcome, then every step up to the one that spoke.
#[must_use]
pub fn long(decision: &Decision, mailboxes: &[Mailbox], lang: Lang) -> String {
    let voice = voice(lang);
    let names = Names(mailboxes);
    let outcome = match (&decision.outcome, &decision.reason) {
        (Outcome::Route { mailbox }, Reason::Assigned { by }) => {
            voice.assigned(&names.of(mailbox), by)
        }
        (Outcome::Route { mailbox }, _) => voice.goes_to(&names.of(mailbox)),
        (Outcome::Review, _) => voice.waits(),
    };
    let mut lines = vec![one_line(&outcome)];
    for (number, step) in steps(&decision.reason, voice).iter().enumerate() {
        lines.push(format!("  {}. {}", number + 1, one_line(step)));
    }
    for doubt in doubts(&decision.reason) {
        lines.push(format!("  - {}", one_line(&voice.doubt(doubt, &names))));
    }
    if let Some(request) = &decision.access {
        lines.push(format!("  - {}", one_line(&voice.access(&request.matched))));
    }
    for note in &decision.documents {
        if note.trouble.is_some() || note.cut {
            lines.push(format!("  - {}", one_line(&voice.document(note))));
        }
        if note.signed || note.format == DocumentFormat::Signature {
            lines.push(format!("  - {}", one_line(&voice.signed(note))));
        }
    }
    lines.join("\n")
}

/// A sentence about what of a document could not be read; nothing where all of it was.
#[must_use]
pub fn document(note: &DocumentNote, lang: Lang) -> Option<String> {
    let said = (note.trouble.is_some() || note.cut).then(|| voice(lang).document(note))?;
    let mut chars = said.chars();
    let first = chars.next()?;
    Some(format!("{}{}", first.to_uppercase(), chars.as_str()))
}

/// A sentence about what was wrong with a letter's bytes.
#[must_use]
pub fn defect(kind: DefectKind, lang: Lang) -> &'static str {
    voice(lang).defect(kind)
}

/// What each step had to say, up to the one that settled the matter.
fn steps(reason: &Reason, voice: &dyn Voice) -> Vec<String> {
    let none = [voice.no_rule(), voice.no_reply()].map(str::to_owned);
    let [no_rule, no_reply] = none;
    match reason {
        Reason::Rule { rule, matched } => vec![voice.rule_matched(rule, matched)],
        Reason::Reply { matched } => vec![no_rule, voice.reply_matched(matched)],
        Reason::Kle { subject, pattern } => {
            vec![no_rule, voice.kle_matched(subject.as_str(), pattern.as_str())]
        }
        Reason::Model { model, probability, threshold, .. } => {
            let (probability, threshold) = percent::pair(*probability, *threshold, voice.point());
            vec![no_rule, no_reply, voice.model_certain(&model.0, &probability, &threshold)]
        }
        Reason::Person { doubts, model, .. } => match doubts.first() {
            // Of a letter that could not be delivered only the last decision is known here.
            Some(_) if doubts.iter().any(|d| matches!(d, Doubt::DeliveryFailed { .. })) => {
                Vec::new()
            }
            // Held before any step was asked.
            Some(Doubt::Infected { .. } | Doubt::Unchecked { .. }) => {
                vec![voice.person().to_owned()]
            }
            Some(Doubt::Rule { .. } | Doubt::RuleHeld { .. }) => vec![voice.rule_held().to_owned()],
            Some(Doubt::ReplyHeld { .. }) => vec![no_rule, voice.reply_held().to_owned()],
            Some(Doubt::KleHeld { .. }) => vec![no_rule, voice.kle_held().to_owned()],
            _ => {
                let model = model.as_ref().map(|model| model.0.as_str());
                vec![no_rule, no_reply, voice.model_uncertain(model), voice.person().to_owned()]
            }
        },
        Reason::Assigned { .. } => Vec::new(),
    }
}

fn doubts(reason: &Reason) -> &[Doubt] {
    match reason {
        Reason::Person { doubts, .. } => doubts,
        _ => &[],
    }
}

/// One language.
trait Voice {
    /// The decimal point.
    fn point(&self) -> percent::Point;
    fn routed(&self, mailbox: &str, reason: &Reason) -> String;
    fn in_review(&self, suggestion: Option<(String, f64)>, doubt: Option<String>) -> String;
    fn goes_to(&self, mailbox: &str) -> String;
    fn assigned(&self, mailbox: &str, by: &str) -> String;
    fn waits(&self) -> String;
    fn no_rule(&self) -> &'static str;
    fn rule_matched(&self, rule: &str, matched: &[String]) -> String;
    fn rule_held(&self) -> &'static str;
    fn no_reply(&self) -> &'static str;
    fn reply_matched(&self, matched: &str) -> String;
    fn reply_held(&self) -> &'static str;
    fn kle_matched(&self, subject: &str, pattern: &str) -> String;
    fn kle_held(&self) -> &'static str;
    fn model_certain(&self, model: &str, probability: &str, threshold: &str) -> String;
    fn model_uncertain(&self, model: Option<&str>) -> String;
    fn person(&self) -> &'static str;
    fn doubt(&self, doubt: &Doubt, names: &Names<'_>) -> String;
    fn access(&self, matched: &str) -> String;
    fn document(&self, note: &DocumentNote) -> String;
    fn signed(&self, note: &DocumentNote) -> String;
    fn defect(&self, kind: DefectKind) -> &'static str;
}

fn voice(lang: Lang) -> &'static dyn Voice {
    match lang {
        Lang::Danish => &Danish,
        Lang::English => &English,
    }
}

/// What people call the mailboxes.
struct Names<'m>(&'m [Mailbox]);

impl Names<'_> {
    fn of(&self, id: &MailboxId) -> String {
        let known = self.0.iter().find(|mailbox| mailbox.id == *id);
        let name = known.map(|mailbox| mailbox.name.trim()).filter(|name| !name.is_empty());
        name.unwrap_or(id.as_str()).to_owned()
    }
}

/// Rule names and errors come from outside: a line stays a line.
fn one_line(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.trim_end().to_owned()
}
