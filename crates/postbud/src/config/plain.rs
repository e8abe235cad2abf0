//! `[promise]`, `[limits]` and `[log]`: numbers and words.

use postbud_decide::MUST_NOT_MISS_PROBABILITY;
use postbud_letter::Limits;

use super::section::Section;
use super::types::{Log, LogFormat, LogLevel, Promise};

/// A letter may have at most 1 GiB: it is held in memory while it is read.
const LETTER_BYTES_MAX: u64 = 1 << 30;
/// A text may have at most 64 MiB: every word of it becomes a feature.
const TEXT_BYTES_MAX: u64 = 64 << 20;
/// A letter may have at most 100,000 parts.
const PARTS_MAX: u64 = 100_000;

/// Reads `[promise]`: the promise, and the must-not-miss limit.
pub(super) fn promise(section: Section<'_, '_>) -> (Promise, f64) {
    let promise = Promise {
        target_error: section.number("target_error", 0.02, (0.0, 0.5), false),
        confidence: section.number("confidence", 0.95, (0.5, 1.0), false),
    };
    let must_not_miss =
        section.number("must_not_miss_probability", MUST_NOT_MISS_PROBABILITY, (0.0, 1.0), true);
    section.finish();
    (promise, must_not_miss)
}

/// Reads `[limits]`.
pub(super) fn limits(section: Section<'_, '_>) -> Limits {
    let default = Limits::default();
    let size = |key, default: usize, limits| {
        let shown = u64::try_from(default).unwrap_or(u64::MAX);
        usize::try_from(section.whole(key, shown, limits)).unwrap_or(default)
    };
    let limits = Limits {
        letter_bytes: size("letter_bytes", default.letter_bytes, 1024..=LETTER_BYTES_MAX),
        text_bytes: size("text_bytes", default.text_bytes, 1024..=TEXT_BYTES_MAX),
        parts: size("parts", default.parts, 1..=PARTS_MAX),
        ..default
    };
    if limits.text_bytes > limits.letter_bytes {
        section.fault(
            "text_bytes",
            "the text cannot be larger than the letter",
            format!("text_bytes = {} or less", limits.letter_bytes),
        );
    }
    section.finish();
    limits
}

/// Reads `[log]`.
pub(super) fn log(section: Section<'_, '_>) -> Log {
    let log = Log {
        format: section.choice(
            "format",
            LogFormat::Text,
            &[("text", LogFormat::Text), ("json", LogFormat::Json)],
        ),
        level: section.choice(
            "level",
            LogLevel::Info,
            &[
                ("error", LogLevel::Error),
                ("warn", LogLevel::Warn),
                ("info", LogLevel::Info),
                ("debug", LogLevel::Debug),
                ("trace", LogLevel::Trace),
            ],
        ),
    };
    section.finish();
    log
}
