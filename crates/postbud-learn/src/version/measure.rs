//! Measures a model that was just trained.

use postbud_evaluate::{Confusion, Report, certify};
use postbud_model::Model;

use super::{LearnOptions, Measured};
use crate::check::{Checked, Finding, check_labels, count};
use crate::error::LearnError;
use crate::evaluation::{Evaluation, MeasuredOn, NamedCertificate};
use crate::judge::{judge, out_of_fold};
use crate::split::Split;

/// Chooses thresholds on what models said of letters they had not seen, and measures on the
/// letters that were held out; without such on the same as the thresholds.
pub(super) fn measure(
    model: &Model,
    checked: &Checked<'_>,
    divided: &Split,
    folds: usize,
    options: &LearnOptions,
) -> Result<Measured, LearnError> {
    let (training, held) = (checked.chosen(&divided.training), checked.chosen(&divided.held));
    let labels = model.labels();
    let policy = options.routing.policy(labels);
    let cross_fitted = out_of_fold(model)?;
    let certificate = certify(&cross_fitted, &policy, options.promise);
    let out_of_fold = Report::of(&cross_fitted, labels, &policy, Some(&certificate));
    let label_check = check_labels(&cross_fitted, labels, &training);
    let (measured_on, report, confusion) = if held.is_empty() {
        (MeasuredOn::OutOfFold, out_of_fold.clone(), Confusion::of(&cross_fitted))
    } else {
        let records = judge(model, &held)?;
        let report = Report::of(&records, labels, &policy, Some(&certificate));
        (MeasuredOn::HeldOut, report, Confusion::of(&records))
    };
    let info = model.info();
    let no_mailbox = options.before.no_mailbox.iter();
    let no_mailbox = no_mailbox.map(|label| Finding::NoMailbox { label: label.clone() });
    let evaluation = Evaluation {
        checksum: model.checksum_hex(),
        data_hash: info.data_hash.clone(),
        trained_by: info.trained_by.clone(),
        seed: info.seed,
        training_letters: training.len(),
        training_letters_by_mailbox: count(&training)
            .into_iter()
            .map(|(label, letters)| (label.to_owned(), letters))
            .collect(),
        folds,
        measured_on,
        report,
        certificate: NamedCertificate::of(&certificate, labels),
        out_of_fold,
        findings: no_mailbox.chain(checked.findings.iter().cloned()).collect(),
        split: divided.by,
        tally: checked.tally,
        suspected_labels: label_check.suspected,
        min_senders: options.model.min_senders,
        before: options.before.clone(),
    };
    Ok(Measured { evaluation, label_check, confusion })
}
