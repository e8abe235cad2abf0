//! `postbud labels`: what people said about letters, and taking it back.

mod apart;
mod import;
mod words;

use postbud_pipeline::ports::{LabelFilter, LabelRow, Labels as _, Timestamp, Withdrawal};
use serde_json::json;

pub(crate) use apart::import_apart;

use crate::cli::{LabelsArgs, LabelsCommand, Lang, ListLabelsArgs, WithdrawArgs};
use crate::commands::letters::{known, letter_id};
use crate::{output, telemetry, wiring};

/// Does what was asked; nothing stands for `list`.
pub(crate) async fn run(args: &LabelsArgs) -> anyhow::Result<()> {
    match &args.command {
        Some(LabelsCommand::Withdraw(args)) => withdraw(args).await,
        Some(LabelsCommand::Import(args)) => import::run(args).await,
        Some(LabelsCommand::List(args)) => list(args).await,
        None => list(&args.list).await,
    }
}

async fn list(args: &ListLabelsArgs) -> anyhow::Result<()> {
    let config = wiring::installation(&args.config)?;
    telemetry::start(config.log.format, "warn");
    let filter = LabelFilter {
        letter: args.letter.as_deref().map(letter_id).transpose()?,
        mailbox: args.mailbox.as_deref().map(|id| known(&config, id)).transpose()?,
        source: args.source.map(Into::into),
        disputed: args.disputed,
        limit: args.limit,
        offset: args.offset,
    };
    let store = wiring::store(&config).await?;
    let rows = store.label_rows(&filter).await?;
    if args.output.json {
        return output::json(&json!({ "labels": rows }));
    }
    let lang = output::lang(args.output.lang);
    if rows.is_empty() {
        return output::line(words::none(lang));
    }
    let rows = rows.iter().map(|label| row(label, lang)).collect();
    output::line(&output::table(&words::header(lang), &[1], rows))
}

fn row(label: &LabelRow, lang: Lang) -> Vec<String> {
    let withdrawn = label.withdrawn.as_ref().map(|withdrawn| withdrawn.by.as_str());
    vec![
        label.letter.to_string(),
        label.number.to_string(),
        label.mailbox.to_string(),
        output::plain(&label.by),
        output::moment(label.at),
        words::source(lang, label.source).to_owned(),
        output::plain(&words::holds(lang, label.holds, withdrawn)),
    ]
}

async fn withdraw(args: &WithdrawArgs) -> anyhow::Result<()> {
    let config = wiring::installation(&args.config)?;
    telemetry::start(config.log.format, "warn");
    let letter = letter_id(&args.id)?;
    let store = wiring::store(&config).await?;
    let withdrawal =
        Withdrawal { at: Timestamp::now(), by: args.by.clone(), why: args.why.clone() };
    let number = store.withdraw_label(&letter, args.number, &withdrawal).await?;
    if args.output.json {
        return output::json(&json!({ "letter": letter, "withdrawn": number }));
    }
    let lang = output::lang(args.output.lang);
    output::line(&words::withdrawn(lang, number, letter.as_str()))
}
