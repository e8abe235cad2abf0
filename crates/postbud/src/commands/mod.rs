//! One module a command.

pub(crate) mod assign;
pub(crate) mod bench;
pub(crate) mod classify;
pub(crate) mod demo;
pub(crate) mod desk;
pub(crate) mod evaluate;
pub(crate) mod explain;
pub(crate) mod init;
pub(crate) mod labels;
pub(crate) mod letters;
pub(crate) mod model;
pub(crate) mod queue;
pub(crate) mod retrain;
pub(crate) mod run;
pub(crate) mod send;
pub(crate) mod simulate;
pub(crate) mod train;
pub(crate) mod user;
