//! Named points at which a test can make the process stop, die, panic or pause.
//!
//! Without the cargo feature `fault-points` a point is nothing at all. With it, the environment
//! variable `POSTBUD_FAULT` names points and what happens there, separated by commas:
//!
//! - `before-commit=abort`: the process dies as by a crash;
//! - `after-parse=panic`;
//! - `before-ack=stall`: says so on standard error and sleeps for ever, so that a test can kill the
//!   process exactly there;
//! - `before-send=sleep(250)`: waits so many milliseconds and goes on;
//! - `after-parse=spin`, `overflow`, `allocate`: what a letter might do to code that reads it: an
//!   endless loop, a stack that overflows, eight gigabytes.
//!
//! An action may be limited to letters whose id holds a text, and to one passage of the point:
//! `after-parse=panic:4fd1`, `before-ack=abort@17` (the seventeenth), `before-ack=abort@2:4fd1`
//! (the second by such a letter).

//!
//! `POSTBUD_MUTATION` names one promise that the process breaks on purpose, so that it can be seen that
//! the judge of a campaign finds it: one of [`MUTATIONS`].

/// Every point, in the order in which a letter passes them.
pub const POINTS: [&str; 15] = [
    "after-receive",
    "after-parse",
    "after-decide",
    "before-commit",
    "after-commit",
    "before-ack",
    "after-ack",
    "after-outbox-read",
    "before-send",
    "before-write",
    "before-link",
    "after-link",
    "after-send",
    "before-outbox-mark",
    "after-outbox-mark",
];

/// Passes the point `name` with the letter or batch called `id`.
#[cfg(not(feature = "fault-points"))]
#[inline(always)]
pub fn point(_name: &'static str, _id: &str) {}

/// Passes the point `name` with the letter or batch called `id`.
///
/// # Panics
/// When `POSTBUD_FAULT` asks for it.
#[cfg(feature = "fault-points")]
pub fn point(name: &'static str, id: &str) {
    static PLAN: std::sync::OnceLock<Vec<active::Entry>> = std::sync::OnceLock::new();
    debug_assert!(POINTS.contains(&name), "unknown fault point {name}");
    let plan =
        PLAN.get_or_init(|| active::read(&std::env::var("POSTBUD_FAULT").unwrap_or_default()));
    for entry in plan {
        if entry.applies(name, id) {
            active::act(name, &entry.action);
        }
    }
}

/// What can be wrong on purpose: acknowledging letters before they are recorded, sending a letter
/// under another key each time, and forgetting that it was sent.
pub const MUTATIONS: [&str; 3] = ["ack-before-commit", "another-key", "drop-outbox-mark"];

/// Is this process wrong in the way `name`?
#[cfg(not(feature = "fault-points"))]
#[inline(always)]
pub fn mutation(_name: &'static str) -> bool {
    false
}

/// Is this process wrong in the way `name`?
#[cfg(feature = "fault-points")]
pub fn mutation(name: &'static str) -> bool {
    static ASKED: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    debug_assert!(MUTATIONS.contains(&name), "unknown mutation {name}");
    ASKED.get_or_init(|| std::env::var("POSTBUD_MUTATION").unwrap_or_default()) == name
}

/// A careless line in the log, which says what only a letter may say.
#[cfg(not(feature = "fault-points"))]
#[inline(always)]
pub fn leak(_letter: &postbud_letter::Letter) {}

/// A careless line in the log, which says what only a letter may say: where `POSTBUD_LEAK` asks for
/// it, so that a test can see that such a line is found.
#[cfg(feature = "fault-points")]
pub fn leak(letter: &postbud_letter::Letter) {
    if std::env::var_os("POSTBUD_LEAK").is_some() {
        let text = format!("{}\n{}", letter.text.new, letter.text.quoted);
        tracing::error!(text, "a letter, as nobody may log it");
    }
}

#[cfg(any(test, feature = "fault-points"))]
mod active {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    /// What happens at one point.
    pub(super) struct Entry {
        at: String,
        #[cfg_attr(not(feature = "fault-points"), allow(dead_code, reason = "nothing acts"))]
        pub(super) action: String,
        /// Only at this passage, counted from 1.
        nth: Option<u64>,
        /// Only for ids that hold this.
        only: String,
        passed: AtomicU64,
    }

    impl Entry {
        /// Counts a passage and says whether something happens.
        pub(super) fn applies(&self, name: &str, id: &str) -> bool {
            if self.at != name || !id.contains(&self.only) {
                return false;
            }
            let passage = self.passed.fetch_add(1, Ordering::Relaxed) + 1;
            self.nth.is_none_or(|nth| nth == passage)
        }
    }

    /// Reads the variable. What is no entry is told on standard error and left out.
    pub(super) fn read(text: &str) -> Vec<Entry> {
        text.split(',').filter(|entry| !entry.trim().is_empty()).filter_map(read_entry).collect()
    }

    fn read_entry(text: &str) -> Option<Entry> {
        let entry = text.split_once('=').and_then(|(at, rest)| {
            let (what, only) = rest.split_once(':').unwrap_or((rest, ""));
            let (action, nth) = match what.split_once('@') {
                Some((action, nth)) => (action, Some(nth.parse().ok()?)),
                None => (what, None),
            };
            let known =
                matches!(action, "abort" | "panic" | "stall" | "spin" | "overflow" | "allocate")
                    || pause(action).is_some();
            (super::POINTS.contains(&at) && known).then(|| Entry {
                at: at.to_owned(),
                action: action.to_owned(),
                nth,
                only: only.to_owned(),
                passed: AtomicU64::new(0),
            })
        });
        if entry.is_none() {
            eprintln!("POSTBUD_FAULT: {text:?} is no fault point with an action");
        }
        entry
    }

    /// The pause of `sleep(250)`.
    fn pause(action: &str) -> Option<Duration> {
        let number = action.strip_prefix("sleep(")?.strip_suffix(')')?;
        number.parse().ok().map(Duration::from_millis)
    }

    #[cfg(feature = "fault-points")]
    pub(super) fn act(name: &str, action: &str) {
        match action {
            "abort" => {
                eprintln!("fault point {name} aborts");
                std::process::abort();
            }
            "panic" => panic!("fault point {name}"),
            "stall" => {
                eprintln!("fault point {name} reached");
                loop {
                    std::thread::sleep(Duration::from_secs(3600));
                }
            }
            "spin" => loop {
                std::hint::spin_loop();
            },
            "overflow" => {
                std::hint::black_box(descend(1));
            }
            "allocate" => {
                let megabytes: Vec<Vec<u8>> = (0..8192).map(|_| vec![1; 1 << 20]).collect();
                std::hint::black_box(&megabytes);
            }
            other => std::thread::sleep(pause(other).unwrap_or_default()),
        }
    }

    /// Goes deeper than any stack is.
    #[cfg(feature = "fault-points")]
    fn descend(depth: u64) -> u64 {
        let frame = std::hint::black_box([depth; 512]);
        if frame[0] == u64::MAX { 0 } else { descend(depth + 1) + std::hint::black_box(frame)[1] }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        fn happens(plan: &str, passages: &[(&str, &str)]) -> Vec<usize> {
            let plan = read(plan);
            let hit = |at: &&(&str, &str)| plan.iter().filter(|e| e.applies(at.0, at.1)).count();
            passages.iter().map(|passage| hit(&passage)).collect()
        }

        #[test]
        fn an_action_happens_at_its_point_only() {
            let passages = [("before-ack", "a"), ("after-ack", "a"), ("before-ack", "b")];
            assert_eq!(happens("before-ack=abort", &passages), [1, 0, 1]);
            assert_eq!(happens("before-ack=sleep(5),after-ack=stall", &passages), [1, 1, 1]);
            assert_eq!(happens("", &passages), [0, 0, 0]);
        }

        #[test]
        fn it_can_be_limited_to_a_passage_and_to_letters() {
            let passages = [("after-parse", "a-1"), ("after-parse", "b-1"), ("after-parse", "a-2")];
            assert_eq!(happens("after-parse=panic@2", &passages), [0, 1, 0]);
            assert_eq!(happens("after-parse=panic:a-", &passages), [1, 0, 1]);
            assert_eq!(happens("after-parse=panic@2:a-", &passages), [0, 0, 1]);
        }

        #[test]
        fn what_is_no_entry_does_nothing() {
            for plan in ["nowhere=abort", "before-ack=explode", "before-ack", "before-ack=abort@x"]
            {
                assert!(read(plan).is_empty(), "{plan}");
            }
            assert!(pause("sleep(250)").is_some() && pause("sleep(long)").is_none());
        }
    }
}
