//! Which letters must stand on the same side of every split: those of one thread, and those with
//! nearly the same words.

use std::collections::HashMap;

use super::near;
use super::union::Union;
use crate::letter::LabelledLetter;

/// More letters of one sender about one subject are no conversation but a form or a system.
const CONVERSATION: usize = 20;
/// Letters with nearly the same words are kept together up to one in so many of a mailbox's
/// letters; beyond it they are a form that everybody fills in, and kept together the mailbox could
/// not be learnt without it.
const SHARE: usize = 4;
/// So many are always kept together.
const ALWAYS: usize = 3;

/// Groups of letters, by number.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// Per letter the number of its group; `None` for a letter that stands alone.
    pub(super) of: Vec<Option<usize>>,
    /// Letters that are in a thread with others.
    pub(super) in_threads: usize,
    /// Sets of letters with nearly the same words.
    pub(super) near: Vec<Vec<usize>>,
    /// Sets that are too large to be kept together.
    pub(super) forms: Vec<Vec<usize>>,
}

/// Finds the groups.
pub(super) fn find(letters: &[&LabelledLetter]) -> Groups {
    let mut threads = Union::new(letters.len());
    join_threads(letters, &mut threads);
    let in_threads = threads.sets().iter().map(Vec::len).sum();
    let mut alike = Union::new(letters.len());
    near::join(letters, &mut alike);
    let totals = super::count(letters);
    let is_form = |set: &Vec<usize>| {
        let members: Vec<&LabelledLetter> = set.iter().map(|&at| letters[at]).collect();
        let most = |label: &str| ALWAYS.max(totals.get(label).copied().unwrap_or(0) / SHARE);
        super::count(&members).into_iter().any(|(label, count)| count > most(label))
    };
    let (forms, near): (Vec<_>, Vec<_>) = alike.sets().into_iter().partition(is_form);
    for set in &near {
        set.windows(2).for_each(|pair| threads.join(pair[0], pair[1]));
    }
    let mut of = vec![None; letters.len()];
    for (number, set) in threads.sets().into_iter().enumerate() {
        set.into_iter().for_each(|letter| of[letter] = Some(number));
    }
    Groups { of, in_threads, near, forms }
}

fn join_threads(letters: &[&LabelledLetter], union: &mut Union) {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut conversations: HashMap<u64, Vec<usize>> = HashMap::new();
    for (number, letter) in letters.iter().enumerate() {
        for id in &letter.thread {
            let first = *seen.entry(id).or_insert(number);
            union.join(first, number);
        }
        if let Some(conversation) = letter.conversation {
            conversations.entry(conversation).or_default().push(number);
        }
    }
    for members in conversations.values().filter(|members| members.len() <= CONVERSATION) {
        members.windows(2).for_each(|pair| union.join(pair[0], pair[1]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(n: usize, thread: &[&str], conversation: Option<u64>) -> LabelledLetter {
        let mut letter = LabelledLetter::new("x", "", &format!("brev {n} {n} {n}"));
        letter.thread = thread.iter().map(|&id| id.to_owned()).collect();
        letter.conversation = conversation;
        letter
    }

    #[test]
    fn threads_hang_together_through_letters_that_are_not_there() {
        let letters = [
            letter(0, &["a"], None),
            letter(1, &["b", "a"], Some(7)),
            letter(2, &["c", "gone"], None),
            letter(3, &["d", "gone"], None),
            letter(4, &[], Some(7)),
            letter(5, &[], None),
        ];
        let groups = find(&letters.iter().collect::<Vec<_>>());
        assert_eq!(groups.of, [Some(0), Some(0), Some(1), Some(1), Some(0), None]);
        assert_eq!(groups.in_threads, 5);
    }

    #[test]
    fn a_form_and_a_system_are_not_kept_together() {
        let words: String = (0..60).map(|n| format!("felt{n} ")).collect();
        let mut letters: Vec<LabelledLetter> =
            (0..60).map(|n| LabelledLetter::new("x", "", &format!("{words} {n}"))).collect();
        letters.extend((0..30).map(|n| letter(n, &[], Some(1))));
        letters.extend((0..90).map(|n| letter(n + 100, &[], None)));
        letters.push(LabelledLetter::new("y", "", &format!("{words} y")));
        let groups = find(&letters.iter().collect::<Vec<_>>());
        assert!(groups.of.iter().all(Option::is_none));
        assert_eq!((groups.forms.len(), groups.near.len()), (1, 0));
    }
}
