//! The store as it should be, on a page and in memory.

use std::collections::BTreeMap;

use postbud_pipeline::ports::{Recorded, State, SwitchState, Tally};

use super::commands::{Outcome, Sent};

pub(crate) const LEASE_MS: i64 = 100;

/// What is known of a letter.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) raw: u8,
    pub(crate) state: State,
    pub(crate) decisions: i64,
    pub(crate) deliveries: usize,
}

/// A row of the outbox that is not settled for good, by letter and sequence number.
#[derive(Clone)]
struct Pending {
    due_at: i64,
    attempts: u32,
    /// The life of a worker that has it, or had it when its lease ran out.
    holder: Option<u32>,
}

#[derive(Clone, Default)]
pub(crate) struct Model {
    pub(crate) now: i64,
    pub(crate) letters: BTreeMap<String, Known>,
    outbox: BTreeMap<(String, i64), Pending>,
    switch: Option<(SwitchState, &'static str)>,
}

impl Model {
    /// `digits` are the first of the bytes' name, which a clash has behind its id.
    pub(crate) fn record(&mut self, sent: Sent, digits: &str) -> Recorded {
        let (id, raw, routed) = (format!("l{}", sent.0), sent.1, sent.2);
        let clash = format!("{id}~{digits}");
        let (id, state, answer) = match self.letters.get(&id) {
            None if routed => (id, State::Routed, Recorded::New),
            None => (id, State::Review, Recorded::New),
            Some(known) if known.raw == raw => return Recorded::Known,
            Some(_) if self.letters.contains_key(&clash) => return Recorded::Known,
            Some(_) => (clash, State::Quarantined, Recorded::Clash),
        };
        if state == State::Routed {
            self.send(&id, 1);
        }
        self.letters.insert(id, Known { raw, state, decisions: 1, deliveries: 0 });
        answer
    }

    fn send(&mut self, id: &str, decision: i64) {
        let row = Pending { due_at: self.now, attempts: 0, holder: None };
        self.outbox.insert((id.to_owned(), decision), row);
    }

    pub(crate) fn assign(&mut self, id: &str, send: bool) -> Result<(), State> {
        let known = self.letters.get_mut(id).unwrap();
        if !matches!(known.state, State::Review | State::Quarantined) {
            return Err(known.state);
        }
        known.decisions += 1;
        known.state = if send { State::Routed } else { State::Delivered };
        let decision = known.decisions;
        if send {
            self.send(id, decision);
        }
        Ok(())
    }

    /// The keys and failed attempts that a claim must give, in this order.
    pub(crate) fn claim(&mut self, life: u32, max: u32) -> Vec<(String, u32)> {
        let mut due: Vec<_> =
            self.outbox.iter_mut().filter(|(_, row)| row.due_at <= self.now).collect();
        due.sort_by_key(|((letter, seq), row)| (row.due_at, letter.clone(), *seq));
        due.truncate(max as usize);
        due.into_iter()
            .map(|((letter, seq), row)| {
                row.due_at = self.now + LEASE_MS;
                row.holder = Some(life);
                (format!("{letter}-{seq}"), row.attempts)
            })
            .collect()
    }

    /// Which of `keys` the worker still holds.
    pub(crate) fn prolong(&mut self, life: u32, keys: &[String], by_ms: i64) -> Vec<String> {
        let until = self.now + by_ms;
        let mut held = Vec::new();
        for key in keys {
            let row = self.outbox.get_mut(&parts(key));
            if let Some(row) = row.filter(|row| row.holder == Some(life)) {
                row.due_at = until;
                held.push(key.clone());
            }
        }
        held.sort();
        held
    }

    pub(crate) fn settle(&mut self, life: u32, key: &str, outcome: Outcome) {
        let place = parts(key);
        let Some(row) = self.outbox.get_mut(&place) else {
            return;
        };
        let ours = row.holder.is_none_or(|holder| holder == life);
        let state = match outcome {
            Outcome::Delivered => State::Delivered,
            _ if !ours => return,
            Outcome::Again { in_ms } => {
                row.attempts += 1;
                row.due_at = self.now + in_ms;
                row.holder = None;
                return;
            }
            Outcome::GiveBack => {
                row.due_at = self.now;
                row.holder = None;
                return;
            }
            Outcome::GivenUp => State::Review,
        };
        self.outbox.remove(&place);
        let known = self.letters.get_mut(&place.0).unwrap();
        known.state = state;
        known.deliveries += usize::from(state == State::Delivered);
    }

    pub(crate) fn switch_off(&mut self, who: &'static str) {
        self.switch = Some((SwitchState::Off, who));
    }

    /// It takes two people.
    pub(crate) fn switch_on(&mut self, who: &'static str) -> SwitchState {
        self.switch = match self.switch {
            Some((SwitchState::Off, _)) => Some((SwitchState::Asked, who)),
            Some((SwitchState::Asked, asked)) if asked != who => Some((SwitchState::On, who)),
            other => other,
        };
        self.switch.map_or(SwitchState::On, |(state, _)| state)
    }

    pub(crate) fn is_off(&self) -> bool {
        self.switch.is_some_and(|(state, _)| state != SwitchState::On)
    }

    pub(crate) fn tally(&self) -> Tally {
        let count =
            |state| self.letters.values().filter(|known| known.state == state).count() as u64;
        Tally {
            received: self.letters.len() as u64,
            routed: count(State::Routed),
            delivered: count(State::Delivered),
            review: count(State::Review),
            quarantined: count(State::Quarantined),
        }
    }
}

fn parts(key: &str) -> (String, i64) {
    let (id, seq) = key.rsplit_once('-').unwrap();
    (id.to_owned(), seq.parse().unwrap())
}
