//! Only for now.
#![allow(clippy::unwrap_used, dead_code, reason = "a test that cannot go on has failed")]
mod monitoring;
mod operations;
mod servers;
mod settings;
mod support;
