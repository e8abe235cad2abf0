//! Every metric of Postbud: the one place that says what is measured, in which unit, and what it
//! means. `docs/operations.md` holds the same list as a table, and a test compares the two.
//!
//! A duration is in seconds, an age counts from when a letter was received. A gauge about the
//! store says the same on every router that shares the store: take its maximum, not its sum.

use postbud_decide::Doubt;

/// What kind of number it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Only grows, from 0 at the start of the process.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts observations up to each of these limits.
    Histogram(&'static [f64]),
}

/// What the values of a label can be. Whatever else turns up is counted as [`OTHER`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// These words.
    Words(&'static [&'static str]),
    /// The configured mailboxes, and [`NONE`] where a letter went to none.
    Mailboxes,
    /// The models at work: at most two at a time, earlier ones are forgotten.
    Models,
}

/// What a label says where a letter has no mailbox.
pub const NONE: &str = "none";
/// What a label says for a value that it cannot have.
pub const OTHER: &str = "other";

/// A metric.
#[derive(Debug, PartialEq)]
pub struct Metric {
    /// Its name at Prometheus.
    pub name: &'static str,
    /// What kind of number it is.
    pub kind: Kind,
    /// Its unit.
    pub unit: &'static str,
    /// Its labels and their values.
    pub labels: &'static [(&'static str, Values)],
    /// What it means.
    pub meaning: &'static str,
}

/// From a tenth of a millisecond to ten minutes.
const SECONDS: &[f64] =
    &[0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0, 120.0, 600.0];
/// Finer where thresholds are.
const PROBABILITIES: &[f64] =
    &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97, 0.99, 1.0];

/// The stages of a letter's way, in its order.
pub const STAGES: &[&str] = &[
    "receive", "load", "read", "extract", "classify", "decide", "record", "settle", "claim",
    "deliver", "mark",
];
const STAGE: (&str, Values) = ("stage", Values::Words(STAGES));
const MAILBOX: (&str, Values) = ("mailbox", Values::Mailboxes);
/// The tiers of waiting letters, most urgent first.
pub const TIERS: &[&str] = &["must-not-miss", "ordinary", "never-automatic"];
const TIER: (&str, Values) = ("tier", Values::Words(TIERS));
/// The parts that Postbud depends on.
pub const PARTS: &[&str] = &["queue", "store", "model", "scanner"];
const PART: (&str, Values) = ("part", Values::Words(PARTS));
/// The kinds of ways in.
pub const ADAPTERS: &[&str] = &["folder", "digital-post", "smtp", "lmtp", "push", "imap", "amqp"];
const ADAPTER: (&str, Values) = ("adapter", Values::Words(ADAPTERS));
/// Where a clock can jump to.
const WHERE_TO: (&str, Values) = ("direction", Values::Words(&["forward", "back"]));
const ROLE: (&str, Values) = ("role", Values::Words(&["champion", "challenger"]));
macro_rules! metrics {
    ($($id:ident $name:literal $kind:expr, $unit:literal, [$($label:expr),*], $meaning:literal;)*) => {
        $(
            #[doc = $meaning]
            pub static $id: Metric = Metric {
                name: concat!("postbud_", $name),
                kind: $kind,
                unit: $unit,
                labels: &[$($label),*],
                meaning: $meaning,
            };
        )*
        /// All of them, in the order of the list in docs/operations.md.
        pub static ALL: &[&Metric] = &[$(&$id),*];
    };
}

use Kind::{Counter, Gauge, Histogram};

metrics! {
    BUILD "build_info" Gauge, "1", [("version", Values::Models)],
        "Which version of Postbud runs; always 1";
    STAGE_SECONDS "stage_seconds" Histogram(SECONDS), "seconds", [STAGE],
        "How long a stage took; its count is how often it ran. `receive` includes waiting for letters";
    STAGE_FAILURES "stage_failures_total" Counter, "calls", [STAGE],
        "How often a stage failed: the other side was away or refused";
    RECEIVED "messages_received_total" Counter, "messages",
        [("kind", Values::Words(&["new", "returned", "retried"]))],
        "Messages from the queue: for the first time, after a process or connection died, after a failed attempt";
    SETTLED "messages_settled_total" Counter, "messages",
        [("how", Values::Words(&["done", "retry", "dead", "release"]))],
        "What became of them: recorded, to be tried again, a dead letter, given back untried";
    RECORDED "letters_recorded_total" Counter, "letters",
        [("result", Values::Words(&["new", "known", "clash"]))],
        "Letters recorded: new, received a second time, or quarantined since another letter has this id";
    DECISIONS "decisions_total" Counter, "letters",
        [MAILBOX, ("way", Values::Words(&["rule", "reply", "kle", "model", "person"]))],
        "New letters by what decided: a rule, a reply's claim, the letter's KLE subject, the model; `person` has no mailbox yet";
    DOUBTS_SEEN "doubts_total" Counter, "letters", [("doubt", Values::Words(&Doubt::WORDS))],
        "What stood in the way of routing a new letter; one letter can have several";
    PROBABILITY "first_guess_probability" Histogram(PROBABILITIES), "probability", [],
        "The probability of the model's first guess about each letter it was asked about";
    UNLIKE "unlike_training_total" Counter, "letters",
        [("why", Values::Words(&["nearly-empty", "words"]))],
        "Letters that the gate set aside as unlike the training mail";
    UNASKED "no_model_total" Counter, "letters", [],
        "Letters for which there was no model to ask";
    DELIVERIES "deliveries_total" Counter, "attempts",
        [MAILBOX, ("result", Values::Words(&["accepted", "transient", "permanent"]))],
        "Attempts to deliver, by what the target answered";
    OUTCOMES "outbox_outcomes_total" Counter, "letters",
        [("outcome", Values::Words(&["delivered", "again", "release", "given-up"]))],
        "What became of letters on their way out";

    INTAKE_LETTERS "intake_letters_total" Counter, "letters",
        [ADAPTER, ("result", Values::Words(&["accepted", "refused"]))],
        "Letters that came in by an adapter: durable and acknowledged, or refused for good";
    INTAKE_FAILURES "intake_failures_total" Counter, "calls", [ADAPTER],
        "What went wrong on the way in and is tried again";
    INTAKE_WAITING "intake_waiting_letters" Gauge, "letters", [ADAPTER],
        "Letters that were seen upstream and are not taken yet; 0 where the other side brings them";
    INTAKE_TROUBLE "intake_trouble" Gauge, "adapters", [ADAPTER],
        "Adapters by which no letter can come in now; the log says which and why";
    INTAKE_LAG "intake_lag_seconds" Gauge, "seconds", [ADAPTER],
        "Time since a troubled adapter last worked, since the start where it never did; 0 while all work";

    RECEIVED_LETTERS "letters_received" Gauge, "letters", [],
        "All letters in the store; the sum of `postbud_letters`";
    LETTERS "letters" Gauge, "letters",
        [("state", Values::Words(&["routed", "delivered", "review", "quarantined"]))],
        "Letters by state, all read at one moment; each letter is in exactly one";
    WAITING "waiting_letters" Gauge, "letters", [TIER],
        "Letters that wait for a person, by the tier of their first suggestion";
    WAITING_AGE "waiting_oldest_age_seconds" Gauge, "seconds", [TIER],
        "Age of the oldest of them; 0 when none waits";
    ACCESS_WAITING "access_requests_waiting" Gauge, "letters", [],
        "Requests for access to documents (aktindsigt) that wait for a person";
    ACCESS_DUE "access_requests_due_soon" Gauge, "letters", [],
        "Those of them whose deadline passes within two working days, or has passed";
    AUTOMATIC "letters_automatic" Gauge, "letters", [],
        "Letters delivered without a person";
    PEOPLE "desk_decisions" Gauge, "letters", [],
        "Decisions at the desk that hold";
    CORRECTED "desk_corrections" Gauge, "letters", [],
        "Those of them that differ from the first suggestion";
    LABELS "labels" Gauge, "letters",
        [("source", Values::Words(&["desk", "terminal", "blind-sample", "returned", "imported"]))],
        "Letters labelled by people, by the source of the label that holds";
    OUTBOX "outbox_letters" Gauge, "letters", [],
        "Letters on their way out";
    OUTBOX_RETRYING "outbox_retrying_letters" Gauge, "letters", [],
        "Those of them that a target has refused for now";
    OUTBOX_AGE "outbox_oldest_age_seconds" Gauge, "seconds", [],
        "Time since the oldest of them was decided; 0 when there is none";
    QUEUE "queue_letters" Gauge, "messages",
        [("where", Values::Words(&["waiting", "retrying", "dead"]))],
        "Messages on the queue: ready, resting until their next attempt, dead letters";

    BLIND_LETTERS "blind_sample_letters" Gauge, "letters", [],
        "Letters that the model routed and a person judged blind, in the last 90 days";
    BLIND_ERRORS "blind_sample_errors" Gauge, "letters", [],
        "Those of them that belong elsewhere";
    BLIND_LOW "blind_sample_error_lower" Gauge, "share", [],
        "Lower bound of the error share, at the confidence of the promise; 0 without a sample";
    BLIND_HIGH "blind_sample_error_upper" Gauge, "share", [],
        "Upper bound of the error share; 1 without a sample";
    TARGET "promise_target_error" Gauge, "share", [],
        "The error share that is promised at most";
    CONFIDENCE "promise_confidence" Gauge, "share", [],
        "With what confidence";
    DRIFT "drift_stability_index" Gauge, "index",
        [("shift", Values::Words(&["certainty", "mailboxes", "words", "length", "language"]))],
        "Population stability index of the newest letters against the training letters: below 0.1 little, above 0.25 a lot";
    DRIFT_LETTERS "drift_letters" Gauge, "letters", [],
        "How many of the newest letters that comparison rests on; 0 until there are enough";
    DRIFTED "drift_detected" Gauge, "0 or 1", [],
        "1 when the mail differs from the training mail beyond chance and by much";

    WITHDRAWN "thresholds_withdrawn" Gauge, "0 or 1",
        [("why", Values::Words(&["drift", "blind-sample"]))],
        "1 while the certified thresholds are withdrawn for this reason: letters go to people";

    MODEL "model_info" Gauge, "1", [ROLE, ("model", Values::Models)],
        "Which model is at work: name, version and checksum; always 1";
    MODEL_SINCE "model_since_timestamp_seconds" Gauge, "seconds since 1970", [ROLE],
        "Since when; 0 when there is none";
    MODEL_MAILBOXES "model_automatic_mailboxes" Gauge, "mailboxes", [ROLE],
        "How many mailboxes it may route to under the promise";
    MODEL_REFUSED "model_refused" Gauge, "0 or 1", [ROLE],
        "1 while a model that should be at work is refused";
    SWITCHED_OFF "switched_off_mailboxes" Gauge, "mailboxes", [],
        "Mailboxes whose automatic routing is switched off at the desk";
    ALL_OFF "all_switched_off" Gauge, "0 or 1", [],
        "1 while all automatic routing is switched off at the desk";

    CLOCK_JUMPS "clock_jumps_total" Counter, "jumps", [WHERE_TO],
        "How often the clock of the machine moved by five seconds or more beyond the time that passed";
    UP "up" Gauge, "0 or 1", [PART],
        "1 when the part answered last time it was asked";
    PROBE_SECONDS "probe_seconds" Gauge, "seconds", [PART],
        "How long it took to answer";
    SAMPLED "sampled_timestamp_seconds" Gauge, "seconds since 1970", [],
        "When the gauges about the store were last read; 0 when never";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_as_prometheus_wants_them() {
        let names: BTreeSet<&str> = ALL.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), ALL.len());
        for metric in ALL {
            let fits = |c: char| c.is_ascii_lowercase() || c == '_';
            assert!(metric.name.chars().all(fits), "{}", metric.name);
            let total = metric.name.ends_with("_total");
            assert_eq!(total, metric.kind == Kind::Counter, "{}", metric.name);
            assert!(!metric.meaning.is_empty() && !metric.unit.is_empty(), "{}", metric.name);
        }
    }

    #[test]
    fn no_metric_can_grow_beyond_what_prometheus_should_hold() {
        // A municipality has some thirty mailboxes; two hundred are a lot.
        let size = |values: &Values| match values {
            Values::Words(words) => words.len() + 1,
            Values::Mailboxes => 202,
            Values::Models => 3,
        };
        for metric in ALL {
            let series: usize = metric.labels.iter().map(|(_, values)| size(values)).product();
            assert!(series <= 1_500, "{} may have {series} series", metric.name);
        }
    }
}
