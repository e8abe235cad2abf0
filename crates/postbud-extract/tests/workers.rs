//! Workers as processes: warm, limited, ended in time, and replaced.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod made;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use made::{docx, letter, lines, pdf, worker};
use postbud_extract::{Budget, Force, Program, Reader};
use postbud_letter::{AttachedText, DocumentFormat, DocumentTrouble};

fn shell(script: &str) -> Program {
    let args = ["-c", script].map(OsString::from).to_vec();
    Program { path: PathBuf::from("/bin/sh"), args }
}

fn attached(program: Program, budget: Budget, documents: Vec<Vec<u8>>) -> Vec<AttachedText> {
    made::attached(&Reader::new(program, budget).unwrap(), documents)
}

fn troubles(attached: &[AttachedText]) -> Vec<Option<DocumentTrouble>> {
    attached.iter().map(|found| found.trouble).collect()
}

#[test]
fn a_worker_reads_many_documents_and_is_limited() {
    let Some(worker) = worker() else { return };
    let reader = Reader::new(worker, Budget::default()).unwrap();
    let sandbox = reader.warm().unwrap();
    assert_eq!(sandbox.limits, Force::Full);
    println!("in force: {sandbox:?}");
    for round in 0..5 {
        let mut letter = letter(vec![
            format!("Runde {round}").into_bytes(),
            pdf(&[&lines(&["Ansøgning om tilskud"])]),
            docx("<w:p><w:r><w:t>Bilag</w:t></w:r></w:p>"),
        ]);
        reader.attach(&mut letter);
        let texts: Vec<&str> = letter.attached.iter().map(|found| found.text.as_str()).collect();
        assert_eq!(texts, [format!("Runde {round}").as_str(), "Ansøgning om tilskud", "Bilag"]);
        assert!(letter.classifier_text().body.contains("tilskud"));
    }
}

#[test]
fn a_worker_is_replaced_when_it_is_worn() {
    let Some(worker) = worker() else { return };
    let budget = Budget { documents_per_worker: 2, workers: 1, ..Budget::default() };
    let found = attached(worker, budget, vec![b"postbud-fault-point: pid".to_vec(); 5]);
    assert_eq!(troubles(&found), [None; 5]);
    if cfg!(feature = "fault-points") {
        let pids: Vec<u32> = found.iter().map(|found| found.text.parse().unwrap()).collect();
        let [a, b, c, d, e] = pids.try_into().unwrap();
        assert!(a == b && c == d, "each reads two");
        assert!(a != c && c != e && a != e, "and is then replaced");
    }
}

/// Without the sandbox all of it succeeds, which a test beside the attempts shows.
#[cfg(feature = "fault-points")]
#[test]
fn a_worker_opens_nothing_and_starts_nothing() {
    let Some(worker) = worker() else { return };
    let reader = Reader::new(worker, Budget::default()).unwrap();
    let sandbox = reader.warm().unwrap();
    let found = made::attached(&reader, vec![b"postbud-fault-point: escape".to_vec()]);
    println!("{sandbox:?}: {:?}", found[0].text);
    if (sandbox.landlock, sandbox.seccomp) == (Force::Full, Force::Full) {
        assert_eq!((found[0].text.as_str(), found[0].trouble), ("escaped:", None));
    } else {
        println!("skipped: this kernel does not have all of the sandbox");
    }
}

#[test]
fn one_that_hangs_is_ended_in_time() {
    let budget = Budget { document_time: Duration::from_millis(200), ..Budget::default() };
    let script = format!("{}; exec sleep 600", greet());
    let found = attached(shell(&script), budget, vec![b"a".to_vec(), b"b".to_vec()]);
    assert_eq!(troubles(&found), [Some(DocumentTrouble::TookTooLong); 2]);
}

/// The first worker is asked to end while it has the document, as by the stop of a whole service.
#[test]
fn one_that_somebody_ended_is_replaced_and_the_document_read() {
    let Some(worker) = worker() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (mark, real) = (folder.path().join("mark"), worker.path.display().to_string());
    let args: Vec<String> =
        worker.args.iter().map(|arg| format!("'{}'", arg.to_string_lossy())).collect();
    // Says hello as a worker does, and ends by itself as if it had been asked to, once.
    let script = format!(
        "if [ -e '{mark}' ]; then exec '{real}' {args}; fi; touch '{mark}'; \
         {{ sleep 0.3; kill -TERM $$; }} & exec '{real}' {args}",
        mark = mark.display(),
        args = args.join(" ")
    );
    let budget = Budget { workers: 1, ..Budget::default() };
    let reader = Reader::new(shell(&script), budget).unwrap();
    reader.warm().unwrap();
    std::thread::sleep(Duration::from_millis(600));
    let mut letter = letter(vec![b"I orden".to_vec()]);
    reader.attach(&mut letter);
    assert_eq!(letter.attached[0].trouble, None);
    assert_eq!(letter.attached[0].text, "I orden");
    assert!(mark.exists(), "the first one was there");
}

/// Says hello as a worker does.
fn greet() -> String {
    let hello = r#"{"sandbox":{"limits":"full","landlock":"full","seccomp":"full"}}"#;
    format!("printf '\\000\\000\\000\\{:03o}%s' '{hello}'", hello.len())
}

#[test]
fn a_glance_is_over_in_time_and_notes_nothing() {
    let hangs = shell(&format!("{}; exec sleep 600", greet()));
    let reader = Reader::new(hangs, Budget::default()).unwrap();
    let mut slow = letter(vec![b"a".to_vec(), b"b".to_vec()]);
    assert!(!reader.glance(&mut slow, Duration::from_millis(200)));
    assert_eq!(slow.attached, []);
    // One that takes longer to begin than the glance lasts, and then says at once what it has read.
    let found = r#"{"found":{"format":"text","text":"Hej","pages":null,"cut":false,"trouble":null},"rests":[]}"#;
    let begins = format!(
        "sleep 1; {}; printf '\\000\\000\\000\\{:03o}%s' '{found}'; exec sleep 600",
        greet(),
        found.len()
    );
    let reader = Reader::new(shell(&begins), Budget::default()).unwrap();
    let mut one = letter(vec![b"a".to_vec()]);
    assert!(reader.glance(&mut one, Duration::from_millis(500)));
    assert_eq!(one.attached[0].text, "Hej");
    let Some(worker) = worker() else { return };
    let reader = Reader::new(worker, Budget::default()).unwrap();
    assert!(reader.glance(&mut slow, Duration::from_secs(60)));
    assert_eq!(troubles(&slow.attached), [None; 2]);
}

#[test]
fn a_reader_that_is_to_leave_off_keeps_nobody() {
    let hangs = shell(&format!("{}; exec sleep 600", greet()));
    let budget = Budget { document_time: Duration::from_secs(600), ..Budget::default() };
    let budget = Budget { letter_time: Duration::from_secs(600), workers: 1, ..budget };
    let reader = Reader::new(hangs, budget).unwrap();
    std::thread::scope(|scope| {
        // One has the worker, the other waits for it.
        let mut readings = Vec::new();
        for _ in 0..2 {
            readings.push(scope.spawn(|| {
                let mut letter = letter(vec![b"a".to_vec(), b"b".to_vec()]);
                reader.attach(&mut letter);
                troubles(&letter.attached)
            }));
        }
        std::thread::sleep(Duration::from_millis(300));
        reader.leave_off();
        for reading in readings {
            assert!(reading.join().unwrap().iter().all(Option::is_some));
        }
    });
}

#[test]
fn one_that_dies_or_lies_is_no_reader() {
    let greet = greet();
    for script in [
        format!("{greet}; exit 3"),
        format!("{greet}; head -c 9 >/dev/null; printf '\\377\\377\\377\\377xx'"),
    ] {
        let found = attached(shell(&script), Budget::default(), vec![b"a".to_vec()]);
        assert_eq!(troubles(&found), [Some(DocumentTrouble::ReaderDied)], "{script}");
    }
    for script in ["exit 0", "echo hello"] {
        let found = attached(shell(script), Budget::default(), vec![b"a".to_vec()]);
        assert_eq!(troubles(&found), [Some(DocumentTrouble::NoReader)], "{script}");
    }
}

#[test]
fn without_the_program_the_letter_goes_on() {
    let missing = Program { path: PathBuf::from("/nowhere/postbud"), args: Vec::new() };
    let reader = Reader::new(missing, Budget::default()).unwrap();
    assert!(reader.warm().is_err());
    let mut letter = letter(vec![b"%PDF-1.4".to_vec()]);
    reader.attach(&mut letter);
    assert_eq!(troubles(&letter.attached), [Some(DocumentTrouble::NoReader)]);
    assert_eq!(letter.attached[0].format, DocumentFormat::Pdf);
    assert_eq!(letter.classifier_text().body, "Se bilag");
}

#[test]
fn the_letters_budget_ends_before_its_documents_do() {
    let Some(worker) = worker() else { return };
    let budget = Budget { letter_documents: 2, letter_bytes: 5, ..Budget::default() };
    let documents = vec![b"abc".to_vec(), b"defg".to_vec(), b"h".to_vec(), b"i".to_vec()];
    let found = attached(worker, budget, documents);
    let used_up = Some(DocumentTrouble::BudgetUsedUp);
    assert_eq!(troubles(&found), [None, used_up, used_up, used_up]);
}

#[test]
fn many_at_once_share_the_workers() {
    let Some(worker) = worker() else { return };
    let reader = Reader::new(worker, Budget::default()).unwrap();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let reader = &reader;
            scope.spawn(move || {
                for _ in 0..5 {
                    let mut letter = letter(vec![format!("nr {number}").into_bytes()]);
                    reader.attach(&mut letter);
                    assert_eq!(letter.attached[0].text, format!("nr {number}"));
                }
            });
        }
    });
}
