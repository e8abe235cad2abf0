//! `postbud assign`: a person decides about a waiting letter.

use postbud_decide::assigned;
use postbud_pipeline::ports::{Assignment, Store, StoreError, Timestamp};
use serde_json::json;

use crate::cli::AssignArgs;
use crate::commands::letters::{known, letter_id};
use crate::exit::{self, Failure};
use crate::{output, telemetry, wiring};

/// The longest name of a person, in characters.
const NAME_CHARS: usize = 80;

/// Writes the label and the decision, and sends the letter on.
pub(crate) async fn run(args: &AssignArgs) -> anyhow::Result<()> {
    let config = wiring::installation(&args.config)?;
    telemetry::start(config.log.format, "warn");
    let id = letter_id(&args.id)?;
    let mailbox = known(&config, &args.mailbox)?;
    let by = args.by.trim();
    if by.is_empty() || by.chars().count() > NAME_CHARS || by.chars().any(char::is_control) {
        let message = format!("--by takes a name of 1 to {NAME_CHARS} characters");
        return Err(Failure::new(exit::CONFIGURATION, message).into());
    }
    let store = wiring::store(&config).await?;
    let detail =
        store.letter(&id).await?.ok_or_else(|| StoreError::UnknownLetter(id.to_string()))?;
    let suggestions =
        detail.decisions.last().map(|last| last.suggestions.clone()).unwrap_or_default();
    let send = config.settings.mailbox(&mailbox).is_some_and(|mailbox| mailbox.target.is_some());
    let assignment = Assignment {
        decision: assigned(&id, &mailbox, by, suggestions),
        letter: id.clone(),
        mailbox: mailbox.clone(),
        by: by.to_owned(),
        at: Timestamp::now(),
        send,
    };
    store.assign(&assignment).await?;
    if args.output.json {
        return output::json(
            &json!({ "letter": id, "mailbox": mailbox, "by": by, "sent_on": send }),
        );
    }
    let next = if send {
        "a running `postbud run` (or demo) delivers it"
    } else {
        "this mailbox has no target: the letter is done"
    };
    output::line(&format!("{id} belongs to {mailbox}; {next}"))
}
