//! Trains the demo's model on the four fifths of its letters that are not held out:
//! `cargo run --release -p postbud-learn --example train_demo [OUT]`.
//!
//! The people in its letters are invented, so that words which only one of them uses may be learnt.
//!
//! Writes the next version below `OUT`, by default `models/klitkobing`.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};

use postbud_learn::{
    About, HeldOut, LearnOptions, Routing, Step, Vocabulary, read_letters, train_version,
};
use postbud_model::{Progress, TrainOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/klitkobing");
    let out = std::env::args_os().nth(1).map_or_else(|| models.clone(), PathBuf::from);
    let letters = read_letters(&[models.join("letters.jsonl")])?;
    let labels = letters.iter().map(|letter| letter.label.clone()).collect();
    let (descriptions, _) = Vocabulary::shipped()?.choose(&labels, &BTreeMap::new(), &[]);
    let options = LearnOptions {
        model: TrainOptions { descriptions, min_senders: 1, ..TrainOptions::default() },
        held_out: HeldOut::ByHash,
        // `andet` is what belongs in no mailbox: a person deals with it.
        routing: Routing::without(&["andet"]),
        about: about(),
        ..LearnOptions::default()
    };
    let version = train_version(&letters, &out, &options, &|step| {
        if let Step::Training(Progress::Fitted { done, of }) = step {
            eprintln!("model {done} of {of}");
        }
    })?;
    for finding in &version.evaluation.findings {
        println!("{finding}");
    }
    let report = &version.evaluation.report;
    println!("{} in {}", version.name, version.path.display());
    println!("accuracy {:.4}, macro F1 {:.4}", report.accuracy, report.macro_f1);
    println!("log loss {:.4}, top 3 {:.4}", report.log_loss, report.top3);
    println!("{:?}", version.evaluation.certificate);
    println!("on the letters held out: {:?}", report.certified);
    Ok(())
}

fn about() -> About {
    About {
        da: "Klitkøbing er en opdigtet kommune med 48.000 indbyggere. Brevene til den er skrevet i hånden, ét for ét, til Postbud; mennesker, adresser og firmaer i dem er opfundet. De er svære med vilje: folk nævner sjældent afdelingen, og omkring hvert femogtyvende brev er på et andet sprog. En model af dem er til at vise og afprøve Postbud med, ikke til en rigtig kommune. Metodens indstillinger er valgt ved krydsvalidering over alle brevene, også dem, der her er holdt ude, så tallene er lidt for pæne.".to_owned(),
        en: "Klitkøbing is an invented municipality of 48,000 people. The letters to it were written by hand, one by one, for Postbud; people, addresses and firms in them are made up. They are hard on purpose: people seldom name the department, and about one in 25 letters is in another language. A model of them is for showing and trying Postbud, not for a real municipality. The method's settings were chosen by cross-validation over all the letters, those held out here among them, so the figures flatter a little.".to_owned(),
    }
}
