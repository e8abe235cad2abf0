//! What `train` prints when it is done.

use std::collections::BTreeMap;
use std::mem::discriminant;

use postbud_learn::{
    CARD_FILE, DividedBy, Finding, LABEL_CHECK_FILE, LabelCheck, MeasuredOn, Version,
};
use serde_json::json;

use super::given::Given;
use crate::cli::TrainArgs;
use crate::output::{self, percent};

/// Findings of one kind on the screen; all of them are in `evaluation.json`.
const FINDINGS: usize = 10;
/// Doubtful labels on the screen.
const SUSPECTS: usize = 15;

/// Prints the version's figures.
pub(super) fn print(version: &Version, given: &Given, args: &TrainArgs) -> anyhow::Result<()> {
    let evaluation = &version.evaluation;
    if args.output.json {
        return output::json(&json!({
            "model": version.name,
            "path": version.path,
            "evaluation": evaluation,
            "label_check": version.label_check,
            "skipped": given.reading.skipped,
        }));
    }
    findings(&evaluation.findings)?;
    figures(version)?;
    suspects(&version.label_check, &given.places())?;
    output::line(&format!("\n{} is in {}", version.name, version.path.display()))?;
    let card = version.path.join(CARD_FILE);
    output::line(&format!("Read its card before you trust it: {}", card.display()))
}

/// The first of each kind, and how many more there are.
fn findings(all: &[Finding]) -> anyhow::Result<()> {
    for kind in all.chunk_by(|a, b| discriminant(a) == discriminant(b)) {
        for finding in kind.iter().take(FINDINGS) {
            output::line(&format!("note: {}", output::plain(&finding.to_string())))?;
        }
        if let Some(more @ 1..) = kind.len().checked_sub(FINDINGS) {
            output::line(&format!("note: and {more} more like this, see evaluation.json"))?;
        }
    }
    Ok(())
}

fn figures(version: &Version) -> anyhow::Result<()> {
    let evaluation = &version.evaluation;
    let (report, certificate) = (&evaluation.report, &evaluation.certificate);
    let row =
        |name: &str, figure: String, remark: &str| (name.to_owned(), figure, remark.to_owned());
    let judged = match (evaluation.measured_on, evaluation.split) {
        (MeasuredOn::OutOfFold, _) => "each by a model that had not seen it",
        (MeasuredOn::HeldOut, DividedBy::Time { .. }) => "the newest, kept out of training",
        (MeasuredOn::HeldOut, _) => "kept out of training, chosen by their ids",
    };
    let tally = evaluation.tally;
    let words = &evaluation.before.words;
    let mut rows = vec![
        row("letters trained on", evaluation.training_letters.to_string(), ""),
        row("mailboxes", evaluation.training_letters_by_mailbox.len().to_string(), ""),
    ];
    let near = tally.near_duplicates.saturating_sub(in_forms(&evaluation.findings));
    if tally.in_threads + near > 0 {
        let both = format!("{} + {near}", tally.in_threads);
        rows.push(row("in threads + near-duplicates", both, "kept on one side of every split"));
    }
    if words.shipped.len() + words.own.len() > 0 {
        let both = format!("{} + {}", words.shipped.len(), words.own.len());
        rows.push(row("mailboxes with words", both, "from Postbud's list + your own"));
    }
    let promise = format!(
        "promise: at most {} wrong, {} sure",
        percent(certificate.target),
        percent(certificate.confidence)
    );
    rows.extend([
        row("letters judged", report.letters.to_string(), judged),
        row("first guess right", percent(report.accuracy), ""),
        row("right among the first three", percent(report.top3), ""),
        row("macro F1", percent(report.macro_f1), ""),
        row("calibration error", percent(report.calibration_error), ""),
        row("may be routed automatically", percent(certificate.coverage), &promise),
    ]);
    output::line(&output::figures(&rows))
}

/// Letters of forms: near-duplicates that no split keeps together.
fn in_forms(findings: &[Finding]) -> usize {
    let letters = |finding: &Finding| match finding {
        Finding::Form { letters, .. } => *letters,
        _ => 0,
    };
    findings.iter().map(letters).sum()
}

fn suspects(check: &LabelCheck, places: &BTreeMap<&str, &str>) -> anyhow::Result<()> {
    if check.suspects.is_empty() {
        return Ok(());
    }
    output::line(&format!(
        "\n{} of {} labels are probably wrong; the most doubtful (more in {LABEL_CHECK_FILE}):",
        check.suspected, check.letters
    ))?;
    let rows = check.suspects.iter().take(SUSPECTS).map(|suspect| {
        vec![
            output::plain(&suspect.id),
            output::plain(&suspect.label),
            percent(suspect.own_probability),
            output::plain(&suspect.suggested),
            percent(suspect.suggested_probability),
            output::plain(places.get(suspect.id.as_str()).copied().unwrap_or_default()),
        ]
    });
    let header = ["Letter", "Its label", "Certainty", "More like", "Certainty", "Where"];
    output::line(&output::table(&header, &[2, 4], rows.collect()))
}
