//! What reads a letter's documents, behind the pipeline's port: processes of this same binary.

use std::sync::Arc;
use std::time::Duration;

use postbud_extract::{Budget, Program, Reader, Sandbox, Tools};
use postbud_letter::Letter;
use postbud_pipeline::ports::Documents;
use tracing::{info, warn};

use crate::config::Config;
use crate::scanner::guarded;

/// A glance at a letter's documents: hundreds of times what two pages need where no other program has
/// to read them. More for each mebibyte.
const GLANCE: Duration = Duration::from_millis(150);
const GLANCE_PER_MEBIBYTE: Duration = Duration::from_millis(100);

/// The readers behind the port: what takes long has processes of its own, so that those for a glance
/// are soon free again.
struct Attachments {
    glancing: Arc<Reader>,
    whole: Arc<Reader>,
}

impl Documents for Attachments {
    fn attach(&self, letter: &mut Letter) {
        self.whole.attach(letter);
    }

    fn glance(&self, letter: &mut Letter) -> bool {
        let bytes: usize = letter.documents.iter().map(|document| document.bytes.len()).sum();
        let mebibytes = u32::try_from(bytes >> 20).unwrap_or(u32::MAX);
        let more = GLANCE_PER_MEBIBYTE.saturating_mul(mebibytes);
        self.glancing.glance(letter, GLANCE.saturating_add(more))
    }

    fn leave_off(&self) {
        self.glancing.leave_off();
        self.whole.leave_off();
    }
}

/// One reader for whoever does not glance.
struct Alone(Arc<Reader>);

impl Documents for Alone {
    fn attach(&self, letter: &mut Letter) {
        self.0.attach(letter);
    }
}

/// What reads documents for a router under this configuration; `None` when nobody does. The first
/// process is started at once, beside everything else; those for what takes long when they are needed.
pub(crate) fn readers(config: &Config) -> Option<Arc<dyn Documents>> {
    let (glancing, whole) = (begin(config)?, begin(config)?);
    warm(Arc::clone(&glancing));
    Some(Arc::new(Attachments { glancing, whole }))
}

/// The same for one letter at a time.
pub(crate) fn reader(config: &Config) -> Option<Arc<dyn Documents>> {
    let reader = begin(config)?;
    warm(Arc::clone(&reader));
    Some(Arc::new(Alone(reader)))
}

/// The same, but no process runs before the first document comes, and nothing is opened that the
/// malware scanner did not find clean.
pub(crate) fn reader_when_asked(config: &Config) -> Option<Arc<dyn Documents>> {
    let reader: Arc<dyn Documents> = Arc::new(Alone(begin(config)?));
    Some(guarded(config, reader))
}

fn begin(config: &Config) -> Option<Arc<Reader>> {
    let budget = config.documents.as_ref()?;
    match Reader::new(program(budget), budget.clone()) {
        Ok(reader) => Some(Arc::new(reader.with_tools(launcher(), tools(budget)))),
        Err(error) => {
            warn!(error = %error, "documents are not read: letters are decided on the rest");
            None
        }
    }
}

fn program(budget: &Budget) -> Program {
    let memory = format!("--memory={}", budget.memory_bytes);
    Program::own(vec!["extract-worker".into(), memory.into()])
}

/// What starts other programs, within limits.
fn launcher() -> Program {
    Program::own(vec!["extract-program".into()])
}

/// The other programs that read documents here.
pub(crate) fn tools(budget: &Budget) -> Tools {
    Tools::find(&budget.ocr_language)
}

/// Starts a process that reads documents, once, and says what is in force in it.
pub(crate) fn try_out(budget: &Budget) -> anyhow::Result<Sandbox> {
    Ok(Reader::new(program(budget), budget.clone())?.warm()?)
}

fn warm(reader: Arc<Reader>) {
    let work = move || match reader.warm() {
        Ok(sandbox) => {
            let sandbox = format!("{sandbox:?}");
            info!(sandbox, "documents are read in a process of their own");
        }
        Err(error) => {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            warn!(error = %error, source, "letters are decided on the rest, and it is tried again");
        }
    };
    // Without this thread the first document starts its process itself.
    let _ = std::thread::Builder::new().name("extract-warm".to_owned()).spawn(work);
}
