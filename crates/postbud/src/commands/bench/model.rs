//! `postbud bench model`: seconds of each phase of training, and letters per second on one core.

use std::hint::black_box;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::Context;
use postbud_evaluate::{Certificate, Promise};
use postbud_learn::{LabelledLetter, certify_model, familiarity};
use postbud_letter::write::Draft;
use postbud_letter::{Channel, Limits, read};
use postbud_model::{Example, Model, Progress, Text, TrainOptions, train};
use serde::Serialize;

use super::peak_memory_mib;
use crate::cli::BenchModelArgs;
use crate::commands::train::given::{Given, all_switched_on};
use crate::output;

/// Rates are measured for at least this long.
const LONG_ENOUGH: Duration = Duration::from_secs(1);
/// A mail is about two kilobytes: so many bytes of a text are kept.
const MAIL_TEXT: usize = 1_500;
/// So many letters are made of those given to show how cost grows.
const SCALES: [usize; 3] = [10_000, 20_000, 50_000];

/// Seconds.
#[derive(Serialize)]
struct Phases {
    reading: f64,
    counting: f64,
    fitting: f64,
    calibrating: f64,
    certifying: f64,
    /// From files to a calibrated, certified model.
    total: f64,
}

#[derive(Serialize)]
struct Grown {
    letters: usize,
    non_zeros: usize,
    seconds: f64,
}

/// Rates are letters per second on one core.
#[derive(Serialize)]
struct Report {
    letters: usize,
    mailboxes: usize,
    features: usize,
    /// Known features of all letters together.
    non_zeros: usize,
    seconds: Phases,
    peak_memory_mib: f64,
    file_bytes: usize,
    load_milliseconds: f64,
    certified_coverage: f64,
    /// Letters that were classified.
    tested: usize,
    /// Text to probabilities.
    texts_per_second: f64,
    /// Bytes of a mail to the decision whether it is routed.
    mails_per_second: f64,
    mail_bytes: usize,
    /// Share of the tested letters whose most probable mailbox is right.
    accuracy: f64,
    scale: Vec<Grown>,
}

/// Trains on the letters and measures.
pub(crate) fn run(args: &BenchModelArgs) -> anyhow::Result<()> {
    let start = Instant::now();
    let given = Given::read(&args.letters, None, None)?;
    given.say_skipped();
    let reading = start.elapsed().as_secs_f64();
    let letters = given.reading.letters;
    let (model, mut seconds) = trained(&letters)?;
    let certifying = Instant::now();
    let certificate = certify_model(&model, &all_switched_on(model.labels()), Promise::default())?;
    seconds.certifying = certifying.elapsed().as_secs_f64();
    seconds.reading = reading;
    seconds.total = start.elapsed().as_secs_f64();
    let peak_memory_mib = peak_memory_mib();

    let bytes = model.to_bytes()?;
    let loading = Instant::now();
    let model = Model::from_bytes(&bytes)?;
    let load_milliseconds = loading.elapsed().as_secs_f64() * 1e3;
    let tests = if args.test.is_empty() {
        None
    } else {
        Some(Given::read(&args.test, None, None)?.reading.letters)
    };
    let tests = tests.as_deref().unwrap_or(&letters);
    let mails: Vec<Vec<u8>> = tests.iter().enumerate().map(mail).collect();
    let texts_per_second = rate(tests, |letter| {
        black_box(model.predict(text(letter)));
    });
    let mails_per_second = rate(&mails, |raw| {
        black_box(routed(&model, &certificate, raw.as_slice()));
    });
    let right = tests.iter().filter(|letter| {
        let (best, _) = model.predict(text(letter)).best();
        model.labels().get(best) == Some(&letter.label)
    });
    let report = Report {
        letters: letters.len(),
        mailboxes: model.labels().len(),
        features: model.features(),
        non_zeros: non_zeros(&model, &letters),
        seconds,
        peak_memory_mib,
        file_bytes: bytes.len(),
        load_milliseconds,
        certified_coverage: certificate.coverage,
        tested: tests.len(),
        texts_per_second,
        mails_per_second,
        mail_bytes: mails.iter().map(Vec::len).sum::<usize>() / mails.len().max(1),
        accuracy: right.count() as f64 / tests.len().max(1) as f64,
        scale: if args.scale { grown(&letters)? } else { Vec::new() },
    };
    print(&report, args.output.json)
}

fn text(letter: &LabelledLetter) -> Text<'_> {
    Text { subject: &letter.subject, body: &letter.body }
}

fn trained(letters: &[LabelledLetter]) -> anyhow::Result<(Model, Phases)> {
    let examples: Vec<Example<'_>> = letters
        .iter()
        .map(|letter| Example {
            text: text(letter),
            label: &letter.label,
            group: None,
            sender: None,
            language: None,
        })
        .collect();
    let (start, steps) = (Instant::now(), Mutex::new(Vec::new()));
    let step = |progress| {
        if let Ok(mut steps) = steps.lock() {
            steps.push((progress, start.elapsed().as_secs_f64()));
        }
    };
    let model = train(&examples, &TrainOptions::default(), &step)?;
    let total = start.elapsed().as_secs_f64();
    let steps = steps.into_inner().ok().context("a step of training failed")?;
    let reached = |wanted: fn(&Progress) -> bool| {
        steps.iter().find(|(progress, _)| wanted(progress)).map_or(0.0, |(_, at)| *at)
    };
    let counting = reached(|progress| matches!(progress, Progress::Fitted { .. }));
    let fitted = reached(|progress| *progress == Progress::Calibrating);
    let phases = Phases {
        reading: 0.0,
        counting,
        fitting: fitted - counting,
        calibrating: total - fitted,
        certifying: 0.0,
        total,
    };
    Ok((model, phases))
}

/// Calls `each` with the items in turn, all of them as often as it takes: calls per second.
fn rate<T>(items: &[T], mut each: impl FnMut(&T)) -> f64 {
    let (start, mut calls) = (Instant::now(), 0_u64);
    while !items.is_empty() && start.elapsed() < LONG_ENOUGH {
        items.iter().for_each(&mut each);
        calls += items.len() as u64;
    }
    calls as f64 / start.elapsed().as_secs_f64()
}

/// The letter as a mail of at most about two kilobytes.
fn mail((number, letter): (usize, &LabelledLetter)) -> Vec<u8> {
    let body = &letter.body[..letter.body.floor_char_boundary(MAIL_TEXT)];
    let id = format!("bench {number}");
    Draft::new(&id, Channel::Email, &letter.subject, body, 1_767_600_000_000).to_bytes()
}

fn routed(model: &Model, certificate: &Certificate, raw: &[u8]) -> bool {
    let letter = read(raw, &Limits::default());
    let read = letter.classifier_text();
    let prediction = model.predict(Text { subject: &read.subject, body: &read.body });
    let unlike = certificate.gate.judge(familiarity(&prediction)).is_some();
    let (best, probability) = prediction.best();
    let threshold = certificate.thresholds.get(best).copied().flatten();
    !unlike && threshold.is_some_and(|threshold| probability >= threshold)
}

fn non_zeros(model: &Model, letters: &[LabelledLetter]) -> usize {
    letters.iter().map(|letter| model.known_features(text(letter))).sum()
}

/// Trains on more and more letters made of those given.
fn grown(letters: &[LabelledLetter]) -> anyhow::Result<Vec<Grown>> {
    let mut out = Vec::new();
    for count in SCALES {
        let made: Vec<LabelledLetter> = (0..count).map(|n| perturbed(letters, n)).collect();
        let (model, phases) = trained(&made)?;
        let non_zeros = non_zeros(&model, &made);
        out.push(Grown { letters: count, non_zeros, seconds: phases.total });
    }
    Ok(out)
}

/// A letter in which every sixth word or so is one of another letter: new enough to be counted
/// on its own, with as many words as real letters have.
fn perturbed(letters: &[LabelledLetter], number: usize) -> LabelledLetter {
    let mut letter = letters[number % letters.len()].clone();
    let mut state = number as u64;
    let mut random = |below: usize| {
        // Constants of Knuth's MMIX generator.
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    let other: Vec<&str> = letters[random(letters.len())].body.split_whitespace().collect();
    let words: Vec<&str> = letter
        .body
        .split_whitespace()
        .map(|word| match other.as_slice() {
            [_, ..] if random(6) == 0 => other[random(other.len())],
            _ => word,
        })
        .collect();
    let body = words.join(" ");
    letter.body = body;
    letter
}

fn print(report: &Report, json: bool) -> anyhow::Result<()> {
    if json {
        return output::json(report);
    }
    let row = |name: &str, figure: String| (name.to_owned(), figure, String::new());
    let seconds = |name: &str, seconds: f64| row(name, format!("{seconds:.2} s"));
    let phases = &report.seconds;
    let mut rows = vec![
        row("letters", format!("{} in {} mailboxes", report.letters, report.mailboxes)),
        row("features", format!("{}, {} non-zeros", report.features, report.non_zeros)),
        seconds("reading", phases.reading),
        seconds("counting", phases.counting),
        seconds("fitting", phases.fitting),
        seconds("calibrating", phases.calibrating),
        seconds("certifying", phases.certifying),
        seconds("from files to a certified model", phases.total),
        row("peak memory", format!("{:.0} MiB", report.peak_memory_mib)),
        row("model file", format!("{:.1} MB", report.file_bytes as f64 / 1e6)),
        row("loaded in", format!("{:.0} ms", report.load_milliseconds)),
        row("texts to probabilities, one core", format!("{:.0} a second", report.texts_per_second)),
        row(
            &format!("mails of {} bytes to a decision, one core", report.mail_bytes),
            format!("{:.0} a second", report.mails_per_second),
        ),
        row("right, of the letters tested", format!("{:.2} %", report.accuracy * 100.0)),
    ];
    for grown in &report.scale {
        let figure = format!("{} non-zeros, {:.2} s", grown.non_zeros, grown.seconds);
        rows.push(row(&format!("{} letters", grown.letters), figure));
    }
    output::line(&output::figures(&rows))
}
