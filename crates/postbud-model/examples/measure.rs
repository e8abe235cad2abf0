//! Trains and judges on the sets that lie beside the repository, as far as they are there:
//! `cargo run --release -p postbud-model --example measure [letters|massive|news] [COST]`, with `IDF_POWER`,
//! `MIN_LETTERS`, `MIN_SENDERS`, `TOLERANCE` and `FOLDS` from the environment. In the
//! letters, what points to a person is masked unless `UNMASKED` is set.
//!
//! `news` reads 20 Newsgroups unpacked to the folder named by `NEWS20` (with `20news-bydate-train`
//! and `20news-bydate-test` in it).

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use postbud_letter::privacy::mask;
use postbud_model::{Description, Example, Model, Text, TrainOptions, train};
use serde_json::Value;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

struct Letter {
    subject: String,
    body: String,
    label: String,
}

fn examples(letters: &[Letter]) -> Vec<Example<'_>> {
    letters
        .iter()
        .map(|letter| Example {
            text: Text { subject: &letter.subject, body: &letter.body },
            label: &letter.label,
            group: None,
            sender: None,
            language: None,
        })
        .collect()
}

fn main() -> Result<()> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let wanted = std::env::args().nth(1);
    let cost = std::env::args().nth(2).map(|cost| cost.parse()).transpose()?;
    let mut options = TrainOptions::default();
    options.svm.cost = cost.unwrap_or(options.svm.cost);
    if let Ok(power) = std::env::var("IDF_POWER") {
        options.features.idf_power = power.parse()?;
    }
    if let Ok(least) = std::env::var("MIN_LETTERS") {
        options.features.min_letters = least.parse()?;
    }
    if let Ok(least) = std::env::var("MIN_SENDERS") {
        options.min_senders = least.parse()?;
    }
    if let Ok(tolerance) = std::env::var("TOLERANCE") {
        options.svm.tolerance = tolerance.parse()?;
    }
    if let Ok(folds) = std::env::var("FOLDS") {
        options.folds = folds.parse()?;
    }
    let wants = |name: &str| wanted.as_deref().is_none_or(|wanted| wanted == name);
    if wants("letters") {
        letters(&root.join("models/klitkobing"), &options)?;
    }
    if wants("massive") {
        let folder = root.join("../shared/data/massive_da");
        let read = |name: &str| json_lines(&folder.join(name), "text", "label");
        if folder.is_dir() {
            let mut known = read("train.jsonl")?;
            known.extend(read("valid.jsonl")?);
            split("massive_da", &known, &read("test.jsonl")?, &options)?;
        } else {
            println!("skipped: {} is not there", folder.display());
        }
    }
    if wants("news") {
        match std::env::var_os("NEWS20").map(PathBuf::from) {
            Some(folder) => {
                let known = news(&folder.join("20news-bydate-train"))?;
                split("20news", &known, &news(&folder.join("20news-bydate-test"))?, &options)?;
            }
            None => println!("skipped: NEWS20 names no folder"),
        }
    }
    Ok(())
}

/// Cross-validation over four seeds: what the fold models say of letters they had not seen.
fn letters(folder: &Path, options: &TrainOptions) -> Result<()> {
    let mut letters = json_lines(&folder.join("letters.jsonl"), "body", "category")?;
    if std::env::var_os("UNMASKED").is_none() {
        for text in letters.iter_mut().flat_map(|letter| [&mut letter.subject, &mut letter.body]) {
            *text = mask(text).into_owned();
        }
    }
    let described = fs::read_to_string(folder.join("../vocabulary/danish.txt"))?;
    let described = Description::read(&described)?;
    for (name, descriptions) in [("letters alone", Vec::new()), ("and the vocabulary", described)] {
        for folds in [5, 10] {
            let mut sum = [0.0; 7];
            let start = Instant::now();
            for seed in 1..=4 {
                let descriptions = descriptions.clone();
                let options = TrainOptions { seed, folds, descriptions, ..options.clone() };
                let model = train(&examples(&letters), &options, &|_| ())?;
                let seen = model.out_of_fold();
                let judged = (0..seen.len()).filter_map(|letter| {
                    Some((seen.probabilities(letter), seen.record(letter)?.truth))
                });
                for (sum, figure) in sum.iter_mut().zip(figures(judged)) {
                    *sum += figure / 4.0;
                }
            }
            print(&format!("{name}, {folds} folds"), &sum);
            println!("    {:?} per training", start.elapsed() / 4);
        }
    }
    Ok(())
}

fn split(name: &str, known: &[Letter], test: &[Letter], options: &TrainOptions) -> Result<()> {
    let start = Instant::now();
    let model = train(&examples(known), options, &|_| ())?;
    let training = start.elapsed();
    let bytes = model.to_bytes()?;
    let start = Instant::now();
    let model = Model::from_bytes(&bytes)?;
    let loading = start.elapsed();
    let start = Instant::now();
    let predictions: Vec<_> = examples(test).iter().map(|e| model.predict(e.text)).collect();
    let each = start.elapsed() / u32::try_from(test.len())?;
    let seen = model.out_of_fold();
    let judged = (0..seen.len())
        .filter_map(|letter| Some((seen.probabilities(letter), seen.record(letter)?.truth)));
    print(&format!("{name} out of fold"), &figures(judged));
    let truth = |letter: &Letter| model.position(&letter.label).unwrap_or(usize::MAX);
    let judged = predictions.into_iter().zip(test).map(|(p, t)| (p.probabilities, truth(t)));
    print(&format!("{name} test"), &figures(judged));
    println!(
        "    trained in {training:?}; {} features, {} bytes, loaded in {loading:?}; {each:?} a letter; {:?} {:?}",
        model.features(),
        bytes.len(),
        model.info().calibration,
        model.info().candidates,
    );
    Ok(())
}

/// Accuracy, log loss, the largest shares with at most 1, 2, 3.5 and 5 % errors, and the area
/// under the risk–coverage curve.
fn figures(judged: impl Iterator<Item = (Vec<f64>, usize)>) -> [f64; 7] {
    let mut sure = Vec::new();
    let mut loss = 0.0;
    for (probabilities, truth) in judged {
        loss -= probabilities.get(truth).copied().unwrap_or(0.0).max(1e-5).ln();
        let best = probabilities.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((label, probability)) = best {
            sure.push((probability, label == truth));
        }
    }
    sure.sort_by(|a, b| b.0.total_cmp(&a.0));
    let count = sure.len() as f64;
    let mut out = [0.0, loss / count, 0.0, 0.0, 0.0, 0.0, 0.0];
    let mut errors = 0.0;
    for (index, (_, right)) in sure.iter().enumerate() {
        errors += f64::from(u8::from(!right));
        let routed = (index + 1) as f64;
        out[6] += errors / routed / count;
        for (share, most) in out[2..6].iter_mut().zip([0.01, 0.02, 0.035, 0.05]) {
            if errors <= most * routed {
                *share = routed / count;
            }
        }
    }
    out[0] = 1.0 - errors / count;
    out
}

fn print(name: &str, f: &[f64; 7]) {
    println!(
        "{name:28} accuracy {:.4} log loss {:.4} coverage at 1 % {:.3}, 2 % {:.3}, 3.5 % {:.3}, 5 % {:.3} area {:.4}",
        f[0], f[1], f[2], f[3], f[4], f[5], f[6]
    );
}

fn json_lines(path: &Path, body: &str, label: &str) -> Result<Vec<Letter>> {
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    fs::read_to_string(path)?
        .lines()
        .map(|line| {
            let value: Value = serde_json::from_str(line)?;
            Ok(Letter {
                subject: text(&value, "subject"),
                body: text(&value, body),
                label: text(&value, label),
            })
        })
        .collect()
}

/// Raw messages, one folder per group: the subject, and what follows the first empty line.
fn news(folder: &Path) -> Result<Vec<Letter>> {
    let mut letters = Vec::new();
    let mut groups: Vec<_> = fs::read_dir(folder)?.collect::<std::io::Result<_>>()?;
    groups.sort_by_key(fs::DirEntry::file_name);
    for group in groups {
        let mut files: Vec<_> = fs::read_dir(group.path())?.collect::<std::io::Result<_>>()?;
        files.sort_by_key(fs::DirEntry::file_name);
        for file in files {
            let text: String = fs::read(file.path())?.into_iter().map(char::from).collect();
            let (head, body) = text.split_once("\n\n").unwrap_or(("", &text));
            let subject = head.lines().find_map(|line| line.strip_prefix("Subject: "));
            letters.push(Letter {
                subject: subject.unwrap_or_default().to_owned(),
                body: body.to_owned(),
                label: group.file_name().to_string_lossy().into_owned(),
            });
        }
    }
    Ok(letters)
}
