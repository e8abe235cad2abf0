//! Importing sorted mail in a process of its own, for the desk: a letter that makes reading fail
//! takes nothing else with it.

use std::path::Path;
use std::process::Stdio;

use postbud_pipeline::Stop;
use postbud_pipeline::ports::ImportDone;
use serde::Deserialize;
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};

/// A longer report is none.
const REPORT_BYTES: u64 = 1 << 20;

/// What `postbud labels import --json` prints.
#[derive(Deserialize)]
struct Report {
    stored: u64,
    known: u64,
    erased: u64,
    failed: u64,
    faults: Vec<String>,
}

/// Imports the folder on behalf of `by` and tells what came of it.
pub(crate) async fn import_apart(folder: &Path, file: &Path, by: &str, stop: &Stop) -> ImportDone {
    let failed = |what: String| ImportDone { faults: vec![what], ..ImportDone::default() };
    let mut child = match start(folder, file, by) {
        Ok(child) => child,
        Err(error) => return failed(format!("the import could not be started: {error}")),
    };
    let text = tokio::select! {
        text = report(&mut child) => text,
        () = stop.wait() => {
            // It is killed with its handle; what it has stored stays, and it may begin again.
            return failed("Postbud was asked to stop; begin the import again".to_owned());
        }
    };
    match text.and_then(|text| serde_json::from_str(&text).map_err(std::io::Error::from)) {
        Ok(Report { stored, known, erased, failed, faults }) => {
            ImportDone { stored, known, erased, failed, faults }
        }
        Err(_) => failed("the import failed; the log says why".to_owned()),
    }
}

fn start(folder: &Path, file: &Path, by: &str) -> std::io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .args(["labels", "import"])
        .arg(folder)
        .arg("--config")
        .arg(file)
        .args(["--by", by, "--json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
}

async fn report(child: &mut Child) -> std::io::Result<String> {
    let mut text = String::new();
    if let Some(out) = child.stdout.take() {
        out.take(REPORT_BYTES).read_to_string(&mut text).await?;
    }
    child.wait().await?;
    Ok(text)
}
