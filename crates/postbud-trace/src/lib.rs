//! The way of each letter as a trace of OpenTelemetry, sent by OTLP over HTTP to whoever collects
//! traces. Off unless the configuration asks for it.
//!
//! - A letter's trace follows from its id ([`postbud_pipeline::TraceContext`]), so intake, router and
//!   delivery name the same trace without telling each other, also days later and after a crash.
//! - [`TracedQueue`], [`TracedStore`] and [`TracedTarget`] stand in front of the ports and note
//!   spans; the application knows nothing of them.
//! - [`Spans`] collects them in a bounded queue and sends them from a thread of its own. When nobody
//!   takes them they are dropped: no letter ever waits for a trace.
//! - No span holds text of a letter, a subject, a name or a number: ids, mailboxes and words only.

mod client;
mod queue;
mod spans;
mod store;
mod target;

pub use queue::TracedQueue;
pub use spans::{Spans, TraceError, TraceOptions};
pub use store::TracedStore;
pub use target::TracedTarget;
