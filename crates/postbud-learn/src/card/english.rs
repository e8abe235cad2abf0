//! The card in English.

use postbud_evaluate::Missing;

use super::numbers::ENGLISH;
use super::{confused, figures, held_out, mailboxes, weakest};
use crate::evaluation::Evaluation;

pub(super) fn card(name: &str, evaluation: &Evaluation, about: &str) -> String {
    let names = [
        "First guess right (95 % interval)",
        "Right among the first three (95 % interval)",
        "Macro F1 (every mailbox counts the same)",
        "Log loss",
        "Calibration error (15 bins)",
    ];
    format!(
        "# Model card: {name}

## What the model is for

The model reads a letter to a municipality's main mailbox and gives each function mailbox a probability that the letter belongs there. Postbud sends a letter on without a person only when the probability reaches the threshold certified for that mailbox and somebody has switched the mailbox on. People decide the rest. The model sorts post. It must not be used to decide cases or to judge people.

## What it was trained on

{about}{trained} letters with a mailbox that a person put on them. {findings}The number for each mailbox is in the table below.

{letters}

## How good it is

{measured}

| Measure | Value |
|---|---|
{figures}
## What can be routed automatically

{promise}

## The mailboxes

Precision: of the letters the model puts here, how many belong here. Recall: of the letters that belong here, how many the model puts here. In brackets 95 % intervals (Clopper–Pearson), each by itself. Threshold: the probability a letter must have to be routed automatically; “–” means that a person decides them all.

| Mailbox | Trained on | Measured on | Precision | Recall | Threshold |
|---|--:|--:|--:|--:|--:|
{mailboxes}
## Known weaknesses

- Most often confused (belongs to → the model's guess, number in cross-validation): {confused}.
- Hardest to recognise (recall in cross-validation): {weakest}.
- A letter that belongs in several places gets one guess.
- The model is less good at short letters, at other languages than Danish and at what nobody wrote about before, and its probabilities are worth less there.
- The promise is about post like that the model was trained on. When the post, the mailboxes or who does what changes, train and certify again.
- Wrong labels on training letters become the model's errors.{suspected}

## Origin

| | |
|---|---|
| SHA-256 of the model file | `{checksum}` |
| SHA-256 of the training letters | `{data_hash}` |
| Trained by | {trained_by} |
| Seed | {seed} |
| Folds of cross-validation | {folds} |
",
        about = paragraph(about),
        trained = ENGLISH.count(evaluation.training_letters),
        findings = findings(evaluation),
        letters = super::letters::english(evaluation),
        measured = measured(evaluation),
        figures = figures(evaluation, names, &ENGLISH),
        promise = promise(evaluation),
        mailboxes = mailboxes(evaluation, &ENGLISH),
        confused = confused(evaluation, "none"),
        weakest = weakest(evaluation, &ENGLISH),
        suspected = super::letters::suspected_english(evaluation),
        checksum = evaluation.checksum,
        data_hash = evaluation.data_hash,
        trained_by = evaluation.trained_by,
        seed = evaluation.seed,
        folds = evaluation.folds,
    )
}

fn paragraph(about: &str) -> String {
    if about.is_empty() { String::new() } else { format!("{about}\n\n") }
}

fn findings(evaluation: &Evaluation) -> String {
    match evaluation.findings.len() {
        0 => String::new(),
        1 => "One thing about the letters should be looked at; it is in `evaluation.json`. "
            .to_owned(),
        count => format!(
            "{count} things about the letters should be looked at; they are in `evaluation.json`. "
        ),
    }
}

fn measured(evaluation: &Evaluation) -> String {
    let letters = ENGLISH.count(evaluation.report.letters);
    if held_out(evaluation) {
        format!(
            "Measured on {letters} letters that were kept out of training altogether ({}).",
            super::letters::divided_english(evaluation)
        )
    } else {
        format!(
            "Measured by cross-validation: each of the {letters} letters was judged by a model that had not seen it."
        )
    }
}

fn promise(evaluation: &Evaluation) -> String {
    let certificate = &evaluation.certificate;
    let sure = ENGLISH.round_percent(certificate.confidence);
    let mut text = format!(
        "The promise: at most {} of the letters routed automatically end in a wrong mailbox. The thresholds were chosen on letters the model was not trained on, by a method that keeps this promise with a probability of at least {sure} (fixed sequence, exact binomial bounds). ",
        ENGLISH.round_percent(certificate.target),
    );
    if let Some(bound) = certificate.bound {
        text += &format!(
            "Of {} letters the thresholds route {} ({}), {} of them wrongly; the upper bound of the true error is {}. ",
            ENGLISH.count(certificate.letters),
            ENGLISH.count(certificate.routed),
            ENGLISH.percent(certificate.coverage),
            ENGLISH.count(certificate.errors),
            ENGLISH.percent(bound),
        );
        if certificate.groups.iter().any(|group| group.len() > 1) {
            text += "Mailboxes certified together share a threshold, and the promise is about them together, not about each. ";
        }
        if let (true, Some(certified)) = (held_out(evaluation), &evaluation.report.certified) {
            let applied = certified.applied;
            text += &format!(
                "Checked on the {} letters kept out: {} routed ({}), {} of them wrongly ({}). ",
                ENGLISH.count(applied.letters),
                ENGLISH.count(applied.routed),
                ENGLISH.percent(applied.coverage),
                ENGLISH.count(applied.errors),
                ENGLISH.percent(applied.error),
            );
        }
    }
    text += &missing(certificate.missing, certificate.bound.is_some());
    text.trim_end().to_owned()
}

fn missing(missing: Missing, some: bool) -> String {
    let what = if some {
        "Some mailboxes cannot be certified yet"
    } else {
        "No mailbox can be certified yet, so the model routes nothing by itself"
    };
    match missing {
        Missing::Nothing => String::new(),
        Missing::Letters(more) => format!(
            "{what}: about {} more letters with a checked mailbox are missing.",
            ENGLISH.count(usize::try_from(more).unwrap_or(usize::MAX))
        ),
        Missing::BetterModel => {
            format!("{what}: the model is wrong too often for more checked letters alone to help.")
        }
    }
}
