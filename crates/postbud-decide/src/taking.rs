//! Step 2, second half: which mailbox takes a KLE subject.

use crate::{KlePattern, KleSubject, Mailbox, MailboxId};

/// A mailbox that takes a subject, and the pattern by which it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The mailbox.
    pub mailbox: MailboxId,
    /// Its pattern.
    pub pattern: KlePattern,
}

/// The mailbox that takes `subject`: the one with the most specific pattern, wherever it stands among
/// the others. When two mailboxes have that same pattern, none takes it: a configuration with two
/// such mailboxes is refused before it comes to this.
#[must_use]
pub fn taken(mailboxes: &[Mailbox], subject: &KleSubject) -> Option<Taken> {
    let entries = mailboxes.iter().flat_map(|mailbox| {
        let patterns = mailbox.kle.iter().filter(|pattern| pattern.takes(subject));
        patterns.map(move |pattern| (pattern, &mailbox.id))
    });
    let mut best: Option<(&KlePattern, &MailboxId)> = None;
    let mut shared = false;
    for (pattern, mailbox) in entries {
        let (more, same) = best.map_or((true, false), |(so_far, _)| {
            let (new, old) = (pattern.specificity(), so_far.specificity());
            (new > old, new == old)
        });
        if more {
            (best, shared) = (Some((pattern, mailbox)), false);
        } else if same && best.is_some_and(|(_, first)| first != mailbox) {
            shared = true;
        }
    }
    let (pattern, mailbox) = best.filter(|_| !shared)?;
    Some(Taken { mailbox: mailbox.clone(), pattern: pattern.clone() })
}
