//! Step 2: which mailbox claims a reply.

use std::collections::BTreeSet;

use crate::view::View;
use crate::{Claims, Mailbox, MailboxId, Pattern, header, looking};

/// A mailbox's claim to a letter.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) mailbox: MailboxId,
    pub(crate) kind: ClaimKind,
}

/// What a claim rests on, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClaimKind {
    CaseId,
    GeneratingSystem,
    ContactPoint,
}

impl ClaimKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::CaseId => "case-id",
            Self::GeneratingSystem => "generating-system",
            Self::ContactPoint => "contact-point",
        }
    }

    fn patterns(self, claims: &Claims) -> &[Pattern] {
        match self {
            Self::CaseId => &claims.case_id,
            Self::GeneratingSystem => &claims.generating_system,
            Self::ContactPoint => &claims.contact_point,
        }
    }
}

/// The mailbox that claims the letter, by the strongest kind of claim that any of them makes.
///
/// For one value the most specific pattern wins, and of two equal ones the first in the file.
/// When the letter's values lead to different mailboxes, no claim is certain and none counts;
/// weaker kinds are then not asked.
pub(crate) fn claimed(mailboxes: &[Mailbox], view: &View<'_>) -> Option<Claim> {
    if mailboxes.iter().all(|mailbox| mailbox.claims.is_empty()) {
        return None;
    }
    let replies = header::replies(view.letter);
    let systems = replies.iter().filter_map(|reply| reply.generating_system).collect();
    let points = replies.iter().filter_map(|reply| reply.contact_point).collect();
    let values: [(ClaimKind, Vec<&str>); 3] = [
        (ClaimKind::CaseId, looking::case_ids(view)),
        (ClaimKind::GeneratingSystem, systems),
        (ClaimKind::ContactPoint, points),
    ];
    for (kind, values) in values {
        let claimants: BTreeSet<&MailboxId> =
            values.iter().filter_map(|value| claimant(mailboxes, kind, value)).collect();
        let mut claimants = claimants.into_iter();
        match (claimants.next(), claimants.next()) {
            (None, _) => {}
            (Some(one), None) => {
                return Some(Claim { mailbox: one.clone(), kind });
            }
            (Some(_), Some(_)) => return None,
        }
    }
    None
}

fn claimant<'m>(mailboxes: &'m [Mailbox], kind: ClaimKind, value: &str) -> Option<&'m MailboxId> {
    let mut best: Option<((bool, usize), &MailboxId)> = None;
    for mailbox in mailboxes {
        for pattern in kind.patterns(&mailbox.claims) {
            let specificity = pattern.specificity();
            let better = best.is_none_or(|(so_far, _)| specificity > so_far);
            if better && pattern.matches(value) {
                best = Some((specificity, &mailbox.id));
            }
        }
    }
    best.map(|(_, id)| id)
}
