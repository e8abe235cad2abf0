//! What it costs a letter without documents that there is somebody who reads documents.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use postbud_decide::{Scores, Settings};
use postbud_extract::{Budget, Program, Reader};
use postbud_letter::{Letter, Limits};
use postbud_pipeline::Steps;
use postbud_pipeline::ports::{Classifier, Documents, Timestamp};

use super::WORKER;

const ROUNDS: usize = 41;
const LETTERS: u32 = 500;

struct Nothing;

impl Classifier for Nothing {
    fn classify(&self, _: &Letter) -> Option<Scores> {
        None
    }
}

struct Behind(Reader);

impl Documents for Behind {
    fn attach(&self, letter: &mut Letter) {
        self.0.attach(letter);
    }

    fn glance(&self, letter: &mut Letter) -> bool {
        self.0.glance(letter, Duration::from_secs(1))
    }
}

fn mail() -> Bytes {
    let text = "Jeg søger hermed om tilskud til min søns plads i børnehaven.\r\n".repeat(30);
    let head = "From: a@borger.example\r\nSubject: Hej\r\nMIME-Version: 1.0\r\n\
                Content-Type: text/plain; charset=utf-8\r\n\r\n";
    Bytes::from(format!("{head}{text}"))
}

/// Microseconds for a letter.
fn round(steps: &Steps, mail: &Bytes) -> f64 {
    let begun = Instant::now();
    for _ in 0..LETTERS {
        black_box(steps.begin(mail.clone(), Timestamp(0)));
    }
    begun.elapsed().as_secs_f64() * 1e6 / f64::from(LETTERS)
}

/// Prints both medians, and that of the differences of rounds side by side.
pub(crate) fn run() {
    let steps = || Steps::new(Limits::default(), Settings::default(), Arc::new(Nothing));
    let reader = Reader::new(Program::own(vec![WORKER.into()]), Budget::default()).unwrap();
    let _ = reader.warm();
    let (without, with) = (steps(), steps().with_documents(Arc::new(Behind(reader))));
    let mail = mail();
    let (mut bare, mut reading, mut more) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (one, other) = (round(&without, &mail), round(&with, &mail));
        bare.push(one);
        reading.push(other);
        more.push(other - one);
    }
    let [bare, reading, more] = [bare, reading, more].map(median);
    println!("a letter without documents of {} bytes, {ROUNDS} rounds of {LETTERS}:", mail.len());
    println!("  {bare:.1} µs where nobody reads documents, {reading:.1} µs where somebody does");
    println!("  {more:+.2} µs in the median of rounds side by side");
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}
