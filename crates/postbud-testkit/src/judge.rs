//! The judge: holds what was promised against what is there when the faults are over.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::letters::{hash, number_in};
use crate::oracle::{Obligation, Obligations};

/// A letter in a mailbox.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The mailbox.
    pub mailbox: String,
    /// What says that two are the same sending: the outbox key in a Maildir's file name or in a
    /// mail's `X-Postbud-Delivery`.
    pub key: String,
    /// The bytes.
    pub data: Vec<u8>,
    /// Did it come by SMTP, where a second copy under the same key is allowed?
    pub by_mail: bool,
}

/// How many letters the store says are where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All.
    pub received: u64,
    /// In flight.
    pub routed: u64,
    /// In their mailbox.
    pub delivered: u64,
    /// With a person.
    pub review: u64,
    /// Set aside.
    pub quarantined: u64,
}

/// What is there in the end.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// What was promised.
    pub obligations: Obligations,
    /// Each letter that the store lists, with its state.
    pub states: Vec<(String, String)>,
    /// What the store counts.
    pub counts: Counts,
    /// The same as its metrics say it, where they were asked.
    pub metrics: Option<Counts>,
    /// What lies in the mailboxes.
    pub arrivals: Vec<Arrival>,
    /// What is still in the queue, dead letters left out that may be there.
    pub queued: u64,
    /// The ids of the dead letters: a letter that is `wanted` to be `dead` must be one of them.
    pub dead: BTreeSet<String>,
    /// May a letter for a mailbox end with a person, because its target refuses?
    pub may_be_refused: bool,
    /// Did a letter that was sent after the faults arrive?
    pub fresh_arrived: bool,
}

/// What the judge found, by kind; each is a list of letters or a sentence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Confirmed, and nowhere, or not where it was promised.
    pub lost: Vec<String>,
    /// There, and never sent.
    pub invented: Vec<String>,
    /// There with other bytes.
    pub altered: Vec<String>,
    /// More than one effect.
    pub doubled: Vec<String>,
    /// In more than one end state, in a wrong mailbox, or still in flight.
    pub misplaced: Vec<String>,
    /// Sums that do not add up, and a fresh letter that does not get through.
    pub unbalanced: Vec<String>,
    /// Second copies by SMTP under the same key: counted, and allowed.
    pub mail_copies: usize,
}

impl Verdict {
    /// Was every promise kept?
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let Self { lost, invented, altered, doubled, misplaced, unbalanced, mail_copies: _ } = self;
        [lost, invented, altered, doubled, misplaced, unbalanced].iter().all(|list| list.is_empty())
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [
            ("lost", &self.lost),
            ("invented", &self.invented),
            ("altered", &self.altered),
            ("doubled", &self.doubled),
            ("misplaced", &self.misplaced),
            ("unbalanced", &self.unbalanced),
        ];
        for (kind, list) in kinds.into_iter().filter(|(_, list)| !list.is_empty()) {
            let first: Vec<&str> = list.iter().take(5).map(String::as_str).collect();
            writeln!(f, "{kind}: {} ({} …)", list.len(), first.join(", "))?;
        }
        Ok(())
    }
}

/// Judges.
#[must_use]
pub fn judge(evidence: &Evidence) -> Verdict {
    let mut verdict = Verdict::default();
    let arrived = sort_arrivals(evidence, &mut verdict);
    let known: BTreeSet<&str> = evidence.obligations.values().map(|o| o.id.as_str()).collect();
    let mut states: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (id, state) in &evidence.states {
        // The clash of an id is set aside under that id with something behind it.
        let bare = id.split('~').next().unwrap_or_default();
        if !known.contains(bare) {
            verdict.invented.push(id.clone());
        }
        states.entry(id).or_default().push(state);
    }
    for (number, obligation) in &evidence.obligations {
        let states = states.get(obligation.id.as_str()).map_or(&[][..], Vec::as_slice);
        let keys = arrived.get(number).map_or(0, BTreeSet::len);
        place(&mut verdict, evidence, *number, obligation, states, keys);
    }
    balance(&mut verdict, evidence, &arrived);
    verdict
}

/// The different keys under which each letter arrived.
fn sort_arrivals(
    evidence: &Evidence,
    verdict: &mut Verdict,
) -> BTreeMap<u64, BTreeSet<(String, String)>> {
    let mut arrived: BTreeMap<u64, BTreeSet<(String, String)>> = BTreeMap::new();
    for arrival in &evidence.arrivals {
        let number = number_in(&arrival.data);
        let Some((number, owed)) =
            number.and_then(|n| evidence.obligations.get(&n).map(|owed| (n, owed)))
        else {
            verdict.invented.push(format!("{} in {}", arrival.key, arrival.mailbox));
            continue;
        };
        // Our headers stand in front of the letter.
        let start = arrival.data.len().checked_sub(owed.len);
        let original = start.and_then(|start| arrival.data.get(start..));
        if original.is_none_or(|original| hash(original) != owed.hash) {
            verdict.altered.push(number.to_string());
        }
        if arrival.mailbox != owed.wanted {
            verdict.misplaced.push(format!("{number} in {}", arrival.mailbox));
        }
        let keys = arrived.entry(number).or_default();
        let new = keys.insert((arrival.mailbox.clone(), arrival.key.clone()));
        match (new, arrival.by_mail) {
            (true, _) if keys.len() > 1 => verdict.doubled.push(number.to_string()),
            (true, _) => {}
            (false, true) => verdict.mail_copies += 1,
            (false, false) => verdict.doubled.push(number.to_string()),
        }
    }
    arrived
}

/// Is the letter in exactly one place, and the right one?
fn place(
    verdict: &mut Verdict,
    evidence: &Evidence,
    number: u64,
    owed: &Obligation,
    states: &[&str],
    arrivals: usize,
) {
    if states.len() > 1 {
        verdict.misplaced.push(format!("{number} is {}", states.join(" and ")));
        return;
    }
    let state = states.first().copied();
    if owed.wanted == "dead" {
        match state {
            Some(state) => verdict.misplaced.push(format!("{number} is {state}")),
            None if !evidence.dead.contains(&owed.id) => verdict.lost.push(owed.id.clone()),
            None => {}
        }
        return;
    }
    let right = match state {
        Some("delivered") => arrivals > 0 && owed.wanted != "person",
        Some("review") => arrivals == 0 && (owed.wanted == "person" || evidence.may_be_refused),
        _ => false,
    };
    match state {
        _ if right => {}
        None if arrivals > 0 => verdict.misplaced.push(format!("{number} arrived unrecorded")),
        None if !owed.confirmed => {}
        None => verdict.lost.push(number.to_string()),
        Some("delivered") if arrivals == 0 => verdict.lost.push(number.to_string()),
        Some(other) => verdict.misplaced.push(format!("{number} is {other}")),
    }
}

fn balance(
    verdict: &mut Verdict,
    evidence: &Evidence,
    arrived: &BTreeMap<u64, BTreeSet<(String, String)>>,
) {
    let Counts { received, routed, delivered, review, quarantined } = evidence.counts;
    let mut check = |holds: bool, what: String| {
        if !holds {
            verdict.unbalanced.push(what);
        }
    };
    let sum = routed + delivered + review + quarantined;
    check(received == sum, format!("received {received}, in the four states {sum}"));
    if let Some(metrics) = evidence.metrics {
        check(
            metrics == evidence.counts,
            format!("counted {:?}, by the metrics {metrics:?}", evidence.counts),
        );
    }
    let listed = evidence.states.len() as u64;
    check(received == listed, format!("received {received}, listed {listed}"));
    let found = arrived.len() as u64;
    check(delivered == found, format!("delivered {delivered}, in the mailboxes {found}"));
    check(routed == 0, format!("{routed} still in flight"));
    check(evidence.queued == 0, format!("{} still in the queue", evidence.queued));
    check(evidence.fresh_arrived, "a fresh letter does not get through".to_owned());
}
