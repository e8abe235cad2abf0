//! The model file: what is written is read, and nothing else.

mod support;

use postbud_model::{Model, ModelFileError, Text};
use support::{LETTERS, model};

fn refused(bytes: &[u8]) -> ModelFileError {
    match Model::from_bytes(bytes) {
        Ok(_) => panic!("a damaged file was read"),
        Err(error) => error,
    }
}

#[test]
fn a_model_comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.postbud");
    let before = model();
    before.save(&path).unwrap();
    let after = Model::load(&path).unwrap();
    assert_eq!(before.labels(), after.labels());
    assert_eq!(before.info(), after.info());
    assert_eq!(before.out_of_fold(), after.out_of_fold());
    assert_eq!(before.checksum_hex(), after.checksum_hex());
    for (subject, body, _) in LETTERS {
        let text = Text { subject, body };
        assert_eq!(before.predict(text), after.predict(text));
        assert_eq!(before.explain(text, 1), after.explain(text, 1));
    }
    assert_eq!(std::fs::read(&path).unwrap(), before.to_bytes().unwrap());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn every_flipped_byte_is_noticed() {
    let bytes = model().to_bytes().unwrap();
    // Every byte of the header, then steps that reach all regions of the payload.
    let places = (0..200).chain((200..bytes.len()).step_by(97)).chain([bytes.len() - 1]);
    for place in places {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1 << (place % 8);
        let error = refused(&damaged);
        let fits = match place {
            0..8 => matches!(error, ModelFileError::Magic),
            // One bit makes another format of it that is read as well; the checksum covers it.
            8..12 => {
                matches!(error, ModelFileError::Version { .. } | ModelFileError::Checksum)
            }
            12..20 => {
                matches!(error, ModelFileError::Length { .. } | ModelFileError::TooLarge { .. })
            }
            20..28 => matches!(error, ModelFileError::Checksum | ModelFileError::TooLarge { .. }),
            _ => matches!(error, ModelFileError::Checksum),
        };
        assert!(fits, "byte {place}: {error}");
    }
}

#[test]
fn every_cut_is_noticed() {
    let bytes = model().to_bytes().unwrap();
    for length in (0..80).chain((80..bytes.len()).step_by(501)) {
        let error = refused(&bytes[..length]);
        assert!(matches!(error, ModelFileError::Magic | ModelFileError::Length { .. }), "{error}");
    }
    let mut longer = bytes;
    longer.push(0);
    assert!(matches!(refused(&longer), ModelFileError::Length { .. }));
}

#[test]
fn a_huge_claim_is_refused_before_memory_is_taken() {
    let mut bytes = model().to_bytes().unwrap();
    bytes[12..20].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(matches!(refused(&bytes), ModelFileError::TooLarge { .. }));
}

#[test]
fn other_files_are_named_as_such() {
    for bytes in [&b""[..], b"POSTBUD", b"%PDF-1.7 and so on", &[0; 500]] {
        let error = refused(bytes);
        assert!(error.to_string().contains("model.postbud"), "{error}");
    }
}

#[test]
fn a_missing_folder_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no/such/folder/model.postbud");
    assert!(matches!(model().save(&path), Err(ModelFileError::Io { .. })));
    assert!(matches!(Model::load(&path), Err(ModelFileError::Io { .. })));
}

#[test]
fn what_could_not_be_written_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.postbud");
    let model = model();
    model.save(&path).unwrap();
    let before = std::fs::read(&path).unwrap();
    // A folder where the temporary file should be: it cannot be created.
    let temporary = format!(".model.postbud.{}.tmp", std::process::id());
    std::fs::create_dir(folder.path().join(temporary)).unwrap();
    assert!(model.save(&path).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), before);
}
