//! A model behind the pipeline's port, with the thresholds that its own evidence certifies.

mod models;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use postbud_decide::{Contribution, MailboxId, ModelId, Score, Scores, TextNote, Tier, Unlike};
use postbud_evaluate::{Certificate, Promise};
use postbud_learn::{Registry, Routing, certify_model, familiarity};
use postbud_letter::Letter;
use postbud_letter::language::glance;
use postbud_model::{Explanation, MASKED, Model, Text};
use postbud_pipeline::ports::Classifier;

use self::models::Models;
use crate::config::Config;
use crate::exit::{self, Failure};
use crate::shipped;

/// So many words are stored with a decision.
const WORDS: usize = 10;

/// A model, ready to score letters.
pub(crate) struct ModelClassifier {
    model: Model,
    id: ModelId,
    /// By the model's labels; `None` for a label that can be no mailbox.
    mailboxes: Vec<Option<MailboxId>>,
    /// Labels that are no configured mailbox.
    unknown: Vec<String>,
    certificate: Certificate,
}

/// The models that the configuration names, followed as their roles change. A municipality that
/// begins has none: then people decide, and what they decide is what the first model learns from.
pub(crate) fn configured(config: &Config) -> anyhow::Result<Arc<dyn Classifier>> {
    Ok(Models::follow(config)?)
}

/// Can a model with these labels be of use here? `Err` says why not: none of them is a configured
/// mailbox, so that every letter would wait for a person.
pub(crate) fn suits(config: &Config, labels: &[String]) -> Result<(), String> {
    if labels.iter().any(|label| is_mailbox(config, label)) {
        return Ok(());
    }
    Err("none of its labels is a mailbox of this configuration; name the mailboxes as the \
         labels are named, or train with the labels of these mailboxes"
        .to_owned())
}

/// Will a router under this configuration take the model? `Err` says why not, and what to do.
pub(crate) fn accepts(config: &Config, model: &Model) -> Result<(), String> {
    suits(config, model.labels())?;
    let promise = Promise::new(config.promise.target_error, config.promise.confidence)
        .map_err(|error| error.to_string())?;
    certify_model(model, &routing(config, model.labels()), promise)
        .map_err(|error| format!("its evidence cannot be used ({error}); train it again"))?;
    Ok(())
}

fn is_mailbox(config: &Config, label: &str) -> bool {
    MailboxId::parse(label).is_ok_and(|id| config.settings.mailbox(&id).is_some())
}

impl ModelClassifier {
    /// A model file, or the champion among the versions in a folder.
    pub(crate) fn load(path: &Path, config: &Config) -> anyhow::Result<Self> {
        let (model, name) = open(path)?;
        Self::new(model, &name, config).map_err(|error| refused(path, &*error).into())
    }

    /// The model that the binary carries with it.
    pub(crate) fn shipped(config: &Config) -> anyhow::Result<Self> {
        Self::new(Model::from_bytes(shipped::MODEL)?, shipped::MODEL_NAME, config)
    }

    fn new(model: Model, name: &str, config: &Config) -> anyhow::Result<Self> {
        let promise = Promise::new(config.promise.target_error, config.promise.confidence)?;
        let certificate = certify_model(&model, &routing(config, model.labels()), promise)?;
        let mailboxes = model.labels().iter().map(|label| MailboxId::parse(label).ok()).collect();
        let id = ModelId(format!("{name}@{:.12}", model.checksum_hex()));
        let unknown = model.labels().iter().filter(|label| !is_mailbox(config, label));
        let unknown = unknown.cloned().collect();
        Ok(Self { model, id, mailboxes, unknown, certificate })
    }

    fn unknown_labels(&self) -> Vec<String> {
        self.unknown.clone()
    }
}

/// The words of an explanation that are stored with a decision; all masked numbers together are one
/// word, which is left out.
fn words(explanation: Explanation) -> Vec<Contribution> {
    let words = explanation.words.into_iter().filter(|word| word.word != MASKED).take(WORDS);
    let mut words: Vec<Contribution> =
        words.map(|word| Contribution { word: word.word, weight: word.weight }).collect();
    // Everything else, so that the numbers that people see add up to the score.
    let named: f64 = words.iter().map(|word| word.weight).sum();
    words.push(Contribution { word: String::new(), weight: explanation.score - named });
    words
}

/// Opens a model file, or the champion among the versions in a folder, with its name and version.
pub(crate) fn open(path: &Path) -> Result<(Model, String), Failure> {
    let found = Registry::resolve(path).map_err(|error| refused(path, &error))?;
    let model = found.load().map_err(|error| refused(&found.path, &error))?;
    Ok((model, found.name))
}

fn refused(path: &Path, error: &(dyn std::error::Error + 'static)) -> Failure {
    let mut message = format!("the model {} is refused: {error}", path.display());
    if let Some(source) = error.source() {
        message = format!("{message}: {source}");
    }
    Failure::new(exit::MODEL, message)
}

/// What a decision would let the model route: the promise is about those letters and no others.
pub(crate) fn routing(config: &Config, labels: &[String]) -> Routing {
    let may_route = |label: &&String| {
        let mailbox = MailboxId::parse(label).ok();
        let mailbox = mailbox.and_then(|id| config.settings.mailbox(&id));
        mailbox.is_some_and(|mailbox| {
            mailbox.automatic && mailbox.tier != Tier::NeverAutomatic && mailbox.target.is_some()
        })
    };
    let guarded = config.settings.mailboxes.iter().filter(|found| found.tier == Tier::MustNotMiss);
    Routing {
        never: labels.iter().filter(|label| !may_route(label)).cloned().collect(),
        guarded: guarded.map(|mailbox| mailbox.id.to_string()).collect::<BTreeSet<_>>(),
        guard_limit: config.settings.must_not_miss_probability,
    }
}

/// Why no certified threshold may speak for a letter. Models learn from what letters say and not
/// from documents, so one that is read by its documents gets suggestions and a person.
fn unlike(letter: &Letter, judged: Option<postbud_evaluate::Unlike>) -> Option<Unlike> {
    if letter.speaks_by_documents() {
        return Some(Unlike::NearlyEmpty);
    }
    judged.map(|unlike| match unlike {
        postbud_evaluate::Unlike::NearlyEmpty => Unlike::NearlyEmpty,
        postbud_evaluate::Unlike::Words { known, least } => Unlike::Words { known, least },
    })
}

impl Classifier for ModelClassifier {
    fn classify(&self, letter: &Letter) -> Option<Scores> {
        let read = letter.classifier_text();
        let text = Text { subject: &read.subject, body: &read.body };
        let (prediction, explanation) = self.model.predict_and_explain(text, WORDS + 1);
        let ranked = prediction.ranked();
        let score = |&(label, probability): &(usize, f64)| {
            Some(Score {
                mailbox: self.mailboxes[label].clone()?,
                probability,
                threshold: self.certificate.thresholds[label],
            })
        };
        let seen = familiarity(&prediction);
        Some(Scores {
            model: self.id.clone(),
            ranked: ranked.iter().filter_map(score).collect(),
            words: words(explanation),
            unlike: unlike(letter, self.certificate.gate.judge(seen)),
            // A letter read by its documents is of another kind than those a model learns from.
            text: (!letter.speaks_by_documents()).then(|| TextNote {
                known: seen.known,
                grams: seen.grams,
                language: Some(glance(&[text.subject, text.body])),
            }),
        })
    }
}
