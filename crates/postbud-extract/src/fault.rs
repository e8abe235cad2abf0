//! Marks in a document that make a worker fail on purpose, or say what it can do. Never in a release:
//! without the cargo feature `fault-points` a mark is text like any other.

use crate::message::Found;

/// What a marked document makes of the worker; `None` when it bears no mark that is answered.
#[cfg(feature = "fault-points")]
pub(crate) fn at(document: &[u8]) -> Option<Found> {
    let has = |mark: &[u8]| document.windows(mark.len()).any(|at| at == mark);
    if has(b"postbud-fault-point: hang") {
        loop {
            std::hint::spin_loop();
        }
    }
    if has(b"postbud-fault-point: die") {
        std::process::abort();
    }
    if has(b"postbud-fault-point: pid") {
        return Some(answer(std::process::id().to_string()));
    }
    has(b"postbud-fault-point: escape").then(|| answer(escape().join(" ")))
}

#[cfg(not(feature = "fault-points"))]
pub(crate) fn at(_: &[u8]) -> Option<Found> {
    None
}

#[cfg(feature = "fault-points")]
fn answer(text: String) -> Found {
    let format = postbud_letter::DocumentFormat::Text;
    Found { format, text, pages: None, cut: false, signed: false, trouble: None }
}

/// Tries what no worker may do, and names what succeeded.
#[cfg(feature = "fault-points")]
fn escape() -> Vec<&'static str> {
    use std::fs::{File, OpenOptions};
    use std::net::{TcpListener, UdpSocket};
    use std::os::unix::net::UnixStream;
    use std::process::{Command, Stdio};

    let mut done = vec!["escaped:"];
    let mut note = |what, worked: bool| done.extend(worked.then_some(what));
    note("read", File::open("/proc/self/status").is_ok() || File::open("/etc/passwd").is_ok());
    let place = std::env::temp_dir().join(format!("postbud-escape-{}", std::process::id()));
    note("write", OpenOptions::new().write(true).create(true).truncate(true).open(&place).is_ok());
    let _ = std::fs::remove_file(place);
    let internet = TcpListener::bind("127.0.0.1:0").is_ok() || UdpSocket::bind("[::1]:0").is_ok();
    note("socket", internet || UnixStream::pair().is_ok());
    // What the program would be given is open already, so that nothing fails before the fork.
    let child = Command::new("/bin/true").stdin(Stdio::inherit()).stdout(Stdio::inherit()).spawn();
    note("fork", child.is_ok_and(|mut child| child.wait().is_ok()));
    note("thread", std::thread::Builder::new().spawn(|| {}).is_ok_and(|one| one.join().is_ok()));
    done
}

#[cfg(all(test, feature = "fault-points"))]
mod tests {
    use super::*;

    /// Otherwise a worker that can do nothing would prove nothing.
    #[test]
    fn whoever_is_not_limited_can_do_all_of_it() {
        assert_eq!(escape(), ["escaped:", "read", "write", "socket", "fork", "thread"]);
    }
}
