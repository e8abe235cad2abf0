//! Random sequences of commands, and the model that says what the store must answer.

mod commands;
mod reference;
mod runner;

pub(crate) use commands::{PLACES, command};
pub(crate) use runner::Run;
