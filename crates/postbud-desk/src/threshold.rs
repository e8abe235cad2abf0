//! What past letters would have looked like at another threshold. Pure: past decisions in, counts out.
//!
//! How many errors there would have been is known for two groups of letters apart. Those that the
//! model routed have answers only where a random share was looked at again; those that waited for
//! a person only because of their probability have an answer each, once somebody decided. So the
//! share of errors is estimated in each group from its own answers and weighted by the size of the
//! group (stratified estimation). A letter that a mailbox sent back says that there was an error,
//! but not how many there were: it is counted as known and never used for the estimate.

use postbud_evaluate::upper_bound;
use postbud_pipeline::ports::{PastDecision, Stood};

/// With this confidence the true share of errors is below the bound.
pub(crate) const CONFIDENCE: f64 = 0.95;

/// What a threshold makes of past letters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Look {
    /// All letters.
    pub(crate) letters: u64,
    /// Routed by rules and replies, whatever the threshold.
    pub(crate) by_rule: u64,
    /// Routed by the model at this threshold.
    pub(crate) by_model: u64,
    /// Of those, letters whose answer counts for the estimate.
    pub(crate) answers: u64,
    /// Of those routed by the model, known to belong elsewhere.
    pub(crate) known_errors: u64,
    /// The estimated share of errors among those routed by the model; `None` without answers in a
    /// group that has letters.
    pub(crate) error: Option<f64>,
    /// With [`CONFIDENCE`] the share is at most this; 1 where nothing is known.
    pub(crate) at_most: f64,
}

impl Look {
    /// The share that needs no person.
    pub(crate) fn automatic(&self) -> Option<f64> {
        let routed = self.by_rule + self.by_model;
        (self.letters > 0).then(|| routed as f64 / self.letters as f64)
    }
}

#[derive(Default)]
struct Group {
    letters: u64,
    answers: u64,
    wrong: u64,
}

/// Looks at past letters with this threshold for every mailbox; `None` stands for what was decided.
pub(crate) fn look(past: &[PastDecision], threshold: Option<f64>) -> Look {
    let mut groups: [Group; 2] = Default::default();
    let (mut by_rule, mut known_errors) = (0, 0);
    for letter in past {
        let reached = threshold.is_none_or(|threshold| letter.probability >= threshold);
        let group = match letter.stood {
            Stood::Rule => {
                by_rule += 1;
                continue;
            }
            Stood::Routed if reached => 0,
            Stood::Unsure if reached && threshold.is_some() => 1,
            _ => continue,
        };
        let wrong = letter.truth.is_some() && letter.truth != letter.mailbox;
        known_errors += u64::from(wrong);
        let counts = letter.truth.is_some() && (letter.stood == Stood::Unsure || letter.drawn);
        if let Some(group) = groups.get_mut(group) {
            group.letters += 1;
            group.answers += u64::from(counts);
            group.wrong += u64::from(counts && wrong);
        }
    }
    let by_model = groups.iter().map(|group| group.letters).sum();
    let (error, at_most) = errors(&groups, by_model);
    Look {
        letters: past.len() as u64,
        by_rule,
        by_model,
        answers: groups.iter().map(|group| group.answers).sum(),
        known_errors,
        error,
        at_most,
    }
}

/// The estimate and its bound. The risk of the bound is shared by the groups that have letters, so
/// that all their bounds hold together (Bonferroni).
fn errors(groups: &[Group], all: u64) -> (Option<f64>, f64) {
    let groups: Vec<&Group> = groups.iter().filter(|group| group.letters > 0).collect();
    if groups.is_empty() {
        return (None, 1.0);
    }
    let each = 1.0 - (1.0 - CONFIDENCE) / groups.len() as f64;
    let weight = |group: &Group| group.letters as f64 / all as f64;
    let known = groups.iter().all(|group| group.answers > 0);
    let share = |group: &&&Group| weight(group) * group.wrong as f64 / group.answers as f64;
    let error = known.then(|| groups.iter().map(|group| share(&group)).sum());
    let bound = |group: &&Group| weight(group) * upper_bound(group.wrong, group.answers, each);
    (error, groups.iter().map(bound).sum::<f64>().min(1.0))
}

#[cfg(test)]
mod tests {
    use postbud_decide::MailboxId;
    use proptest::prelude::*;

    use super::*;

    fn letter(stood: Stood, probability: f64, truth: Option<&str>, drawn: bool) -> PastDecision {
        let id = |text| MailboxId::parse(text).unwrap();
        PastDecision { stood, mailbox: Some(id("a")), probability, truth: truth.map(id), drawn }
    }

    #[test]
    fn a_lower_threshold_adds_letters_with_their_own_errors() {
        let mut past =
            vec![letter(Stood::Rule, 0.0, None, false), letter(Stood::Held, 0.99, None, false)];
        // 90 routed, 10 looked at again of which one was wrong; one more was sent back.
        past.extend((0..90).map(|n| match n {
            0 => letter(Stood::Routed, 0.97, Some("b"), true),
            1..10 => letter(Stood::Routed, 0.97, Some("a"), true),
            10 => letter(Stood::Routed, 0.97, Some("b"), false),
            _ => letter(Stood::Routed, 0.97, None, false),
        }));
        // 10 held back, all decided by people, half of them elsewhere.
        past.extend((0..10).map(|n| letter(Stood::Unsure, 0.8, Some(["a", "b"][n % 2]), false)));
        let now = look(&past, None);
        assert_eq!((now.letters, now.by_rule, now.by_model, now.answers), (102, 1, 90, 10));
        assert_eq!((now.known_errors, now.error), (2, Some(0.1)));
        let lower = look(&past, Some(0.75));
        assert_eq!((lower.by_model, lower.answers, lower.known_errors), (100, 20, 7));
        assert!((lower.error.unwrap() - 0.14).abs() < 1e-12, "0.9 · 0.1 + 0.1 · 0.5");
        assert!(lower.at_most > lower.error.unwrap());
        let higher = look(&past, Some(0.98));
        assert_eq!((higher.by_model, higher.error, higher.at_most), (0, None, 1.0));
    }

    #[test]
    fn without_answers_nothing_is_claimed() {
        let past = [letter(Stood::Routed, 0.97, Some("a"), false)];
        let look = look(&past, None);
        assert_eq!((look.answers, look.error, look.at_most), (0, None, 1.0));
    }

    fn letters() -> impl Strategy<Value = Vec<PastDecision>> {
        let stood =
            prop::sample::select(vec![Stood::Rule, Stood::Routed, Stood::Unsure, Stood::Held]);
        let truth = prop::sample::select(vec![None, Some("a"), Some("b")]);
        let one = (stood, 0.0..=1.0, truth, any::<bool>());
        prop::collection::vec(one.prop_map(|(s, p, t, d)| letter(s, p, t, d)), 0..60)
    }

    proptest! {
        #[test]
        fn a_higher_threshold_never_routes_more(past in letters(), a in 0.0..=1.0, b in 0.0..=1.0) {
            let (low, high) = if a < b { (a, b) } else { (b, a) };
            let (low, high) = (look(&past, Some(low)), look(&past, Some(high)));
            prop_assert!(high.by_model <= low.by_model && high.by_rule == low.by_rule);
            for look in [low, high] {
                prop_assert!(look.by_rule + look.by_model <= look.letters);
                prop_assert!((0.0..=1.0).contains(&look.at_most));
                prop_assert!(look.error.is_none_or(|error| error <= look.at_most + 1e-12));
            }
        }
    }
}
