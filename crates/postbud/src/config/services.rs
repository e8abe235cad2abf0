//! `[store]`, `[queue]` and `[model]`: what Postbud connects to.

use std::path::PathBuf;
use std::time::Duration;

use super::address::{Scheme, server};
use super::keys::{self, Keys};
use super::outlets::certificates;
use super::section::Section;
use super::types::{Address, Queue, QueueKind, Store};

/// Where letters are kept when nothing is configured, beside the configuration file.
const STORE_FILE: &str = "postbud-data/postbud.db";
/// Where the model is when nothing is configured.
const MODEL_DIR: &str = "models/klitkobing";
/// A day: the longest pause between attempts.
const DAY_SECONDS: u64 = 86_400;

const POSTGRES: Scheme = Scheme {
    names: &["postgres", "postgresql"],
    what: "a PostgreSQL server",
    example: "postgres://postbud@db.example.dk/postbud",
    path_required: true,
};
const AMQP: Scheme = Scheme {
    names: &["amqp", "amqps"],
    what: "a RabbitMQ broker",
    example: "amqps://postbud@mq.example.dk",
    path_required: false,
};

/// Reads `[store]`.
pub(super) fn store(section: Section<'_, '_>) -> (Store, Option<Keys>) {
    let url = section.text("url");
    let password = section.text("password_file");
    let default = || Store::Sqlite { path: section.reader.path(STORE_FILE) };
    let store = match &url {
        None => default(),
        Some(url) => match url.value.split_once(':') {
            Some(("sqlite", path)) => sqlite(&section, path).unwrap_or_else(default),
            Some((scheme, _)) if POSTGRES.names.contains(&scheme) => {
                let url = server(&section, url, password.as_ref(), &POSTGRES);
                url.map_or_else(default, |url| Store::Postgres { url })
            }
            _ => {
                section.fault(
                    "url",
                    "this is neither a SQLite file nor a PostgreSQL server",
                    format!("url = \"sqlite:{STORE_FILE}\" or url = \"{}\"", POSTGRES.example),
                );
                default()
            }
        },
    };
    let is_file = url.is_none_or(|url| url.value.starts_with("sqlite:"));
    if is_file && password.is_some() {
        section.warn("password_file", "SQLite has no password", "leave the key out");
    }
    let keys = keys::keys(&section);
    section.finish();
    (store, keys)
}

fn sqlite(section: &Section<'_, '_>, path: &str) -> Option<Store> {
    let path = path.strip_prefix("//").unwrap_or(path);
    // Letters in memory would be lost, and options belong to the store crate.
    if path.trim().is_empty() || path.contains([':', '?']) {
        section.fault(
            "url",
            "what follows sqlite: is the name of a file, without options",
            format!("url = \"sqlite:{STORE_FILE}\""),
        );
        return None;
    }
    Some(Store::Sqlite { path: section.reader.path(path) })
}

/// Reads `[queue]`.
pub(super) fn queue(section: Section<'_, '_>) -> Queue {
    let url = section.text("url");
    let password = section.text("password_file");
    let kind = match &url {
        None => QueueKind::Embedded,
        Some(url) if url.value == "embedded" => QueueKind::Embedded,
        Some(url) => match url.value.split_once("://") {
            Some((scheme, _)) if AMQP.names.contains(&scheme) => {
                let url = server(&section, url, password.as_ref(), &AMQP);
                url.map_or(QueueKind::Embedded, |url| QueueKind::Amqp { url })
            }
            _ => {
                section.fault(
                    "url",
                    "this is neither the built-in queue nor a RabbitMQ broker",
                    format!("url = \"embedded\" or url = \"{}\"", AMQP.example),
                );
                QueueKind::Embedded
            }
        },
    };
    if url.is_none_or(|url| url.value == "embedded") && password.is_some() {
        section.warn("password_file", "the built-in queue has no password", "leave the key out");
    }
    let queue = Queue {
        kind,
        certificates: certificates(&section),
        prefix: prefix(&section),
        prefetch: u16::try_from(section.whole("prefetch", 256, 1..=2000)).unwrap_or(256),
        attempts: u32::try_from(section.whole("attempts", 3, 1..=100)).unwrap_or(3),
        retry_delay: Duration::from_secs(section.whole("retry_delay_seconds", 30, 1..=DAY_SECONDS)),
    };
    section.finish();
    queue
}

/// The broker of a queue that is not ours.
pub(super) fn broker(section: &Section<'_, '_>) -> Option<Address> {
    let url = section.required_text("url", "amqps://bruger@mq.example.dk:5671/BF");
    let password = section.text("password_file");
    let url = url?;
    if url.value.split_once("://").is_none_or(|(scheme, _)| !AMQP.names.contains(&scheme)) {
        let example = format!("url = \"{}\"", AMQP.example);
        section.fault("url", "this is not a RabbitMQ broker", example);
        return None;
    }
    server(section, &url, password.as_ref(), &AMQP)
}

fn prefix(section: &Section<'_, '_>) -> String {
    let default = "postbud".to_owned();
    let Some(found) = section.text("prefix") else {
        return default;
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if found.value.len() <= 64 && found.value.chars().all(fits) {
        return found.value;
    }
    section.fault(
        "prefix",
        "a prefix has at most 64 characters of a-z, 0-9, '-', '_' and '.'",
        "prefix = \"postbud\"",
    );
    default
}

/// Reads `[model]`.
pub(super) fn model(section: Section<'_, '_>) -> PathBuf {
    let path = section.text("path");
    let path = section.reader.path(path.as_ref().map_or(MODEL_DIR, |path| path.value.as_str()));
    section.finish();
    path
}
