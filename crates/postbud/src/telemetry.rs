//! Logs on standard error. Ids only: no text of a letter ever gets here.

use std::io::IsTerminal;
use std::panic;

use tracing::{dispatcher, error};
use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// What a panic says beside its place.
const PANIC: &str = "a panic inside Postbud: please report it with this place";

/// Starts logging, from `level` upwards; the environment variable `POSTBUD_LOG` overrides it.
/// Only the first call counts.
pub(crate) fn start(format: LogFormat, level: &str) {
    let filter = EnvFilter::try_from_env("POSTBUD_LOG")
        .or_else(|_| EnvFilter::try_new(format!("warn,postbud={level}")))
        .unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    // A second start finds a subscriber in place and leaves it.
    let _ = match format {
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
}

/// Makes panics say where they happened and nothing else: the message of a panic in string code
/// holds the string, which may be a citizen's letter.
pub(crate) fn quiet_panics() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, ToString::to_string);
        if dispatcher::has_been_set() {
            error!(place, "{PANIC}");
        } else {
            // Commands that log nothing have no log to say it in.
            eprintln!("postbud: {PANIC}: {place}");
        }
    }));
}
