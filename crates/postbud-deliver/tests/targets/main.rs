//! Letters through the port to real Maildirs and real mail servers on this machine.

#![allow(clippy::unwrap_used, reason = "helpers of tests, not only the tests themselves")]

mod common;
mod maildir;
mod sf2900;
mod smtp_bytes;
mod smtp_faults;
mod webhook;
