//! `postbud classify`: where letters would go and why. Stores nothing, sends nothing.

use std::path::Path;
use std::sync::Arc;

use postbud_decide::{Contribution, Decision, Outcome, Reason, describe};
use serde::Serialize;
use serde_json::{Value, json};

use crate::classifier::{ModelClassifier, configured};
use crate::cli::{ClassifyArgs, ConfigArgs};
use crate::config::{self, Config};
use crate::exit::{self, Failure};
use crate::output::{self, Words};
use crate::{documents, input, telemetry, wiring};

#[derive(Serialize)]
struct Report {
    letters: Vec<Value>,
    refused: Vec<Value>,
}

/// Says it for every letter.
pub(crate) fn run(args: &ClassifyArgs) -> anyhow::Result<()> {
    let (config, shipped) = installation(&args.config)?;
    telemetry::start(config.log.format, "warn");
    let classifier = match &args.model {
        Some(path) => Arc::new(ModelClassifier::load(path, &config)?),
        None if shipped => Arc::new(ModelClassifier::shipped(&config)?),
        None => configured(&config)?,
    };
    let steps = wiring::steps(&config, classifier, documents::reader(&config));
    let words = output::words(output::lang(args.output.lang));
    let mut report = Report { letters: Vec::new(), refused: Vec::new() };
    let mut written = Ok(());
    input::letters(&args.files, &config.limits, &mut |input| match input.raw {
        Ok(raw) => {
            let (letter, decision) = steps.decide(&raw);
            if args.output.json {
                report.letters.push(document(&input.name, &decision));
            } else if written.is_ok() {
                written =
                    output::line(&text(&input.name, &letter.subject, &decision, &config, words));
            }
        }
        Err(reason) => {
            eprintln!("{} {reason}", input.name);
            report.refused.push(json!({ "file": input.name, "reason": reason }));
        }
    });
    written?;
    if args.output.json {
        output::json(&report)?;
    }
    if report.refused.is_empty() {
        return Ok(());
    }
    let message = format!("{} could not be classified; each is named above", report.refused.len());
    Err(Failure::new(exit::FAILED, message).into())
}

/// As for other commands, but without any installation the demo municipality will do, with the
/// model that the binary carries; the second value says that it is so.
fn installation(args: &ConfigArgs) -> anyhow::Result<(Config, bool)> {
    let data = Path::new("postbud-data");
    if args.config.is_none() && !Path::new("postbud.toml").exists() && !data.is_dir() {
        return Ok((config::demo(data), true));
    }
    Ok((wiring::installation(args)?, false))
}

fn document(name: &str, decision: &Decision) -> Value {
    let mailbox = match &decision.outcome {
        Outcome::Route { mailbox } => Some(mailbox),
        Outcome::Review => None,
    };
    let three = &decision.suggestions[..decision.suggestions.len().min(3)];
    json!({
        "file": name,
        "letter": decision.letter,
        "mailbox": mailbox,
        "suggestions": three,
        "words": words_of(decision).collect::<Vec<_>>(),
        "decision": decision,
    })
}

/// The words by name; what is left to the score is in the decision.
fn words_of(decision: &Decision) -> impl Iterator<Item = &Contribution> {
    let words: &[Contribution] = match &decision.reason {
        Reason::Model { words, .. } | Reason::Person { words, .. } => words,
        Reason::Rule { .. }
        | Reason::Reply { .. }
        | Reason::Kle { .. }
        | Reason::Assigned { .. } => &[],
    };
    words.iter().filter(|word| !word.is_rest())
}

fn text(name: &str, subject: &str, decision: &Decision, config: &Config, words: &Words) -> String {
    let lang = output::decide_lang(words.lang);
    let mut lines = vec![
        format!("{name}  {}", output::plain(&output::cut(subject, 60))),
        indent(&describe::long(decision, &config.settings.mailboxes, lang)),
    ];
    let three: Vec<String> = decision
        .suggestions
        .iter()
        .take(3)
        .map(|suggestion| {
            format!("{} {}", suggestion.mailbox, output::percent(suggestion.probability))
        })
        .collect();
    if !three.is_empty() {
        lines.push(format!("  {}: {}", words.suggestions, three.join(", ")));
    }
    let spoke: Vec<String> = words_of(decision)
        .map(|word| format!("{} {:+.2}", output::plain(&word.word), word.weight))
        .collect();
    if !spoke.is_empty() {
        lines.push(format!("  {}: {}", words.words, spoke.join(", ")));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
