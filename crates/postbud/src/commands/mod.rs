//! One module a command.

pub(crate) mod assign;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod bench;
pub(crate) mod classify;
pub(crate) mod demo;
pub(crate) mod desk;
pub(crate) mod doctor;
pub(crate) mod evaluate;
pub(crate) mod explain;
pub(crate) mod extract_worker;
pub(crate) mod init;
pub(crate) mod labels;
pub(crate) mod letters;
pub(crate) mod migrate;
pub(crate) mod model;
pub(crate) mod person;
pub(crate) mod queue;
pub(crate) mod retention;
pub(crate) mod retrain;
pub(crate) mod run;
pub(crate) mod send;
pub(crate) mod simulate;
pub(crate) mod train;
pub(crate) mod trial;
pub(crate) mod user;
