//! RabbitMQ behind the application's [`Queue`](postbud_pipeline::ports::Queue) port.
//!
//! The only crate that knows an AMQP library. It promises *at least once*: a message is confirmed
//! to whoever publishes it only when the broker has it durably and has a queue for it, and it is
//! acknowledged to the broker only when the application settled it. Whatever goes wrong in
//! between, the message comes again.
//!
//! ```text
//! publish ──► <prefix>.incoming ──► receive ──► settle(Done)      acknowledged, gone
//!                 ▲       │                 ├─► settle(Release)   back on incoming
//!                 │       │                 ├─► settle(Retry)     <prefix>.retry ──(delay)──┐
//!                 │       └─ 20 deliveries ─┴─► settle(Dead)      <prefix>.dead             │
//!                 └─────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! How it stays alive: there is one connection for publishing and one for consuming (a broker that
//! raises an alarm stops reading from publishers, and an acknowledgement must not wait behind
//! that). Each is built from scratch after *any* fault: the library's own recovery leaves out
//! consumers that the broker cancelled and channels that it closed. Every call has a deadline, and
//! a missed deadline is a fault too. A consumer begins with one letter at a time and takes more when
//! no letter comes any more that a dead worker returned: a worker that dies again and again must not
//! use up the deliveries of letters that it never touched.

mod certificates;
mod dead;
mod envelope;
mod fault;
mod foreign;
mod inbox;
mod link;
mod options;
mod outlet;
mod publisher;
mod queue;
mod relay;
mod session;
mod settle;
mod subscription;
mod topology;
mod wire;

pub use foreign::{ForeignOptions, ForeignQueue};
pub use options::RabbitOptions;
pub use outlet::{MailboxQueues, OutletOptions};
pub use queue::RabbitQueue;
pub use relay::relay_rate;
