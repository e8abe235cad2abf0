//! What Postbud measures about itself, for Prometheus and for whoever asks whether it is well.
//!
//! - [`inventory`] is the one list of all metrics: name, unit, labels, meaning. Nothing can be
//!   counted that is not on it.
//! - [`Metrics`] holds the numbers. No label has unbounded values and none holds personal data: a
//!   value is a word of the program or a configured mailbox, anything else is counted as `other`.
//! - [`MeasuredQueue`], [`MeasuredStore`], [`MeasuredTarget`] and [`MeasuredClassifier`] stand in
//!   front of the ports and count what goes through them; the application knows nothing of them.
//! - [`Sampler`] asks queue, store and model again and again how they are, so that a scrape never
//!   waits for a server that is away.
//! - [`serve`] answers `/metrics`, `/health/live` and `/health/ready`.

mod classifier;
mod health;
mod http;
pub mod inventory;
mod metrics;
mod queue;
mod sampler;
mod stage;
mod store;
mod target;

pub use classifier::MeasuredClassifier;
pub use health::{Health, Part, PartState};
pub use http::{HttpOptions, serve};
pub use metrics::{Metrics, MetricsError};
pub use queue::MeasuredQueue;
pub use sampler::{BLIND_DAYS, Parts, Sampler, SamplerOptions};
pub use stage::{Stages, stages};
pub use store::MeasuredStore;
pub use target::MeasuredTarget;
