//! What may happen to the store, in any order.

use proptest::prelude::*;

/// A letter to record: which id, which bytes, decided to be routed or not.
pub(crate) type Sent = (u8, u8, bool);

/// So many workers share the store.
pub(crate) const WORKERS: usize = 3;

/// Where a write may fail, as it does when a disk is full.
pub(crate) const PLACES: [&str; 5] = ["letters", "raws", "decisions", "outbox", "events"];

#[derive(Debug, Clone)]
pub(crate) enum Command {
    Record(Vec<Sent>),
    Assign {
        which: usize,
        send: bool,
    },
    Claim {
        worker: usize,
        max: u32,
    },
    /// All that the worker believes to hold.
    Prolong {
        worker: usize,
        by_ms: i64,
    },
    Settle {
        worker: usize,
        which: usize,
        outcome: Outcome,
    },
    /// The worker dies: nobody settles what it holds, and a new one takes its place.
    Crash {
        worker: usize,
    },
    /// Time goes on, or somebody sets the clock back.
    Clock {
        ms: i64,
    },
    SwitchOff,
    SwitchOn {
        by_anna: bool,
    },
    /// The next writes to this table fail until it is mended.
    Break(usize),
    Mend,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    Delivered,
    Again { in_ms: i64 },
    GiveBack,
    GivenUp,
}

pub(crate) fn command() -> impl Strategy<Value = Command> {
    let sent = (0..6_u8, 0..3_u8, any::<bool>());
    let worker = 0..WORKERS;
    let outcome = prop_oneof![
        3 => Just(Outcome::Delivered),
        1 => (0..300_i64).prop_map(|in_ms| Outcome::Again { in_ms }),
        1 => Just(Outcome::GiveBack),
        1 => Just(Outcome::GivenUp),
    ];
    prop_oneof![
        6 => prop::collection::vec(sent, 0..5).prop_map(Command::Record),
        6 => (0..20_usize, any::<bool>()).prop_map(|(which, send)| Command::Assign { which, send }),
        6 => (worker.clone(), 0..4_u32).prop_map(|(worker, max)| Command::Claim { worker, max }),
        3 => (worker.clone(), 1..300_i64)
            .prop_map(|(worker, by_ms)| Command::Prolong { worker, by_ms }),
        8 => (worker.clone(), 0..6_usize, outcome)
            .prop_map(|(worker, which, outcome)| Command::Settle { worker, which, outcome }),
        1 => worker.prop_map(|worker| Command::Crash { worker }),
        4 => (1..200_i64).prop_map(|ms| Command::Clock { ms }),
        1 => (-150..0_i64).prop_map(|ms| Command::Clock { ms }),
        1 => Just(Command::SwitchOff),
        2 => any::<bool>().prop_map(|by_anna| Command::SwitchOn { by_anna }),
        2 => (0..PLACES.len()).prop_map(Command::Break),
        4 => Just(Command::Mend),
    ]
}
