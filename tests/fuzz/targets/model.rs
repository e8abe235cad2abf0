//! The model's file, with a checksum that fits whatever is in it: it is refused, or it answers.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use postbud_model::{Example, Model, Text, TrainOptions, train};
use sha2::{Digest, Sha256};

/// Magic, versions; then the two lengths, the checksum, and the packed content.
const VERSIONS: usize = 12;
const LENGTHS: usize = 28;
const HEADER: usize = 60;

/// The header's beginning and the unpacked content of a small model.
static SMALL: LazyLock<(Vec<u8>, Vec<u8>)> = LazyLock::new(|| {
    let bodies: Vec<(String, &str)> = (0..60)
        .map(|n| match n % 2 {
            0 => (format!("skraldespanden er ikke tømt, nummer {n}"), "affald"),
            _ => (format!("der er et hul i vejen, nummer {n}"), "vej-park"),
        })
        .collect();
    let letters: Vec<Example<'_>> = bodies
        .iter()
        .map(|(body, label)| Example { text: Text { subject: "Sag", body }, label, group: None, sender: None })
        .collect();
    let model = train(&letters, &TrainOptions::default(), &|_| {}).expect("a small model");
    let file = model.to_bytes().expect("its file");
    let content = zstd::bulk::decompress(&file[HEADER..], 64 << 20).expect("its content");
    (file[..VERSIONS].to_vec(), content)
});

fn sealed(versions: &[u8], content: &[u8]) -> Vec<u8> {
    let packed = zstd::bulk::compress(content, 1).expect("compresses");
    let mut file = versions.to_vec();
    file.extend_from_slice(&(packed.len() as u64).to_le_bytes());
    file.extend_from_slice(&(content.len() as u64).to_le_bytes());
    assert_eq!(file.len(), LENGTHS);
    let sum = Sha256::new().chain_update(&file).chain_update(&packed).finalize();
    file.extend_from_slice(&sum);
    file.extend_from_slice(&packed);
    file
}

fn answers(file: &[u8]) {
    let Ok(model) = Model::from_bytes(file) else { return };
    let prediction = model.predict(Text { subject: "Hul", body: "Der er et hul i vejen." });
    let (best, probability) = prediction.best();
    assert!(best < model.labels().len().max(1) && !(probability > 1.0), "{best} {probability}");
}

// Six bytes are one change to the small model: where, and what stands there then.
fuzz_target!(|input: &[u8]| {
    answers(input);
    let (versions, content) = &*SMALL;
    answers(&sealed(versions, input));
    let mut changed = content.clone();
    for change in input.chunks_exact(6).take(8) {
        let at = u32::from_le_bytes([change[0], change[1], change[2], change[3]]) as usize;
        let at = at % changed.len();
        changed[at] = change[4];
        if change[5] % 8 == 0 {
            changed.truncate(at + 1);
        }
    }
    answers(&sealed(versions, &changed));
});
