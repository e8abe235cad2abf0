//! What the readers of this crate cannot read and another program may: pictures of text, pages that
//! were scanned, Word documents from before 2007.
//!
//! Those programs are Debian's, written in C and C++, and are trusted no more than the documents. A
//! worker cannot start them, since it may start nothing. So the router's side does, after the worker
//! has said what is left to read: each program runs in a process of its own that has first limited
//! itself ([`launch`]) and then becomes that program. What it reads comes in on standard input, what
//! it found goes out on standard output, and that is all it has.

mod launch;
mod run;
mod tools;
mod words;

use std::time::Instant;

use nix::sys::memfd::{MFdFlags, memfd_create};
use postbud_letter::DocumentTrouble;

use crate::Budget;
use crate::keeper::Keeper;
use crate::message::{Answer, Found, Kind, Rest};
use crate::pool::Program;
use crate::read::{LONG_SIDE, tidied};
pub use launch::{Launch, launch};
use run::{Runner, Step};
pub use tools::Tools;
use tools::Way;

/// Runs other programs on what a worker has left.
pub(crate) struct Outside {
    launcher: Program,
    tools: Tools,
}

/// One document, and what may be spent on what is left of it.
pub(crate) struct Work<'a> {
    pub(crate) document: &'a [u8],
    pub(crate) budget: &'a Budget,
    pub(crate) keeper: &'a Keeper,
    pub(crate) deadline: Instant,
}

/// Has a worker look at a picture.
pub(crate) type Look<'a> = dyn FnMut(&[u8]) -> Result<Answer, DocumentTrouble> + 'a;

/// What another program made of one picture, page or document.
type Outcome = Result<String, DocumentTrouble>;

impl Outside {
    pub(crate) fn new(launcher: Program, tools: Tools) -> Self {
        Self { launcher, tools }
    }

    /// Adds to `found` what other programs read of `rests`. `look` has a worker make a picture ready.
    pub(crate) fn complete(
        &self,
        found: &mut Found,
        rests: &[Rest],
        work: &Work<'_>,
        look: &mut Look<'_>,
    ) {
        let said_something = !found.text.is_empty();
        let (mut trouble, mut anything) = (None, false);
        for rest in rests {
            let bytes = rest.bytes.as_deref().unwrap_or(work.document);
            for outcome in self.outcomes(&rest.kind, bytes, work, look) {
                match outcome {
                    Ok(text) => anything |= add(found, &text, work.budget.text_bytes),
                    // An archive with text and a picture in it is no broken archive.
                    Err(_) if rest.within && said_something => {}
                    Err(why) => _ = trouble.get_or_insert(why),
                }
            }
        }
        if found.text.is_empty() {
            let word = rests.iter().all(|rest| matches!(rest.kind, Kind::OldWord));
            let silent = if word { DocumentTrouble::Empty } else { DocumentTrouble::OnlyPictures };
            found.trouble = found.trouble.or(trouble).or(Some(silent));
        } else if anything && trouble == Some(DocumentTrouble::TookTooLong) {
            found.cut = true;
        } else {
            found.trouble = found.trouble.or(trouble);
        }
    }

    fn outcomes(
        &self,
        kind: &Kind,
        bytes: &[u8],
        work: &Work<'_>,
        look: &mut Look<'_>,
    ) -> Vec<Outcome> {
        match kind {
            Kind::Picture => vec![self.picture(bytes, work)],
            Kind::Pages(pages) => self.pages(bytes, pages, work, look),
            Kind::OldWord => vec![self.old_word(bytes, work)],
        }
    }

    fn picture(&self, bytes: &[u8], work: &Work<'_>) -> Outcome {
        let runner = self.runner(work);
        let mut last = words::Seen::default();
        for way in Way::ALL {
            let tesseract = self.tools.tesseract(way).ok_or(DocumentTrouble::NoOcr)?;
            last = words::of_tsv(&runner.run(memory_file(bytes)?, &tesseract)?);
            if !last.may_lie_wrong() {
                break;
            }
        }
        Ok(last.text)
    }

    fn pages(
        &self,
        bytes: &[u8],
        pages: &[u32],
        work: &Work<'_>,
        look: &mut Look<'_>,
    ) -> Vec<Outcome> {
        if !self.tools.ocr() {
            return vec![Err(DocumentTrouble::NoOcr)];
        }
        let mut outcomes = Vec::new();
        for page in pages {
            let seen =
                self.drawn(bytes, *page, work).and_then(|drawn| look(&drawn)).and_then(|ready| {
                    let picture = ready.rests.first().and_then(|rest| rest.bytes.as_deref());
                    picture.map_or(Ok(String::new()), |picture| self.picture(picture, work))
                });
            let late = seen == Err(DocumentTrouble::TookTooLong);
            outcomes.push(seen);
            if late {
                break;
            }
        }
        outcomes
    }

    /// A page of a PDF as bare points.
    fn drawn(&self, pdf: &[u8], page: u32, work: &Work<'_>) -> Result<Vec<u8>, DocumentTrouble> {
        let drawer = self.tools.pdftoppm.as_ref().ok_or(DocumentTrouble::NoOcr)?;
        let side =
            LONG_SIDE.min(usize::try_from(work.budget.ocr_pixels.isqrt()).unwrap_or(LONG_SIDE));
        let [page, side] = [page.to_string(), side.to_string()];
        let args = ["-q", "-gray", "-scale-to", &side, "-f", &page, "-l", &page, "-"];
        self.runner(work).run(memory_file(pdf)?, &Step::new(drawer, &args))
    }

    fn old_word(&self, bytes: &[u8], work: &Work<'_>) -> Outcome {
        let runner = self.runner(work);
        let mut last = Err(DocumentTrouble::NoConverter);
        for step in self.tools.old_word() {
            last = memory_file(bytes).and_then(|file| runner.run(file, &step));
            match &last {
                Ok(text) if !text.trim_ascii().is_empty() => break,
                Err(DocumentTrouble::TookTooLong) => break,
                _ => {}
            }
        }
        last.map(|text| String::from_utf8_lossy(&text).into_owned())
    }

    fn runner<'a>(&'a self, work: &Work<'a>) -> Runner<'a> {
        let Work { budget, keeper, deadline, .. } = *work;
        Runner { launcher: &self.launcher, budget, keeper, deadline }
    }
}

/// The document as a file without a name, which can be read from anywhere in it.
fn memory_file(bytes: &[u8]) -> Result<std::fs::File, DocumentTrouble> {
    use std::io::{Seek as _, Write as _};
    let file = memfd_create(c"document", MFdFlags::MFD_CLOEXEC).map(std::fs::File::from);
    let mut file = file.map_err(|_| DocumentTrouble::NoReader)?;
    let written = file.write_all(bytes).and_then(|()| file.rewind());
    written.map_err(|_| DocumentTrouble::NoReader)?;
    Ok(file)
}

/// Adds text within the budget; says whether there was any.
fn add(found: &mut Found, text: &str, most: u64) -> bool {
    let left = most.saturating_sub(found.text.len() as u64 + 2);
    let (text, cut) = tidied(text, left);
    found.cut |= cut;
    if text.is_empty() {
        return cut;
    }
    if !found.text.is_empty() {
        found.text.push_str("\n\n");
    }
    found.text.push_str(&text);
    true
}
