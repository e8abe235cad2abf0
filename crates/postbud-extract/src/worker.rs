//! The child: limits itself, says so, and then reads documents from standard input one by one until
//! that is closed. It knows no file, no configuration and no letter.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use postbud_letter::DocumentTrouble;

use crate::message::{Answer, Found, Hello, MESSAGE_BYTES, Task};
use crate::{fault, format_of, frame, read, sandbox};

/// Works until standard input is closed. To be called before the process starts any thread.
///
/// # Errors
/// A pipe broke, or something other than a task came in: there is nobody left to work for.
pub fn run(memory_bytes: u64) -> io::Result<()> {
    // What a panic says may hold the text that caused it.
    std::panic::set_hook(Box::new(|_| {}));
    let sandbox = sandbox::enter(memory_bytes);
    let (mut from, mut to) = (io::stdin().lock(), io::stdout().lock());
    say(&mut to, &Hello { sandbox })?;
    while let Some(task) = frame::read(&mut from, MESSAGE_BYTES)? {
        let task: Task = serde_json::from_slice(&task)?;
        let Some(document) = frame::read(&mut from, task.document_bytes)? else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        sandbox::allow_cpu_seconds(task.cpu_seconds);
        let answer = match fault::at(&document) {
            Some(found) => Answer { found, rests: Vec::new() },
            None => answer(&document, &task),
        };
        say(&mut to, &answer)?;
        for bytes in answer.rests.iter().filter_map(|rest| rest.bytes.as_deref()) {
            frame::write(&mut to, bytes)?;
        }
    }
    Ok(())
}

/// What is in the document. A reader that panics has found a document it cannot read.
fn answer(document: &[u8], task: &Task) -> Answer {
    let read = || read::answer(document, task);
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Answer {
        found: Found::nothing(format_of(document), DocumentTrouble::Broken),
        rests: Vec::new(),
    })
}

fn say(to: &mut impl Write, message: &impl serde::Serialize) -> io::Result<()> {
    frame::write(to, &serde_json::to_vec(message)?)
}
