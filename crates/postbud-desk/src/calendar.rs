//! Days and moments in Danish time.

use jiff::civil::Date;
use jiff::{Span, ToSpan as _};
use postbud_decide::workdays;
use postbud_pipeline::ports::Timestamp;

/// A moment, sortable by eye.
pub(crate) fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(
        |_| "?".to_owned(),
        |at| at.to_zoned(workdays::denmark()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )
}

/// The day of a moment.
pub(crate) fn day_of(at: Timestamp) -> String {
    workdays::day_of(at.0).map_or_else(|| "?".to_owned(), |day| day.to_string())
}

fn stretch(first: Date, span: Span) -> Option<(Timestamp, Timestamp)> {
    let begin = |day| workdays::beginning_of(day).map(Timestamp);
    Some((begin(first)?, begin(first.checked_add(span).ok()?)?))
}

/// When the day `YYYY-MM-DD` begins, and when the next one does.
pub(crate) fn day(text: &str) -> Option<(Timestamp, Timestamp)> {
    stretch(text.trim().parse().ok()?, 1.day())
}

/// A month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Month {
    first: Date,
}

impl Month {
    /// The month `YYYY-MM`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let first: Date = format!("{}-01", text.trim()).parse().ok()?;
        Some(Self { first })
    }

    /// The month of a moment.
    pub(crate) fn of(at: Timestamp) -> Option<Self> {
        Some(Self { first: workdays::day_of(at.0)?.first_of_month() })
    }

    /// The month before.
    pub(crate) fn before(self) -> Option<Self> {
        Some(Self { first: self.first.checked_sub(1.month()).ok()? })
    }

    /// When it begins, and when the next one does.
    pub(crate) fn stretch(self) -> Option<(Timestamp, Timestamp)> {
        stretch(self.first, 1.month())
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.first.strftime("%Y-%m"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn hours((from, until): (Timestamp, Timestamp)) -> i64 {
        (until.0 - from.0) / HOUR
    }

    #[test]
    fn moments_are_danish_in_winter_and_in_summer() {
        assert_eq!(moment(Timestamp(1_764_115_200_000)), "2025-11-26 01:00:00");
        assert_eq!(moment(Timestamp(1_751_328_000_000)), "2025-07-01 02:00:00");
    }

    #[test]
    fn days_begin_at_midnight_and_have_as_many_hours_as_they_have() {
        let (from, until) = day("2025-11-26").unwrap();
        assert_eq!(moment(from), "2025-11-26 00:00:00");
        assert_eq!(moment(until), "2025-11-27 00:00:00");
        assert_eq!(hours(day("2025-03-30").unwrap()), 23);
        assert_eq!(hours(day(" 2025-10-26 ").unwrap()), 25);
        for none in ["", "2025-02-29", "i går", "2025-11", "9999-12-31"] {
            assert_eq!(day(none), None, "{none}");
        }
    }

    #[test]
    fn months_follow_each_other() {
        let month = Month::parse("2026-01").unwrap();
        assert_eq!(hours(month.stretch().unwrap()), 31 * 24);
        let before = month.before().unwrap();
        assert_eq!(before.to_string(), "2025-12");
        assert_eq!(before.stretch().unwrap().1, month.stretch().unwrap().0);
        assert_eq!(Month::of(month.stretch().unwrap().0), Some(month), "in Danish time");
        assert_eq!(Month::parse("2026-13"), None);
    }
}
