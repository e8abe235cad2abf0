//! Which waiting letters teach the next model most: those it is unsure about, and that are unlike
//! each other. Pure.
//!
//! A letter is taken when it is both: the value of a letter is how near its first two suggestions
//! are to each other, times how unlike it is to the most similar letter taken before (uncertainty
//! sampling with a greedy choice for diversity). Letters are compared by the words that spoke for
//! their first suggestion and by the mailboxes suggested, which are stored with the decision; no
//! letter is read again.

use std::collections::BTreeSet;

use postbud_decide::{Decision, Reason};

/// A letter that was taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Taken {
    /// Its place among those looked at.
    pub(crate) index: usize,
    /// How unsure the model is: 1 when its first two suggestions are equally probable.
    pub(crate) unsure: f64,
    /// How unlike those taken before: 1 with nothing in common.
    pub(crate) different: f64,
}

struct Candidate {
    unsure: f64,
    features: BTreeSet<String>,
    /// The greatest likeness to a letter that was taken.
    like: f64,
    taken: bool,
}

fn unsure(decision: &Decision) -> f64 {
    let probability = |n: usize| decision.suggestions.get(n).map_or(0.0, |s| s.probability);
    (1.0 - (probability(0) - probability(1))).clamp(0.0, 1.0)
}

fn features(decision: &Decision) -> BTreeSet<String> {
    let words = match &decision.reason {
        Reason::Person { words, .. } | Reason::Model { words, .. } => words.as_slice(),
        _ => &[],
    };
    let words = words.iter().filter(|word| !word.is_rest()).map(|word| word.word.to_lowercase());
    // A mailbox is no word: the sign in front keeps them apart.
    let mailboxes = decision.suggestions.iter().take(2).map(|s| format!("→{}", s.mailbox));
    words.chain(mailboxes).collect()
}

/// The share of what two have that both have (Jaccard); 0 for two with nothing.
fn likeness(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let both = a.intersection(b).count();
    let any = a.len() + b.len() - both;
    if any == 0 { 0.0 } else { both as f64 / any as f64 }
}

/// Takes at most `most` of the letters, the most valuable first. The same letters in the same
/// order give the same answer.
pub(crate) fn worth<'d>(decisions: impl Iterator<Item = &'d Decision>, most: usize) -> Vec<Taken> {
    let candidate = |decision: &Decision| Candidate {
        unsure: unsure(decision),
        features: features(decision),
        like: 0.0,
        taken: false,
    };
    let mut candidates: Vec<Candidate> = decisions.map(candidate).collect();
    let mut taken = Vec::new();
    while taken.len() < most {
        let value = |c: &Candidate| c.unsure * (1.0 - c.like);
        let open = candidates.iter().enumerate().filter(|(_, candidate)| !candidate.taken);
        // The first of several that are worth the same.
        let best = open.rev().max_by(|(_, a), (_, b)| value(a).total_cmp(&value(b)));
        let Some((index, best)) = best.filter(|(_, best)| value(best) > 0.0) else { break };
        taken.push(Taken { index, unsure: best.unsure, different: 1.0 - best.like });
        let features = best.features.clone();
        for (n, candidate) in candidates.iter_mut().enumerate() {
            candidate.taken |= n == index;
            candidate.like = candidate.like.max(likeness(&candidate.features, &features));
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use postbud_decide::{Contribution, MailboxId, Outcome, Suggestion, assigned};
    use postbud_letter::LetterId;
    use proptest::prelude::*;

    use super::*;

    fn decision(words: &[&str], probabilities: &[f64]) -> Decision {
        let id = LetterId::parse("a").unwrap();
        let mailbox = |n: usize| MailboxId::parse(&format!("m{n}")).unwrap();
        let suggestions = probabilities.iter().enumerate();
        let suggestions = suggestions
            .map(|(n, &probability)| Suggestion { mailbox: mailbox(n), probability })
            .collect();
        let mut decision = assigned(&id, &mailbox(0), "Anna", suggestions);
        let words = words.iter().map(|&word| Contribution { word: word.to_owned(), weight: 1.0 });
        decision.outcome = Outcome::Review;
        decision.reason =
            Reason::Person { doubts: Vec::new(), model: None, words: words.collect() };
        decision
    }

    fn order(decisions: &[Decision], most: usize) -> Vec<usize> {
        worth(decisions.iter(), most).iter().map(|taken| taken.index).collect()
    }

    #[test]
    fn the_unsure_come_first_and_their_likes_are_left_for_later() {
        let decisions = [
            decision(&["skrald", "spand"], &[0.9, 0.05]),
            decision(&["hul", "vej"], &[0.5, 0.45]),
            decision(&["hul", "vej"], &[0.5, 0.45]),
            decision(&["skole", "barn"], &[0.5, 0.3]),
        ];
        assert_eq!(order(&decisions, 2), [1, 3], "not the second hole in the road");
        assert_eq!(order(&decisions, 9), [1, 3, 0], "what is like one taken teaches nothing new");
        assert_eq!(order(&[], 3), [] as [usize; 0]);
    }

    #[test]
    fn letters_without_words_differ_by_their_mailboxes() {
        let decisions = [decision(&[], &[0.4, 0.4]), decision(&[], &[]), decision(&[], &[0.4])];
        let taken = order(&decisions, 9);
        assert_eq!(taken.len(), 3, "{taken:?}");
    }

    proptest! {
        #[test]
        fn no_letter_is_taken_twice(
            letters in prop::collection::vec((0.0..=1.0, 0.0..=1.0, "[a-c]{0,3}"), 0..20),
            most in 0usize..30,
        ) {
            let decisions: Vec<Decision> = letters
                .iter()
                .map(|(p, q, words)| {
                    let words: Vec<String> = words.chars().map(String::from).collect();
                    let words: Vec<&str> = words.iter().map(String::as_str).collect();
                    decision(&words, &[*p, *q])
                })
                .collect();
            let taken = worth(decisions.iter(), most);
            let different: BTreeSet<usize> = taken.iter().map(|taken| taken.index).collect();
            prop_assert_eq!(different.len(), taken.len());
            prop_assert!(taken.len() <= most && taken.iter().all(|t| t.index < decisions.len()));
        }
    }
}
