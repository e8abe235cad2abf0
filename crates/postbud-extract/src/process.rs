//! One worker as the router sees it: a child process and two pipes.

use std::io::{self, Read as _, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use postbud_letter::{DocumentFormat, DocumentTrouble};

use crate::keeper::Keeper;
use crate::message::{Answer, Found, Hello, MESSAGE_BYTES, Task};
use crate::pool::Program;
use crate::read::REST_BYTES;
use crate::sandbox::Sandbox;
use crate::{format_of, frame};

/// A worker that has not said hello after so long is none.
pub(crate) const HELLO: Duration = Duration::from_secs(20);

/// A worker that waits for a document.
pub(crate) struct Process {
    child: Child,
    to: ChildStdin,
    from: ChildStdout,
    pub(crate) sandbox: Sandbox,
    pub(crate) documents: u32,
}

/// What a worker made of a document.
pub(crate) enum Outcome {
    /// It answered and can go on.
    Answered(Answer),
    /// It did not, and must be replaced.
    Died(DocumentTrouble),
    /// Somebody asked it to end: the document is not to blame, and another can read it.
    Interrupted,
}

impl Process {
    /// Starts one and waits until it has limited itself.
    pub(crate) fn start(program: &Program, keeper: &Keeper) -> io::Result<Self> {
        let mut child = Command::new(&program.path)
            .args(&program.args)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // What a dying reader says may hold text of the document.
            .stderr(Stdio::null())
            // A stop of our whole group must not leave a document unread.
            .process_group(0)
            .spawn()?;
        let (Some(to), Some(mut from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let watch = keeper.watch(pid(&child), Instant::now() + HELLO);
        let hello = frame::read(&mut from, MESSAGE_BYTES);
        drop(watch);
        let hello =
            hello.and_then(|hello| hello.ok_or_else(|| io::ErrorKind::UnexpectedEof.into()));
        let hello = hello.and_then(|hello| Ok(serde_json::from_slice::<Hello>(&hello)?));
        match hello {
            Ok(Hello { sandbox }) => Ok(Self { child, to, from, sandbox, documents: 0 }),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }

    /// Hands over a document and waits for what is in it, until `deadline`.
    pub(crate) fn read(
        &mut self,
        document: &[u8],
        task: &Task,
        deadline: Instant,
        keeper: &Keeper,
    ) -> Outcome {
        self.documents += 1;
        let watch = keeper.watch(pid(&self.child), deadline);
        let answer = self.ask(document, task);
        if watch.expired() {
            return Outcome::Died(DocumentTrouble::TookTooLong);
        }
        drop(watch);
        match answer {
            Ok(answer) => Outcome::Answered(answer),
            Err(_) => self.cause(),
        }
    }

    fn ask(&mut self, document: &[u8], task: &Task) -> io::Result<Answer> {
        frame::write(&mut self.to, &serde_json::to_vec(task)?)?;
        frame::write(&mut self.to, document)?;
        // In JSON a character may take six bytes for one.
        let most = task.text_bytes.saturating_mul(6).saturating_add(MESSAGE_BYTES);
        let answer = frame::read(&mut self.from, most)?;
        let answer = answer.ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut answer: Answer = serde_json::from_slice(&answer)?;
        for rest in answer.rests.iter_mut().filter(|rest| rest.carried) {
            let bytes = frame::read(&mut self.from, REST_BYTES)?;
            rest.bytes = Some(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        }
        Ok(answer)
    }

    /// What ended a worker that did not answer.
    fn cause(&mut self) -> Outcome {
        let _ = self.child.kill();
        match self.child.wait().ok().and_then(|status| Signal::try_from(status.signal()?).ok()) {
            Some(Signal::SIGXCPU) => Outcome::Died(DocumentTrouble::TookTooLong),
            Some(Signal::SIGTERM | Signal::SIGINT | Signal::SIGHUP) => Outcome::Interrupted,
            _ => Outcome::Died(DocumentTrouble::ReaderDied),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Waited for already, or told to end now: nothing may stay behind.
        let _ = self.to.flush();
        let _ = self.child.kill();
        let _ = self.child.wait();
        let mut rest = [0; 16];
        let _ = self.from.read(&mut rest);
    }
}

pub(crate) fn pid(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX))
}

/// What can be said of a document that no worker has read.
pub(crate) fn unread(document: &[u8], trouble: DocumentTrouble) -> Found {
    let format = match format_of(document) {
        // Which kind of archive it is, only a reader could say.
        DocumentFormat::Zip => DocumentFormat::Unknown,
        format => format,
    };
    Found::nothing(format, trouble)
}
