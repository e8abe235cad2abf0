//! Moments as people in Denmark write them.

use jiff::Timestamp;
use postbud_decide::{Lang, workdays};

const MONTHS_DA: [&str; 12] = [
    "januar",
    "februar",
    "marts",
    "april",
    "maj",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "december",
];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `ms` (UTC milliseconds since 1970) in Danish time: `24. november 2026 kl. 14.05`. `None` when
/// it is no date that a calendar knows.
pub(super) fn moment(ms: i64, language: Lang) -> Option<String> {
    let local = Timestamp::from_millisecond(ms).ok()?.to_zoned(workdays::denmark());
    let month = usize::try_from(local.month()).ok()?.checked_sub(1)?;
    let (day, year, hour, minute) = (local.day(), local.year(), local.hour(), local.minute());
    Some(match language {
        Lang::Danish => {
            format!("{day}. {} {year} kl. {hour:02}.{minute:02}", MONTHS_DA.get(month)?)
        }
        Lang::English => format!("{day} {} {year}, {hour:02}:{minute:02}", MONTHS_EN.get(month)?),
    })
}

/// The day of `ms` in Denmark: `2026-11-24`. `None` when it is no date that a calendar knows.
pub(crate) fn day(ms: i64) -> Option<String> {
    workdays::day_of(ms).map(|day| day.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn winter_and_summer() {
        let winter = moment(1_795_615_500_000, Lang::Danish);
        assert_eq!(winter.as_deref(), Some("25. november 2026 kl. 15.05"));
        let summer = moment(1_782_829_800_000, Lang::English);
        assert_eq!(summer.as_deref(), Some("30 June 2026, 16:30"));
    }

    #[test]
    fn a_day_is_denmarks() {
        // Half an hour before midnight in Greenwich.
        assert_eq!(day(1_795_649_400_000).as_deref(), Some("2026-11-26"));
    }

    #[test]
    fn no_date_is_no_text() {
        assert_eq!(moment(i64::MAX, Lang::Danish), None);
        assert_eq!(moment(i64::MIN, Lang::English), None);
    }
}
