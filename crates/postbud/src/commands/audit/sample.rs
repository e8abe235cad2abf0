//! `postbud audit sample`: what a supervisor goes through each month. The looks are drawn by the log's
//! chain of hashes: nobody chooses them, and they are the same whenever they are asked for. The desk
//! shows the same sample.

use jiff::ToSpan as _;
use jiff::civil::Date;
use postbud_decide::workdays;
use postbud_pipeline::ports::{LookSample, Owner as _, Timestamp};
use serde_json::json;

use crate::cli::{Lang, SampleArgs};
use crate::exit::{self, Failure};
use crate::{output, telemetry, wiring};

/// Prints the sample of a month.
pub(super) async fn run(args: &SampleArgs) -> anyhow::Result<()> {
    let first = first_day(args.month.as_deref(), Timestamp::now())?;
    let config = wiring::installation(&args.config)?;
    telemetry::start(config.log.format, "warn");
    let store = wiring::store(&config).await?;
    let (from, until) = stretch(first).ok_or_else(no_month)?;
    let sample = store.look_sample(from, until, args.looks).await?;
    let month = first.strftime("%Y-%m").to_string();
    if args.output.json {
        return output::json(&document(&month, &sample));
    }
    output::line(&text(&month, &sample, output::lang(args.output.lang)))
}

fn no_month() -> anyhow::Error {
    Failure::new(exit::CONFIGURATION, "--month takes a month, YYYY-MM").into()
}

/// The first day of the month that was asked for, or of the one before this.
fn first_day(month: Option<&str>, now: Timestamp) -> anyhow::Result<Date> {
    let last = || workdays::day_of(now.0)?.first_of_month().checked_sub(1.month()).ok();
    let first = match month {
        Some(month) => format!("{}-01", month.trim()).parse().ok(),
        None => last(),
    };
    first.ok_or_else(no_month)
}

fn stretch(first: Date) -> Option<(Timestamp, Timestamp)> {
    let next = first.checked_add(1.month()).ok()?;
    let begin = |day| workdays::beginning_of(day).map(Timestamp);
    Some((begin(first)?, begin(next)?))
}

fn document(month: &str, sample: &LookSample) -> serde_json::Value {
    let people = sample
        .people
        .iter()
        .map(|person| json!({ "by": person.by, "looks": person.looks, "letters": person.letters }));
    let looks = sample.looks.iter().map(
        |look| json!({ "at": look.at, "by": look.by, "letter": look.letter, "why": look.why }),
    );
    json!({
        "month": month,
        "people": people.collect::<Vec<_>>(),
        "looks": looks.collect::<Vec<_>>(),
    })
}

fn text(month: &str, sample: &LookSample, lang: Lang) -> String {
    let say = |da: &'static str, en: &'static str| match lang {
        Lang::Da => da,
        Lang::En => en,
    };
    if sample.people.is_empty() {
        return format!("{month}: {}", say("ingen så et brev", "nobody looked at a letter"));
    }
    let people = sample.people.iter().map(|person| {
        vec![person.by.clone(), person.looks.to_string(), person.letters.to_string()]
    });
    let header = [
        say("Hvem", "Who"),
        say("Opslag", "Looks"),
        say("Forskellige breve og søgninger", "Different letters and searches"),
    ];
    let people = output::table(&header, &[1, 2], people.collect());
    let looks = sample.looks.iter().map(|look| {
        vec![output::moment(look.at), look.by.clone(), look.why.clone(), look.letter.clone()]
    });
    let header = [
        say("Hvornår (UTC)", "When (UTC)"),
        say("Hvem", "Who"),
        say("Hvorfor", "Why"),
        say("Brev", "Letter"),
    ];
    let looks = output::table(&header, &[], looks.collect());
    let ask = say(
        "Stikprøve; spørg den, der så brevet, hvad det skulle bruges til:",
        "Sample; ask the person who saw the letter what it was for:",
    );
    format!("{month}\n{people}\n\n{ask}\n{looks}")
}

#[cfg(test)]
mod tests {
    use postbud_pipeline::ports::{Access, LookCount};

    use super::*;

    /// 2026-11-28, 10.00 UTC.
    const NOW: Timestamp = Timestamp(1_795_860_000_000);

    #[test]
    fn the_last_month_that_is_over_unless_one_is_named() {
        assert_eq!(first_day(None, NOW).unwrap().to_string(), "2026-10-01");
        assert_eq!(first_day(Some("2026-03"), NOW).unwrap().to_string(), "2026-03-01");
        for wrong in ["", "2026", "2026-13", "marts"] {
            assert!(first_day(Some(wrong), NOW).is_err(), "{wrong}");
        }
        // March has a day of 23 hours.
        let (from, until) = stretch(first_day(Some("2026-03"), NOW).unwrap()).unwrap();
        assert_eq!((until.0 - from.0) / 3_600_000, 31 * 24 - 1);
    }

    #[test]
    fn what_a_supervisor_reads() {
        let sample = LookSample {
            people: vec![LookCount { by: "anna".to_owned(), looks: 3, letters: 2 }],
            looks: vec![Access {
                at: NOW,
                by: "anna".to_owned(),
                letter: "sha-01".to_owned(),
                why: "work".to_owned(),
            }],
        };
        insta::assert_snapshot!("sample_da", text("2026-11", &sample, Lang::Da));
        insta::assert_snapshot!("sample_en", text("2026-11", &sample, Lang::En));
        let none = LookSample { people: Vec::new(), looks: Vec::new() };
        assert_eq!(text("2026-11", &none, Lang::Da), "2026-11: ingen så et brev");
    }
}
