//! Danish working days: Monday to Friday, but for the public holidays.
//!
//! The holidays are those of the church and New Year's Day. *Store bededag* is none from 2024 on.
//! 5 June (Constitution Day), 24 and 31 December and 1 May are days off for many people and none
//! of the law's holidays: they count as working days here, so that a deadline comes rather a day
//! too early than a day too late.

use jiff::civil::{Date, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// The first year without *store bededag*.
const WITHOUT_BEDEDAG: i16 = 2024;
/// Danish time as a rule of its own, so that no time zone files are needed: summer time from the
/// last Sunday of March to the last Sunday of October.
const DENMARK: &str = "CET-1CEST,M3.5.0,M10.5.0/3";
/// Years for which the rule of Easter holds.
const YEARS: std::ops::RangeInclusive<i16> = 1583..=9998;

/// Easter Sunday of a year, by the Gregorian rule (Meeus).
fn easter(year: i16) -> Option<Date> {
    let year = i32::from(year);
    let (century, of_century) = (year / 100, year % 100);
    let golden = year % 19;
    let moon =
        (19 * golden + century - century / 4 - (century - (century + 8) / 25 + 1) / 3 + 15) % 30;
    let week = (32 + 2 * (century % 4) + 2 * (of_century / 4) - moon - of_century % 4) % 7;
    let late = (golden + 11 * moon + 22 * week) / 451;
    let days = moon + week - 7 * late + 114;
    let (month, day) = (i8::try_from(days / 31).ok()?, i8::try_from(days % 31 + 1).ok()?);
    Date::new(i16::try_from(year).ok()?, month, day).ok()
}

/// Is the day a public holiday in Denmark?
#[must_use]
pub fn is_holiday(day: Date) -> bool {
    let year = day.year();
    if day == date(year, 1, 1) || day == date(year, 12, 25) || day == date(year, 12, 26) {
        return true;
    }
    let Some(easter) = easter(year).filter(|_| YEARS.contains(&year)) else { return false };
    let Ok(since) = easter.until(day) else { return false };
    match since.get_days() {
        // Maundy Thursday, Good Friday, Easter, Ascension Day, Whit Sunday and Monday.
        -3 | -2 | 0 | 1 | 39 | 49 | 50 => true,
        // Store bededag, the fourth Friday after Easter.
        26 => year < WITHOUT_BEDEDAG,
        _ => false,
    }
}

/// Is the day a working day in Denmark?
#[must_use]
pub fn is_working_day(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !is_holiday(day)
}

/// The `count`-th working day after `day`. `None` at the end of time.
#[must_use]
pub fn working_day_after(day: Date, count: u32) -> Option<Date> {
    let (mut day, mut left) = (day, count);
    while left > 0 {
        day = day.checked_add(1.day()).ok()?;
        left -= u32::from(is_working_day(day));
    }
    Some(day)
}

/// Danish time.
#[must_use]
pub fn denmark() -> TimeZone {
    TimeZone::posix(DENMARK).unwrap_or(TimeZone::UTC)
}

/// The Danish day of a moment in UTC milliseconds since 1970.
#[must_use]
pub fn day_of(at_ms: i64) -> Option<Date> {
    Timestamp::from_millisecond(at_ms).ok().map(|at| at.to_zoned(denmark()).date())
}

/// When a Danish day begins, in UTC milliseconds since 1970.
#[must_use]
pub fn beginning_of(day: Date) -> Option<i64> {
    let begin = day.to_zoned(denmark()).ok()?;
    Some(begin.timestamp().as_millisecond())
}

/// The last second of a Danish day, in UTC milliseconds since 1970.
#[must_use]
pub fn end_of(day: Date) -> Option<i64> {
    let end = day.at(23, 59, 59, 0).to_zoned(denmark()).ok()?;
    Some(end.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn easter_as_the_almanacs_have_it() {
        for (year, month, day) in [
            (1961, 4, 2),
            (1999, 4, 4),
            (2000, 4, 23),
            (2008, 3, 23),
            (2011, 4, 24),
            (2019, 4, 21),
            (2024, 3, 31),
            (2025, 4, 20),
            (2026, 4, 5),
            (2027, 3, 28),
            (2038, 4, 25),
            (2285, 3, 22),
        ] {
            assert_eq!(easter(year), Some(date(year, month, day)));
        }
    }

    #[test]
    fn the_holidays_of_2026_and_what_is_none() {
        let days = date(2026, 1, 1).series(1.day()).take(365).filter(|day| is_holiday(*day));
        let days: Vec<String> = days.map(|day| day.strftime("%d/%m").to_string()).collect();
        assert_eq!(days.join(" "), "01/01 02/04 03/04 05/04 06/04 14/05 24/05 25/05 25/12 26/12");
        for day in [date(2026, 5, 1), date(2026, 6, 5), date(2026, 12, 24), date(2026, 12, 31)] {
            assert!(is_working_day(day), "{day}");
        }
    }

    #[test]
    fn store_bededag_went_with_2024() {
        assert!(is_holiday(date(2023, 5, 5)) && !is_holiday(date(2024, 4, 26)));
    }

    #[test]
    fn a_deadline_over_easter_and_over_the_new_year() {
        // Wednesday before Easter: three holidays and two weekends pass.
        assert_eq!(working_day_after(date(2026, 4, 1), 7), Some(date(2026, 4, 15)));
        assert_eq!(working_day_after(date(2026, 12, 23), 7), Some(date(2027, 1, 5)));
        assert_eq!(working_day_after(date(2026, 11, 28), 1), Some(date(2026, 11, 30)));
    }

    #[test]
    fn days_are_danish() {
        // 23.30 UTC on 30 June is 1 July in Denmark.
        let at = date(2026, 6, 30).at(23, 30, 0, 0).to_zoned(TimeZone::UTC).unwrap();
        let day = day_of(at.timestamp().as_millisecond()).unwrap();
        assert_eq!(day, date(2026, 7, 1));
        assert_eq!(day_of(end_of(day).unwrap()), Some(day));
        assert_eq!(beginning_of(day), end_of(day.yesterday().unwrap()).map(|end| end + 1_000));
        assert_eq!(day_of(end_of(day).unwrap() + 1_000), day.tomorrow().ok());
    }

    proptest! {
        #[test]
        fn between_a_day_and_its_deadline_lie_exactly_so_many_working_days(
            year in 1990_i16..2200, ordinal in 1_i16..=365, count in 0_u32..40,
        ) {
            let day = date(year, 1, 1).checked_add((ordinal - 1).days()).unwrap();
            let due = working_day_after(day, count).unwrap();
            let between = day.series(1.day()).skip(1).take_while(|at| *at <= due);
            prop_assert_eq!(between.filter(|at| is_working_day(*at)).count(), count as usize);
            prop_assert!(count == 0 || is_working_day(due));
        }

        #[test]
        fn a_later_letter_is_never_due_earlier(
            year in 1990_i16..2200, ordinal in 1_i16..=365, count in 1_u32..40,
        ) {
            let day = date(year, 1, 1).checked_add((ordinal - 1).days()).unwrap();
            let next = day.tomorrow().unwrap();
            prop_assert!(working_day_after(day, count) <= working_day_after(next, count));
        }

        #[test]
        fn easter_is_a_sunday_between_22_march_and_25_april(year in 1583_i16..4000) {
            let day = easter(year).unwrap();
            prop_assert_eq!(day.weekday(), Weekday::Sunday);
            prop_assert!(day >= date(year, 3, 22) && day <= date(year, 4, 25));
        }
    }
}
