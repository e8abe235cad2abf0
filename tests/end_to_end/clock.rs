//! A clock that jumps by hours while letters are on their way: none is lost, doubled or stuck.

use std::path::PathBuf;
use std::process::Command;

use postbud_testkit::{WebhookFault, WebhookServer};

use crate::settings::{embedded, mail};
use crate::support::{Installation, postbud, wait_until};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The library that gives processes another clock, which it reads anew from a file.
pub(crate) struct Clock {
    library: PathBuf,
}

impl Clock {
    /// `None` after saying that it is missing.
    pub(crate) fn find() -> Option<Self> {
        let places = std::fs::read_dir("/usr/lib").ok()?.flatten();
        let found = places.map(|place| place.path().join("faketime/libfaketimeMT.so.1"));
        let library = found.into_iter().find(|path| path.is_file());
        if library.is_none() {
            println!("skipped: another clock needs libfaketime; run cargo xtask test");
        }
        Some(Self { library: library? })
    }

    /// Sets the clock of this installation so far from the machine's.
    pub(crate) fn set(&self, here: &Installation, offset: &str) {
        here.write("clock", format!("{offset}\n"));
    }

    /// The command, by the clock of this installation.
    pub(crate) fn shown_to(&self, here: &Installation, mut command: Command) -> Command {
        command
            .env("LD_PRELOAD", &self.library)
            .env("FAKETIME_TIMESTAMP_FILE", here.path("clock"))
            .env("FAKETIME_CACHE_DURATION", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("NO_FAKE_STAT", "1");
        command
    }
}

#[test]
fn a_clock_that_jumps_loses_nothing_and_keeps_nothing_for_ever() {
    let Some(clock) = Clock::find() else { return };
    let system = WebhookServer::start(SECRET.as_bytes()).unwrap();
    let deliver = format!("webhook:{}", system.url());
    let config = embedded().replace("maildir:mailboxes/affald", &deliver).replace(
        "[delivery]\n",
        "[delivery]\nfirst_retry_seconds = 1\nlongest_retry_seconds = 2\n",
    );
    let here = Installation::with(&format!(
        "{config}\n[delivery.webhook]\nsecret_file = \"secret\"\ntimeout_seconds = 2\n"
    ));
    here.write("secret", SECRET);
    // Every process of a machine has the same clock.
    let by_it = |args: &[&str]| clock.shown_to(&here, postbud(&here.path("."), args));
    let send = |n: usize| {
        let name = format!("{n}.eml");
        here.write(&name, mail(&format!("Sag {n}"), "Jeg har storskrald."));
        assert!(by_it(&["send", &name]).output().unwrap().status.success());
    };
    clock.set(&here, "+0");
    let running = here.start(by_it(&["run"]));
    send(0);
    here.wait_for("delivered", 1);
    // Hours ahead, with one letter that its target refuses for now, and back again.
    for (n, offset) in ["+7200", "+0", "-7200", "+0"].into_iter().enumerate() {
        system.fail_always(WebhookFault::Status(503));
        let before = system.posted().len();
        send(2 * n + 1);
        wait_until("a refused attempt", || system.posted().len() > before);
        clock.set(&here, offset);
        send(2 * n + 2);
        system.recover();
        here.wait_for("delivered", 2 * n + 3);
        assert_eq!(system.kept().len(), 2 * n + 3, "after {offset}");
    }
    assert!(running.log().contains("the clock has jumped"));
    assert_eq!(running.terminate(), 0);
}
