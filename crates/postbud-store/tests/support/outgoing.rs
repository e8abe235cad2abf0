//! Short names for what tests do with outgoing letters.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use postbud_decide::Doubt;
use postbud_pipeline::ports::{OutboxItem, OutboxOutcome, State, Store as _};

use super::{Fixture, MANY_BYTES, at, letter};

pub(crate) const LEASE_MS: i64 = 1_000;

pub(crate) async fn claim(fixture: &Fixture, ms: i64) -> Vec<OutboxItem> {
    fixture.store.claim_outbox(100, MANY_BYTES, at(ms), LEASE_MS).await.unwrap()
}

pub(crate) async fn settle(fixture: &Fixture, item: &OutboxItem, outcome: OutboxOutcome, ms: i64) {
    fixture.store.settle_outbox(&[(item.key.clone(), outcome)], at(ms)).await.unwrap();
}

pub(crate) async fn state(fixture: &Fixture, id: &str) -> State {
    fixture.store.letter(&letter(id)).await.unwrap().unwrap().row.state
}

pub(crate) fn failed(error: &str) -> OutboxOutcome {
    OutboxOutcome::GivenUp { doubt: Doubt::DeliveryFailed { error: error.to_owned() } }
}
