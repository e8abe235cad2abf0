//! Letters that only named people see.

use std::collections::{BTreeMap, BTreeSet};

use postbud_decide::{Decision, Doubt, MailboxId, Outcome, Reason};
use postbud_letter::LetterId;
use postbud_pipeline::ports::{LetterDetail, StoreError};

use crate::Room;

/// Who sees letters that may belong to a mailbox. Mailboxes that are not in here are for everybody
/// who reads letters.
pub type Restricted = BTreeMap<MailboxId, BTreeSet<String>>;

/// May this person see this letter? Yes for a letter that does not exist: whoever asks finds out.
pub(crate) async fn may_see(room: &Room, who: &str, id: &LetterId) -> Result<bool, StoreError> {
    let closed = closed_to(&room.options.restricted, who);
    if closed.is_empty() {
        return Ok(true);
    }
    let least = room.options.settings.must_not_miss_probability;
    let detail = room.store.letter(id).await?;
    Ok(detail.is_none_or(|detail| !suspected(&detail, &closed, least)))
}

/// The mailboxes whose letters this person does not see.
fn closed_to<'r>(restricted: &'r Restricted, who: &str) -> BTreeSet<&'r MailboxId> {
    restricted.iter().filter(|(_, people)| !people.contains(who)).map(|(id, _)| id).collect()
}

/// Does the letter belong to one of these mailboxes, or may it? What a person decided counts alone;
/// before that, whatever the machine ever held possible.
fn suspected(detail: &LetterDetail, closed: &BTreeSet<&MailboxId>, least: f64) -> bool {
    if detail.row.mailbox.as_ref().is_some_and(|mailbox| closed.contains(mailbox)) {
        return true;
    }
    let routed = |outcome: &Outcome| match outcome {
        Outcome::Route { mailbox } => closed.contains(mailbox),
        Outcome::Review => false,
    };
    let by_person = |decision: &&Decision| matches!(decision.reason, Reason::Assigned { .. });
    if let Some(last) = detail.decisions.last().filter(by_person) {
        return routed(&last.outcome);
    }
    // A person's decision that is not the last one was taken back.
    detail.decisions.iter().filter(|decision| !by_person(decision)).any(|decision| {
        let possible = decision
            .suggestions
            .iter()
            .any(|s| s.probability >= least && closed.contains(&s.mailbox));
        possible || named(decision, closed) || routed(&decision.outcome)
    })
}

/// Did a rule, a claim or a subject lead to one of these mailboxes, and the letter could not go there?
fn named(decision: &Decision, closed: &BTreeSet<&MailboxId>) -> bool {
    let Reason::Person { doubts, .. } = &decision.reason else { return false };
    doubts.iter().filter_map(Doubt::mailbox).any(|mailbox| closed.contains(mailbox))
}
