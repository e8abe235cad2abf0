//! Does the same to the store and to the model, and compares them after each step.

use std::collections::BTreeMap;

use postbud_decide::Doubt;
use postbud_pipeline::ports::{
    Desk as _, Entry, Filter, OutboxItem, OutboxOutcome, State, Store as _, StoreError,
};
use postbud_store::SqlStore;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::commands::{Command, Outcome, PLACES, Sent, WORKERS};
use super::reference::{LEASE_MS, Model};
use crate::support::{Fixture, MANY_BYTES, assignment, at, entry, letter};

type Checked = Result<(), TestCaseError>;

/// A worker: its store, which names it, and what it believes to hold.
struct Worker {
    life: u32,
    store: SqlStore,
    held: Vec<OutboxItem>,
}

/// One sequence.
pub(crate) struct Run<'a> {
    fixture: &'a Fixture,
    model: Model,
    workers: Vec<Worker>,
    lives: u32,
    /// Who may send what until when, from the store's answers alone.
    leases: BTreeMap<String, (u32, i64)>,
    broken: bool,
}

impl<'a> Run<'a> {
    /// Empties the store.
    pub(crate) async fn begin(fixture: &'a Fixture) -> Self {
        fixture
            .sql(
                "DELETE FROM faults; DELETE FROM letters; DELETE FROM raws;
                 DELETE FROM desk_switches",
            )
            .await;
        let mut run = Self {
            fixture,
            model: Model::default(),
            workers: Vec::new(),
            lives: 0,
            leases: BTreeMap::new(),
            broken: false,
        };
        for _ in 0..WORKERS {
            let worker = run.hire().await;
            run.workers.push(worker);
        }
        run
    }

    async fn hire(&mut self) -> Worker {
        self.lives += 1;
        Worker { life: self.lives, store: self.fixture.another().await, held: Vec::new() }
    }

    /// Does one command.
    pub(crate) async fn step(&mut self, command: Command) -> Checked {
        match command {
            Command::Record(sent) => self.record(&sent).await?,
            Command::Assign { which, send } => self.assign(which, send).await?,
            Command::Claim { worker, max } => self.claim(worker, max).await?,
            Command::Prolong { worker, by_ms } => self.prolong(worker, by_ms).await?,
            Command::Settle { worker, which, outcome } => {
                self.settle(worker, which, outcome).await?;
            }
            Command::Crash { worker } => {
                let new = self.hire().await;
                std::mem::replace(&mut self.workers[worker], new).store.close().await;
            }
            Command::Clock { ms } => self.model.now += ms,
            Command::SwitchOff => {
                self.model.switch_off("Anna");
                self.fixture.store.switch_off(None, "Anna", at(self.model.now)).await.unwrap();
            }
            Command::SwitchOn { by_anna } => {
                let who = if by_anna { "Anna" } else { "Bo" };
                let expected = self.model.switch_on(who);
                let now = at(self.model.now);
                let got = self.fixture.store.switch_on(None, who, now).await.unwrap();
                prop_assert_eq!(got, expected);
            }
            Command::Break(place) => {
                let place = PLACES[place];
                self.fixture.sql(&format!("INSERT INTO faults VALUES ('{place}')")).await;
                self.broken = true;
            }
            Command::Mend => self.mend().await,
        }
        self.compare().await
    }

    async fn mend(&mut self) {
        self.fixture.sql("DELETE FROM faults").await;
        self.broken = false;
    }

    /// What the store refused must not have happened at all: then the model is not touched, and
    /// the comparison after each step shows whether that is so.
    fn refused(&self, error: &StoreError) -> Checked {
        prop_assert!(self.broken, "refused for no reason: {error}");
        Ok(())
    }

    async fn record(&mut self, sent: &[Sent]) -> Checked {
        let off = self.fixture.store.switches().await.unwrap().all_off;
        prop_assert_eq!(off, self.model.is_off());
        let sent: Vec<Sent> =
            sent.iter().map(|(id, raw, routed)| (*id, *raw, *routed && !off)).collect();
        let batch: Vec<Entry> =
            sent.iter().map(|sent| letter_to_record(*sent, &self.model)).collect();
        match self.workers[0].store.record(&batch).await {
            Ok(answers) => {
                let digits = batch.iter().map(|entry| &entry.raw_id.0[..8]);
                let expected: Vec<_> = sent
                    .into_iter()
                    .zip(digits)
                    .map(|(sent, digits)| self.model.record(sent, digits))
                    .collect();
                prop_assert_eq!(answers, expected);
                Ok(())
            }
            Err(error) => self.refused(&error),
        }
    }

    async fn assign(&mut self, which: usize, send: bool) -> Checked {
        let Some(id) = self.model.letters.keys().nth(which).cloned() else {
            return Ok(());
        };
        let mut by_anna = assignment(&id, "Teknik", "Anna", send);
        by_anna.at = at(self.model.now);
        let done = match self.fixture.store.assign(&by_anna).await {
            Ok(()) => Ok(()),
            Err(StoreError::WrongState { state, .. }) => Err(state),
            Err(error) => return self.refused(&error),
        };
        prop_assert_eq!(done, self.model.assign(&id, send));
        Ok(())
    }

    async fn claim(&mut self, worker: usize, max: u32) -> Checked {
        let now = self.model.now;
        let worker = &mut self.workers[worker];
        let items = match worker.store.claim_outbox(max, MANY_BYTES, at(now), LEASE_MS).await {
            Ok(items) => items,
            Err(error) => return self.refused(&error),
        };
        for item in &items {
            let before = self.leases.insert(item.key.clone(), (worker.life, now + LEASE_MS));
            if let Some((_, until)) = before {
                prop_assert!(until <= now, "{} has two holders", item.key);
            }
        }
        let got: Vec<_> = items.iter().map(|item| (item.key.clone(), item.attempts)).collect();
        prop_assert_eq!(got, self.model.claim(worker.life, max));
        worker.held.extend(items);
        Ok(())
    }

    async fn prolong(&mut self, worker: usize, by_ms: i64) -> Checked {
        let worker = &mut self.workers[worker];
        let mut keys: Vec<String> = worker.held.iter().map(|item| item.key.clone()).collect();
        keys.sort();
        keys.dedup();
        let until = self.model.now + by_ms;
        let mut held = match worker.store.prolong_outbox(&keys, at(until)).await {
            Ok(held) => held,
            Err(error) => return self.refused(&error),
        };
        held.sort();
        for key in &held {
            let before = self.leases.insert(key.clone(), (worker.life, until));
            prop_assert_eq!(before.map(|(life, _)| life), Some(worker.life), "{}", key);
        }
        prop_assert_eq!(&held, &self.model.prolong(worker.life, &keys, by_ms));
        worker.held.retain(|item| held.contains(&item.key));
        Ok(())
    }

    async fn settle(&mut self, worker: usize, which: usize, outcome: Outcome) -> Checked {
        let now = self.model.now;
        let worker = &mut self.workers[worker];
        let Some(item) = worker.held.get(which) else {
            return Ok(());
        };
        let told = [(item.key.clone(), port_outcome(outcome, now))];
        if let Err(error) = worker.store.settle_outbox(&told, at(now)).await {
            return self.refused(&error);
        }
        let item = worker.held.remove(which);
        self.model.settle(worker.life, &item.key, outcome);
        // Only the holder gives a letter back; a delivery ends everybody's hold on it.
        let holder = self.leases.get(&item.key).map(|(life, _)| *life);
        if holder == Some(worker.life) || matches!(outcome, Outcome::Delivered) {
            self.leases.remove(&item.key);
        }
        Ok(())
    }

    /// Every letter is in one state, and in the one that the model says.
    async fn compare(&self) -> Checked {
        let all = Filter { limit: 1_000, ..Filter::default() };
        let rows = self.fixture.store.letters(&all).await.unwrap();
        let got: BTreeMap<&str, State> =
            rows.iter().map(|row| (row.letter.as_str(), row.state)).collect();
        let expected: BTreeMap<&str, State> =
            self.model.letters.iter().map(|(id, known)| (id.as_str(), known.state)).collect();
        prop_assert_eq!(got, expected);
        prop_assert_eq!(self.fixture.store.tally().await.unwrap(), self.model.tally());
        Ok(())
    }

    /// In the end each effect was counted once, and every letter can be brought to a mailbox.
    pub(crate) async fn end(mut self) -> Checked {
        self.mend().await;
        for (id, known) in &self.model.letters {
            let detail = self.fixture.store.letter(&letter(id)).await.unwrap().unwrap();
            prop_assert_eq!(detail.decisions.len() as i64, known.decisions);
            let told = detail.events.iter().filter(|event| event.what == "delivered").count();
            prop_assert_eq!(told, known.deliveries, "deliveries of {}", id);
            let raw = self.fixture.store.raw(&detail.raw_id).await.unwrap().unwrap();
            let ending = format!(" {}", known.raw);
            prop_assert!(raw.ends_with(ending.as_bytes()), "{} has other bytes", id);
        }
        for which in 0..self.model.letters.len() {
            self.step(Command::Assign { which, send: true }).await?;
        }
        // Long enough for every lease and every wait before another attempt.
        self.step(Command::Clock { ms: 10_000 }).await?;
        self.workers[0].held.clear();
        self.step(Command::Claim { worker: 0, max: 1_000 }).await?;
        while !self.workers[0].held.is_empty() {
            let outcome = Outcome::Delivered;
            self.step(Command::Settle { worker: 0, which: 0, outcome }).await?;
        }
        let tally = self.fixture.store.tally().await.unwrap();
        prop_assert_eq!(tally.delivered, tally.received);
        for worker in &self.workers {
            worker.store.close().await;
        }
        Ok(())
    }
}

fn letter_to_record((id, raw, routed): Sent, model: &Model) -> Entry {
    let to = routed.then_some("Miljø");
    let mut entry = entry(&format!("l{id}"), &format!("bytes {id} {raw}"), to);
    entry.received_at = at(model.now);
    entry
}

fn port_outcome(outcome: Outcome, now: i64) -> OutboxOutcome {
    match outcome {
        Outcome::Delivered => OutboxOutcome::Delivered,
        Outcome::Again { in_ms } => {
            OutboxOutcome::Again { at: at(now + in_ms), error: "away".to_owned() }
        }
        Outcome::GiveBack => OutboxOutcome::Release,
        Outcome::GivenUp => {
            OutboxOutcome::GivenUp { doubt: Doubt::DeliveryFailed { error: "no".to_owned() } }
        }
    }
}
