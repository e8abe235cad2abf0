//! The four steps of a decision, in their fixed order.
//!
//! 1. A rule of the municipality: the first that matches, in the order of the file.
//! 2. A reply that a mailbox claims; where none does, the KLE subject that a mailbox takes, if
//!    the municipality has switched that on.
//! 3. The model, when everything speaks for its best mailbox.
//! 4. A person.
//!
//! Rules, claims and KLE subjects are the municipality's own word and do not ask whether a mailbox
//! is switched on for the model. Two things hold even them back: a letter that could not be read to
//! its end goes to a person, who then sees which of them it met; and a reply or a letter with a KLE
//! subject goes to a person when a must-not-miss mailbox might be meant, which only a rule
//! overrides.

use postbud_letter::Letter;

use crate::answer::Asked;
use crate::claiming::{self, Claim};
use crate::rule::Destination;
use crate::seal::Seen;
use crate::view::View;
use crate::{
    Decision, Doubt, Evidence, KleSubject, MailboxId, Reason, Scores, Settings, Taken, Tier,
};
use crate::{language, matching, model_step, seal, taking};

/// Decides where a letter goes.
///
/// `scores` is asked at most once, and not at all when a rule settles the matter. It must be a
/// pure function of the letter; then so is the decision.
#[must_use]
pub fn decide(
    letter: &Letter,
    settings: &Settings,
    scores: impl Fn() -> Option<Scores>,
) -> Decision {
    let language = || language::of(letter);
    decide_with(letter, settings, &Evidence { scores: &scores, language: &language })
}

/// [`decide`] with everything that it may ask for given by the caller.
#[must_use]
pub fn decide_with(letter: &Letter, settings: &Settings, evidence: &Evidence<'_>) -> Decision {
    let view = View::new(letter, evidence);
    let asked = Asked::new(evidence);
    by_rule(&view, settings, &asked)
        .or_else(|| Some(by_header(&view, settings, &asked, by_its_header(&view, settings)?)))
        .unwrap_or_else(|| model_step::decide(&view, settings, asked.answer()))
}

/// The decision about a letter that goes to a person because of `doubt`, whatever rules, claims and
/// the model say. What they say is kept: it helps that person, and tells who may be that person.
#[must_use]
pub fn held(
    letter: &Letter,
    settings: &Settings,
    scores: impl Fn() -> Option<Scores>,
    doubt: Doubt,
) -> Decision {
    let language = || language::of(letter);
    let evidence = Evidence { scores: &scores, language: &language };
    let view = View::new(letter, &evidence);
    let asked = Asked::new(&evidence);
    let doubts = std::iter::once(doubt).chain(led_to(&view, settings)).collect();
    model_step::to_person(&view, settings, asked.answer(), doubts)
}

/// What a rule, a claim or the KLE subject says of a letter that cannot go by it.
fn led_to(view: &View<'_>, settings: &Settings) -> Option<Doubt> {
    let Some((rule, _)) = matching::first_match(&settings.rules, view) else {
        return by_its_header(view, settings).map(|led| led.held);
    };
    let name = rule.name.clone();
    Some(match &rule.to {
        Destination::Person => Doubt::Rule { rule: name },
        Destination::Mailbox(mailbox) => Doubt::RuleHeld { rule: name, mailbox: mailbox.clone() },
    })
}

/// Step 1.
fn by_rule(view: &View<'_>, settings: &Settings, asked: &Asked<'_>) -> Option<Decision> {
    let (rule, matched) = matching::first_match(&settings.rules, view)?;
    let name = rule.name.clone();
    let doubts = match &rule.to {
        Destination::Person => vec![Doubt::Rule { rule: name }],
        Destination::Mailbox(mailbox) => {
            let held = held_back(mailbox, settings, view);
            if held.is_empty() {
                let reason = Reason::Rule { rule: name, matched };
                return Some(seal::route(view, mailbox.clone(), reason, Seen::default()));
            }
            let first = Doubt::RuleHeld { rule: name, mailbox: mailbox.clone() };
            std::iter::once(first).chain(held).collect()
        }
    };
    Some(model_step::to_person(view, settings, asked.answer(), doubts))
}

/// Where a letter's header leads.
struct Led {
    mailbox: MailboxId,
    /// Why it goes there.
    reason: Reason,
    /// What is said of it when it cannot.
    held: Doubt,
}

/// Step 2: a claim, and the KLE subject of a letter that nobody claims.
fn by_its_header(view: &View<'_>, settings: &Settings) -> Option<Led> {
    if let Some(Claim { mailbox, kind }) = claiming::claimed(&settings.mailboxes, view) {
        let matched = kind.as_str().to_owned();
        let reason = Reason::Reply { matched: matched.clone() };
        let held = Doubt::ReplyHeld { matched, mailbox: mailbox.clone() };
        return Some(Led { mailbox, reason, held });
    }
    let subject = KleSubject::of(view.letter).filter(|_| settings.by_kle)?;
    let Taken { mailbox, pattern } = taking::taken(&settings.mailboxes, &subject)?;
    let reason = Reason::Kle { subject: subject.clone(), pattern: pattern.clone() };
    let held = Doubt::KleHeld { subject, pattern, mailbox: mailbox.clone() };
    Some(Led { mailbox, reason, held })
}

/// To the mailbox that the letter's header leads to; to a person, with what gives rise to it, when
/// something speaks against that.
fn by_header(view: &View<'_>, settings: &Settings, asked: &Asked<'_>, led: Led) -> Decision {
    let Led { mailbox, reason, held } = led;
    let mut doubts = held_back(&mailbox, settings, view);
    if settings.mailbox(&mailbox).is_some_and(|found| found.tier == Tier::NeverAutomatic) {
        doubts.push(Doubt::NeverAutomatic);
    }
    // Without such a mailbox the model has nothing to say here and is not asked.
    let careful = settings.mailboxes.iter().any(|mailbox| mailbox.tier == Tier::MustNotMiss);
    let answer = if careful { asked.answer() } else { None };
    let missed =
        answer.is_some_and(|answer| !answer.must_not_miss(settings, Some(&mailbox)).is_empty());
    if doubts.is_empty() && !missed {
        let seen = answer.map(|answer| answer.seen(settings)).unwrap_or_default();
        return seal::route(view, mailbox, reason, seen);
    }
    doubts.push(held);
    model_step::to_person(view, settings, asked.answer(), doubts)
}

/// What keeps a letter from a mailbox that a rule, a claim or a KLE subject leads to.
fn held_back(mailbox: &MailboxId, settings: &Settings, view: &View<'_>) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    if view.unread {
        doubts.push(Doubt::Defect);
    }
    match settings.mailbox(mailbox) {
        None => doubts.push(Doubt::UnknownMailbox { mailbox: mailbox.clone() }),
        Some(found) if found.target.is_none() => doubts.push(Doubt::Nowhere),
        Some(_) => {}
    }
    doubts
}
