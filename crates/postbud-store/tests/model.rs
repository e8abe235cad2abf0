//! Whatever is done in whatever order, the store agrees with a model that fits on a page: no
//! letter is lost, each is in exactly one state, and the counts add up.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::collections::BTreeMap;

use postbud_decide::Doubt;
use postbud_pipeline::ports::{
    Entry, OutboxItem, OutboxOutcome, Recorded, State, Store as _, StoreError, Tally,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use support::{Fixture, MANY_BYTES, assignment, at, entry, letter};

const LEASE_MS: i64 = 100;

/// A letter to record: which id, which bytes, routed or not.
type Sent = (u8, u8, bool);

#[derive(Debug, Clone)]
enum Command {
    Record(Vec<Sent>),
    Assign {
        which: usize,
        send: bool,
    },
    Claim {
        max: u32,
    },
    Settle {
        which: usize,
        outcome: Outcome,
    },
    /// The worker dies: what it holds is settled by nobody.
    Crash,
    Wait {
        ms: i64,
    },
}

#[derive(Debug, Clone, Copy)]
enum Outcome {
    Delivered,
    Again { in_ms: i64 },
    Release,
    GivenUp,
}

fn command() -> impl Strategy<Value = Command> {
    let sent = (0..6_u8, 0..3_u8, any::<bool>());
    let outcome = prop_oneof![
        3 => Just(Outcome::Delivered),
        1 => (0..300_i64).prop_map(|in_ms| Outcome::Again { in_ms }),
        1 => Just(Outcome::Release),
        1 => Just(Outcome::GivenUp),
    ];
    prop_oneof![
        3 => prop::collection::vec(sent, 0..5).prop_map(Command::Record),
        3 => (0..20_usize, any::<bool>()).prop_map(|(which, send)| Command::Assign { which, send }),
        3 => (0..4_u32).prop_map(|max| Command::Claim { max }),
        4 => (0..6_usize, outcome).prop_map(|(which, outcome)| Command::Settle { which, outcome }),
        1 => Just(Command::Crash),
        2 => (1..200_i64).prop_map(|ms| Command::Wait { ms }),
    ]
}

/// What the model knows of a letter.
struct Known {
    raw: u8,
    state: State,
    decisions: i64,
}

/// A row of the outbox that is not settled for good, by letter and sequence number.
struct Pending {
    due_at: i64,
    attempts: u32,
}

#[derive(Default)]
struct Model {
    now: i64,
    letters: BTreeMap<String, Known>,
    outbox: BTreeMap<(String, i64), Pending>,
    held: Vec<OutboxItem>,
}

fn sent_entry((id, raw, routed): Sent, now: i64) -> Entry {
    let to = routed.then_some("Miljø");
    let mut entry = entry(&format!("l{id}"), &format!("bytes {id} {raw}"), to);
    entry.received_at = at(now);
    entry
}

impl Model {
    fn record(&mut self, sent: Sent) -> Recorded {
        let entry = sent_entry(sent, self.now);
        let (id, raw, routed) = (entry.letter.as_str().to_owned(), sent.1, sent.2);
        let clash = format!("{id}~{}", &entry.raw_id.0[..8]);
        let (id, state, answer) = match self.letters.get(&id) {
            None if routed => (id, State::Routed, Recorded::New),
            None => (id, State::Review, Recorded::New),
            Some(known) if known.raw == raw => return Recorded::Known,
            Some(_) if self.letters.contains_key(&clash) => return Recorded::Known,
            Some(_) => (clash, State::Quarantined, Recorded::Clash),
        };
        if state == State::Routed {
            self.outbox.insert((id.clone(), 1), Pending { due_at: self.now, attempts: 0 });
        }
        self.letters.insert(id, Known { raw, state, decisions: 1 });
        answer
    }

    fn assign(&mut self, id: &str, send: bool) -> Result<(), State> {
        let known = self.letters.get_mut(id).unwrap();
        if !matches!(known.state, State::Review | State::Quarantined) {
            return Err(known.state);
        }
        known.decisions += 1;
        known.state = if send { State::Routed } else { State::Delivered };
        if send {
            let due_at = self.now;
            self.outbox.insert((id.to_owned(), known.decisions), Pending { due_at, attempts: 0 });
        }
        Ok(())
    }

    /// The keys and failed attempts that a claim must give, in this order.
    fn claim(&mut self, max: u32) -> Vec<(String, u32)> {
        let mut due: Vec<_> =
            self.outbox.iter_mut().filter(|(_, row)| row.due_at <= self.now).collect();
        due.sort_by_key(|((letter, seq), row)| (row.due_at, letter.clone(), *seq));
        due.truncate(max as usize);
        due.into_iter()
            .map(|((letter, seq), row)| {
                row.due_at = self.now + LEASE_MS;
                (format!("{letter}-{seq}"), row.attempts)
            })
            .collect()
    }

    fn settle(&mut self, item: &OutboxItem, outcome: Outcome) {
        let (id, seq) = item.key.rsplit_once('-').unwrap();
        let key = (id.to_owned(), seq.parse().unwrap());
        let Some(row) = self.outbox.get_mut(&key) else {
            return;
        };
        let state = match outcome {
            Outcome::Again { in_ms } => {
                row.attempts += 1;
                row.due_at = self.now + in_ms;
                return;
            }
            Outcome::Release => {
                row.due_at = self.now;
                return;
            }
            Outcome::Delivered => State::Delivered,
            Outcome::GivenUp => State::Review,
        };
        self.outbox.remove(&key);
        self.letters.get_mut(id).unwrap().state = state;
    }

    fn tally(&self) -> Tally {
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

fn port_outcome(outcome: Outcome, now: i64) -> OutboxOutcome {
    match outcome {
        Outcome::Delivered => OutboxOutcome::Delivered,
        Outcome::Again { in_ms } => {
            OutboxOutcome::Again { at: at(now + in_ms), error: "away".to_owned() }
        }
        Outcome::Release => OutboxOutcome::Release,
        Outcome::GivenUp => {
            OutboxOutcome::GivenUp { doubt: Doubt::DeliveryFailed { error: "no".to_owned() } }
        }
    }
}

/// Does the same to the store and to the model and compares.
async fn run(fixture: &Fixture, model: &mut Model, command: Command) -> Result<(), TestCaseError> {
    let store = &fixture.store;
    match command {
        Command::Record(sent) => {
            let batch: Vec<Entry> = sent.iter().map(|sent| sent_entry(*sent, model.now)).collect();
            let expected: Vec<Recorded> = sent.into_iter().map(|sent| model.record(sent)).collect();
            prop_assert_eq!(store.record(&batch).await.unwrap(), expected);
        }
        Command::Assign { which, send } => {
            let Some(id) = model.letters.keys().nth(which).cloned() else {
                return Ok(());
            };
            let mut by_anna = assignment(&id, "Teknik", "Anna", send);
            by_anna.at = at(model.now);
            let done = store.assign(&by_anna).await.map_err(|error| match error {
                StoreError::WrongState { state, .. } => state,
                other => panic!("{other}"),
            });
            prop_assert_eq!(done, model.assign(&id, send));
        }
        Command::Claim { max } => {
            let items = store.claim_outbox(max, MANY_BYTES, at(model.now), LEASE_MS).await.unwrap();
            let got: Vec<(String, u32)> =
                items.iter().map(|item| (item.key.clone(), item.attempts)).collect();
            prop_assert_eq!(got, model.claim(max));
            model.held.extend(items);
        }
        Command::Settle { which, outcome } => {
            if which < model.held.len() {
                let item = model.held.remove(which);
                let told = (item.key.clone(), port_outcome(outcome, model.now));
                store.settle_outbox(&[told], at(model.now)).await.unwrap();
                model.settle(&item, outcome);
            }
        }
        Command::Crash => model.held.clear(),
        Command::Wait { ms } => model.now += ms,
    }
    prop_assert_eq!(store.tally().await.unwrap(), model.tally());
    Ok(())
}

/// In the end every letter can be brought to a mailbox, and the store still has its bytes.
async fn finish(fixture: &Fixture, model: &mut Model) -> Result<(), TestCaseError> {
    for (id, known) in &model.letters {
        let detail = fixture.store.letter(&letter(id)).await.unwrap().unwrap();
        prop_assert_eq!(detail.row.state, known.state, "{}", id);
        prop_assert_eq!(detail.decisions.len() as i64, known.decisions);
        let raw = fixture.store.raw(&detail.raw_id).await.unwrap().unwrap();
        let ending = format!(" {}", known.raw);
        prop_assert!(raw.ends_with(ending.as_bytes()), "{} has other bytes", id);
    }
    model.now += 1_000;
    for which in 0..model.letters.len() {
        run(fixture, model, Command::Assign { which, send: true }).await?;
    }
    run(fixture, model, Command::Crash).await?;
    run(fixture, model, Command::Claim { max: 1_000 }).await?;
    while !model.held.is_empty() {
        run(fixture, model, Command::Settle { which: 0, outcome: Outcome::Delivered }).await?;
    }
    let tally = fixture.store.tally().await.unwrap();
    prop_assert_eq!((tally.delivered, tally.received), (tally.received, model.tally().received));
    Ok(())
}

fn check(fixture: impl AsyncFnOnce() -> Option<Fixture>, cases: u32) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let Some(fixture) = runtime.block_on(fixture()) else {
        return;
    };
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let commands = prop::collection::vec(command(), 1..60);
    let result = TestRunner::new(config).run(&commands, |commands| {
        runtime.block_on(async {
            fixture.sql("DELETE FROM letters; DELETE FROM raws").await;
            let mut model = Model::default();
            for command in commands {
                run(&fixture, &mut model, command).await?;
            }
            finish(&fixture, &mut model).await
        })
    });
    runtime.block_on(fixture.end());
    if let Err(failure) = result {
        panic!("{failure}");
    }
}

#[test]
fn sqlite_agrees_with_the_model() {
    check(async || Fixture::sqlite("the model").await, 60);
}

#[test]
fn postgres_agrees_with_the_model() {
    check(async || Fixture::postgres("the model").await, 40);
}
