//! `[retrain]`: when a new model is made from what people said, and with how much of the machine.

use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::{Time, Weekday};
use postbud_learn::MIN_SENDERS;

use super::section::Section;

/// Without `at`, retraining begins at this hour: the machine has nothing better to do.
const AT: (i8, i8) = (2, 30);
/// Less than this, and the process cannot even begin.
const LEAST_MEMORY: u64 = 16 << 20;
/// More than any machine has.
const MOST_MEMORY: u64 = 1 << 44;
/// The longest a retraining may take, in seconds: a week.
const MOST_SECONDS: u64 = 7 * 86_400;

/// `[retrain]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Retrain {
    /// Labelled letters to learn from beside those of the store.
    pub(crate) letters: Vec<PathBuf>,
    /// Mailboxes that were renamed, merged or closed since letters got their labels.
    pub(crate) mapping: Option<PathBuf>,
    /// A feature must be of so many different senders to be learnt.
    pub(crate) min_senders: u32,
    /// When `postbud run` retrains by itself; `None` for never.
    pub(crate) schedule: Option<Schedule>,
    /// May a new version that is not worse take over by itself?
    pub(crate) promote: bool,
    /// Does a version that is not worse and does not take over run in shadow?
    pub(crate) challenge: bool,
    /// How much memory a retraining may use, in bytes.
    pub(crate) memory: u64,
    /// How long it may take.
    pub(crate) time: Duration,
}

/// When to retrain. Days and times are those of Denmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schedule {
    /// Every so many hours.
    Hours(i64),
    /// Every so many days, at this time.
    Days(i64, Time),
    /// On this day of every week, at this time.
    Weekly(Weekday, Time),
}

/// Reads `[retrain]`.
pub(super) fn retrain(section: Section<'_, '_>) -> Retrain {
    let letters = section.texts("letters");
    let retrain = Retrain {
        letters: letters.iter().map(|path| section.reader.path(&path.value)).collect(),
        mapping: section.text("mapping").map(|path| section.reader.path(&path.value)),
        min_senders: section.whole("min_senders", u64::from(MIN_SENDERS), 1..=1_000) as u32,
        schedule: schedule(&section),
        promote: section.flag("promote").unwrap_or(false),
        challenge: section.flag("challenge").unwrap_or(false),
        memory: quantity(&section, "memory", "2 GiB", MEMORY, LEAST_MEMORY..=MOST_MEMORY),
        time: Duration::from_secs(quantity(&section, "time", "1 h", TIME, 1..=MOST_SECONDS)),
    };
    section.finish();
    retrain
}

fn schedule(section: &Section<'_, '_>) -> Option<Schedule> {
    let every = section.text("every");
    let at = section.text("at");
    let weekday = weekday(section);
    let (hour, minute) = AT;
    let mut time = Time::constant(hour, minute, 0, 0);
    if let Some(found) = &at {
        match Time::strptime("%H:%M", found.value.trim()) {
            Ok(read) => time = read,
            Err(_) => section.fault("at", "a time of day belongs here", "at = \"02:30\""),
        }
    }
    let Some(every) = every else {
        return match weekday {
            Some(day) => Some(Schedule::Weekly(day, time)),
            None => at.map(|_| Schedule::Days(1, time)),
        };
    };
    if weekday.is_some() {
        section.fault(
            "every",
            "weekday says already how often",
            "leave every out, or leave weekday out",
        );
    }
    let text = every.value.trim();
    let number = |end| text.strip_suffix(end).and_then(|n: &str| n.trim().parse::<i64>().ok());
    match (number('d'), number('h')) {
        (Some(days @ 1..=31), _) => return Some(Schedule::Days(days, time)),
        (_, Some(hours @ 1..=168)) => {
            if at.is_some() {
                section.fault("at", "every so many hours has no time of day", "leave at out");
            }
            return Some(Schedule::Hours(hours));
        }
        _ => {}
    }
    section.fault("every", "1d to 31d or 1h to 168h belongs here", "every = \"1d\"");
    None
}

fn weekday(section: &Section<'_, '_>) -> Option<Weekday> {
    section.choice(
        "weekday",
        None,
        &[
            ("monday", Some(Weekday::Monday)),
            ("tuesday", Some(Weekday::Tuesday)),
            ("wednesday", Some(Weekday::Wednesday)),
            ("thursday", Some(Weekday::Thursday)),
            ("friday", Some(Weekday::Friday)),
            ("saturday", Some(Weekday::Saturday)),
            ("sunday", Some(Weekday::Sunday)),
        ],
    )
}

/// Units and how many of the smallest each is.
type Units = &'static [(&'static str, u64)];
const MEMORY: Units = &[("MiB", 1 << 20), ("GiB", 1 << 30)];
const TIME: Units = &[("min", 60), ("h", 3_600), ("s", 1)];

/// A number with its unit: `2 GiB`, `90 min`.
fn quantity(
    section: &Section<'_, '_>,
    key: &'static str,
    default: &'static str,
    units: Units,
    limits: std::ops::RangeInclusive<u64>,
) -> u64 {
    let fallback = parse(default, units).unwrap_or(*limits.start());
    let Some(found) = section.text(key) else {
        return fallback;
    };
    match parse(&found.value, units).filter(|number| limits.contains(number)) {
        Some(number) => number,
        None => {
            let names: Vec<&str> = units.iter().map(|(name, _)| *name).collect();
            let what = format!("a number and one of {} belongs here", names.join(", "));
            section.fault(key, what, format!("{key} = \"{default}\""));
            fallback
        }
    }
}

fn parse(text: &str, units: Units) -> Option<u64> {
    let text = text.trim();
    units.iter().find_map(|(name, size)| {
        let number: u64 = text.strip_suffix(name)?.trim().parse().ok()?;
        number.checked_mul(*size)
    })
}
