//! The report of a retraining: the new model beside the one in use.

use postbud_learn::{Figures, Judged, RetrainRecord};
use serde_json::json;

use super::words;
use super::worker::Done;
use crate::cli::{Lang, RetrainArgs};
use crate::output::{self, percent};

/// Prints it.
pub(super) fn print(args: &RetrainArgs, done: &Done) -> anyhow::Result<()> {
    if args.output.json {
        return output::json(&json!({
            "outcome": done.outcome,
            "version": done.version,
            "path": done.made.as_ref().map(|made| &made.version.path),
            "unreadable": done.unreadable,
            "detail": done.detail,
            "retrain": done.made.as_ref().map(|made| &made.record),
        }));
    }
    let lang = output::lang(args.output.lang);
    if let Some(made) = &done.made {
        output::line(&compared(lang, &made.record))?;
    }
    if done.unreadable > 0 {
        output::line(&words::unreadable(lang, done.unreadable))?;
    }
    let record = done.made.as_ref().map(|made| &made.record);
    // A first version has nobody to take over from.
    let old =
        record.and_then(|record| record.judged.as_ref()).and_then(|judged| judged.old.as_ref());
    let fits = old.is_some() && record.is_some_and(RetrainRecord::not_worse);
    let version = done.version.as_deref().unwrap_or_default();
    output::line(&words::outcome(lang, done.outcome, version, fits))?;
    // What failed is said on standard error.
    if !done.detail.is_empty() && done.failed.is_none() {
        output::line(&done.detail)?;
    }
    Ok(())
}

/// Table, verdict, objections.
fn compared(lang: Lang, record: &RetrainRecord) -> String {
    let mut parts = Vec::new();
    if let Some(judged) = &record.judged {
        parts.push(table(lang, record, judged));
        parts.push(words::letters(lang, judged));
        parts.extend(judged.comparison.iter().map(|found| words::verdict(lang, found)));
    }
    parts.push(words::version(lang, record.letters, record.coverage, record.bound));
    parts.extend(
        record.objections.iter().map(|found| format!("! {}", words::objection(lang, found))),
    );
    parts.join("\n")
}

fn table(lang: Lang, record: &RetrainRecord, judged: &Judged) -> String {
    let [model, letters, right, routed, wrong] = words::rows(lang);
    let old = judged.old.as_ref();
    let of_old =
        |text: &dyn Fn(&Figures) -> String| old.map(text).unwrap_or_else(|| "–".to_owned());
    let row = |name: &str, text: &dyn Fn(&Figures) -> String| {
        vec![name.to_owned(), text(&judged.new), of_old(text)]
    };
    let name = |figures: &Figures| figures.model.clone().unwrap_or_else(|| record.version.clone());
    let rows = vec![
        row(model, &name),
        row(letters, &|_| judged.letters.to_string()),
        row(right, &|figures| percent(figures.accuracy)),
        row(routed, &|figures| percent(figures.coverage)),
        row(wrong, &|figures| match figures.routed {
            0 => "–".to_owned(),
            routed => format!("{} ({} / {routed})", percent(figures.error), figures.errors),
        }),
    ];
    output::table(&words::header(lang), &[1, 2], rows)
}

#[cfg(test)]
mod tests {
    use postbud_evaluate::Paired;
    use postbud_learn::{KeptOut, Objection};

    use super::*;

    fn record() -> RetrainRecord {
        let figures = |model: Option<&str>, right, routed, errors| Figures {
            model: model.map(str::to_owned),
            right,
            accuracy: right as f64 / 200.0,
            routed,
            coverage: routed as f64 / 200.0,
            errors,
            error: errors as f64 / routed as f64,
        };
        let pairs = Paired { both: 150, only_first: 4, only_second: 22, neither: 24 };
        RetrainRecord {
            version: "klitkobing/8".to_owned(),
            letters_hash: String::new(),
            letters: 1_000,
            judged: Some(Judged {
                by: KeptOut::Time,
                held: 200,
                letters: 200,
                champion_saw: Some(120),
                target: 0.02,
                confidence: 0.95,
                new: figures(None, 172, 120, 1),
                old: Some(figures(Some("klitkobing/7"), 154, 100, 2)),
                comparison: Some(pairs.compare()),
            }),
            coverage: 0.61,
            bound: Some(0.0187),
            objections: Vec::new(),
        }
    }

    #[test]
    fn a_system_owner_sees_who_is_better_and_whether_that_is_chance() {
        let mut shown = Vec::new();
        for lang in [Lang::Da, Lang::En] {
            let mut record = record();
            shown.push(compared(lang, &record));
            record.judged = None;
            record.bound = None;
            record.objections = vec![
                Objection::TooFewJudged { letters: 12, missing: 18 },
                Objection::Worse { p_value: 0.012 },
                Objection::RoutesLess { old: 0.6, new: 0.4 },
                Objection::BreaksPromise { target: 0.02, at_least: 0.031 },
                Objection::Forgets { mailboxes: vec!["skole".to_owned(), "affald".to_owned()] },
            ];
            shown.push(compared(lang, &record));
        }
        insta::assert_snapshot!(shown.join("\n\n"));
    }
}
