//! Letters out: to Maildir folders, through SMTP, to specialist systems over HTTPS, to queues that
//! they read and by KLE subject over SF2900, with the original bytes untouched.
//!
//! [`Deliverer`] implements the pipeline's port [`postbud_pipeline::ports::Target`]. What it sends
//! is made in [`compose`]: a mail keeps every byte and gets trace headers in front; a letter from
//! Digital Post becomes a readable mail with its documents and the original XML attached. Nothing
//! here asks a clock for what is sent, so every attempt at the same outbox item sends the same
//! bytes.
//!
//! What each target promises:
//! - **Maildir**: the same item again has no second effect. The file name comes from the item's
//!   key, the file appears whole or not at all, and it is on disk before `deliver` returns.
//! - **SMTP**: at least once. When the connection dies between the last byte and the server's
//!   answer, the item is sent again; the mail then carries the same Message-ID and the same
//!   `X-Postbud-Delivery`, by which the duplicate is recognised.
//! - **Webhook** (see below), **queue** and **SF2900**: at least once, under one key; whoever
//!   takes them keeps a key once, and then the effect is once.
//!
//! # Webhooks
//!
//! docs/webhook.openapi.json describes what is sent and what must be answered.
//!
//! Errors hold no text of a letter: what a server answers is cut and masked before it is passed on.

pub mod compose;
mod deliverer;
mod disk;
mod failure;
mod https;
mod job;
mod maildir;
mod options;
mod sf2900;
mod slip;
mod smtp;
mod tls;
mod webhook;

pub use deliverer::Deliverer;
pub use options::{DeliverOptions, OptionsError, SmtpOptions, SmtpTls};
pub use sf2900::Sf2900Options;
pub use webhook::WebhookOptions;
