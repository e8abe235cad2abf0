//! How long the shipped model takes: from a mail's bytes to a decision, for text alone, to load,
//! and to train on more and more letters.
//!
//! `cargo bench -p postbud-learn --bench model`. On one core, but for training.
#![allow(missing_docs, reason = "criterion's macros make functions without any")]
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on says nothing")]

use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use postbud_decide::{
    Contribution, Mailbox, MailboxId, ModelId, Score, Scores, Settings, Target, TextNote, Unlike,
    decide,
};
use postbud_evaluate::{Certificate, Promise};
use postbud_learn::{
    LabelledLetter, Registry, Routing, certify_model, check, familiarity, read_letters,
};
use postbud_letter::language::glance;
use postbud_letter::write::Draft;
use postbud_letter::{Channel, Letter, Limits, read};
use postbud_model::{Model, Text, TrainOptions, train};

/// A mail is about two kilobytes: its text is of so many bytes.
const MAIL_TEXT: usize = 1_500;
/// Training is measured on so many letters.
const SCALES: [usize; 3] = [350, 700, 1_400];
/// Words of a reason, and one more that the router may leave out.
const WORDS: usize = 11;
/// What is promised: with 2 % the shipped model routes nothing, and the bench would not see it.
const PROMISE: (f64, f64) = (0.05, 0.95);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/klitkobing")
}

fn letters() -> Vec<LabelledLetter> {
    read_letters(&[folder().join("letters.jsonl")]).unwrap()
}

fn model_file() -> PathBuf {
    Registry::resolve(&folder()).unwrap().path
}

/// Mails of about two kilobytes. A letter alone is shorter: others of its label are put behind it,
/// so that words are as many and as different as people write.
fn mails(letters: &[LabelledLetter]) -> Vec<Vec<u8>> {
    let mail = |(number, first): (usize, &LabelledLetter)| {
        let own = letters.iter().cycle().skip(number).filter(|next| next.label == first.label);
        let mut body = String::new();
        for next in own {
            body.push_str(&next.body);
            body.push_str("\n\n");
            if body.len() >= MAIL_TEXT {
                break;
            }
        }
        body.truncate(body.floor_char_boundary(MAIL_TEXT));
        let id = format!("bench {number}");
        Draft::new(&id, Channel::Email, &first.subject, &body, 1_767_600_000_000).to_bytes()
    };
    letters.iter().enumerate().step_by(10).map(mail).collect()
}

/// Every mailbox is switched on, so that no letter is settled before the model is asked.
fn settings(model: &Model) -> Settings {
    let mailbox = |label: &String| {
        let id = MailboxId::parse(label).unwrap();
        let target = Some(Target::Maildir { path: label.clone() });
        Mailbox { automatic: true, target, ..Mailbox::new(id, label) }
    };
    let mailboxes = model.labels().iter().map(mailbox).collect();
    Settings { mailboxes, ..Settings::default() }
}

/// What a router asks of its model, the words for the stored reason included.
fn scores(model: &Model, certificate: &Certificate, letter: &Letter) -> Option<Scores> {
    let read = letter.classifier_text();
    let text = Text { subject: &read.subject, body: &read.body };
    let (prediction, explanation) = model.predict_and_explain(text, WORDS);
    let ranked = prediction.ranked();
    let words = explanation.words.into_iter();
    let score = |&(label, probability): &(usize, f64)| {
        let mailbox = MailboxId::parse(&model.labels()[label]).ok()?;
        Some(Score { mailbox, probability, threshold: certificate.thresholds[label] })
    };
    let seen = familiarity(&prediction);
    let unlike = certificate.gate.judge(seen);
    Some(Scores {
        model: ModelId("klitkobing/1".to_owned()),
        ranked: ranked.iter().filter_map(score).collect(),
        words: words.map(|word| Contribution { word: word.word, weight: word.weight }).collect(),
        unlike: unlike.map(|_| Unlike::NearlyEmpty),
        text: Some(TextNote {
            known: seen.known,
            grams: seen.grams,
            language: Some(glance(&[text.subject, text.body])),
        }),
    })
}

fn decisions(c: &mut Criterion) {
    let model = Model::load(&model_file()).unwrap();
    let promise = Promise::new(PROMISE.0, PROMISE.1).unwrap();
    let certificate = certify_model(&model, &Routing::without(&[]), promise).unwrap();
    let (settings, mails) = (settings(&model), mails(&letters()));
    let bytes: usize = mails.iter().map(Vec::len).sum();
    let mut next = mails.iter().cycle();
    c.bench_function(&format!("mail of {} bytes to a decision", bytes / mails.len()), |b| {
        b.iter_batched(
            || next.next().unwrap().as_slice(),
            |raw| {
                let letter = read(raw, &Limits::default());
                decide(&letter, &settings, || scores(&model, &certificate, &letter))
            },
            BatchSize::SmallInput,
        );
    });
    c.bench_function("the same without the words of the reason", |b| {
        b.iter_batched(
            || next.next().unwrap().as_slice(),
            |raw| {
                let letter = read(raw, &Limits::default());
                let read = letter.classifier_text();
                model.predict(Text { subject: &read.subject, body: &read.body })
            },
            BatchSize::SmallInput,
        );
    });
}

fn classifying(c: &mut Criterion) {
    let (model, letters) = (Model::load(&model_file()).unwrap(), letters());
    let mut group = c.benchmark_group("text to probabilities");
    group.throughput(Throughput::Elements(letters.len() as u64));
    group.bench_function(format!("{} letters", letters.len()), |b| {
        b.iter(|| letters.iter().for_each(|letter| drop(black_box(model.predict(letter.text())))));
    });
    group.finish();
}

fn loading(c: &mut Criterion) {
    let path = model_file();
    c.bench_function("load the model", |b| b.iter(|| Model::load(&path).unwrap()));
}

/// The rate is in non-zeros: when it stays the same, cost is linear in them.
fn training(c: &mut Criterion) {
    let letters = letters();
    let checked = check(&letters);
    let mut group = c.benchmark_group("training, both cores");
    group.sample_size(10);
    for count in SCALES {
        // From all over the file, so that each has all labels.
        let all = checked.letters.len();
        let numbers: Vec<usize> = (0..count).map(|number| number * all / count).collect();
        let examples = checked.examples(&numbers);
        let options = TrainOptions::default();
        let model = train(&examples, &options, &|_| ()).unwrap();
        let known = checked.chosen(&numbers).into_iter().map(|l| model.known_features(l.text()));
        group.throughput(Throughput::Elements(known.sum::<usize>() as u64));
        group.bench_function(BenchmarkId::from_parameter(format!("{count} letters")), |b| {
            b.iter(|| train(&examples, &options, &|_| ()).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, decisions, classifying, loading, training);
criterion_main!(benches);
