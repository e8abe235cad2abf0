//! `postbud explain`: a model's score for one letter, taken apart word by word.

use postbud_letter::{Limits, read};
use postbud_model::{Explanation, MASKED, Model, Part, Span, Text};
use serde_json::{Value, json};

use crate::classifier::open;
use crate::cli::ExplainArgs;
use crate::exit::{self, Failure};
use crate::output::{self, percent};
use crate::{input, telemetry};

/// Explains each letter of the file.
pub(crate) fn run(args: &ExplainArgs) -> anyhow::Result<()> {
    telemetry::start(crate::config::LogFormat::Text, "warn");
    let (model, name) = open(&args.model)?;
    let asked = args.mailbox.as_deref().map(|mailbox| position(&model, mailbox)).transpose()?;
    let (mut documents, mut written, mut refused) = (Vec::new(), Ok(()), 0);
    input::letters(std::slice::from_ref(&args.file), &Limits::default(), &mut |input| match input
        .raw
    {
        Ok(raw) => {
            let letter = read(&raw, &Limits::default());
            let read = letter.classifier_text();
            let text = Text { subject: &read.subject, body: &read.body };
            let prediction = model.predict(text);
            let label = asked.unwrap_or(prediction.best().0);
            let Some(explanation) = model.explain(text, label) else { return };
            let probability = prediction.probabilities[label];
            let mailbox = &model.labels()[label];
            if args.output.json {
                let head = (input.name.as_str(), name.as_str(), mailbox.as_str());
                documents.push(document(head, probability, &explanation));
            } else if written.is_ok() {
                written = print(&input.name, mailbox, probability, &explanation);
            }
        }
        Err(reason) => {
            eprintln!("{} {reason}", input.name);
            refused += 1;
        }
    });
    written?;
    if args.output.json {
        output::json(&json!({ "letters": documents }))?;
    }
    if refused == 0 {
        return Ok(());
    }
    let message = format!("{refused} could not be explained; each is named above");
    Err(Failure::new(exit::FAILED, message).into())
}

fn position(model: &Model, mailbox: &str) -> anyhow::Result<usize> {
    model.position(mailbox).ok_or_else(|| {
        let all = model.labels().join(", ");
        let message = format!("the model knows no mailbox {mailbox:?}; it knows: {all}");
        Failure::new(exit::FAILED, message).into()
    })
}

/// `head`: file, model, mailbox.
fn document(head: (&str, &str, &str), probability: f64, explanation: &Explanation) -> Value {
    let words: Vec<Value> = explanation
        .words
        .iter()
        .map(|word| {
            let spans: Vec<Value> = word.spans.iter().map(span).collect();
            json!({ "word": word.word, "weight": word.weight, "places": spans.len(), "spans": spans })
        })
        .collect();
    json!({
        "file": head.0,
        "model": head.1,
        "mailbox": head.2,
        "probability": probability,
        "score": explanation.score,
        "bias": explanation.bias,
        "words": words,
    })
}

/// Where a word stands: in which part, and from which byte to which.
fn span(span: &Span) -> Value {
    let part = match span.part {
        Part::Subject => "subject",
        Part::Body => "body",
    };
    json!({ "part": part, "start": span.start, "end": span.end })
}

fn print(
    name: &str,
    mailbox: &str,
    probability: f64,
    explanation: &Explanation,
) -> anyhow::Result<()> {
    output::line(&format!("{name}: {mailbox}, {}", percent(probability)))?;
    let word = |word: &postbud_model::WordContribution| {
        let shown = if word.word == MASKED { "(a number)" } else { &word.word };
        vec![output::plain(shown), format!("{:+.6}", word.weight)]
    };
    let mut rows: Vec<Vec<String>> = explanation.words.iter().map(word).collect();
    rows.push(vec!["(no words at all)".to_owned(), format!("{:+.6}", explanation.bias)]);
    rows.push(vec!["score".to_owned(), format!("{:+.6}", explanation.score)]);
    output::line(&output::table(&["Word", "Weight"], &[1], rows))
}
