//! End to end over the real binary. What needs RabbitMQ and PostgreSQL runs when
//! `cargo xtask test` has started them, and says otherwise that it was skipped.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bad_input;
mod crash;
mod demo;
mod inputs;
mod poison;
mod production;
mod retraining;
mod servers;
mod settings;
mod support;
mod terminal;
