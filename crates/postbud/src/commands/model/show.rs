//! `postbud model show`: one version, as a system owner must know it before signing for it.

use postbud_learn::{CARD_FILE, Change, Evaluation, MODEL_FILE};
use postbud_pipeline::ports::Timestamp;
use serde_json::json;

use super::facts::{self, Facts};
use super::list::UNKNOWN;
use super::{Place, refusal, words};
use crate::cli::{Lang, ShowModelArgs};
use crate::output::{self, percent};

/// Prints it.
pub(super) fn run(args: &ShowModelArgs) -> anyhow::Result<()> {
    let place = Place::of(&args.which)?;
    let registry = &place.registry;
    let refuse = |error| refusal::of(&error, None);
    let version = args.version.map_or_else(|| registry.champion(), Ok).map_err(refuse)?;
    let file = registry.find(version).map_err(refuse)?;
    let (mut facts, evaluation) = Facts::of(registry, version);
    let model = file.load();
    if facts.role.is_none() {
        facts.faults.extend(facts::fault(registry, version));
    }
    let checksum = model.ok().map(|model| model.checksum_hex());
    if let (Some(checksum), Some(evaluation)) = (&checksum, &evaluation)
        && *checksum != evaluation.checksum
    {
        facts.faults.push(format!(
            "the figures beside it are those of another file (checksum {:.12}); judge this one \
             with `postbud evaluate`",
            evaluation.checksum
        ));
    }
    let dir = registry.version_dir(version);
    let concerns =
        |change: &&Change| change.version == version || change.instead_of == Some(version);
    let history: Vec<&Change> = registry.history().iter().filter(concerns).collect();
    if args.which.output.json {
        return output::json(&json!({
            "facts": facts,
            "checksum": checksum,
            "path": dir.join(MODEL_FILE),
            "card": dir.join(CARD_FILE),
            "evaluation": evaluation,
            "history": history,
        }));
    }
    let lang = output::lang(args.which.output.lang);
    output::line(&figures(lang, &facts, evaluation.as_ref(), checksum.as_deref()))?;
    for fault in &facts.faults {
        output::line(&format!("! {}", output::plain(fault)))?;
    }
    if let Some(weak) = facts::section(&dir, words::weaknesses(lang)) {
        output::line(&format!("\n{}\n{}", words::weaknesses(lang), output::plain(&weak)))?;
    }
    if !history.is_empty() {
        output::line(&format!("\n{}", changes(lang, registry.name(), &history)))?;
    }
    output::line(&format!("\n{}", words::card(lang, &dir.join(CARD_FILE).display().to_string())))
}

fn figures(
    lang: Lang,
    facts: &Facts,
    evaluation: Option<&Evaluation>,
    checksum: Option<&str>,
) -> String {
    let names = words::figures(lang);
    let row = |name: &str, figure: String, remark: String| (name.to_owned(), figure, remark);
    let role = facts.role.map_or(UNKNOWN, |role| words::role(lang, role));
    let trained =
        facts.trained_at.map_or_else(|| UNKNOWN.to_owned(), |at| output::moment(Timestamp(at)));
    let mut rows = vec![
        row(names.version, facts.name.clone(), role.to_owned()),
        row(names.trained, trained, String::new()),
    ];
    if let Some(found) = evaluation {
        let certificate = &found.certificate;
        let mailboxes = found.training_letters_by_mailbox.len();
        let judged = words::measured(lang, found.measured_on, found.report.letters);
        let bound = certificate.bound.map_or_else(|| UNKNOWN.to_owned(), percent);
        let promise = words::promise(lang, certificate.target, certificate.confidence);
        rows.extend([
            row(
                names.letters,
                found.training_letters.to_string(),
                words::mailboxes(lang, mailboxes),
            ),
            row(names.right, percent(found.report.accuracy), judged),
            row(names.top3, percent(found.report.top3), String::new()),
            row(names.macro_f1, percent(found.report.macro_f1), String::new()),
            row(names.calibration, percent(found.report.calibration_error), String::new()),
            row(names.routes, percent(certificate.coverage), promise),
            row(names.wrong, bound, words::missing(lang, certificate.missing)),
            row(names.doubtful, found.suspected_labels.to_string(), String::new()),
            row(names.seed, found.seed.to_string(), found.trained_by.clone()),
        ]);
    }
    let mut text = output::figures(&rows);
    // A whole checksum is longer than any figure.
    for (name, hash) in
        [(names.checksum, checksum), (names.data, evaluation.map(|found| found.data_hash.as_str()))]
    {
        text.push_str(&format!("\n {name}: {}", hash.unwrap_or(UNKNOWN)));
    }
    text
}

fn changes(lang: Lang, model: &str, history: &[&Change]) -> String {
    let row = |change: &&Change| {
        let before = change.instead_of.map(|version| format!("{model}/{version}"));
        vec![
            output::moment(Timestamp(change.at)),
            words::action(lang, change.action).to_owned(),
            format!("{model}/{}", change.version),
            before.unwrap_or_default(),
            output::plain(&change.by),
            output::plain(&change.why),
        ]
    };
    output::table(&words::history(lang), &[], history.iter().map(row).collect())
}
