//! A letter's documents to text, within a budget.
//!
//! Nobody trusts a document: it is read in a process of its own, which has limited itself before it
//! reads a byte and can open no file and no connection ([`worker`]). The router's side keeps a few
//! of these warm, waits for each no longer than the budget says, and replaces those that die
//! ([`Reader`]). Pictures of text, scans and old Word documents go on to other programs, which are
//! limited like it ([`Tools`]). What comes back is a text or a clear word about why there is none,
//! never an error.

mod budget;
pub mod clamd;
mod cms;
mod fault;
mod frame;
mod keeper;
mod letter;
mod message;
mod outside;
mod pool;
mod process;
pub mod read;
mod sandbox;
mod sniff;
pub mod worker;

pub use budget::Budget;
pub use message::Found;
pub use outside::{Launch, Tools, launch};
pub use pool::{Program, Reader, StartError};
pub use sandbox::{Force, Sandbox};
pub use sniff::format_of;
