//! Private servers for tests: RabbitMQ, PostgreSQL, Dovecot and a small SMTP sink; and what a campaign of
//! faults needs: a proxy that can be cut, letters, an oracle that keeps what was promised, a judge.
//!
//! Each runs on free loopback ports with a data directory of its own, writes to disk as a
//! production server does (durability is what the tests are about), and is gone when its value is
//! dropped, also when the test process is killed.
//!
//! Everything here blocks and may panic in no case: errors are `anyhow` errors that carry the end
//! of the server's own log.

mod authority;
mod disk;
mod dovecot;
mod find;
mod folder;
pub mod https;
pub mod judge;
pub mod letters;
pub mod marks;
pub mod ngdp;
pub mod oracle;
mod port;
mod postgres;
mod process;
mod program;
mod proxy;
mod rabbit;
mod smtp;
mod webhook;

pub use authority::{Authority, Issued};
pub use disk::SmallDisk;
pub use dovecot::Dovecot;
pub use find::{postgres_programs, rabbit_programs};
pub use folder::private as private_folder;
pub use port::free_port;
pub use postgres::PostgresServer;
pub use program::Program;
pub use proxy::{Proxy, Weather};
pub use rabbit::RabbitServer;
pub use smtp::{Failure, Mail, SmtpServer, Step};
pub use webhook::{Posted, WebhookFault, WebhookServer};
