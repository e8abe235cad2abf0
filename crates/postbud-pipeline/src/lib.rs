//! The way of one letter, and the ports that the adapters implement.
//!
//! The application knows no broker, no database and no mail server: it speaks to the traits in
//! [`ports`]. What implements them is wired together in the binary.

mod certificates;
#[cfg(feature = "conformance")]
pub mod conformance;
mod dispatcher;
pub mod fault;
mod keyed;
mod memory;
mod patience;
pub mod ports;
mod renewed;
mod replay;
mod retry;
mod router;
mod shadow;
mod steps;
mod stop;
mod switches;
mod terms;
mod trace_context;

pub use certificates::{CertificateFiles, Pem, Unreadable, small_file};
pub use dispatcher::{Dispatcher, DispatcherOptions};
pub use keyed::{Keyed, NotMine, SECRET_BYTES};
pub use memory::LetterMemory;
pub use patience::time_for;
pub use renewed::Renewed;
pub use replay::replay_slowly;
pub use retry::RetryPolicy;
pub use router::{Router, RouterOptions};
pub use steps::{Begun, NotYet, Opened, StepWatcher, Steps};
pub use stop::{Stop, Stopper, stop_pair};
pub use terms::{AllTerms, Terms};
pub use trace_context::TraceContext;
