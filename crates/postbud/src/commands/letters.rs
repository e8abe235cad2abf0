//! `postbud letters`: which letters there are, and one of them with its whole path.

use anyhow::Context;
use postbud_decide::{MailboxId, describe, workdays};
use postbud_letter::{Letter, LetterId, read};
use postbud_pipeline::ports::{
    Access, Desk as _, Filter, LetterDetail, LetterRow, State, Store, StoreError, Timestamp,
};
use serde_json::json;

use crate::cli::{LettersArgs, LettersCommand, ListArgs, ShowArgs, StateArg};
use crate::exit::{self, Failure};
use crate::output::{self, Words};
use crate::{telemetry, wiring};

/// Does what was asked; nothing stands for `list`.
pub(crate) async fn run(args: &LettersArgs) -> anyhow::Result<()> {
    match &args.command {
        Some(LettersCommand::Show(args)) => show(args).await,
        Some(LettersCommand::List(args)) => list(args).await,
        None => list(&args.list).await,
    }
}

async fn list(args: &ListArgs) -> anyhow::Result<()> {
    let config = wiring::installation(&args.config)?;
    telemetry::start(config.log.format, "warn");
    let mailbox = args.mailbox.as_deref().map(|id| known(&config, id)).transpose()?;
    let state = args.state.map(state);
    let (limit, offset) = (args.limit, args.offset);
    let filter = Filter { state, mailbox, limit, offset, ..Filter::default() };
    let store = wiring::store(&config).await?;
    let rows = store.letters(&filter).await?;
    let tally = store.tally().await?;
    if args.output.json {
        return output::json(&json!({ "letters": rows, "tally": tally }));
    }
    let words = output::words(output::lang(args.output.lang));
    if rows.is_empty() {
        output::line(words.no_letters)?;
    } else {
        // Most lists hold no request for access, and then the column says nothing.
        let due = rows.iter().any(|letter| letter.due_at.is_some());
        let mut header = vec![words.letter, words.state, words.received];
        header.extend(due.then_some(words.due));
        header.extend([words.mailbox, words.probability, words.subject]);
        let rows: Vec<_> = rows.iter().map(|letter| row(letter, due, words)).collect();
        output::line(&output::table(&header, &[4 + usize::from(due)], rows))?;
    }
    output::line(&format!(
        "\n{} {} = {} {} + {} {} + {} {} + {} {}",
        tally.received,
        words.received.to_lowercase(),
        tally.delivered,
        words.delivered,
        tally.routed,
        words.routed,
        tally.review,
        words.review,
        tally.quarantined,
        words.quarantined,
    ))
}

fn row(letter: &LetterRow, with_due: bool, words: &Words) -> Vec<String> {
    let mut row = vec![
        letter.letter.to_string(),
        words.state_name(letter.state).to_owned(),
        output::moment(letter.received_at),
    ];
    row.extend(with_due.then(|| due(letter)));
    row.extend([
        letter.mailbox.as_ref().map_or_else(String::new, ToString::to_string),
        letter.probability.map_or_else(String::new, output::percent),
        output::cut(&letter.subject, 40),
    ]);
    row
}

/// The day on which a request for access must be answered; nothing for any other letter.
fn due(letter: &LetterRow) -> String {
    let due = letter.due_at.and_then(|due| workdays::day_of(due.0));
    due.map_or_else(String::new, |day| day.to_string())
}

fn state(arg: StateArg) -> State {
    match arg {
        StateArg::Routed => State::Routed,
        StateArg::Delivered => State::Delivered,
        StateArg::Review => State::Review,
        StateArg::Quarantined => State::Quarantined,
    }
}

/// The mailbox of this id, or what to do about there being none.
pub(crate) fn known(config: &crate::config::Config, id: &str) -> anyhow::Result<MailboxId> {
    let found = config.settings.mailboxes.iter().find(|mailbox| mailbox.id.as_str() == id);
    if let Some(mailbox) = found {
        return Ok(mailbox.id.clone());
    }
    let ids = config.settings.mailboxes.iter().map(|mailbox| mailbox.id.as_str());
    let all: Vec<&str> = ids.collect();
    let message = format!("there is no mailbox {id:?}; there are: {}", all.join(", "));
    Err(Failure::new(exit::FAILED, message).into())
}

/// The letter's id, or what to do about its form.
pub(crate) fn letter_id(text: &str) -> anyhow::Result<LetterId> {
    LetterId::parse(text).map_err(|error| {
        Failure::new(exit::FAILED, format!("{error}; `postbud letters` lists them")).into()
    })
}

async fn show(args: &ShowArgs) -> anyhow::Result<()> {
    let config = wiring::installation(&args.config)?;
    telemetry::start(config.log.format, "warn");
    let id = letter_id(&args.id)?;
    let store = wiring::store(&config).await?;
    let detail =
        store.letter(&id).await?.ok_or_else(|| StoreError::UnknownLetter(id.to_string()))?;
    let access = Access {
        at: Timestamp::now(),
        by: args.by.clone(),
        letter: id.to_string(),
        why: "terminal".to_owned(),
    };
    store.log_access(&access).await.context("who looks at a letter cannot be written down")?;
    let raw =
        store.raw(&detail.raw_id).await?.context("the letter's raw bytes are not in the store")?;
    let letter = read(&raw, &config.limits);
    if args.output.json {
        return output::json(&document(&detail, &letter));
    }
    let lang = output::lang(args.output.lang);
    output::line(&text(&detail, &letter, &config, output::words(lang)))
}

fn document(detail: &LetterDetail, letter: &Letter) -> serde_json::Value {
    let documents: Vec<_> = letter
        .documents
        .iter()
        .map(|document| {
            json!({
                "role": document.role,
                "filename": document.filename,
                "media_type": document.media_type,
                "bytes": document.bytes.len(),
            })
        })
        .collect();
    json!({
        "letter": detail,
        "subject": letter.subject,
        "text": letter.text,
        "sender": letter.sender,
        "recipient": letter.recipient,
        "sent_at": letter.sent_at,
        "documents": documents,
        "defects": letter.defects,
    })
}

/// What a person reads of one letter: who and what, the text, why, and what happened.
fn text(
    detail: &LetterDetail,
    letter: &Letter,
    config: &crate::config::Config,
    words: &Words,
) -> String {
    let mut lines: Vec<String> = facts(detail, letter, words)
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name:<16}{}", output::plain(&value)))
        .collect();
    lines.push(format!("\n{}", output::plain(letter.text.new.trim())));
    let quoted = letter.text.quoted.trim();
    if !quoted.is_empty() {
        lines.push(format!("\n--- {} ---\n{}", words.quoted, output::plain(quoted)));
    }
    let lang = output::decide_lang(words.lang);
    for decision in &detail.decisions {
        lines.push(format!("\n{}", describe::long(decision, &config.settings.mailboxes, lang)));
    }
    lines.push(format!("\n{}", words.what_happened));
    lines.extend(detail.events.iter().map(|event| {
        let at = output::moment(event.at);
        format!("  {at}  {:<16} {:<12} {}", event.what, event.by, event.detail)
    }));
    lines.join("\n")
}

fn facts(detail: &LetterDetail, letter: &Letter, words: &Words) -> Vec<(&'static str, String)> {
    let row = &detail.row;
    let from = [&letter.sender.label, &letter.sender.address];
    let point = letter.recipient.contact_point.as_ref().and_then(|point| point.label.clone());
    let mut facts = vec![
        (words.letter, row.letter.to_string()),
        (words.state, words.state_name(row.state).to_owned()),
        (words.received, output::moment(row.received_at)),
        (words.due, due(row)),
        (words.mailbox, row.mailbox.as_ref().map_or_else(String::new, ToString::to_string)),
        (words.from, from.into_iter().flatten().cloned().collect::<Vec<_>>().join(", ")),
        (words.contact_point, point.unwrap_or_default()),
        (words.subject, letter.subject.clone()),
    ];
    facts.extend(letter.documents.iter().map(|document| {
        let (name, kind) = (&document.filename, &document.media_type);
        (words.documents, format!("{name} ({kind}, {} bytes)", document.bytes.len()))
    }));
    let lang = output::decide_lang(words.lang);
    let defects = letter.defects.iter().map(|defect| describe::defect(defect.kind, lang));
    facts.extend(defects.map(|defect| ("!", defect.to_owned())));
    facts
}
