//! End to end over the real binary. What needs RabbitMQ and PostgreSQL runs when
//! `cargo xtask test` has started them, and says otherwise that it was skipped.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bad_input;
mod bombs;
mod broker_tls;
mod chaos;
mod clamd;
mod clock;
mod collector;
mod crash;
mod demo;
mod deploy;
mod desk;
mod desk_axe;
mod desk_browser;
mod desk_checks;
mod desk_chromium;
mod desk_crowd;
mod desk_documents;
mod desk_elsewhere;
mod desk_issuer;
mod desk_looks;
mod desk_mishaps;
mod desk_owner;
mod desk_person;
mod desk_place;
mod desk_programs;
mod desk_second_look;
mod encryption;
mod extract;
mod foreign;
mod hygiene;
mod inputs;
mod intake;
mod intake_imap;
mod intake_push;
mod kle;
mod large;
mod models;
mod monitoring;
mod operations;
mod outlets;
mod outputs;
mod outside;
mod outward;
mod parts;
mod poison;
mod privacy;
mod production;
mod retraining;
mod servers;
mod settings;
mod support;
mod terminal;
mod traces;
