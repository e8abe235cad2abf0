//! Steps 3 and 4: the model when everything speaks for its best mailbox, otherwise a person.
//!
//! A must-not-miss mailbox may be served automatically like an ordinary one when it is itself the
//! best mailbox, certified and switched on: the letter then arrives where it must not be missed.
//! What its tier guards against is the letter going elsewhere. So a letter goes to a person
//! whenever such a mailbox is possible but another one is best, and whenever it is best but not
//! certain enough; and the doubt that names it puts the letter first in line.
//!
//! A letter that is unlike the training mail goes to a person however certain the model is: its
//! certainty was measured on letters of another kind.

use crate::answer::Answer;
use crate::view::View;
use crate::{Decision, Doubt, Reason, Score, Settings, Tier, Unlike, seal};

/// The language of the training mail.
const HOME: &str = "da";

/// Steps 3 and 4 for a letter about which no rule and no claim had anything to say.
pub(crate) fn decide(view: &View<'_>, settings: &Settings, answer: Option<&Answer>) -> Decision {
    let mut doubts = about_the_letter(view);
    let best = answer.filter(|a| a.knows_any(settings)).and_then(|a| a.best().map(|b| (a, b)));
    let Some((answer, best)) = best else {
        doubts.push(Doubt::NoModel);
        return to_person(view, settings, answer, doubts);
    };
    let (about_best, threshold) = about_the_best(best, settings);
    doubts.extend(about_best);
    doubts.extend(answer.unlike.and_then(|unlike| about_its_words(view, unlike)));
    let missed = !answer.must_not_miss(settings, Some(&best.mailbox)).is_empty();
    match threshold {
        Some(threshold) if doubts.is_empty() && !missed => {
            let reason = Reason::Model {
                model: answer.model.clone(),
                probability: best.probability,
                threshold,
                words: answer.words(settings),
            };
            seal::route(view, best.mailbox.clone(), reason, answer.seen(settings))
        }
        _ => to_person(view, settings, Some(answer), doubts),
    }
}

/// Step 4: a person decides. Adds a doubt for every must-not-miss mailbox that is possible.
pub(crate) fn to_person(
    view: &View<'_>,
    settings: &Settings,
    answer: Option<&Answer>,
    mut doubts: Vec<Doubt>,
) -> Decision {
    doubts.extend(answer.map(|a| a.must_not_miss(settings, None)).unwrap_or_default());
    doubts.sort_by_key(Doubt::rank);
    let urgent = doubts.iter().any(|doubt| is_urgent(doubt, settings));
    let reason = Reason::Person {
        doubts,
        model: answer.map(|answer| answer.model.clone()),
        words: answer.map(|answer| answer.words(settings)).unwrap_or_default(),
    };
    let seen = answer.map(|answer| answer.seen(settings)).unwrap_or_default();
    seal::review(view, reason, seen, urgent)
}

/// May it be for a mailbox that must not miss a letter?
fn is_urgent(doubt: &Doubt, settings: &Settings) -> bool {
    let mailbox = doubt.mailbox().and_then(|mailbox| settings.mailbox(mailbox));
    mailbox.is_some_and(|mailbox| mailbox.tier == Tier::MustNotMiss)
}

fn about_the_letter(view: &View<'_>) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    if view.text_unread {
        doubts.push(Doubt::Defect);
    }
    if view.no_text() {
        doubts.push(Doubt::NoText);
    }
    doubts
}

/// What makes the letter unlike the training mail. Its language is looked at only here, where
/// its words are strange already: to say why, never to decide.
fn about_its_words(view: &View<'_>, unlike: Unlike) -> Option<Doubt> {
    match unlike {
        // Without any text that has been said.
        Unlike::NearlyEmpty => (!view.no_text()).then_some(Doubt::NearlyEmpty),
        Unlike::Words { known, least } => Some(match view.language() {
            Some(language) if language != HOME => {
                Doubt::OtherLanguage { language: language.to_owned() }
            }
            _ => Doubt::UnlikeTraining { known, least },
        }),
    }
}

/// What speaks against the best mailbox, and the threshold it was held against.
fn about_the_best(best: &Score, settings: &Settings) -> (Vec<Doubt>, Option<f64>) {
    let Some(mailbox) = settings.mailbox(&best.mailbox) else {
        return (vec![Doubt::UnknownMailbox { mailbox: best.mailbox.clone() }], None);
    };
    let mut doubts = Vec::new();
    match best.threshold {
        Some(threshold) if best.probability < threshold => {
            doubts.push(Doubt::BelowThreshold { probability: best.probability, threshold });
        }
        // Letters for a mailbox without a target wait for a person anyway.
        None if mailbox.target.is_some() => doubts.push(Doubt::NotCertified),
        _ => {}
    }
    if mailbox.target.is_none() {
        doubts.push(Doubt::Nowhere);
    } else if mailbox.tier == Tier::NeverAutomatic {
        doubts.push(Doubt::NeverAutomatic);
    } else if !mailbox.automatic {
        doubts.push(Doubt::NotAutomatic);
    }
    (doubts, best.threshold)
}
