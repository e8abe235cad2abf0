//! Logs on standard error. Ids only: no text of a letter ever gets here.

use std::io::IsTerminal;
use std::panic;

use tracing::{Level, Metadata, dispatcher, error};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

use crate::config::LogFormat;

/// What a panic says beside its place.
const PANIC: &str = "a panic inside Postbud: please report it with this place";

/// Starts logging, from `level` upwards; the environment variable `POSTBUD_LOG` overrides it.
/// Only the first call counts.
pub(crate) fn start(format: LogFormat, level: &str) {
    let filter = EnvFilter::try_from_env("POSTBUD_LOG")
        .or_else(|_| EnvFilter::try_new(format!("warn,postbud={level}")))
        .unwrap_or_else(|_| EnvFilter::new("info"));
    let lines =
        fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let lines = match format {
        LogFormat::Text => lines.with_target(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let lines = lines.with_filter(filter_fn(may_speak));
    // A second start finds a subscriber in place and leaves it.
    let _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
}

/// What libraries say to those who look for faults in them may hold passwords and letters, whatever
/// `POSTBUD_LOG` asks for.
fn may_speak(of: &Metadata<'_>) -> bool {
    of.target().starts_with("postbud") || *of.level() <= Level::INFO
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
