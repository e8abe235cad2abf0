//! When the next retraining is due. Pure: the moment is a parameter.

use jiff::Timestamp as Instant;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use postbud_decide::workdays;
use postbud_pipeline::ports::Timestamp;

use crate::config::Schedule;

const HOUR_MS: i64 = 3_600_000;
/// A date that counting days may begin with.
const FIRST: Date = jiff::civil::date(1970, 1, 1);

/// The first moment after `after` at which the schedule is due. A time of day that summer time
/// leaves out comes an hour later, one that comes twice counts once. `None` beyond the calendar.
pub(super) fn next(schedule: Schedule, after: Timestamp) -> Option<Timestamp> {
    if let Schedule::Hours(hours) = schedule {
        let step = hours.checked_mul(HOUR_MS).filter(|step| *step > 0)?;
        return after.0.div_euclid(step).checked_add(1)?.checked_mul(step).map(Timestamp);
    }
    let zone = workdays::denmark();
    let instant = Instant::from_millisecond(after.0).ok()?;
    let mut date = zone.to_datetime(instant).date();
    // The longest pause is 31 days.
    for _ in 0..=32 {
        if let Some(time) = time_on(schedule, date)
            && let Some(moment) = moment(&zone, date, time)
            && moment > after
        {
            return Some(moment);
        }
        date = date.tomorrow().ok()?;
    }
    None
}

/// The time at which it is due on a date.
fn time_on(schedule: Schedule, date: Date) -> Option<Time> {
    match schedule {
        Schedule::Hours(_) => None,
        Schedule::Days(days, time) => {
            let number = i64::from((date - FIRST).get_days());
            (number.rem_euclid(days.max(1)) == 0).then_some(time)
        }
        Schedule::Weekly(day, time) => is(date, day).then_some(time),
    }
}

fn is(date: Date, day: Weekday) -> bool {
    date.weekday() == day
}

fn moment(zone: &TimeZone, date: Date, time: Time) -> Option<Timestamp> {
    let local = DateTime::from_parts(date, time);
    let zoned = zone.to_zoned(local).ok()?;
    Some(Timestamp(zoned.timestamp().as_millisecond()))
}

/// When to begin: what was missed while nobody ran is made up for at once.
pub(super) fn due(
    schedule: Schedule,
    last: Option<Timestamp>,
    now: Timestamp,
) -> Option<Timestamp> {
    next(schedule, last.map_or(now, |last| last.min(now)))
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;
    use proptest::prelude::*;

    use super::*;

    fn ms(text: &str) -> Timestamp {
        Timestamp(text.parse::<Instant>().unwrap().as_millisecond())
    }

    fn shown(at: Option<Timestamp>) -> String {
        Instant::from_millisecond(at.unwrap().0).unwrap().to_string()
    }

    #[test]
    fn every_night_in_danish_time() {
        let nightly = Schedule::Days(1, time(2, 30, 0, 0));
        assert_eq!(shown(next(nightly, ms("2026-11-25T12:00:00Z"))), "2026-11-26T01:30:00Z");
        assert_eq!(shown(next(nightly, ms("2026-07-01T12:00:00Z"))), "2026-07-02T00:30:00Z");
        // Exactly then is not after.
        assert_eq!(shown(next(nightly, ms("2026-11-26T01:30:00Z"))), "2026-11-27T01:30:00Z");
        // 29 March has no 02:30: an hour later, and once.
        let spring = next(nightly, ms("2026-03-28T12:00:00Z"));
        assert_eq!(shown(spring), "2026-03-29T01:30:00Z");
        assert_eq!(shown(next(nightly, spring.unwrap())), "2026-03-30T00:30:00Z");
        // 25 October has two: the first, and once.
        let autumn = next(nightly, ms("2026-10-24T12:00:00Z"));
        assert_eq!(shown(autumn), "2026-10-25T00:30:00Z");
        assert_eq!(shown(next(nightly, autumn.unwrap())), "2026-10-26T01:30:00Z");
    }

    #[test]
    fn weeks_and_hours() {
        let sundays = Schedule::Weekly(Weekday::Sunday, time(4, 0, 0, 0));
        assert_eq!(shown(next(sundays, ms("2026-11-25T12:00:00Z"))), "2026-11-29T03:00:00Z");
        let hours = Schedule::Hours(6);
        assert_eq!(shown(next(hours, ms("2026-11-25T12:00:01Z"))), "2026-11-25T18:00:00Z");
    }

    #[test]
    fn what_was_missed_is_due_at_once() {
        let nightly = Schedule::Days(1, time(2, 30, 0, 0));
        let now = ms("2026-11-25T12:00:00Z");
        assert!(due(nightly, Some(ms("2026-11-20T01:30:05Z")), now).unwrap() < now);
        assert!(due(nightly, Some(ms("2026-11-25T01:30:05Z")), now).unwrap() > now);
        assert!(due(nightly, None, now).unwrap() > now, "a new installation waits for the night");
        // A clock that was wrong does not stop it for ever.
        assert!(due(nightly, Some(ms("2099-01-01T00:00:00Z")), now).unwrap() > now);
    }

    fn schedules() -> impl Strategy<Value = Schedule> {
        let at = || (0_i8..24, 0_i8..60).prop_map(|(hour, minute)| time(hour, minute, 0, 0));
        prop_oneof![
            (1_i64..=168).prop_map(Schedule::Hours),
            (1_i64..=31, at()).prop_map(|(days, at)| Schedule::Days(days, at)),
            (1_i8..=7, at()).prop_map(|(day, at)| {
                Schedule::Weekly(Weekday::from_monday_one_offset(day).unwrap(), at)
            }),
        ]
    }

    proptest! {
        #[test]
        fn the_next_is_later_soon_enough_and_none_is_between(
            schedule in schedules(),
            // From 1995 to 2090.
            after in 800_000_000_000_i64..3_800_000_000_000,
            share in 0.0_f64..1.0,
        ) {
            let after = Timestamp(after);
            let found = next(schedule, after).unwrap();
            let longest = match schedule {
                Schedule::Hours(hours) => hours * HOUR_MS,
                Schedule::Days(days, _) => (days * 24 + 2) * HOUR_MS,
                Schedule::Weekly(..) => (7 * 24 + 2) * HOUR_MS,
            };
            prop_assert!(found > after && found.0 - after.0 <= longest);
            // Asked at any moment on the way, the answer is the same.
            let between = after.0 + ((found.0 - 1 - after.0) as f64 * share) as i64;
            prop_assert_eq!(next(schedule, Timestamp(between)), Some(found));
        }
    }
}
